// `npm run sizing -w street-ops` against the real Collector: the memory that it extrapolates is the memory that is measured.

import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { lineThrough } from '../../samples/street-ops/src/sizing/line.js';
import { PROJECT } from '../house/sources.js';
import { OTELCOL } from '../real/support/otel-collector.js';

const test = suite('street-ops: sizing of tail sampling');
const real = OTELCOL === undefined ? test.skip : test;
const SCRIPT = join(PROJECT, 'samples/street-ops/build/sizing/main.js');
const sizing = (args: readonly string[], path: string) =>
  spawnSync(process.execPath, [SCRIPT, ...args], { encoding: 'utf8', env: { ...process.env, OTELCOL: path } });

real('memory grows with the traces that wait, so that half of a measurement predicts the whole', () => {
  const { status, stdout, stderr } = sizing(['--traces', '12000', '--rate', '10000', '--wait', '30'], OTELCOL as string);
  assert.is(status, 0, stdout + stderr);
  const points = [...stdout.matchAll(/(\d+) traces wait +(\d+) MB/g)].map(([, x, y]) => ({ x: Number(x), y: Number(y) }));
  assert.equal(
    points.map(({ x }) => x),
    [2000, 4000, 6000, 8000, 10_000, 12_000],
  );
  const { slope, offset } = lineThrough(points.slice(0, 3));
  const last = points[5]?.y ?? 0;
  const predicted = offset + slope * 12_000;
  assert.ok(Math.abs(predicted - last) < last * 0.25, `${predicted} MB predicted, ${last} MB measured`);
  const [, kilobytes, traces, gigabytes] =
    /takes ([\d.]+) KB; 10000 a second for 30 s are (\d+) traces\.\nThe Collector needs ([\d.]+) GB/.exec(stdout) ?? [];
  assert.is(traces, '300000');
  assert.ok(Number(gigabytes) * 1024 * 1024 > Number(kilobytes) * 290_000, stdout);
  assert.ok(Number(kilobytes) > 2 && Number(kilobytes) < 40, stdout);
});

real('the line is drawn through what was sent, in whole requests', () => {
  const { status, stdout, stderr } = sizing(['--traces', '2000'], OTELCOL as string);
  assert.is(status, 0, stdout + stderr);
  assert.equal(
    [...stdout.matchAll(/(\d+) traces wait/g)].map(([, x]) => Number(x)),
    [500, 1000, 1500, 2000, 2500, 3000],
  );
});

test('without a Collector the program ends at once, and names the variable to set', () => {
  const begin = performance.now();
  const { status, stdout } = sizing([], '/nonexistent/otelcol');
  assert.is(status, 1);
  assert.match(stdout, /^Not measured: .*\/nonexistent\/otelcol.*; set OTELCOL to the path of a Collector/m);
  assert.ok(performance.now() - begin < 20_000, 'it does not wait for the start of a Collector');
});

test.run();
