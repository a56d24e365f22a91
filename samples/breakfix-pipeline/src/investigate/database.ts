// Is the database the bottleneck? Finds queries that took far longer than the same query does otherwise, and then who made them wait:
// a transaction of somebody else that was open all that time and ended when they went on.

import { type Finding, none } from './finding.js';
import type { Span, Trace } from './jaeger.js';
import { descendantsOf, groupBy, isDatabase, median, text, took } from './tree.js';

const SLOW_MS = 100;
const TIMES = 3;
/** A waiting query goes on so soon after what it waited for. */
const SOON_MS = 500;
/** Share of its time that the other one was open. */
const SHARE = 0.8;

interface Holder {
  span: Span;
  trace: Trace;
  lock: string;
}

/** @param within the queries of these traces are looked at; by default of all */
export function investigateDatabase(traces: readonly Trace[], within: readonly Trace[] = traces): Finding {
  const queries = groupBy(traces.flatMap(({ spans }) => spans).filter(isDatabase), ({ name }) => name);
  const table = [...queries].map(([name, spans]) => {
    const times = spans.map(took);
    return `${name.padEnd(24)} ${String(times.length).padStart(5)} times, median ${text(median(times))}, longest ${text(Math.max(...times))}`;
  });
  const usual = (name: string): number => median((queries.get(name) ?? []).map(took));
  const slow = within
    .flatMap(({ spans }) => spans)
    .filter((span) => isDatabase(span) && took(span) > Math.max(SLOW_MS, TIMES * usual(span.name)))
    .sort((a, b) => took(b) - took(a));
  const holders = traces.flatMap(holdersIn);
  for (const query of slow) {
    const holder = holders.find((one) => madeWait(one, query));
    if (holder === undefined) continue;
    return waited(
      query,
      usual(query.name),
      holder,
      slow.filter((other) => madeWait(holder, other)),
      table,
    );
  }
  const slowly = slow.map((span) => `${span.name} of ${span.service} took ${text(took(span))}, and no transaction explains it`);
  return none('No query waited for another transaction.', [...table, ...slowly.slice(0, 5)]);
}

/** Spans that hold a transaction with a lock: one of their queries says so, and another, as far as it is seen, ends it. */
function holdersIn(trace: Trace): Holder[] {
  return trace.spans
    .filter((span) => isDatabase(span) && /^LOCK\b|\bFOR (?:NO KEY )?UPDATE\b/i.test(String(span.tags.get('db.query.text'))))
    .flatMap((lock) => {
      const span = trace.spans.find(({ spanId }) => spanId === lock.parentId);
      return span === undefined ? [] : [{ span, trace, lock: String(lock.tags.get('db.query.text')) }];
    });
}

function madeWait({ span }: Holder, query: Span): boolean {
  if (span.traceId === query.traceId) return false;
  const together = Math.min(span.end, query.end) - Math.max(span.start, query.start);
  return together > took(query) * SHARE && query.end - span.end < SOON_MS;
}

function waited(query: Span, usually: number, { span, trace, lock }: Holder, all: readonly Span[], table: string[]): Finding {
  const meanwhile = groupBy(descendantsOf(trace, span), ({ name }) => name);
  const did = [...meanwhile].map(([name, spans]) => ({
    name,
    count: spans.length,
    time: spans.reduce((sum, one) => sum + took(one), 0),
  }));
  const [most] = did.filter(({ name }) => !name.startsWith(span.name)).sort((a, b) => b.time - a.time);
  const doing = most === undefined ? '' : `; it spent ${text(most.time)} on ${most.count} × ${most.name}`;
  return {
    cause: 'lock_held',
    subject: { module: query.service, operation: query.name, holder: span.name, holderModule: span.service, lock },
    says: `${query.name} of ${query.service} took ${text(took(query))} (usually ${text(usually)}), because ${span.name} of ${span.service} held a lock (${lock}) for ${text(took(span))}${doing}.`,
    evidence: [
      ...table,
      `${all.length} ${all.length === 1 ? 'query' : 'queries'} waited for it, in trace ${[...new Set(all.map(({ traceId }) => traceId))].join(', ')}`,
      `the transaction is in trace ${span.traceId}, span ${span.spanId}`,
    ],
  };
}
