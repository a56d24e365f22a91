// Every way in which a real Collector fails, under a real service that is under load: the service's answers stay right and as quick as
// without tracing's troubles, its memory stays bounded, its counts add up to the span, the log has one line per cause, and the process
// ends when it is asked to. Missing parts are a printed skip, on a build server a failure.
// alone: compares latencies
// limit: 300 s

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { TracingOptions } from '../../runtime/index.js';
import { report } from '../evidence.js';
import { partialSuccess, Collector as Scripted } from '../setup/collector.js';
import { FaultyNetwork } from './support/faulty-network.js';
import { type Ended, type Load, LoadedService, SPANS_PER_REQUEST } from './support/loaded-service.js';
import { OTELCOL, OtelCollector } from './support/otel-collector.js';
import { freePorts, until } from './support/program.js';

const test = suite('faults');
const all = OTELCOL === undefined ? test.skip : test;

const GRPC_STATUSES = 16;
const MEGABYTE = 1024 * 1024;
const MOST_GROWTH = 24 * MEGABYTE;
/** Margin for a busy machine; a service that waited for its exports would be slower by hundreds of milliseconds. */
const SLACK_MS = { p50: 20, p95: 150 };
const SHUTDOWN_MS = 1000;
const SHUTDOWN: TracingOptions = { shutdownTimeout: SHUTDOWN_MS };
/** Margin for a busy machine. A wait for a hanging export takes 10 s (otlp_timeout). */
const LATE_MS = 4000;

let collector: OtelCollector;
let network: FaultyNetwork;
let service: LoadedService | undefined;
/** The same service with nothing built, under the same load at the same time: what the machine itself costs. */
let control: LoadedService;

test.before(async () => {
  if (OTELCOL === undefined) return;
  collector = await OtelCollector.start();
  network = await FaultyNetwork.before(() => collector.port);
  control = await LoadedService.start({});
  await control.load(300);
});
test.after.each(() => {
  service?.kill();
  Scripted.stopAll();
  network.weather = { kind: 'pass' };
});
test.after(async () => {
  const { scenarios, ended, lost, unaccounted } = total;
  if (scenarios > 0)
    report({
      part: `spans while the Collector fails in ${scenarios} ways`,
      tried: ended,
      survived: ended - unaccounted,
      lost,
      unaccounted,
    });
  control?.kill();
  network?.close();
  await collector?.remove();
});

async function start(options: TracingOptions = {}): Promise<{ service: LoadedService; heap: number }> {
  service = await LoadedService.start({ endpoint: network.url, ...SHUTDOWN, ...options });
  await service.load(300);
  return { service, heap: (await service.report()).heap };
}

interface Compared {
  readonly traced: Load;
  readonly plain: Load;
}

async function loadOf(service: LoadedService, milliseconds: number): Promise<Compared> {
  const [traced, plain] = await Promise.all([service.load(milliseconds), control.load(milliseconds)]);
  return { traced, plain };
}

/** Waits until nothing is on its way any more, so that what is sent at shutdown does not depend on how quick the machine is. */
async function settled(service: LoadedService): Promise<void> {
  await until(async () => {
    const { ended, exported, failed, dropped, sampledOut } = (await service.report()).spans;
    return exported + failed + dropped + sampledOut === ended;
  }, 'everything is sent or given up');
}

/** @param own milliseconds for which the load itself holds the event loop. */
function checkLoad({ traced, plain }: Compared, what: string, own = 0): void {
  const figures = ({ p50, p95, most }: Load): string =>
    `p50 ${p50.toFixed(1)}, p95 ${p95.toFixed(1)}, most ${most.toFixed(0)} ms`;
  console.log(`${what}: ${traced.requests} requests, ${figures(traced)}; with nothing built ${figures(plain)}`);
  assert.ok(traced.requests > 0);
  assert.is(traced.wrong, 0, `${traced.wrong} of ${traced.requests} answers are wrong: ${traced.faults.join(', ')}`);
  for (const at of ['p50', 'p95'] as const) {
    const most = plain[at] * 3 + SLACK_MS[at] + own;
    assert.ok(traced[at] < most, `${at} is ${traced[at]} ms, with nothing built ${plain[at]} ms`);
  }
}

