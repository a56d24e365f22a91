// The OpenTelemetry Collector, as the documents deploy it: what a program recorded is compared, span by span and field by field,
// with what the Collector wrote to a file. A missing Collector is a printed skip, on a build server a failure.
// limit: 180 s

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { instrument } from '../../runtime/index.js';
import { differences } from './support/differences.js';
import { BATCH, forwardTo, MEMORY_LIMITER, OTELCOL, OtelCollector, tailSampling } from './support/otel-collector.js';
import { type FlatSpan, outline } from './support/otlp-json.js';
import { until } from './support/program.js';
import { chargeCard, ORDER, pause, placeOrder, type Recording, receiveOrder, startRecording } from './support/work.js';

const test = suite('collector');
const all = OTELCOL === undefined ? test.skip : test;
const started: OtelCollector[] = [];

async function collector(options: Parameters<typeof OtelCollector.start>[0] = {}): Promise<OtelCollector> {
  const one = await OtelCollector.start(options);
  started.push(one);
  return one;
}

let recording: Recording | undefined;
async function record(...given: Parameters<typeof startRecording>): Promise<Recording> {
  recording = await startRecording(...given);
  return recording;
}

test.after.each(async () => {
  await recording?.tracing.shutdown();
  recording = undefined;
  await Promise.all(started.splice(0).map((one) => one.remove()));
});

/** Sums up after shutdown: every span that ended is accounted for. */
async function close(run: Recording): Promise<void> {
  await run.tracing.shutdown();
  const { ended } = run;
  const { spans } = run.tracing.state();
  assert.is(spans.ended, ended.length);
  assert.is(spans.exported + spans.failed + spans.dropped + spans.sampledOut, spans.ended, JSON.stringify(spans));
}

function byTrace(spans: readonly FlatSpan[]): Map<string, FlatSpan[]> {
  const traces = new Map<string, FlatSpan[]>();
  for (const span of spans) traces.set(span.traceId, [...(traces.get(span.traceId) ?? []), span]);
  return traces;
}

all('shared gateway: what arrives is what the program recorded, with every value, event, link and status', async () => {
  const gateway = await collector({ processors: { ...MEMORY_LIMITER, ...BATCH } });
  const run = await record(gateway.url);
  for (let id = 1; id <= 20; id++) await placeOrder(id);
  await receiveOrder(21, `00-${'1f'.repeat(16)}-${'2e'.repeat(8)}-01`);
  await close(run);
  assert.is(run.ended.length, 21 * ORDER.length);
  assert.is(run.tracing.state().spans.exported, run.ended.length);
  await until(() => gateway.spans().length >= run.ended.length, 'all spans are in the file');
  const got = gateway.spans();
  assert.equal(differences(got, run.ended), []);
  for (const trace of byTrace(got).values()) {
    const [{ parentSpanId } = { parentSpanId: '' }] = trace.filter(({ name }) => name === 'place order');
    assert.equal(outline(trace, parentSpanId), ORDER);
  }
  const mail = got.find(({ name }) => name === 'send mail to customer');
  assert.is(mail?.links[0]?.attributes.why, 'batch');
  assert.equal(
    mail?.events.map(({ name }) => name),
    ['queued', 'sent'],
  );
  assert.is(mail?.attributes.unicode, 'grün 🚀 \u0000 end');
  const failed = got.filter(({ status }) => status.code === 'error');
  assert.is(failed.length, 21);
  assert.ok(failed.every(({ events }) => events[0]?.name === 'exception'));
});

all('the comparison sees a difference: an attributes processor that changes one value', async () => {
  const gateway = await collector({
    processors: { attributes: { actions: [{ key: 'provider', value: 'other', action: 'update' }] } },
  });
  const run = await record(gateway.url);
  await placeOrder(1);
  await close(run);
  await until(() => gateway.spans().length >= run.ended.length, 'all spans are in the file');
  const found = differences(gateway.spans(), run.ended);
  assert.is(found.length, 2);
  for (const line of found) assert.match(line, /"charge card" attributes: .*"provider":"other".* instead of .*"provider":"bank"/);
  assert.is(differences([], run.ended).length, run.ended.length);
  assert.is(differences([...run.ended, ...run.ended], run.ended).length, run.ended.length);
});

