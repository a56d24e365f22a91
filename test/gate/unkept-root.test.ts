// The ratio of a rule decides a trace once, at its root, also where the root is a span of a third-party tracer.

import { isSpanContextValid, trace } from '@opentelemetry/api';
import { InMemorySpanExporter } from '@opentelemetry/sdk-trace-base';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { inject, instrument, startTracing } from '../../runtime/index.js';

const CALLS = 5;
const call = instrument({ name: 'call', namespace: 'unkept' }, () => inject({}) as { traceparent?: string });

for (const [ratio, kept] of [
  [0.2, [80, 320]],
  [1, [1000, 1000]],
] as const) {
  test(`keeps traces whole or not at all at a ratio of ${ratio}, below the span of another tracer`, async () => {
    const exporter = new InMemorySpanExporter();
    const options = { exporter: exporter as never, enabled: true, rules: `*=${ratio}`, maxQueueSize: 10_000 };
    const tracing = await startTracing(options);
    const tracer = trace.getTracer('library');
    for (let request = 0; request < 1000; request++) {
      tracer.startActiveSpan('GET', (span) => {
        assert.ok(isSpanContextValid(span.spanContext()));
        for (let count = 0; count < CALLS; count++) {
          const { traceId, traceFlags } = span.spanContext();
          const [, below, , flags = ''] = (call().traceparent ?? '').split('-');
          assert.equal([below, Number.parseInt(flags, 16) & 1], [traceId, traceFlags & 1]);
        }
        span.end();
      });
    }
    await tracing.forceFlush();
    const traces = new Map<string, number>();
    for (const span of exporter.getFinishedSpans()) {
      const { traceId } = span.spanContext();
      traces.set(traceId, (traces.get(traceId) ?? 0) + 1);
    }
    await tracing.shutdown();
    assert.ok([...traces.values()].every((count) => count === 1 + CALLS));
    assert.ok(traces.size >= kept[0] && traces.size <= kept[1], `${traces.size} traces`);
  });
}

test.run();
