// Durations as people write them, and invalid texts.

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { InvalidArgumentError } from '../../runtime/errors.js';
import { parseDuration, printDuration, readDuration } from '../../runtime/text/duration.js';

const GOOD: [unknown, number][] = [
  ['500ms', 500],
  ['10s', 10_000],
  ['1.5s', 1500],
  ['10m', 600_000],
  ['24h', 86_400_000],
  [' 2 h ', 7_200_000],
  ['250', 250],
  [250, 250],
  [0, 0],
];
const BAD: unknown[] = [
  '',
  '10 minutes',
  '-1s',
  '1h30m',
  '1e3',
  's',
  '10M',
  Number.NaN,
  Number.POSITIVE_INFINITY,
  -1,
  null,
  undefined,
  {},
  [],
  true,
  `${'1'.repeat(50)}s`,
];

test('durations are read from strings and numbers, in milliseconds', () => {
  for (const [text, milliseconds] of GOOD) assert.is(readDuration(text), milliseconds, String(text));
});

test('other values are refused with the field, the value found and the form expected', () => {
  for (const value of BAD) {
    assert.is(readDuration(value), undefined, String(value));
    assert.throws(
      () => parseDuration(value, 'for'),
      (error: unknown) =>
        error instanceof InvalidArgumentError &&
        error.field === 'for' &&
        /^for: found .*; expected a duration such as/u.test(error.message),
    );
  }
});

test('a range is inclusive at both ends, and an error names it', () => {
  const range = { min: 1000, max: 86_400_000 };
  assert.is(parseDuration('1s', 'for', range), 1000);
  assert.is(parseDuration('24h', 'for', range), 86_400_000);
  for (const value of ['999ms', '24.1h']) {
    assert.throws(
      () => parseDuration(value, 'for', range),
      (error: Error) => error.message === `for: "${value}" is out of range; expected 1s to 24h.`,
    );
  }
});

test('a printed duration is read back as the same length', () => {
  for (const milliseconds of [0, 1, 999, 1000, 1500, 60_000, 600_000, 3_600_000, 86_400_000]) {
    assert.is(readDuration(printDuration(milliseconds)), milliseconds);
  }
  assert.is(printDuration(600_000), '10m');
});

test.run();
