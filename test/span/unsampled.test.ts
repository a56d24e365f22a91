// Under a parent that is not sampled nothing is recorded, and the cached answer is used for no other parent.

import { randomBytes } from 'node:crypto';
import { context, createTraceState, TraceFlags, trace } from '@opentelemetry/api';
import { InMemorySpanExporter } from '@opentelemetry/sdk-trace-base';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { inject, instrument, startSpan, startTracing, type Tracing, withRemoteContext } from '../../runtime/index.js';
import { isWithinRatio } from '../../runtime/span/identity.js';
import { expectSpans } from '../expected-spans.js';

console.warn = () => {};
const leaf = instrument({ name: 'leaf' }, (value: number) => value + 1);
const root = instrument({ name: 'root', root: true }, (work: () => unknown) => work());
const placed = instrument(
  { name: 'placed', parent: (carrier: { traceparent?: string }) => carrier },
  (_: { traceparent?: string }) => leaf(1),
);
const carrier = (number: number, flags: string) => ({
  traceparent: `00-0af7651916cd43dd8448eb211c8031${number}-b7ad6b7169203331-${flags}`,
});

let exporter: InMemorySpanExporter;
async function started(remoteParent: 'accept' | 'ignore' = 'accept', rules = ''): Promise<Tracing> {
  exporter = new InMemorySpanExporter();
  return startTracing({ exporter: exporter as never, enabled: true, remoteParent, rules });
}
async function expectRecorded(tracing: Tracing, ...script: readonly string[]): Promise<void> {
  await tracing.forceFlush();
  expectSpans(exporter.getFinishedSpans(), ...script);
  exporter.reset();
}

test('calls under an unsampled parent are not recorded, and calls between them under a sampled parent or none are', async () => {
  const tracing = await started();
  for (let round = 0; round < 3; round++) {
    withRemoteContext(carrier(10, '00'), () => [leaf(1), leaf(2)]);
    await expectRecorded(tracing);
    withRemoteContext(carrier(11, '01'), () => leaf(1));
    await expectRecorded(tracing, '(remote b7ad6b7169203331)', '  leaf');
    leaf(1);
    await expectRecorded(tracing, 'leaf');
  }
  await tracing.shutdown();
});

test('a call with `root`, or with a sampled `parent`, is recorded below an unsampled span', async () => {
  const tracing = await started();
  withRemoteContext(carrier(10, '00'), () => {
    leaf(1);
    root(() => leaf(1));
    placed(carrier(12, '01'));
    placed(carrier(13, '00'));
    placed({});
    leaf(1);
  });
  await expectRecorded(tracing, 'root | link b7ad6b7169203331', '  leaf', '(remote b7ad6b7169203331)', '  placed', '    leaf');
  await tracing.shutdown();
});

test('where remote parents are ignored an unsampled one does not keep a trace from starting', async () => {
  const first = await started();
  withRemoteContext(carrier(10, '00'), () => [leaf(1), leaf(1)]);
  await expectRecorded(first);
  await first.shutdown();
  const second = await started('ignore');
  withRemoteContext(carrier(10, '00'), () => [leaf(1), leaf(1)]);
  await expectRecorded(second, '(remote b7ad6b7169203331)', '  leaf', '  leaf');
  await second.shutdown();
});

const NEXT_TO_NOTHING = '*=0.0000001, kept=on';

test('below a root that a ratio leaves out only what chooses another parent is recorded, and each call passes on the same ids', async () => {
  const tracing = await started('accept', NEXT_TO_NOTHING);
  const sent: (string | undefined)[] = [];
  const send = () => sent.push(inject<{ traceparent?: string }>({}).traceparent);
  const kept = instrument({ name: 'kept', namespace: 'kept' }, send);
  const rootOf = {
    function: instrument({ name: 'left out' }, (work: () => void) => work()),
    tracer: (work: () => void) => trace.getTracer('library').startActiveSpan('left out', work),
    'tracer, set by hand': (work: () => void) =>
      context.with(trace.setSpan(context.active(), trace.getTracer('library').startSpan('left out')), work),
  };
  for (const [way, leftOut] of Object.entries(rootOf)) {
    leftOut(() => {
      send();
      kept();
      instrument({ name: 'root', namespace: 'kept', root: true }, () => leaf(1))();
      placed(carrier(12, '01'));
      withRemoteContext(carrier(13, '01'), () => leaf(1));
      trace.getTracer('library').startActiveSpan('inner', kept);
      send();
    });
    const [first = ''] = sent;
    assert.match(first, /^00-[0-9a-f]{32}-[0-9a-f]{16}-02$/, way);
    assert.equal(sent.splice(0), [first, first, first, first]);
    const link = `root | link ${first.split('-')[2]}`;
    await expectRecorded(tracing, link, '  leaf', '(remote b7ad6b7169203331)', '  placed', '    leaf', '  leaf');
  }
  assert.is(tracing.openCount, 0);
  await tracing.shutdown();
});

test('startSpan() gives a span that can be run, failed and disposed of where a ratio leaves it out, with all below it', async () => {
  for (const remoteParent of ['accept', 'ignore'] as const) {
    const tracing = await started(remoteParent, NEXT_TO_NOTHING);
    const kept = instrument({ name: 'kept', namespace: 'kept' }, () => inject<{ traceparent?: string }>({}).traceparent);
    withRemoteContext(remoteParent === 'ignore' ? carrier(10, '01') : {}, () => {
      using span = startSpan('left out');
      span.recordFailure(new Error('no matter'));
      const { traceId, spanId, traceFlags } = span.spanContext();
      assert.is(span.run(kept), `00-${traceId}-${spanId}-0${traceFlags}`);
      assert.is(traceFlags & TraceFlags.SAMPLED, 0);
    });
    await expectRecorded(tracing);
    await tracing.shutdown();
  }
});

test('a ratio keeps what is at least its threshold, by all 56 bits of the id in either case, or by `rv`', () => {
  const bits = 2n ** 56n;
  const digits = (value: bigint): string => value.toString(16).padStart(14, '0');
  for (const ratio of [1, 0.9999999, 0.5, 0.3, 0.25, 1 / 3, 0.1, 0.01, 1e-7, 2 ** -56]) {
    const threshold = BigInt(Math.round((1 - ratio) * 2 ** 56));
    const near = [-3n, -1n, 0n, 1n, 2n, 1n << 20n].map((distance) => threshold + distance);
    const anywhere = Array.from({ length: 200 }, () => BigInt(`0x${randomBytes(7).toString('hex')}`));
    for (const value of [...near, ...anywhere, 0n, bits - 1n].filter((found) => found >= 0n && found < bits)) {
      const id = `${'5'.repeat(18)}${digits(value)}`;
      const kept = value >= threshold;
      assert.is(isWithinRatio(id, undefined, ratio), kept, `${id} at ${ratio}`);
      assert.is(isWithinRatio(id.toUpperCase(), undefined, ratio), kept, `${id} at ${ratio}`);
      assert.is(isWithinRatio('f'.repeat(32), createTraceState(`ot=rv:${digits(value)}`), ratio), kept, `rv ${id} at ${ratio}`);
    }
  }
});

test.run();
