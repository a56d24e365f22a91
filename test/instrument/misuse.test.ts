// Errors of a misused @instrument: what was found, where, and what was expected. Never from a call.

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { instrument, SpanwrightError } from '../../runtime/index.js';
import { resolveOptions } from '../../runtime/instrument/resolve.js';
import { setNoticeLogger } from '../../runtime/warnings.js';

const use = instrument as unknown as (...given: unknown[]) => (...given: unknown[]) => unknown;
const on = (options: unknown) => () =>
  use(options, function charge(amount: number, currency: string) {
    return `${amount}${currency}`;
  });

const MISUSE: readonly [what: string, act: () => unknown, says: RegExp][] = [
  [
    'a decorator with an empty list of arguments',
    () => use(),
    /found no argument; expected options or a function\. A decorator without options is written @instrument\.$/,
  ],
  ['undefined', () => use(undefined), /instrument\(\): found undefined; expected options, a function/],
  ['null', () => use(null), /found null; expected options/],
  ['a number', () => use(1), /found the number 1; expected options/],
  ['options and no function', () => use({}, 1), /found the number 1; expected a function to instrument/],
  ['an unknown option', on({ atributes: {} }), /charge: unknown option "atributes"\. Did you mean "attributes"\? Known: name,/],
  ['an empty name', on({ name: '' }), /option "name": found the string ""; expected a string that is not empty/],
  ['an unknown kind', on({ kind: 'severe' }), /option "kind": found the string "severe"; expected one of internal, server/],
  [
    'a flag that is text',
    on({ root: 'yes' }),
    /option "root": found the string "yes"; expected "may", "never", "always", true or false/,
  ],
  [
    'an unknown level',
    on({ level: 'verbose' }),
    /option "level": found the string "verbose"; expected one of trace, debug, info/,
  ],
  ['another end', on({ until: 'start' }), /option "until": found the string "start"; expected "end"/],
  [
    'an invalid duration',
    on({ minDuration: 'soon' }),
    /charge: option "minDuration": found the string "soon"; expected milliseconds/,
  ],
  ['a property that is no method', () => use({}, 'key', { value: 1 }) && use(class {}, 'key', { value: 1 }), /expected/],
  [
    'a value that is not an object',
    () => instrument.object(null as never, { namespace: 'a' }),
    /instrument\.object\(\): found null; expected an object/,
  ],
  ['an object without namespace', () => instrument.object({}, {} as never), /option "namespace" is missing/],
];

for (const [what, act, says] of MISUSE) {
  test(`${what} throws at the place of use`, () => {
    try {
      act();
    } catch (error) {
      assert.instance(error, SpanwrightError);
      assert.is((error as SpanwrightError).code, 'MISUSE');
      assert.match((error as Error).message, says);
      return;
    }
    assert.unreachable('nothing was refused');
  });
}

test('correct use does not throw', () => {
  const charge = on({ args: ['amount'], kind: 'client', root: false, until: 'end', minDuration: '5ms' })() as (
    amount: number,
    currency: string,
  ) => string;
  assert.is(charge(1, 'EUR'), '1EUR');
});

test('a parameter that the source text lacks is logged and not recorded, because the text may be minified', () => {
  const lines: string[] = [];
  const before = setNoticeLogger((_level, line) => lines.push(line));
  try {
    const charge = on({ args: ['ammount', 'currency'] })() as (amount: number, currency: string) => string;
    assert.is(charge(1, 'EUR'), '1EUR');
    assert.is(on({ args: { currency: 'key' } })() instanceof Function, true);
  } finally {
    setNoticeLogger(before);
  }
  assert.is(lines.length, 1);
  assert.match(
    lines[0] ?? '',
    /SPW039 .*charge: args: there is no parameter "ammount"\. Did you mean "amount"\? Parameters: amount, currency\./,
  );
});

test('a parameter that the record of the transformer lacks is refused', () => {
  const parameters = { names: ['amount'], guessed: false, marked: [] };
  assert.throws(() => resolveOptions({ args: ['ammount'] }, parameters, 'charge'), /there is no parameter "ammount"/);
  assert.equal(resolveOptions({ args: ['amount'] }, parameters, 'charge').args, [
    { index: 0, parameter: 'amount', key: 'amount' },
  ]);
});

test('a destructured parameter, which has no name, is neither suggested nor listed', () => {
  const parameters = { names: ['', 'v'], guessed: false, marked: [] };
  assert.throws(
    () => resolveOptions({ args: ['d'] }, parameters, 'charge'),
    /no parameter "d"\. Did you mean "v"\? Parameters: v\./,
  );
});

test.run();