all(
  'two stages: gateways of two clusters label and forward, the central one has every span once, otherwise unchanged',
  async () => {
    const central = await collector({ processors: BATCH });
    const clusters = ['control-plane', 'hypervisor'];
    for (const cluster of clusters) {
      const gateway = await collector({
        file: false,
        processors: {
          ...MEMORY_LIMITER,
          resource: { attributes: [{ key: 'cluster', value: cluster, action: 'upsert' }] },
          attributes: { actions: [{ key: 'via', value: `gateway-${cluster}`, action: 'insert' }] },
          ...BATCH,
        },
        exporters: forwardTo(central.url),
      });
      const run = await record(gateway.url, { serviceName: cluster });
      for (let id = 1; id <= 5; id++) await placeOrder(id);
      await close(run);
      assert.is(run.tracing.state().spans.exported, 25);
      const mine = (): FlatSpan[] => central.spans().filter((span) => span.resource['service.name'] === cluster);
      await until(() => mine().length >= run.ended.length, 'all spans are in the file of the central Collector');
      const expected = run.ended.map((span) => ({
        ...span,
        attributes: { ...span.attributes, via: `gateway-${cluster}` },
        resource: { ...span.resource, cluster },
      }));
      assert.equal(differences(mine(), expected), []);
    }
    assert.is(central.spans().length, 50);
  },
);

all('tail sampling keeps every trace with an error and every slow one, a share of the rest, and each of them whole', async () => {
  const gateway = await collector({ processors: { ...MEMORY_LIMITER, ...tailSampling(500, 5), ...BATCH } });
  const run = await record(gateway.url, { maxQueueSize: 16_384 });
  const quick = 400;
  for (let id = 1; id <= 20; id++) await placeOrder(id); // each order has a refused charge
  const slow = Promise.all(Array.from({ length: 10 }, () => slowCharge()));
  for (let batch = 0; batch < 4; batch++) await Promise.all(Array.from({ length: quick / 4 }, () => chargeCard(1)));
  await slow;
  await close(run);
  assert.is(run.tracing.state().spans.exported, run.ended.length);
  const traces = byTrace(run.ended);
  const kind = (trace: readonly FlatSpan[]): string => {
    if (trace.some(({ status }) => status.code === 'error')) return 'error';
    const [root] = trace.filter(({ parentSpanId }) => parentSpanId === '');
    return root !== undefined && BigInt(root.end) - BigInt(root.start) >= 500_000_000n ? 'slow' : 'quick';
  };
  const count = (all: Iterable<FlatSpan[]>, wanted: string): number => [...all].filter((trace) => kind(trace) === wanted).length;
  assert.is(count(traces.values(), 'error'), 20);
  const slowOnes = count(traces.values(), 'slow'); // a loaded machine produces more of them
  assert.ok(slowOnes >= 10 && slowOnes < quick / 2, `${slowOnes} slow traces`);
  const keptOf = (wanted: string): number => count(byTrace(gateway.spans()).values(), wanted);
  await until(() => keptOf('error') >= 20 && keptOf('slow') >= slowOnes, 'the decisions are taken');
  await pause(1500); // other traces of the same decision
  const kept = byTrace(gateway.spans());
  assert.is(count(kept.values(), 'error'), 20);
  assert.is(count(kept.values(), 'slow'), slowOnes);
  // 5 % of 400: outside of this once in a million runs
  const share = count(kept.values(), 'quick');
  assert.ok(share >= 3 && share <= 50, `${share} of ${quick} quick traces were kept`);
  for (const [id, trace] of kept) assert.equal(differences(trace.map(withoutSampling), traces.get(id) ?? []), []);
});

/** The processor may note which policy decided. */
function withoutSampling(span: FlatSpan): FlatSpan {
  const attributes = Object.fromEntries(Object.entries(span.attributes).filter(([key]) => !key.startsWith('tailsampling.')));
  return { ...span, attributes };
}

const slowCharge = instrument({ name: 'slow charge' }, async function slowCharge(): Promise<void> {
  await chargeCard(1);
  await pause(600);
});

test.run();
