// Relations between the spans of a trace, and the time that they take.

import type { Span, Trace } from './jaeger.js';

export const took = ({ start, end }: Span): number => end - start;

export function childrenOf(trace: Trace, span: Span): Span[] {
  return trace.spans.filter(({ parentId }) => parentId === span.spanId);
}

export function descendantsOf(trace: Trace, span: Span): Span[] {
  return childrenOf(trace, span).flatMap((child) => [child, ...descendantsOf(trace, child)]);
}

/** Starts of a module's work on the event: spans without a parent, or whose parent never arrived. */
export function beginningsOf(trace: Trace): Span[] {
  const ids = new Set(trace.spans.map(({ spanId }) => spanId));
  return trace.spans.filter(({ parentId }) => parentId === undefined || !ids.has(parentId));
}

/** Milliseconds in which at least one of the spans was open. */
export function covered(spans: readonly Span[]): number {
  let total = 0;
  let until = Number.NEGATIVE_INFINITY;
  for (const { start, end } of [...spans].sort((a, b) => a.start - b.start)) {
    if (end <= until) continue;
    total += end - Math.max(start, until);
    until = end;
  }
  return total;
}

export function groupBy<Key, Item>(items: readonly Item[], keyOf: (item: Item) => Key): Map<Key, Item[]> {
  const groups = new Map<Key, Item[]>();
  for (const item of items) {
    const group = groups.get(keyOf(item));
    if (group === undefined) groups.set(keyOf(item), [item]);
    else group.push(item);
  }
  return groups;
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? 0;
}

export function text(milliseconds: number): string {
  return milliseconds < 1000 ? `${milliseconds.toFixed(0)} ms` : `${(milliseconds / 1000).toFixed(1)} s`;
}

/** Calls that leave the process, by what they go to. */
export const isDatabase = ({ tags }: Span): boolean => tags.has('db.system.name');
export const isApi = ({ tags }: Span): boolean => tags.has('http.request.method');

export function slowest(spans: readonly Span[]): Span | undefined {
  return spans.reduce<Span | undefined>((most, span) => (most === undefined || took(span) > took(most) ? span : most), undefined);
}
