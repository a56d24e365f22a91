// `spanwright receive` as its owner sees it: a child process, its first line, a line a span, and its end.
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface, type Interface } from 'node:readline';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-grpc';
import { BasicTracerProvider, SimpleSpanProcessor } from '@opentelemetry/sdk-trace-base';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { Invocation } from '../../cli/command.js';
import { runReceive } from '../../viewer/receiver/command.js';

const directory = mkdtempSync(join(tmpdir(), 'spanwright-receive-'));
const entry = join(directory, 'receive.ts');
// The row of the command table and the reading of arguments belong to the CLI's own tests; this test passes the options.
writeFileSync(
  entry,
  `const { runReceive } = require(${JSON.stringify(join(__dirname, '../../viewer/receiver/command.ts'))});
const options = new Map(JSON.parse(process.argv[2]));
runReceive({ arguments: [], options, environment: process.env, out: console.log, err: console.error, colours: false }).then((code) => {
  process.exitCode = code;
  if (process.connected) process.disconnect();
});`,
);
test.after(() => rmSync(directory, { recursive: true }));

type Options = Record<string, string | number | true>;

function start(options: Options): { child: ChildProcess; lines: Interface; errors: string[] } {
  const child = fork(entry, [JSON.stringify(Object.entries(options))], {
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    execArgv: ['--require', 'tsx/cjs'],
  });
  if (!child.stdout || !child.stderr) throw new Error('no output');
  const errors: string[] = [];
  createInterface(child.stderr).on('line', (line) => errors.push(line));
  return { child, lines: createInterface(child.stdout), errors };
}

async function sendOneSpan(endpoint: string): Promise<void> {
  const provider = new BasicTracerProvider({
    spanProcessors: [new SimpleSpanProcessor(new OTLPTraceExporter({ url: endpoint }))],
  });
  provider.getTracer('t').startSpan('over the wire').end();
  await provider.shutdown();
}

test('with --json the first line has the address, and each span is one further line, also in the file', async () => {
  const file = join(directory, 'spans.jsonl');
  const { child, lines } = start({ json: true, port: 0, file });
  const read = lines[Symbol.asyncIterator]();
  const { listening } = JSON.parse((await read.next()).value);
  assert.match(listening, /^http:\/\/127\.0\.0\.1:\d+$/);
  await sendOneSpan(listening);
  const span = JSON.parse((await read.next()).value);
  assert.is(span.name, 'over the wire');
  assert.is(span.scope.name, 't');
  const closed = once(child, 'close');
  child.kill('SIGTERM');
  assert.equal(await closed, [0, null]);
  assert.is(JSON.parse(readFileSync(file, 'utf8')).spanId, span.spanId);
  assert.is(statSync(file).mode & 0o077, 0);
});

test('a file that cannot be written is reported once, and the receiver goes on', async () => {
  if (process.platform !== 'linux') return; // no /dev/full
  const { child, lines, errors } = start({ json: true, port: 0, file: '/dev/full' });
  const read = lines[Symbol.asyncIterator]();
  const { listening } = JSON.parse((await read.next()).value);
  for (let sent = 0; sent < 2; sent += 1) {
    await sendOneSpan(listening);
    assert.is(JSON.parse((await read.next()).value).name, 'over the wire');
  }
  const closed = once(child, 'close');
  child.kill('SIGTERM');
  assert.equal(await closed, [1, null]);
  assert.equal(errors, ['--file: ENOSPC: no space left on device, write; further spans are not written to /dev/full']);
});

test('without --json it prints trees, and incomplete traces when it ends', async () => {
  const { child, lines } = start({ port: 0 });
  const read = lines[Symbol.asyncIterator]();
  const endpoint = /(http:\S+);/.exec((await read.next()).value)?.[1];
  if (!endpoint) throw new Error('no address');
  await sendOneSpan(endpoint);
  const closed = once(child, 'close');
  child.kill('SIGINT');
  const rest: string[] = [];
  for await (const line of { [Symbol.asyncIterator]: () => read }) rest.push(line);
  assert.equal(await closed, [0, null]);
  assert.match(rest.join('\n'), /trace [0-9a-f]{32} {2}1 span\nover the wire {2}/);
});

test('the receiver ends when its parent process ends', async () => {
  const { child, lines } = start({ json: true, port: 0 });
  await lines[Symbol.asyncIterator]().next();
  const closed = once(child, 'exit');
  child.disconnect();
  assert.equal(await closed, [0, null]);
});

for (const [options, kind, message] of [
  [{ port: 70_000 }, 'UsageError', /--port: 70000 is not a port/],
  [{ port: 0, host: '0.0.0.0' }, 'UsageError', /--host: .*not a loopback address/],
  [{ port: 0, file: join(directory, 'no', 'such') }, 'CommandFailure', /--file: ENOENT/],
] as const) {
  test(`options ${JSON.stringify(options).replace(directory, '')} end in a ${kind} that states the reason`, async () => {
    const printed: string[] = [];
    const invocation: Invocation = {
      arguments: [],
      options: new Map(Object.entries(options)),
      environment: {},
      out: (line) => printed.push(line),
      err: (line) => printed.push(line),
      colours: false,
    };
    const error = await runReceive(invocation).then(
      () => undefined,
      (reason: Error) => reason,
    );
    assert.is(error?.name, kind);
    assert.match(error?.message ?? '', message);
    assert.equal(printed, []);
  });
}

test.run();
