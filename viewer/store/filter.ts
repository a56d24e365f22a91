// The filter of the list and its search. Everything but text on the spans themselves is answered from the summaries, so that 50,000
// traces are searched within a frame or two. The parameters of the API, the address of the page and the tools of the MCP server are
// the same names.

import { elapsed, textOfValue } from '../receiver/spans.js';
import { hasMark, markOf, type TraceSummary } from './summary.js';
import type { StoredTrace, TraceStore } from './trace-store.js';

export interface TraceFilter {
  /** Text in a span's name, a service or a namespace, or the start of the trace id; case does not matter. */
  readonly text?: string;
  readonly service?: string;
  /** A namespace and what is below it: `carbide` matches `carbide::api`, not `carbidex`. */
  readonly namespace?: string;
  /** `key=value`, or `key` alone for its presence; all must hold, on any span. */
  readonly attributes?: readonly string[];
  readonly errors?: boolean;
  /** Only traces of these ids. */
  readonly among?: { has(id: string): boolean };
  readonly minMs?: number;
  readonly maxMs?: number;
  /** Milliseconds since the epoch, of the trace's start. */
  readonly from?: number;
  readonly to?: number;
}

export const ORDERS = ['newest', 'slowest', 'errors', 'spans'] as const;
export type Order = (typeof ORDERS)[number];

interface Found {
  readonly traces: readonly StoredTrace[];
  /** Number of all matches, also beyond the limit. */
  readonly matched: number;
  /** Fields of the filter that match nothing by themselves. */
  readonly unmatched: readonly (keyof TraceFilter)[];
}

const RANK: Readonly<Record<Order, (summary: TraceSummary) => number>> = {
  newest: ({ start }) => start,
  slowest: ({ start, end }) => end - start,
  errors: ({ errors }) => errors,
  spans: ({ spans }) => spans,
};

export function findTraces(store: TraceStore, filter: TraceFilter, order: Order = 'newest', limit = 100): Found {
  const unmatched: (keyof TraceFilter)[] = [];
  const test = testOf(store, filter, unmatched);
  const rank = RANK[order];
  const compare = (a: StoredTrace, b: StoredTrace): number =>
    rank(b.summary) - rank(a.summary) || b.summary.start - a.summary.start;
  let matched = 0;
  let first: StoredTrace[] = [];
  let least = Number.NEGATIVE_INFINITY;
  for (const trace of test === undefined ? [] : store.all()) {
    if (!test?.(trace)) continue;
    matched += 1;
    if (rank(trace.summary) < least) continue;
    // Sorted in batches, because a page asks again with every change and shows 100 of 50,000.
    if (first.push(trace) < limit + BATCH) continue;
    first = first.sort(compare).slice(0, limit);
    least = rank((first[limit - 1] as StoredTrace).summary);
  }
  return { traces: first.sort(compare).slice(0, limit), matched, unmatched };
}

const BATCH = 2000;

type Test = (trace: StoredTrace) => boolean;

/** Undefined when a field matches nothing, so that no trace can pass. */
function testOf(store: TraceStore, filter: TraceFilter, unmatched: (keyof TraceFilter)[]): Test | undefined {
  const tests: Test[] = [
    ...factTests(filter),
    ...wordTests(store, filter, unmatched),
    ...(filter.attributes ?? []).map((wanted) => attributeTest(store, wanted)),
  ];
  return unmatched.length > 0 ? undefined : (trace) => tests.every((test) => test(trace));
}

function factTests({ errors, among, minMs, maxMs, from, to }: TraceFilter): Test[] {
  const tests: Test[] = [];
  if (errors) tests.push(({ summary }) => summary.errors > 0);
  if (among) tests.push(({ summary }) => among.has(summary.id));
  if (minMs !== undefined) tests.push(({ summary }) => elapsed(summary.start, summary.end) >= minMs);
  if (maxMs !== undefined) tests.push(({ summary }) => elapsed(summary.start, summary.end) <= maxMs);
  if (from !== undefined) tests.push(({ summary }) => summary.start >= from);
  if (to !== undefined) tests.push(({ summary }) => summary.start <= to);
  return tests;
}

function wordTests(store: TraceStore, { text, service, namespace }: TraceFilter, unmatched: (keyof TraceFilter)[]): Test[] {
  const tests: Test[] = [];
  if (service !== undefined) {
    const number = store.words.services.find(service);
    if (number === undefined) unmatched.push('service');
    tests.push(({ summary }) => summary.services.includes(number as number));
  }
  if (namespace !== undefined) {
    const numbers = store.words.namespaces.matching((word) => word === namespace || word.startsWith(`${namespace}::`));
    if (numbers.size === 0) unmatched.push('namespace');
    tests.push(({ summary }) => summary.namespaces.some((word) => numbers.has(word)));
  }
  if (text !== undefined) {
    const lower = text.toLowerCase();
    const kinds = (['names', 'namespaces', 'services'] as const).map(
      (kind) => [kind, store.words[kind].matching((_, word) => word.includes(lower))] as const,
    );
    tests.push(
      ({ summary }) =>
        summary.id.startsWith(lower) || kinds.some(([kind, numbers]) => summary[kind].some((word) => numbers.has(word))),
    );
  }
  return tests;
}

function attributeTest(store: TraceStore, wanted: string): Test {
  const mark = markOf(wanted);
  return (trace) => hasMark(trace.summary, mark) || (trace.summary.marksOverflow && hasAttribute(store, trace, wanted));
}

/** Used for traces with too many different values to index. */
function hasAttribute(store: TraceStore, trace: StoredTrace, wanted: string): boolean {
  return store
    .spansOf(trace)
    .some(({ attributes, resource }) =>
      [attributes, resource.attributes].some((values) =>
        Object.entries(values).some(([key, value]) => key === wanted || `${key}=${textOfValue(value)}` === wanted),
      ),
    );
}
