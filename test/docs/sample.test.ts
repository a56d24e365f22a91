// The commands of the README against the sample that `npm run serve` keeps running, and the request to the viewer that it starts.
// Uses dist/ and the build of samples/infra-controller.

import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { promisify } from 'node:util';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { invoke } from '../cli/invoke.js';
import { missingCommands, mustSkip } from '../missing.js';
import { freePorts } from '../real/support/program.js';
import { blockOf } from './evaluate.js';
import { commandsOf, ROOT } from './pages.js';

const executeFile = promisify(execFile);
const READY_MS = 60_000;
const SAMPLE = join(ROOT, 'samples/infra-controller');

const withShell = mustSkip(missingCommands('sh', 'curl')) ? test.skip : test;

withShell(
  'the commands for the sample switch it on, send two requests and switch it off; the viewer lists the failed one',
  async () => {
    const [port] = await freePorts(1);
    const env = { ...process.env, PORT: String(port), OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: '', OTEL_BSP_SCHEDULE_DELAY: '50' };
    const child = spawn(process.execPath, [join(SAMPLE, 'build/drive/serve.js')], { cwd: ROOT, env });
    let printed = '';
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (data) => {
        printed += data;
      });
    try {
      const until = Date.now() + READY_MS;
      while (!/shown at \S+/.test(printed) && Date.now() < until && child.exitCode === null) await wait(50);
      const [, viewer = ''] = /shown at (\S+)/.exec(printed) ?? [];
      assert.ok(viewer, printed);
      const answers = new Map<string, string>();
      for (const { line } of commandsOf(blockOf({ page: 'README.md', has: '# whether tracing is on' })))
        answers.set(line, await run(line, Number(port)));
      const [status, set, power, firmware, metrics, spans, off] = [...answers.values()];
      assert.match(status ?? '', /^Tracing +off/m);
      assert.match(set ?? '', /^tracing-enabled true until /);
      assert.equal(JSON.parse(power ?? ''), { state: 'on' });
      assert.match(firmware ?? '', 'rack-2 refuses firmware 1.5.0');
      assert.match(metrics ?? '', /^carbide_api_tracing_spans_open \d+$/m);
      assert.match(spans ?? '', /^No span is open\.|^ *AGE/);
      assert.is(JSON.parse(off ?? '').enabled, false);
      const { line } = commandsOf(blockOf({ page: 'docs/viewer.md', has: '/api/traces?errors' }))[0] ?? { line: '' };
      let found: { traces: unknown[] } = { traces: [] };
      while (found.traces.length === 0 && Date.now() < until) {
        const script = line.replace('curl ', 'curl -s ').replace('http://127.0.0.1:4319', new URL(viewer).origin);
        found = JSON.parse((await executeFile('sh', ['-c', script])).stdout);
      }
      assert.is(found.traces.length, 1);
    } finally {
      child.kill('SIGTERM');
      await once(child, 'exit');
    }
  },
);

async function run(line: string, port: number): Promise<string> {
  const [, own] = /^npx spanwright (.*)$/.exec(line) ?? [];
  if (own === undefined) {
    const script = line.replaceAll(':9465/', `:${port}/`).replace(/^curl /, 'curl -s ');
    return (await executeFile('sh', ['-c', script], { cwd: ROOT })).stdout;
  }
  const { code, out, err } = await invoke(own.split(' '), { SPANWRIGHT_ADMIN_URL: `http://127.0.0.1:${port}/tracing` });
  assert.is(code, 0, `${line}: ${err}`);
  return out;
}

test.run();
