// Durations, counts and rates as the page shows them, at the borders of their units.

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { ago, countdown, duration, perSecond, shortCount } from '../../../runtime/admin/page/format.js';

for (const [show, rows] of [
  [
    duration,
    [
      [-1, '0 µs'],
      [0.85, '850 µs'],
      [0.9994, '999 µs'],
      [0.9995, '1.00 ms'],
      [9.994, '9.99 ms'],
      [9.995, '10.0 ms'],
      [99.94, '99.9 ms'],
      [99.95, '100 ms'],
      [999.4, '999 ms'],
      [999.5, '1.00 s'],
      [9994, '9.99 s'],
      [9995, '10.0 s'],
      [59_949, '59.9 s'],
      [59_950, '1 min 0 s'],
      [125_000, '2 min 5 s'],
      [3_599_000, '59 min 59 s'],
      [3_600_000, '1 h 0 min'],
      [12_000_000, '3 h 20 min'],
    ],
  ],
  [
    countdown,
    [
      [-1, '0:00'],
      [1, '0:01'],
      [599_000, '9:59'],
      [3_600_000, '1:00:00'],
      [3_905_000, '1:05:05'],
    ],
  ],
  [
    ago,
    [
      [499, 'now'],
      [500, '1 s'],
      [59_400, '59 s'],
      [60_000, '1 min'],
      [200_000, '3 min'],
      [3_599_000, '59 min'],
      [3_600_000, '1 h'],
      [7_300_000, '2 h'],
    ],
  ],
  [
    shortCount,
    [
      [9999, '9999'],
      [10_000, '10.0 k'],
      [12_345, '12.3 k'],
      [99_949, '99.9 k'],
      [100_000, '100 k'],
      [999_000, '999 k'],
      [1_000_000, '1.0 M'],
      [4_100_000, '4.1 M'],
    ],
  ],
  [
    perSecond,
    [
      [0, ''],
      [0.09, '<0.1'],
      [0.1, '0.1'],
      [4.24, '4.2'],
      [9.94, '9.9'],
      [10, '10'],
      [12_345, '12.3 k'],
    ],
  ],
] as const) {
  test(`${show.name}() changes its unit at the border`, () => {
    assert.equal(
      rows.map(([value]) => [value, show(value)]),
      rows.map((row) => [...row]),
    );
  });
}

test.run();
