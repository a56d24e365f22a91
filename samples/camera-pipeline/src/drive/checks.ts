// Checks that hold after every run: each function returns the faults that it found, as sentences.

import type { ReceivedSpan } from '@spanwright/viewer';
import { type Line, type RunRecord, serviceOf } from './record.js';
import { SERVICES } from './system.js';

/** True if a trace id lies in the share that is kept: its last 56 bits, as a fraction, against the share (OpenTelemetry's rule). */
export function isKept(traceId: string, share: number): boolean {
  return Number.parseInt(traceId.slice(18), 16) / 2 ** 56 >= 1 - share;
}

/** Each image is one trace; with an object in it, over all five processes, with the baggage on the last span. */
export function checkImages(record: RunRecord, sent: readonly Line[]): string[] {
  return sent.flatMap((line) => {
    const image = line.get('image');
    const spans = record.trace(line.get('trace_id') ?? '');
    const services = new Set(spans.map(serviceOf));
    const roots = spans.filter(({ parentSpanId }) => parentSpanId === '');
    if (roots.length !== 1 || roots[0]?.name !== 'capture') return [`image ${image} has ${roots.length} roots in its trace`];
    if (line.get('object') === 'nothing' || line.get('cut_off') === 'true') return [];
    const missing = ['camera', ...SERVICES].filter((service) => !services.has(service));
    if (missing.length > 0) return [`the trace of image ${image} does not reach ${missing.join(', ')}`];
    const { attributes } = spans.find(({ name }) => name === 'event_creation') as ReceivedSpan;
    return ['camera.id', 'event.priority', 'request.source', 'batch.id']
      .filter((key) => attributes[key] === undefined)
      .map((key) => `event_creation of image ${image} has no ${key}`);
  });
}

/** Each batch is a trace of its own, linked to a detection of each of its images. */
export function checkBatches(record: RunRecord): string[] {
  const detections = new Set(record.spans.filter(({ name }) => name === 'detection_processing').map(({ spanId }) => spanId));
  const batches = record.spans.filter(({ name }) => name === 'batch_aggregation');
  if (batches.length === 0) return ['there is no batch'];
  return batches.flatMap(({ traceId, parentSpanId, links }) => [
    ...(parentSpanId === '' ? [] : [`the batch ${traceId} is no root`]),
    ...(links.length > 0 && links.every(({ spanId }) => detections.has(spanId)) ? [] : [`the batch ${traceId} has wrong links`]),
  ]);
}

/** The head decides on the trace id alone: the traces in the share are there, the others are not. */
export function checkHead(record: RunRecord, sent: readonly Line[], share: number): string[] {
  return sent.flatMap((line) => {
    const id = line.get('trace_id') ?? '';
    const there = record.trace(id).length > 0;
    return there === isKept(id, share) ? [] : [`trace ${id} is ${there ? 'there' : 'not there'} at a rate of ${share}`];
  });
}

/** By how much the log's milliseconds may be rounded up. */
const ROUNDED_MS = 0.05;

/** Failed and slow requests are there, and nothing else is. The span begins before the log's clock does, so it is never the shorter one. */
export function checkTail(record: RunRecord, answered: readonly Line[], slowerThanMs: number): string[] {
  return answered.flatMap((line) => {
    const [ms, status] = [Number(line.get('duration_ms')), Number(line.get('status'))];
    const [root] = record.trace(line.get('trace_id') ?? '').filter(({ parentSpanId }) => parentSpanId === '');
    if (root === undefined) {
      return status < 500 && ms < slowerThanMs + ROUNDED_MS
        ? []
        : [`the trace of a request of ${ms} ms, status ${status}, was sampled out`];
    }
    const spanMs = Number(BigInt(root.endTimeUnixNano) - BigInt(root.startTimeUnixNano)) / 1e6;
    return status >= 500 || spanMs >= slowerThanMs ? [] : [`the trace of a request of ${spanMs} ms, status ${status}, was kept`];
  });
}
