// Files that the viewer writes: OTLP JSON and Jaeger JSON that it reads back whole, and trace events as the format defines them.

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { asJaeger } from '../../viewer/formats/jaeger-json.js';
import { toOtlpJson } from '../../viewer/formats/otlp-json.js';
import { readTraces } from '../../viewer/formats/read.js';
import { toTraceEvents } from '../../viewer/formats/trace-event.js';
import type { ReceivedSpan } from '../../viewer/receiver/decode.js';
import { order } from './example-traces.js';

const SPANS = order(6, 1_700_000_000_000, { error: 'no answer' });

/** The parts of a span that both forms hold. */
const essence = ({
  name,
  kind,
  spanId,
  parentSpanId,
  traceId,
  status,
  attributes,
  resource,
  events,
  links,
  startTimeUnixNano,
  endTimeUnixNano,
}: ReceivedSpan) => ({
  name,
  kind,
  ids: [traceId, spanId, parentSpanId],
  status,
  attributes: { ...attributes },
  resource: { ...resource.attributes },
  events: events.map((event) => ({ ...event, attributes: { ...event.attributes } })),
  links: links.map((link) => link.spanId),
  times: [startTimeUnixNano, endTimeUnixNano],
});
const byId = (spans: readonly ReceivedSpan[]) => [...spans].sort((a, b) => (a.spanId < b.spanId ? -1 : 1)).map(essence);

test('OTLP JSON is read back whole', () => {
  assert.equal(byId(readTraces(JSON.stringify(toOtlpJson(SPANS)))), byId(SPANS));
});

test('Jaeger JSON is read back whole', () => {
  assert.equal(byId(readTraces(JSON.stringify({ data: [asJaeger(SPANS)] }))), byId(SPANS));
});

test('Jaeger JSON has the fields that its page reads: a process for each span, typed tags, whole microseconds', () => {
  const { spans, processes } = asJaeger(SPANS) as {
    spans: { processID: string; startTime: number; duration: number; tags: { key: string; type: string; value: unknown }[] }[];
    processes: Record<string, { serviceName: string }>;
  };
  assert.is(spans.length, SPANS.length);
  for (const { processID, startTime, duration, tags } of spans) {
    assert.type(processes[processID]?.serviceName, 'string');
    assert.ok(Number.isInteger(startTime) && Number.isInteger(duration));
    for (const { type, value } of tags)
      assert.is(typeof value, { string: 'string', bool: 'boolean', int64: 'number', float64: 'number' }[type]);
  }
});

test('trace events are complete, named by process and thread, and nest within each thread', () => {
  const { traceEvents } = toTraceEvents(SPANS) as {
    traceEvents: { ph: string; pid: number; tid: number; ts: number; dur: number; name: string }[];
  };
  const complete = traceEvents.filter(({ ph }) => ph === 'X');
  assert.is(complete.length, SPANS.length);
  assert.is(traceEvents.filter(({ ph, name }) => ph === 'M' && name === 'process_name').length, 4);
  for (const event of complete) {
    for (const field of ['pid', 'tid', 'ts', 'dur'] as const)
      assert.ok(Number.isFinite(event[field]) && event[field] >= 0, field);
    for (const other of complete) {
      if (other === event || other.pid !== event.pid || other.tid !== event.tid) continue;
      const [first, second] = event.ts <= other.ts ? [event, other] : [other, event];
      const apart = second.ts >= first.ts + first.dur;
      const within = second.ts + second.dur <= first.ts + first.dur;
      assert.ok(apart || within, `${first.name} and ${second.name} overlap`);
    }
  }
});

test('text in no known form is refused with what was expected', () => {
  for (const text of ['', 'hello', '{}', '[1]', 'null', '{"data": 3}', '{"resourceSpans": {}}']) {
    assert.throws(() => readTraces(text), /expected OTLP JSON, Jaeger JSON/, text);
  }
});

test.run();
