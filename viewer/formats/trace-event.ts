// A trace in the Trace Event format, which Perfetto and Chrome's tracing page open. A service is a process; a lane within it is a
// thread, because the format cannot show overlapping spans in one thread.

import { type LaidOut, layOut } from '../analysis/layout.js';
import type { ReceivedSpan } from '../receiver/decode.js';
import { serviceOf } from '../receiver/spans.js';

export function toTraceEvents(spans: readonly ReceivedSpan[]): unknown {
  const services = [...new Set(spans.map(serviceOf))];
  const lanes = new Map<string, LaidOut[][]>(services.map((service) => [service, []]));
  const events: unknown[] = services.map((name, at) => ({ ph: 'M', name: 'process_name', pid: at + 1, args: { name } }));
  for (const row of layOut(spans)) {
    const service = serviceOf(row.span);
    const lane = laneFor(lanes.get(service) as LaidOut[][], row);
    events.push({
      ph: 'X',
      name: row.span.name,
      cat: row.span.kind,
      ts: row.start,
      dur: row.duration,
      pid: services.indexOf(service) + 1,
      tid: lane + 1,
      args: { ...row.span.attributes, spanId: row.span.spanId, status: row.span.status.code },
    });
  }
  return { traceEvents: events, displayTimeUnit: 'ms' };
}

/** First lane whose open spans contain this one or are over; `lanes` hold the open spans, innermost last. */
function laneFor(lanes: LaidOut[][], row: LaidOut): number {
  const end = row.start + row.duration;
  for (const [index, open] of lanes.entries()) {
    while (open.length > 0 && endOf(open[open.length - 1] as LaidOut) <= row.start) open.pop();
    const innermost = open[open.length - 1];
    if (innermost !== undefined && endOf(innermost) < end) continue;
    open.push(row);
    return index;
  }
  return lanes.push([row]) - 1;
}

const endOf = ({ start, duration }: LaidOut): number => start + duration;
