// The sample control-plane with nothing but itself: a broker of its own, and the receiver that comes with Spanwright instead of
// gateways and backend. Then what its processes send without a gateway in between.
// limit: 300 s

import { spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { startReceiver } from '../../viewer/receiver/receiver.js';
import { asReceived, CONVENTIONS, LiveCheck } from '../real/support/live-check.js';
import { listens } from '../real/support/program.js';
import { ControlPlane, type Environment, environment, SAMPLE, SECRETS } from './control-plane-system.js';
import { assertNothingLeft, leftBehind } from './left-behind.js';

interface Run {
  readonly code: number | null;
  readonly output: string;
}

/** `npm start`'s driver as built, in a process group of its own; `onOutput` gets all that it has printed so far. */
function start(
  env: Environment,
  onOutput?: (output: string, group: number) => void,
  flags: readonly string[] = [],
): Promise<Run> {
  const child = spawn(process.execPath, [...flags, join(SAMPLE, 'build', 'drive', 'start.js')], {
    cwd: SAMPLE,
    env: environment(env),
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text;
      onOutput?.(output, child.pid as number);
    });
  }
  return new Promise((resolve) => child.once('close', (code) => resolve({ code, output })));
}

const folders: string[] = [];
function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'control-plane-test-'));
  folders.push(folder);
  return folder;
}
test.after(() => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

/** The lines of a printed tree, each as its depth and `process name`; agents without their number. */
function outlineOf(text: string): string[] {
  return text.split('\n').flatMap((line) => {
    const [, head, name, at] = /^([ │├└─]*(?:✗ )?)(\S.*?) {2}[\d.]+ (?:µs|ms|s) .*?\bat=(\S+)/.exec(line) ?? [];
    if (head === undefined || name === undefined) return [];
    return `${' '.repeat(head.replace('✗ ', '').length)}${at?.replace(/^(agent-.)\d$/, '$1')} ${name}`;
  });
}

/** The tree of the first order of a kind. */
function treeOf(output: string, what: string): string[] {
  return outlineOf(new RegExp(`^-- ${what}[:,].*\\n([\\s\\S]*?)\\n(?:\\n|$)`, 'm').exec(output)?.[1] ?? '');
}

/** The tree of that kind of order in the sample's README. */
function treeInReadme(what: string): string[] {
  const blocks = readFileSync(join(SAMPLE, 'README.md'), 'utf8').match(/^```text\n[\s\S]*?^```/gm) ?? [];
  return outlineOf(blocks.find((block) => block.includes(`what=${what}\n`)) ?? '');
}

test('with nothing configured the sample starts a broker and a receiver, prints a tree for each kind of order, and leaves no process behind', async () => {
  const folder = temporaryFolder();
  const { code, output } = await start({ TMPDIR: folder }, undefined, ['--enable-source-maps']);
  assert.is(code, 0, output);
  assert.match(output, /^All as it must be, in [\d.]+ s\.$/m);
  assert.match(output, /^\d{3} spans in 25 traces\.$/m);

  const tree = treeOf(output, 'boot across clusters');
  const [order, forward, there] = [
    'greenhouse order',
    'compute-api-a other_cluster.forward',
    'compute-api-b POST /v2.1/servers',
  ].map((text) => tree.findIndex((line) => line.trim() === text)) as [number, number, number];
  assert.ok(order === 0 && forward > order && there === forward + 2, tree.join('\n'));
  const depth = (index: number): number => (tree[index] as string).search(/\S/);
  assert.ok(depth(there) > depth(forward) && depth(forward) > depth(order));
  assert.equal(
    tree.filter((line) => !line.startsWith(' ')).sort(),
    ['agent-a rpc.notice', 'agent-a rpc.notice', 'agent-b rpc.notice', 'agent-b rpc.notice', 'greenhouse order'],
    'the work of a fan-out is a root in the trace of the request',
  );
  for (const what of ['boot across clusters', 'boot from a damaged image']) {
    assert.ok(treeInReadme(what).length > 10);
    assert.equal(treeOf(output, what).sort(), treeInReadme(what).sort(), 'what the README shows');
  }
  assert.match(
    output,
    /✗ ImageCorrupt: image damaged: its content has SHA-256 [0-9a-f]{64}, and [0-9a-f]{64} is on record \(at \S+ \(src\/\S+\.ts:\d+:\d+\)\)/,
  );
  for (const secret of Object.values(SECRETS)) assert.not.ok(output.includes(secret));

  await assertGone(output, folder);
});

/** A broker, ten APIs, a receiver and the agents are gone, and the temporary folder that they shared is empty. */
async function assertGone(output: string, folder: string): Promise<void> {
  const ports = new Set([...output.matchAll(/127\.0\.0\.1:(\d+)/g)].map(([, port]) => Number(port)));
  assert.is(ports.size, 12);
  await assertNothingLeft(folder, [...ports]);
  assert.equal(readdirSync(folder), []);
}

test('interrupted twice, together with all its processes, the sample exits with 130 and leaves no process behind', async () => {
  const folder = temporaryFolder();
  let interrupted = false;
  const { code, output } = await start({ TMPDIR: folder, LOGS: '1' }, (printed, group) => {
    if (interrupted || !printed.includes('"msg":"server built"')) return;
    interrupted = true;
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.kill(-group, signal);
  });
  assert.is(code, 130, output);
  assert.ok(interrupted);
  assert.not.match(output, /All as it must be/);
  await assertGone(output, folder);
});

test('without RabbitMQ, with an unreachable broker, or half configured, the sample prints the remedy and exits with 1', async () => {
  for (const [env, message] of [
    [{ RABBITMQ_BIN: temporaryFolder() }, /RabbitMQ is not installed here\. Install it .* or set AMQP_URL to a server that runs/],
    [{ AMQP_URL: 'amqp://127.0.0.1:1' }, /no connection to RabbitMQ at 127\.0\.0\.1:1 \(AMQP_URL\): ECONNREFUSED/],
    [{ GATEWAY_A: 'http://127.0.0.1:1' }, /Set GATEWAY_A, GATEWAY_B and CENTRAL, or none of them/],
  ] as const) {
    const folder = temporaryFolder();
    const { code, output } = await start({ ...env, TMPDIR: folder });
    assert.is(code, 1, output);
    assert.match(output, message);
    assert.equal(readdirSync(folder), []);
  }
});

test('spans of the processes name no cluster, have the attributes that a gateway would remove, and hold no secret', async () => {
  const receiver = await startReceiver();
  const here = { GATEWAY_A: receiver.endpoint, GATEWAY_B: receiver.endpoint, CENTRAL: receiver.endpoint };
  const folder = temporaryFolder();
  const cloud = await ControlPlane.start({ ...here, OTEL_BSP_SCHEDULE_DELAY: '100', TMPDIR: folder });
  const orders = await cloud.placeOrders({ LOOKS: '0', OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: receiver.endpoint });
  const across = orders.find(({ what }) => what === 'boot across clusters');
  await receiver.waitFor((all) => all.filter(({ traceId }) => traceId === across?.traceId).length >= 33, 60_000);
  const spans = receiver.spans.filter(({ traceId }) => traceId === across?.traceId);
  assert.ok(spans.every(({ resource }) => !('cluster' in resource.attributes) && !('region' in resource.attributes)));
  const images = spans.filter(({ attributes }) => /^\/v2\/images\/.*\/file$/.test(String(attributes['url.path'])));
  assert.is(images.length, 2);
  for (const { attributes } of images) assert.match(String(attributes['url.query']), /temp_url_sig=/);
  assert.ok(spans.some(({ attributes }) => attributes['user.id'] === 'alice@example.com'));
  if (CONVENTIONS !== undefined) {
    const check = new LiveCheck([join(SAMPLE, 'telemetry.yaml')]);
    assert.equal(check.spans(receiver.spans.map(asReceived)), []);
  }
  const everything = JSON.stringify(receiver.spans);
  for (const secret of [...Object.values(SECRETS), Buffer.from('alice@example.com').toString('base64url')])
    assert.not.ok(everything.includes(secret), secret);

  // the driver goes without a word, and everything else with it
  const ports = cloud.ports;
  assert.is(ports.length, 11);
  for (const port of ports) assert.ok(await listens(port));
  assert.ok((await leftBehind(folder, ports)).length > 0);
  await cloud.kill();
  await assertNothingLeft(folder, ports);
  await receiver.close();
});

test.run();
