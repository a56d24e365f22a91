// Rows of a trace as objects, with what folding and searching within the trace leave visible.

import { FLAGS, type SpanRow, type TraceDetail } from '../server/shapes.js';

export interface Row {
  readonly index: number;
  readonly id: string;
  readonly parent: number;
  readonly depth: number;
  readonly name: string;
  readonly service: string;
  readonly namespace: string;
  /** Milliseconds from the start of the trace. */
  readonly start: number;
  readonly duration: number;
  readonly self: number;
  readonly kind: string;
  readonly failed: boolean;
  readonly critical: boolean;
  readonly open: boolean;
  readonly links: boolean;
  readonly events: boolean;
  /** Number of spans below it, at any depth. */
  below: number;
}

export function spanRows({ spans, services, namespaces }: TraceDetail): Row[] {
  const rows = spans.map(
    ([id, parent, depth, name, service, namespace, start, duration, self, kind, flags]: SpanRow, index): Row => ({
      index,
      id,
      parent,
      depth,
      name,
      service: services[service] ?? '',
      namespace: namespaces[namespace] ?? '',
      start: start / 1000,
      duration: duration / 1000,
      self: self / 1000,
      kind,
      failed: (flags & FLAGS.error) !== 0,
      critical: (flags & FLAGS.critical) !== 0,
      open: (flags & FLAGS.open) !== 0,
      links: (flags & FLAGS.links) !== 0,
      events: (flags & FLAGS.events) !== 0,
      below: 0,
    }),
  );
  // Children follow their parents, so one pass from the end sums whole subtrees.
  for (let at = rows.length - 1; at >= 0; at -= 1) {
    const { parent, below } = rows[at] as Row;
    const above = rows[parent];
    if (above !== undefined) above.below += below + 1;
  }
  return rows;
}

/** Rows that are shown: not within a folded one; with a search text, those that match and their ancestors. */
export function visibleRows(rows: readonly Row[], folded: ReadonlySet<string>, text: string): Row[] {
  const wanted = text === '' ? undefined : matching(rows, text.toLowerCase());
  const visible: Row[] = [];
  for (let at = 0; at < rows.length; at += 1) {
    const row = rows[at] as Row;
    if (wanted !== undefined && !wanted.has(at)) continue;
    visible.push(row);
    if (wanted === undefined && folded.has(row.id)) at += row.below;
  }
  return visible;
}

function matching(rows: readonly Row[], lower: string): Set<number> {
  const wanted = new Set<number>();
  for (const { index, name, service, namespace, id } of rows) {
    if (![name, service, namespace, id].some((field) => field.toLowerCase().includes(lower))) continue;
    for (let at = index; at !== -1 && !wanted.has(at); at = rows[at]?.parent ?? -1) wanted.add(at);
  }
  return wanted;
}
