// `spanwright diff` over a file, a running viewer, and Jaeger's API as `spanwright receive --query-port` answers it.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { toOtlpJson } from '../../viewer/formats/otlp-json.js';
import { startQueryServer } from '../../viewer/receiver/query.js';
import { startViewer, type Viewer } from '../../viewer/view/viewer.js';
import { spanwright } from '../cli/program.js';
import { shopTraffic, traceIdOf } from './example-traces.js';

const folder = mkdtempSync(join(tmpdir(), 'spanwright-diff-'));
const file = join(folder, 'traces.json');
const traces = shopTraffic(Date.now());
let viewer: Viewer;

test.before(async () => {
  writeFileSync(file, JSON.stringify(toOtlpJson(traces.flat())));
  viewer = await startViewer();
  viewer.add(traces.flat());
});
test.after(async () => {
  await viewer.close();
  rmSync(folder, { recursive: true });
});

test('a file, the viewer and Jaeger give the same answer: the machine of the slow traces first', async () => {
  const query = await startQueryServer(() => traces.flat(), '127.0.0.1', 0);
  try {
    for (const from of [
      ['--file', file],
      ['--viewer', viewer.url],
      ['--jaeger', query.url],
    ]) {
      const { code, out, err } = await spanwright(['diff', ...from, '--over', '300ms', '--service', 'web']);
      assert.is(code, 0, err);
      assert.match(out, /^9 slow traces, .* on average; 51 normal traces, /);
      assert.match(out, /^ 1\. (machineId|host\.name)=m-17 /m, from[0]);
    }
  } finally {
    await query.close();
  }
});

test('two traces are compared by their ids', async () => {
  const { code, out, err } = await spanwright(['diff', traceIdOf(4), traceIdOf(5), '--file', file, '--json']);
  assert.is(code, 0, err);
  const { slow, findings } = JSON.parse(out);
  assert.equal([slow.traces, findings[0].span], [1, 'SELECT stock']);
});

test('traces that cannot be compared are refused with the remedy', async () => {
  for (const [args, code, message] of [
    [['diff', traceIdOf(4)], 2, 'expected two'],
    [['diff', '--file', file, '--viewer', viewer.url], 2, 'expected one of them'],
    [['diff', '--file', join(folder, 'none.json')], 1, 'ENOENT'],
    [['diff', '--file', file, '--over', '1h'], 1, 'Choose another --over'],
    [['diff', traceIdOf(4), traceIdOf(999), '--file', file], 1, 'There is no trace'],
    [['diff', '--viewer', 'http://127.0.0.1:1'], 3, '127.0.0.1:1'],
  ] as const) {
    const ran = await spanwright(args);
    assert.is(ran.code, code, `${args.join(' ')}: ${ran.err}`);
    assert.match(ran.err, message);
  }
});

test.run();
