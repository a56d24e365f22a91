// Structure of one trace for the waterfall: rows in order, depth, self time, and the critical path. Pure; used by the server for the
// API and by the diff. Times are microseconds from the start of the trace, so that JSON stays small and exact.

import type { ReceivedSpan } from '../receiver/decode.js';

/** One span in the order in which the waterfall shows it: parents before children, siblings by start. */
export interface LaidOut {
  readonly span: ReceivedSpan;
  readonly depth: number;
  /** Index of the parent's row, -1 for roots and spans whose parent did not arrive. */
  readonly parent: number;
  readonly start: number;
  readonly duration: number;
  /** Time in which no child was running. */
  self: number;
  /** On the path that decides the duration of the trace. */
  critical: boolean;
}

const micros = (nanos: string, from: bigint): number => Number(BigInt(nanos) - from) / 1000;

export function layOut(spans: readonly ReceivedSpan[]): LaidOut[] {
  if (spans.length === 0) return [];
  const from = spans.reduce(
    (least, { startTimeUnixNano }) => {
      const start = BigInt(startTimeUnixNano);
      return start < least ? start : least;
    },
    BigInt((spans[0] as ReceivedSpan).startTimeUnixNano),
  );
  const times = spans.map((span) => ({
    span,
    start: micros(span.startTimeUnixNano, from),
    end: micros(span.endTimeUnixNano, from),
  }));
  times.sort((a, b) => a.start - b.start || b.end - a.end);
  const rows = layOutRows(times);
  setSelfTimes(rows);
  setCriticalPath(rows);
  return rows;
}

interface Timed {
  readonly span: ReceivedSpan;
  readonly start: number;
  readonly end: number;
}

function layOutRows(times: readonly Timed[]): LaidOut[] {
  const present = new Set(times.map(({ span }) => span.spanId));
  const children = new Map<string, Timed[]>();
  for (const timed of times) {
    const { parentSpanId, spanId } = timed.span;
    const parent = present.has(parentSpanId) && parentSpanId !== spanId ? parentSpanId : '';
    const siblings = children.get(parent);
    if (siblings === undefined) children.set(parent, [timed]);
    else siblings.push(timed);
  }
  const rows: LaidOut[] = [];
  const shown = new Set<Timed>();
  const visit = (first: readonly Timed[], rootDepth: number): void => {
    // Its own stack: a trace may be deeper than the call stack is.
    const pending = [...first].reverse().map((timed) => ({ timed, depth: rootDepth, parent: -1 }));
    for (let entry = pending.pop(); entry !== undefined; entry = pending.pop()) {
      const { timed, depth, parent } = entry;
      if (shown.has(timed)) continue;
      shown.add(timed);
      const { span, start, end } = timed;
      const index = rows.push({ span, depth, parent, start, duration: Math.max(0, end - start), self: 0, critical: false }) - 1;
      const below = children.get(span.spanId) ?? [];
      for (let at = below.length - 1; at >= 0; at -= 1)
        pending.push({ timed: below[at] as Timed, depth: depth + 1, parent: index });
    }
  };
  visit(children.get('') ?? [], 0);
  // Spans that name each other as parents are reachable from no root.
  for (const timed of times) if (!shown.has(timed)) visit([timed], 0);
  return rows;
}

/** Duration less the union of the children's times, each cut to its parent. */
function setSelfTimes(rows: readonly LaidOut[]): void {
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
function setCriticalPath(rows: readonly LaidOut[]): void {
  const children = new Map<number, LaidOut[]>();
  for (const row of rows) {
    const siblings = children.get(row.parent);
    if (siblings === undefined) children.set(row.parent, [row]);
    else siblings.push(row);
  }
  const index = new Map(rows.map((row, at) => [row, at]));
  const roots = children.get(-1) ?? [];
  const first = roots.reduce<LaidOut | undefined>(
    (best, row) => (best === undefined || row.duration > best.duration ? row : best),
    undefined,
  );
  const pending = first === undefined ? [] : [{ row: first, until: first.start + first.duration }];
  for (let entry = pending.pop(); entry !== undefined; entry = pending.pop()) {
    entry.row.critical = true;
    let until = entry.until;
    const below = [...(children.get(index.get(entry.row) as number) ?? [])].sort(
      (a, b) => b.start + b.duration - a.start - a.duration,
    );
    for (const child of below) {
      const end = child.start + child.duration;
      // A child that outlives its parent was not waited for; clocks of two services may differ by a little.
      if (end > until + 1 || child.start >= until) continue;
      pending.push({ row: child, until: end });
      until = child.start;
    }
  }
}
