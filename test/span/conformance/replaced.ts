// Class decorators below `@instrument` that replace the class: its methods are recorded all the same, or one line reports that none is.

import * as assert from 'uvu/assert';
import type * as Fixture from './fixtures/replaced.js';
import { type Cases, finished } from './recording.js';

const REPORTED = /SPW037 .*class (Meter|Renamed|Unrelated):.*Put @instrument directly above the class/;

/** Output on standard error while a class is defined. */
function linesOf<T>(define: () => T): { defined: T; lines: string[] } {
  const lines: string[] = [];
  const { warn } = console;
  console.warn = (line: string) => lines.push(line);
  try {
    return { defined: define(), lines };
  } finally {
    console.warn = warn;
  }
}

export const replacedCases: Cases = (test, variant) => {
  const { make } = variant.load<typeof Fixture>('replaced');
  const made = (kind: string) => (make[kind] as () => Fixture.MeterClass)();

  for (const kind of [
    'subclass',
    'subclass of a subclass',
    'subclass with a name',
    'subclass that overrides',
    'proxy',
    'proxy of a subclass',
    'sealed class',
  ]) {
    // A legacy decorator does not get the written name, so that a subclass with a name cannot be distinguished from an authored one.
    const unseen = kind === 'subclass with a name' && variant.legacy && !variant.transformed;
    test(`${kind}: ${unseen ? 'is reported' : 'its own methods are recorded once, those of the base class are not'}`, async () => {
      const { defined: Meter, lines } = linesOf(() => made(kind));
      const meter = new Meter();
      assert.equal([meter.take(7), Meter.count?.(), meter.inherited()], [7, 7, 'inherited']);
      const names = (await finished()).map(({ name }) => name.replace(/^.*\./, ''));
      assert.equal(names, unseen ? [] : ['take', 'count']);
      assert.is(lines.length, unseen ? 1 : 0, lines.join('\n'));
      if (unseen) assert.match(lines[0] ?? '', REPORTED);
    });
  }

  test('constructor function with the prototype of the class: methods of instances are recorded, a call of it is not', async () => {
    const { defined: Meter, lines } = linesOf(() => made('constructor function'));
    assert.is(new Meter().take(7), 7);
    assert.equal(
      (await finished()).map(({ name }) => name),
      ['Meter.take'],
    );
    assert.equal(lines, []);
  });

  test('a frozen class is recorded or reported, and works', async () => {
    const meter = new (made('frozen class'))();
    assert.is(meter.take(7), 7);
    const recorded = (await finished()).length > 0;
    const { stderr } = variant.execute('replaced', 'frozen class');
    if (recorded) assert.is(stderr, '');
    else assert.match(stderr, REPORTED);
  });

  test('a class that has none of the methods is reported, once', () => {
    const { stderr } = variant.execute('replaced', 'class without the members');
    assert.match(stderr, REPORTED);
    assert.is(stderr.split('SPW037').length, 2);
  });
};
