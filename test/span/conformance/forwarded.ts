// Functions that a forwarder replaces: their kind, and a recursion through them to the end of the stack.

import * as assert from 'uvu/assert';
import type * as Fixture from './fixtures/forwarded.js';
import { type Cases, finished, running, spoken } from './recording.js';

const KINDS: Record<string, string> = {
  plain: 'Function',
  pattern: 'Function',
  later: 'AsyncFunction',
  laterPattern: 'AsyncFunction',
  steps: 'GeneratorFunction',
  pages: 'AsyncGeneratorFunction',
};

async function thrownBy(work: () => unknown): Promise<unknown> {
  try {
    await work();
  } catch (error) {
    return error;
  }
  return assert.unreachable('nothing was thrown');
}

export const forwardedCases: Cases = (test, variant) => {
  const { Forwarded, functions, falling, leaves, entered } = variant.load<typeof Fixture>('forwarded');

  /** The error is the engine's, each body ran once, and no span is open. */
  async function expectOverflow(work: () => unknown): Promise<void> {
    const overflow = (await thrownBy(work)) as Error;
    assert.is(overflow.constructor, RangeError);
    assert.is(overflow.message, 'Maximum call stack size exceeded');
    const depths = entered.splice(0);
    assert.ok(depths.length > 300, `${depths.length} calls`);
    assert.equal(
      depths,
      depths.map((_, at) => at),
    );
    assert.is(running().openCount, 0);
    assert.equal(
      spoken().filter((line) => line.includes('SPW010')),
      [],
    );
    assert.ok((await finished()).length >= 100);
  }

  test('the tag and the constructor of a function are those of the authored one', () => {
    const descriptors = Object.entries(Object.getOwnPropertyDescriptors(Forwarded.prototype));
    const methods = descriptors.filter(([name]) => name !== 'constructor');
    assert.equal(methods.map(([name]) => name).sort(), Object.keys(KINDS).sort());
    for (const [name, fn] of [...methods.map(([key, { value }]) => [key, value] as const), ...Object.entries(functions)])
      assert.equal([Object.prototype.toString.call(fn), fn.constructor.name], [`[object ${KINDS[name]}]`, KINDS[name]], name);
  });

  for (const [kind, fall] of Object.entries(falling)) {
    test(`an error of the program's own reaches the start of a recursion: ${kind}`, async () => {
      const error = new RangeError('its own');
      assert.is(await thrownBy(() => fall({ depth: 0, last: 50, error })), error);
      assert.equal(
        entered.splice(0),
        Array.from({ length: 51 }, (_, at) => at),
      );
      assert.is(running().openCount, 0);
      assert.is((await finished()).length, 51);
    });

    // V8 prints exceptions of its own where promises are rejected at the end of the stack
    if (kind !== 'async')
      test(`a recursion to the end of the stack fails as it does without recording: ${kind}`, () =>
        expectOverflow(() => fall({ depth: 0 })));
  }

  for (const [kind, leaf] of Object.entries(leaves)) {
    test(`a call at the end of the stack fails as it does without recording: ${kind}`, () => {
      function around(depth: number): number {
        leaf(depth);
        return 1 + around(depth + 1);
      }
      return expectOverflow(() => around(0));
    });
  }
};
