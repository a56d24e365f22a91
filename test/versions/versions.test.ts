// The package, as packed, on both lines of OpenTelemetry's SDK: 2 with API 1.9 on the oldest Node, 3 with API 1.10 on Node 24. The same
// programs run in both; .ci/setup installs the lines. A missing line is a printed skip, on a build server a failure.
// limit: 300 s

import { execFile } from 'node:child_process';
import { cpSync, existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { ReceivedSpan } from '../../viewer/receiver/decode.js';
import { type Receiver, startReceiver } from '../../viewer/receiver/receiver.js';
import { Consumer } from '../package/consumer.js';
import { CACHE, findPart } from '../real/support/program.js';
import { Collector, countSpans, partialSuccess } from '../setup/collector.js';

const executeFile = promisify(execFile);
const LIMIT_MS = 120_000;

interface Line {
  readonly name: 'sdk2' | 'sdk3';
  readonly node: string;
  readonly versions: Record<string, RegExp>;
}

const LINES: readonly Line[] = [
  {
    name: 'sdk2',
    node: process.execPath,
    versions: { '@opentelemetry/api': /^1\.9\./, '@opentelemetry/sdk-trace-base': /^2\.12\./ },
  },
  {
    name: 'sdk3',
    node: join(CACHE, 'node24/node_modules/.bin/node'),
    versions: { '@opentelemetry/api': /^1\.10\./, '@opentelemetry/sdk-trace': /^3\.1\./ },
  },
];

const missing = [...LINES.map(({ name }) => `${name}/node_modules`), 'node24/node_modules/.bin/node'].filter(
  (path) => findPart(path) === undefined,
);

const packer = new Consumer();
/** A release can be tested as it was packed. */
let tarball = process.env.SPANWRIGHT_TARBALL ?? '';
let receiver: Receiver;

for (const line of LINES) {
  const test = suite(line.name);
  const all = missing.length > 0 ? test.skip : test;
  const folder = join(CACHE, line.name);

  all('the packed package installs beside this line, with no conflict of peers', async () => {
    receiver = await startReceiver();
    tarball ||= (await packer.pack()).path;
    cpSync(join(__dirname, 'programs'), folder, { recursive: true });
    await executeFile(
      'npm',
      ['install', '--no-save', '--no-package-lock', '--prefer-offline', '--no-audit', '--no-fund', '--strict-peer-deps', tarball],
      { cwd: folder, timeout: LIMIT_MS },
    );
    rmSync(join(folder, 'node_modules/spanwright-copy'), { recursive: true, force: true });
    cpSync(join(folder, 'node_modules/spanwright'), join(folder, 'node_modules/spanwright-copy'), { recursive: true });
  });
  test.after.each(() => Collector.stopAll());
  test.after(async () => {
    await receiver?.close();
    if (line === LINES.at(-1)) packer.remove();
  });

  // biome-ignore lint/suspicious/noExplicitAny: each test knows what its program prints
  async function program(file: string, ...args: string[]): Promise<any> {
    const { stdout } = await executeFile(line.node, [file, ...args], { cwd: folder, timeout: LIMIT_MS });
    return JSON.parse(stdout.trim().split('\n').at(-1) ?? '');
  }

  all('the peers are those of this line, and the package has no copies of its own', async () => {
    for (const [name, version] of Object.entries(line.versions)) {
      const installed = JSON.parse(readFileSync(join(folder, 'node_modules', name, 'package.json'), 'utf8'));
      assert.match(installed.version, version);
    }
    assert.not.ok(existsSync(join(folder, 'node_modules/spanwright/node_modules/@opentelemetry')));
    const { stdout } = await executeFile('npm', ['ls', '--json', 'spanwright'], { cwd: folder }).catch(
      (error) => error as { stdout: string },
    );
    assert.not.match(stdout, /ELSPROBLEMS|invalid: @opentelemetry/);
  });

  for (const file of ['load.cjs', 'load.mjs']) {
    all(
      `${file === 'load.cjs' ? 'CommonJS' : 'ES modules'}: calls and third-party spans are recorded, sent whole, and counted`,
      async () => {
        receiver.clear();
        const seen = await program(file, receiver.endpoint, 'grpc');
        checkCore(seen, receiver.spans);
      },
    );
  }

  all('records and exports over HTTP as over gRPC', async () => {
    const { createServer } = await import('node:http');
    let spans = 0;
    const server = createServer(async (request, response) => {
      const chunks: Buffer[] = [];
      for await (const chunk of request) chunks.push(chunk as Buffer);
      spans += countSpans(Buffer.concat(chunks));
      response.end();
    }).listen(0, '127.0.0.1');
    server.unref(); // a failure must not hold the file until its limit
    await new Promise((resolve) => server.once('listening', resolve));
    const seen = await program('load.cjs', `http://127.0.0.1:${(server.address() as { port: number }).port}`, 'http/protobuf');
    assert.is(seen.spans.exported, 8);
    assert.is(spans, 8);
    server.close();
    server.closeAllConnections();
  });

  all('two copies of the package in one process, and one of them imported too, share one state', async () => {
    receiver.clear();
    const { same, refused, sites, spans } = await program('copies.cjs', receiver.endpoint);
    assert.is(same, false, 'they are two copies');
    assert.is(refused, 'ALREADY_STARTED');
    assert.ok(sites >= 2);
    assert.equal([spans.ended, spans.exported], [2, 2]);
    assert.equal(receiver.spans.map(({ name }) => name).sort(), ['made by the import', 'made by the second copy']);
  });

  all('worker threads record within the trace of the thread that posted the message', async () => {
    receiver.clear();
    await program('threads.cjs', receiver.endpoint);
    const [main, worker] = ['in the main thread', 'in the worker'].map((name) =>
      receiver.spans.find((span) => span.name === name),
    );
    assert.ok(main && worker);
    assert.is(worker?.traceId, main?.traceId);
    assert.is(worker?.parentSpanId, main?.spanId);
  });

  for (const provider of ['basic', 'node'])
    for (const [processor, flag] of [
      ['simple', 'off'],
      ['batch', 'on'],
    ] as const) {
      const named = provider === 'basic' ? "the user's own provider" : 'NodeSDK';
      all(
        `inside ${named}, ${processor} processor, flag ${flag}: tree, ids, attributes, errors, baggage and processors`,
        async () => {
          checkOwnSdk(await program('own-sdk.cjs', provider, processor, flag), flag === 'on');
        },
      );
    }

  all(
    'inside NodeSDK of this line: off records nothing, on records root and child, dropped spans never appear, open ones are counted',
    async () => {
      const { off, open, spans, count } = await program('node-sdk.cjs');
      assert.is(off, 0);
      assert.equal(open, ['forgotten']);
      assert.is(count, 0);
      const ids = new Map<string, { id: string; parent?: string }>(spans.map((span: { name: string }) => [span.name, span]));
      assert.equal([...ids.keys()].sort(), ['child', 'forgotten', 'root']);
      assert.is(spans.length, 3);
      assert.is(ids.get('child')?.parent, ids.get('root')?.id);
      assert.is(ids.get('root')?.parent, undefined);
    },
  );

  all(
    'nothing is built without an endpoint, no package is loaded while off, calls are recorded while on, and context is always propagated',
    async () => {
      const collector = await new Collector().start();
      const none = await program('states.cjs', '', 'on');
      const off = await program('states.cjs', collector.url, 'off');
      assert.is(collector.requests, 0);
      const on = await program('states.cjs', collector.url, 'on');
      for (const seen of [none, off]) {
        assert.ok(seen.passed, 'the next service gets what came');
        assert.equal(seen.after, seen.before);
        assert.equal(seen.held, seen.before);
        assert.is(seen.spans.started, 0);
      }
      assert.equal([none.built, none.loaded, off.built, off.recording, on.recording], [false, 0, true, false, true]);
      assert.is(off.loaded, 0);
      assert.ok(on.loaded > 0);
      assert.is(on.spans.exported, 100);
      assert.is(collector.accepted, 100);
    },
  );

  all('an export under way to a Collector that hangs does not hold the process', async () => {
    const collector = await new Collector().start();
    collector.behaviour = () => ({ hang: true });
    const { at, spans } = await program('states.cjs', collector.url, 'on');
    const held = Date.now() - at;
    assert.ok(collector.requests > 0);
    assert.is(spans.exported, 0);
    assert.ok(held < 20_000, `the process lived for ${held} ms after its work; an attempt takes 60 s`);
  });

  for (const [fault, behaviour] of [
    ['answers every gRPC status in turn', (request: number) => ({ status: 1 + (request % 16) })],
    ['rejects one span of each batch', () => ({ answer: partialSuccess(1, 'no') })],
    ['is slow', () => ({ delay: 100 })],
    ['hangs', () => ({ hang: true as const })],
    ['fails first and then works', (request: number) => (request < 2 ? { status: 14 } : {})],
  ] as const) {
    all(`a Collector that ${fault}: every span is accounted for`, async () => {
      const collector = await new Collector().start();
      collector.behaviour = behaviour;
      const { wrong, spans } = await program('faults.cjs', collector.url, 'grpc');
      assert.is(wrong, 0);
      assert.equal([spans.ended, spans.open], [2000, 0]);
      assert.is(spans.exported + spans.failed + spans.dropped, 2000, JSON.stringify(spans));
      assert.ok(spans.exported <= collector.accepted);
      assert.is(spans.exported > 0, fault !== 'hangs' && !fault.includes('status'), JSON.stringify(spans));
    });
  }

  all('a test in Jest loads the package and records', async () => {
    const args = ['node_modules/jest/bin/jest.js', '--rootDir', '.', '--testMatch', '**/recorded.test.js', '--cache', 'false'];
    const { stderr } = await executeFile(line.node, args, { cwd: folder, timeout: LIMIT_MS });
    assert.match(stderr, /Tests:\s+1 passed, 1 total/);
  });

  test.run();
}

// biome-ignore lint/suspicious/noExplicitAny: what core.cjs prints
function checkCore(seen: any, spans: readonly ReceivedSpan[]): void {
  assert.equal([seen.spans.ended, seen.spans.exported, seen.spans.failed, seen.spans.dropped, seen.spans.open], [8, 8, 0, 0, 0]);
  assert.is(seen.recording, false);
  assert.ok(seen.active);
  assert.is(spans.length, 8);
  const roots = spans.filter(({ name }) => name === 'request');
  assert.equal(
    roots.map(({ parentSpanId }) => parentSpanId),
    ['', '2e'.repeat(8)],
  );
  assert.is(roots[1]?.traceId, '1f'.repeat(16));
  for (const root of roots) {
    const below = spans.filter(({ parentSpanId }) => parentSpanId === root.spanId);
    assert.equal(below.map(({ name }) => name).sort(), ['by a library', 'look up']);
    assert.is(root.kind, 'server');
    assert.is(root.attributes.tenant, 'a');
    const library = below.find(({ name }) => name === 'by a library');
    assert.is(library?.scope.name, 'library');
    assert.equal(
      library?.events.map(({ name }) => name),
      ['began'],
    );
    assert.equal(
      library?.links.map(({ traceId }) => traceId),
      ['ab'.repeat(16)],
    );
    assert.is(library?.status.code, 'ok');
    const failed = below.find(({ name }) => name === 'look up');
    assert.is(failed?.status.code, 'error');
    assert.is(failed?.attributes['error.type'], 'RangeError');
    assert.is(failed?.attributes.id, -1);
    assert.is(failed?.events[0]?.name, 'exception');
    assert.is(spans.filter(({ parentSpanId }) => parentSpanId === library?.spanId)[0]?.attributes.id, root === roots[0] ? 7 : 8);
  }
  assert.match(seen.headers.traceparent, new RegExp(`^00-${roots[0]?.traceId}-${roots[0]?.spanId}-0[13]$`));
  for (const { resource } of spans) assert.is(resource.attributes['service.name'], 'versions');
}

/** One request at the root while the flag is on, one below a sampled caller, one below an unsampled one, one while the flag is off. */
// biome-ignore lint/suspicious/noExplicitAny: what own-sdk.cjs prints
function checkOwnSdk({ spans, seen, calls, open, counts, openCount, notices }: any, on: boolean): void {
  const under = ['request', 'work', 'inner', 'by a library', 'failing'];
  const roots = on ? ['', '2e'.repeat(8)] : ['2e'.repeat(8)];
  const names = spans.map(({ name }: { name: string }) => name);
  const recorded = [...roots.flatMap(() => under), ...(on ? ['forgotten'] : [])];
  assert.equal([...names].sort(), [...recorded].sort());
  assert.equal(calls.onStart, recorded);
  assert.equal([calls.onEnding, calls.onEnd], [names, names]);
  assert.equal([calls.forceFlush, calls.shutdown], [2, 1]);
  assert.equal([open, openCount], [on ? ['forgotten'] : [], 0]);
  assert.equal([counts.started, counts.ended, counts.open], [recorded.length, recorded.length, 0]);
  assert.equal(notices, []);

  const remote = [seen[1].spanId, `00-${'1f'.repeat(16)}-${seen[1].spanId}-01`];
  assert.equal([seen[1].isGiven, seen[1].injected.traceparent], [true, remote[1]]);
  assert.equal(seen[2].injected.traceparent, `00-${'1f'.repeat(16)}-${'2e'.repeat(8)}-00`, 'an unsampled caller is passed on');
  assert.equal([seen[0].isGiven, seen[2].isGiven, seen[3].isGiven], [on, false, false]);
  assert.equal([seen[0].spanId === undefined, seen[3].spanId], [!on, undefined]);
  for (const { baggage, injected } of seen) assert.equal([baggage, injected.baggage], ['acme', 'tenant=acme']);

  for (const root of roots) {
    const request = spans.find(({ name, parent }: { name: string; parent: string }) => name === 'request' && parent === root);
    const same = spans.filter(({ traceId }: { traceId: string }) => traceId === request.traceId);
    const parentOf: Record<string, string> = { work: 'request', failing: 'request', inner: 'work', 'by a library': 'inner' };
    const span = (name: string) => same.find((each: { name: string }) => each.name === name);
    assert.is(same.length, 5);
    for (const [name, parent] of Object.entries(parentOf)) assert.is(span(name).parent, span(parent).spanId, name);
    const { id, tenant, ending, 'code.namespace': namespace, 'code.function.name': fn } = span('work').attributes;
    assert.equal([id, tenant, ending, namespace, fn], [root === '' ? 1 : 2, 'acme', true, 'x', 'x::work']);
    assert.is(span('work').kind, 1);
    for (const name of ['inner', 'by a library']) assert.is(span(name).attributes.tenant, 'acme', 'copied from the parent');
    assert.equal([span('by a library').scope, span('work').scope], ['library', 'spanwright']);
    const { status, events, attributes } = span('failing');
    assert.equal([status, attributes['error.type']], [{ code: 2, message: 'broken' }, 'TypeError']);
    assert.equal(
      events.map((event: { name: string; attributes: Record<string, string> }) => [
        event.name,
        event.attributes['exception.message'],
      ]),
      [['exception', 'broken']],
    );
    assert.is(span('work').status.code, 0);
  }
}
