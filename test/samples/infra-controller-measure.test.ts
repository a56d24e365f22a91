// `npm run measure` of the sample: three states, measured in turns. The cost of each differs from machine to machine; its effects do not:
// off makes no span and writes as much as with nothing built, on makes every span and writes them out.
// limit: 180 s

import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { SAMPLE } from './service-process.js';

test('the near-zero state writes no more bytes and creates no more spans than the state with nothing built; the expensive state does', async () => {
  const script = join(SAMPLE, 'build', 'drive', 'measure.js');
  const { stdout } = await promisify(execFile)(process.execPath, [script, '2', '30']);
  const rows = stdout.split('\n').map((line) => line.split(' | ').map((cell) => cell.replace(/[|]/g, '').trim()));
  const row = (name: string): string[] => {
    const found = rows.find(([first]) => first === name);
    assert.ok(found, stdout);
    return found;
  };
  const [unset, off, on] = ['endpoint unset', 'endpoint set, tracing off', 'endpoint set, tracing on'].map(row);
  assert.equal([unset?.[3], off?.[3], on?.[3]], ['0.0', '0.0', '7.0']);
  const bytes = (cells: string[] | undefined): number => Number(cells?.[4]);
  assert.ok(Math.abs(bytes(off) / bytes(unset) - 1) < 0.05, stdout);
  assert.ok(bytes(on) > 1.5 * bytes(off), stdout);
  for (const cells of [unset, off, on]) {
    assert.match(cells?.[1] ?? '', /^\d+\.\d\d ms$/);
    assert.match(cells?.[5] ?? '', /^[1-9]\d*$/, 'requests a second');
    assert.match(cells?.[6] ?? '', /^[1-9]\d+ MB$/, 'memory');
  }
});

test.run();