/** Spans of all scenarios together. */
const total = { scenarios: 0, ended: 0, lost: 0, unaccounted: 0 };

/** Checks that hold after every fault. */
function checkEnd(end: Ended, heap: number): void {
  const { ended, exported, failed, dropped, sampledOut, open } = end.spans;
  total.scenarios += 1;
  total.ended += ended;
  total.lost += failed + dropped;
  total.unaccounted += ended - exported - failed - dropped - sampledOut;
  assert.is(open, 0);
  assert.is(exported + failed + dropped + sampledOut, ended, JSON.stringify(end.spans));
  assert.is(end.code, 0);
  assert.ok(end.took < SHUTDOWN_MS + LATE_MS, `shutdown took ${end.took} ms, its limit is ${SHUTDOWN_MS}`);
  assert.ok(end.lingered < LATE_MS, `the process ended ${end.lingered} ms after its shutdown; ${end.resources}`);
  assert.ok(end.heap - heap < MOST_GROWTH, `the heap grew by ${(end.heap - heap) / MEGABYTE} MB`);
  for (const code of ['SPW003', 'SPW005', 'SPW006', 'SPW009']) {
    const causes = end.lines.filter((line) => line.includes(code)).map((line) => line.replace(/\d+/gu, 'N'));
    assert.is(new Set(causes).size, causes.length, `said twice: ${causes.join('\n')}`);
  }
}

/** Spans of this service alone. */
const countOf = ({ id }: LoadedService): number => collector.spansOf(id).length;

async function arrived(service: LoadedService, exported: number): Promise<number> {
  await until(() => countOf(service) >= exported, `${exported} spans in the file`);
  return countOf(service);
}

all('no fault: every span of the load arrives, and its latencies are the baseline of the other tests', async () => {
  const { service, heap } = await start();
  const calm = await loadOf(service, 1500);
  checkLoad(calm, 'calm');
  await settled(service);
  const end = await service.end();
  checkEnd(end, heap);
  assert.is(end.spans.exported, end.spans.ended);
  assert.ok(end.spans.ended >= calm.traced.requests * SPANS_PER_REQUEST);
  assert.is(await arrived(service, end.spans.exported), end.spans.exported);
  assert.equal(
    end.lines.filter((line) => /SPW00[3-9]/.test(line)),
    [],
  );
});

all('absent at the start, appearing later: the service is not affected, and the queued spans arrive', async () => {
  const [port] = await freePorts(1);
  const { service, heap } = await start({ endpoint: `http://127.0.0.1:${port}` });
  checkLoad(await loadOf(service, 1500), 'absent');
  const late = await OtelCollector.start({ port: port as number });
  try {
    checkLoad(await loadOf(service, 1000), 'appearing');
    await until(async () => (await service.report()).spans.exported > 0, 'spans arrive');
    const end = await service.end();
    checkEnd(end, heap);
    assert.ok(
      end.lines.some((line) => /SPW003 .*nothing listens at 127\.0\.0\.1/.test(line)),
      end.lines.join('\n'),
    );
    assert.ok(
      end.lines.some((line) => line.includes('SPW004')),
      end.lines.join('\n'),
    );
    await until(() => late.spansOf(service.id).length >= end.spans.exported, 'they are in the file');
    assert.is(late.spansOf(service.id).length, end.spans.exported);
  } finally {
    await late.remove();
  }
});

