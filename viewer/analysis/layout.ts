// Structure of one trace for the waterfall: rows in order, depth, self time, and the critical path. Pure; used by the server for the
// API and by the diff. Times are microseconds from the start of the trace, so that JSON stays small and exact.

import type { ReceivedSpan } from '../receiver/decode.js';

/** The properties of a span that the layout reads. */
type Timed = Pick<ReceivedSpan, 'spanId' | 'parentSpanId' | 'startTimeUnixNano' | 'endTimeUnixNano'>;

/** One span in the order in which the waterfall shows it: parents before children, siblings by start. */
export interface LaidOut<Span = ReceivedSpan> {
  readonly span: Span;
  readonly depth: number;
  /** Index of the parent's row, -1 for roots and spans whose parent did not arrive. */
  readonly parent: number;
  readonly start: number;
  readonly duration: number;
  /** Time in which no child was running. */
  self: number;
  /** True: on the critical path, which decides the duration of the trace. */
  critical: boolean;
}

export function layOut<Span extends Timed>(spans: readonly Span[]): LaidOut<Span>[] {
  const rows = layOutRows(placesOf(spans));
  setSelfTimes(rows);
  setCriticalPath(rows);
  return rows;
}

interface Place<Span> {
  readonly span: Span;
  readonly start: number;
  readonly end: number;
}

/** Spans with their times, by start; of those that start together the longest first. */
function placesOf<Span extends Timed>(spans: readonly Span[]): Place<Span>[] {
  const first = spans.reduce((least, { startTimeUnixNano: nanos }) => (isBefore(nanos, least) ? nanos : least), LATEST);
  // Converts seconds and the rest separately, because nanoseconds since the epoch are more than a number holds. BigInt takes ten times as
  // long.
  const [seconds, rest] = [Number(first.slice(0, -9)), Number(first.slice(-9))];
  const micros = (nanos: string): number =>
    ((Number(nanos.slice(0, -9)) - seconds) * 1e9 + Number(nanos.slice(-9)) - rest) / 1000;
  return spans
    .map((span) => ({ span, start: micros(span.startTimeUnixNano), end: micros(span.endTimeUnixNano) }))
    .sort((a, b) => a.start - b.start || b.end - a.end);
}

const LATEST = '9'.repeat(20);
const isBefore = (a: string, b: string): boolean => a.length < b.length || (a.length === b.length && a < b);

function layOutRows<Span extends Timed>(places: readonly Place<Span>[]): LaidOut<Span>[] {
  const [byId, below] = [new Map<string, number>(), new Array<number[] | undefined>(places.length)];
  for (const [at, { span }] of places.entries()) if (!byId.has(span.spanId)) byId.set(span.spanId, at);
  const roots: number[] = [];
  for (const [at, { span }] of places.entries()) {
    const parent = span.parentSpanId === span.spanId ? undefined : byId.get(span.parentSpanId);
    if (parent === undefined) roots.push(at);
    else if (below[parent] === undefined) below[parent] = [at];
    else below[parent].push(at);
  }
  const rows: LaidOut<Span>[] = [];
  const shown = new Uint8Array(places.length);
  const visit = (first: number): void => {
    // Its own stack: a trace may be deeper than the call stack is.
    const pending = [{ at: first, parent: -1 }];
    for (let entry = pending.pop(); entry !== undefined; entry = pending.pop()) {
      const { at, parent } = entry;
      if (shown[at] === 1) continue;
      shown[at] = 1;
      const { span, start, end } = places[at] as Place<Span>;
      const depth = parent === -1 ? 0 : (rows[parent] as LaidOut<Span>).depth + 1;
      const index = rows.push({ span, depth, parent, start, duration: Math.max(0, end - start), self: 0, critical: false }) - 1;
      const children = below[at] ?? [];
      for (let last = children.length - 1; last >= 0; last -= 1) pending.push({ at: children[last] as number, parent: index });
    }
  };
  for (const at of roots) visit(at);
  // Spans that name each other as parents are reachable from no root.
  for (let at = 0; at < places.length; at += 1) if (shown[at] === 0) visit(at);
  return rows;
}

/** Duration less the union of the children's times, each cut to its parent. */
function setSelfTimes(rows: readonly LaidOut<unknown>[]): void {
  const covered = new Array<number>(rows.length).fill(0);
  const coveredTo = new Array<number>(rows.length).fill(Number.NEGATIVE_INFINITY);
  for (const { parent, start, duration } of rows) {
    const above = rows[parent];
    if (above === undefined) continue;
    const from = Math.max(start, coveredTo[parent] as number, above.start);
    const to = Math.min(start + duration, above.start + above.duration);
    if (to > from) covered[parent] = (covered[parent] as number) + to - from;
    coveredTo[parent] = Math.max(coveredTo[parent] as number, to);
  }
  for (const [index, row] of rows.entries()) row.self = Math.max(0, row.duration - (covered[index] as number));
}

/** From the root backwards: the child that ended last is what the span waited for, then the one that ended before that child started. */
function setCriticalPath(rows: readonly LaidOut<unknown>[]): void {
  const below = new Map<LaidOut<unknown> | undefined, LaidOut<unknown>[]>();
  for (const row of rows) {
    const above = rows[row.parent];
    const siblings = below.get(above);
    if (siblings === undefined) below.set(above, [row]);
    else siblings.push(row);
  }
  const first = below.get(undefined)?.reduce((best, row) => (row.duration > best.duration ? row : best));
  const pending = first === undefined ? [] : [{ row: first, until: first.start + first.duration }];
  for (let entry = pending.pop(); entry !== undefined; entry = pending.pop()) {
    entry.row.critical = true;
    let until = entry.until;
    const children = (below.get(entry.row) ?? []).sort((a, b) => b.start + b.duration - a.start - a.duration);
    for (const child of children) {
      const end = child.start + child.duration;
      // A child that outlives its parent was not waited for; clocks of two services may differ by a little.
      if (end > until + 1 || child.start >= until) continue;
      pending.push({ row: child, until: end });
      until = child.start;
    }
  }
}
