// `npm start`'s driver, as built: its exit code is the verdict of the run, and no process outlives it.
import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { startReceiver } from '../../viewer/receiver/receiver.js';
import { assertNothingLeft } from './left-behind.js';
import { SHORT_LIVED } from './node-flags.js';
import { SAMPLE } from './service-process.js';

interface Run {
  code: number | null;
  output: string;
  /** Addresses that the driver said its processes listen at. */
  addresses: string[];
  /** Text in the environment of all processes that it started. */
  mark: string;
}

function drive(env: Record<string, string>, flags: readonly string[] = []): Promise<Run> {
  const inherited = Object.entries(process.env).filter(
    ([name]) => !/^(OTEL_|SPANWRIGHT_|TRACING_FILE|NODE_OPTIONS|PORT$)/.test(name),
  );
  const mark = randomUUID();
  const child = spawn(process.execPath, [...SHORT_LIVED, ...flags, join(SAMPLE, 'build', 'drive', 'start.js')], {
    env: { ...Object.fromEntries(inherited), RUN_OF_TEST: mark, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text;
    });
  }
  return new Promise((resolve) => {
    child.once('close', (code) => {
      resolve({
        code,
        output,
        mark,
        addresses: [...output.matchAll(/^(?:Service|Receiver): .*?(http:\/\/127\.0\.0\.1:\d+)/gm)].map((match) => match[1] ?? ''),
      });
    });
  });
}

/** Nothing of the run may be there any more. */
async function assertGone({ addresses, mark }: Run, count: number): Promise<void> {
  assert.is(addresses.length, count);
  const ports = addresses.map((address) => Number(new URL(address).port));
  await assertNothingLeft(mark, ports);
}

test('with no endpoint the driver starts a receiver, prints the traces and counts of three phases, and ends with 0', async () => {
  const run = await drive({}, ['--enable-source-maps']);
  const { code, output } = run;
  assert.is(code, 0, output);
  assert.match(output, /service \| .*OpenTelemetry tracing initialized/);
  assert.equal(
    [...output.matchAll(/at the receiver: (\d+)/g)].map((match) => Number(match[1]) > 0),
    [false, true, false],
  );
  assert.equal(
    [...output.matchAll(/^open spans: (\d+) before, at most (\d+) seen during, (\d+) after$/gm)].map((match) => [
      match[1],
      Number(match[2]) > 0,
      match[3],
    ]),
    [
      ['0', false, '0'],
      ['0', true, '0'],
      ['0', false, '0'],
    ],
  );
  assert.match(output, /✗ request {2}[\d.]+ ms {2}\[carbide::rpc::dispatcher::Dispatcher\] {2}url\.path=\/v1\/firmware/);
  assert.match(output, /✗ BmcRefusedError: .*locked for maintenance \(at BmcClient\.send \(.*bmc-client\.ts:\d+:\d+\)\)/);
  assert.not.match(output, /runtime\./);
  await assertGone(run, 2);
});

test('with an endpoint the driver uses that one, and reports that it cannot count the spans that arrive there', async () => {
  const receiver = await startReceiver();
  const { code, output } = await drive({ OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: receiver.endpoint }).finally(() => receiver.close());
  assert.is(code, 0, output);
  assert.match(output, /what arrives there cannot be counted from here/);
  assert.equal(
    [...output.matchAll(/at the receiver: (.*)$/gm)].map((match) => match[1]),
    Array(3).fill('cannot be counted'),
  );
  const sent = [...output.matchAll(/sent: (\d+)/g)].map((match) => Number(match[1]));
  const of = (service: string): number =>
    receiver.spans.filter(({ resource }) => resource.attributes['service.name'] === service).length;
  assert.is(of('carbide-api'), sent[1]);
  assert.ok(of('carbide-api') > 0);
  assert.is(of('carbide-dns'), 18, 'three names in each of three phases, two spans a name');
});

test('when a phase has a wrong outcome the driver reports the reason, stops its processes, and exits with 1', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'infra-controller-drive-'));
  const file = join(directory, 'tracing.toml');
  writeFileSync(file, '[tracing]\nallow_runtime_changes = false\n');
  const run = await drive({ TRACING_FILE: file });
  const { code, output } = run;
  rmSync(directory, { recursive: true });
  assert.is(code, 1, output);
  assert.match(output, /npm start failed: .*403.*PermissionDenied/);
  await assertGone(run, 2);
});

test.run();