all('killed and restarted under load, twice: nothing that was counted as exported is missing', async () => {
  const { service, heap } = await start();
  const load = loadOf(service, 4000);
  for (let round = 0; round < 2; round++) {
    await new Promise((resolve) => setTimeout(resolve, 700));
    await collector.kill();
    await new Promise((resolve) => setTimeout(resolve, 500));
    await collector.start();
  }
  checkLoad(await load, 'killed and restarted');
  await settled(service);
  const end = await service.end();
  checkEnd(end, heap);
  assert.ok(end.spans.exported > 0);
  // a batch whose answer was lost may be there although it was sent again or counts as failed
  assert.ok((await arrived(service, end.spans.exported)) >= end.spans.exported);
});

all(
  'hanging: the Collector accepts and never answers; shutdown ends at its limit, and the process ends without waiting for the call',
  async () => {
    const { service, heap } = await start({ maxQueueSize: 1000, maxExportBatchSize: 200 });
    collector.program.freeze();
    try {
      checkLoad(await loadOf(service, 2500), 'hanging');
      const end = await service.end();
      checkEnd(end, heap);
      assert.ok(end.took >= 900, `shutdown gave up after ${end.took} ms`);
      assert.ok(end.spans.dropped > 0 && end.spans.failed > 0, JSON.stringify(end.spans));
      assert.ok(end.lines.some((line) => line.includes('SPW005')) && end.lines.some((line) => line.includes('SPW006')));
    } finally {
      collector.program.thaw();
    }
  },
);

all('hanging, then answering: the queued spans arrive, and none is lost', async () => {
  const { service, heap } = await start({ maxQueueSize: 16_000 });
  collector.program.freeze();
  const load = loadOf(service, 2000);
  await new Promise((resolve) => setTimeout(resolve, 1200));
  collector.program.thaw();
  checkLoad(await load, 'hanging, then answering');
  await settled(service);
  const end = await service.end();
  checkEnd(end, heap);
  assert.is(end.spans.exported, end.spans.ended);
  assert.is(await arrived(service, end.spans.exported), end.spans.exported);
});

all('slow: answers come 300 ms later; the service is as quick as before', async () => {
  network.weather = { kind: 'slow', milliseconds: 300 };
  const { service, heap } = await start();
  checkLoad(await loadOf(service, 2000), 'slow');
  network.weather = { kind: 'pass' };
  await settled(service);
  const end = await service.end();
  checkEnd(end, heap);
  assert.is(end.spans.exported, end.spans.ended);
  assert.is(await arrived(service, end.spans.exported), end.spans.exported);
});

/** Answers that the real Collector cannot be made to give: a server of the same protocol, which answers as scripted. */
async function scripted(behaviour: Scripted['behaviour']): Promise<Scripted> {
  const server = await new Scripted().start();
  server.behaviour = behaviour;
  return server;
}

all('answering every gRPC status in turn: failures are counted, and each status is logged once', async () => {
  const server = await scripted((request) => ({ status: 1 + (request % GRPC_STATUSES) }));
  const { service, heap } = await start({ endpoint: server.url, maxQueueSize: 1000, maxExportBatchSize: 50, exportTimeout: 500 });
  checkLoad(await loadOf(service, 3000), 'every gRPC status');
  await until(() => server.requests > GRPC_STATUSES, 'every status was answered');
  const end = await service.end();
  checkEnd(end, heap);
  assert.is(end.spans.exported, 0);
  assert.ok(end.spans.failed > 0);
  const said = end.lines.filter((line) => line.includes('SPW003'));
  for (const name of ['INVALID_ARGUMENT', 'UNAUTHENTICATED', 'UNIMPLEMENTED', 'INTERNAL']) {
    assert.is(said.filter((line) => line.includes(` ${name}:`)).length, 1, said.join('\n'));
  }
});

all('partial success: what was rejected counts as failed, what was taken as exported', async () => {
  const server = await scripted((request) => (request % 2 === 0 ? { answer: partialSuccess(3, 'too many') } : {}));
  const { service, heap } = await start({ endpoint: server.url });
  checkLoad(await loadOf(service, 2000), 'partial success');
  await settled(service);
  const end = await service.end();
  checkEnd(end, heap);
  assert.is(end.spans.failed, 3 * Math.ceil(server.requests / 2));
  assert.is(end.spans.exported, end.spans.ended - end.spans.failed);
  assert.match(end.lines.find((line) => line.includes('SPW009')) ?? '', /rejected 3 of \d+ spans: too many/);
});

all('resets in mid-stream: batches are sent again, and all that is counted as exported is there', async () => {
  network.weather = { kind: 'reset', afterBytes: 60_000 };
  const { service, heap } = await start({ maxQueueSize: 16_000, maxExportBatchSize: 100 });
  checkLoad(await loadOf(service, 3000), 'resets');
  network.weather = { kind: 'pass' };
  assert.ok(network.resets > 0, 'connections were reset');
  await until(async () => (await service.report()).spans.exported > 1000, 'spans arrive');
  const end = await service.end();
  checkEnd(end, heap);
  // a batch whose answer was lost may be there although it counts as failed
  assert.ok((await arrived(service, end.spans.exported)) >= end.spans.exported);
});

all('queue full: further spans are dropped, counted and logged once', async () => {
  network.weather = { kind: 'slow', milliseconds: 400 };
  const { service, heap } = await start({ maxQueueSize: 100, maxExportBatchSize: 50 });
  checkLoad(await loadOf(service, 2000), 'queue full');
  network.weather = { kind: 'pass' };
  const end = await service.end();
  checkEnd(end, heap);
  assert.ok(end.spans.dropped > 500, JSON.stringify(end.spans));
  assert.is(end.lines.filter((line) => line.includes('SPW005')).length, 1);
  assert.is(await arrived(service, end.spans.exported), end.spans.exported);
});

all('100 ms of load at ten times the queue: bounded, counted, and the answers in between are right', async () => {
  const { service, heap } = await start();
  const load = loadOf(service, 1500);
  await new Promise((resolve) => setTimeout(resolve, 300));
  let own = 0;
  for (let tenth = 0; tenth < 10; tenth++) own += (await service.order({ do: 'burst', spans: 2048 })).took;
  console.log(`the burst itself took ${own.toFixed(0)} ms`);
  checkLoad(await load, 'burst', own);
  const end = await service.end();
  checkEnd(end, heap);
  assert.ok(end.spans.ended > 20_480);
  assert.is(await arrived(service, end.spans.exported), end.spans.exported);
});

all('the clock is set back by an hour: spans keep arriving, and none has a negative duration', async () => {
  const { service, heap } = await start();
  await service.load(500);
  await service.order({ do: 'set clock back', milliseconds: 3_600_000 });
  checkLoad(await loadOf(service, 1000), 'clock set back');
  await settled(service);
  const end = await service.end();
  checkEnd(end, heap);
  assert.is(end.spans.exported, end.spans.ended);
  assert.is(await arrived(service, end.spans.exported), end.spans.exported);
  for (const { name, start, end: finish } of collector.spansOf(service.id)) {
    const length = BigInt(finish) - BigInt(start);
    assert.ok(length >= 0n && length < 60_000_000_000n, `"${name}" lasted ${length} ns`);
  }
});

all('the event loop is blocked for longer than an attempt may take: exports go on afterwards, and the sum holds', async () => {
  const { service, heap } = await start({ otlpTimeout: 500, exportTimeout: 5000 });
  const load = loadOf(service, 500);
  await service.order({ do: 'block', milliseconds: 1500 });
  await load;
  checkLoad(await loadOf(service, 1000), 'after the block');
  await until(async () => (await service.report()).spans.exported > 0, 'spans arrive');
  const end = await service.end();
  checkEnd(end, heap);
  assert.ok(end.spans.exported > 1000 * SPANS_PER_REQUEST * 0.1, JSON.stringify(end.spans));
  assert.ok((await arrived(service, end.spans.exported)) >= end.spans.exported);
});

test.run();
