// Is the database the bottleneck? Finds the slow queries, and then who made them wait: a transaction of another client that held a lock
// all that time and ended when they went on.

import { type Finding, none } from './finding.js';
import type { Span, Trace } from './jaeger.js';
import { childrenOf, descendantsOf, groupBy, isDatabase, median, text, took } from './tree.js';

const SLOW_MS = 100;
/** A query is slow without an explanation when it takes so many times what the same query usually takes. */
const TIMES = 10;
/** A waiting query ends so soon after the commit that it waited for, or within this share of its time. */
const SOON_MS = 500;
/** Clocks of processes may differ by so much. */
const CLOCK_MS = 50;
/** Share of its time that the other one held the lock. */
const SHARE = 0.8;

interface Holder {
  span: Span;
  trace: Trace;
  lock: Span;
  /** When the lock was free again. */
  until: number;
}

const statementOf = ({ tags }: Span): string => String(tags.get('db.query.text') ?? '');

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
    .filter((span) => isDatabase(span) && took(span) > SLOW_MS)
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
  const slowly = slow
    .filter((span) => took(span) > TIMES * usual(span.name))
    .map((span) => `${span.name} of ${span.service} took ${text(took(span))}, and no transaction explains it`);
  return none('No query waited for another transaction.', [...table, ...slowly.slice(0, 5)]);
}

/** Transactions that take a lock. A statement takes it, and the commit or rollback under the same span releases it. */
function holdersIn(trace: Trace): Holder[] {
  return trace.spans
    .filter((span) => isDatabase(span) && /^LOCK\b|\bFOR (?:NO KEY )?UPDATE\b/i.test(statementOf(span)))
    .flatMap((lock) => {
      const span = trace.spans.find(({ spanId }) => spanId === lock.parentId);
      if (span === undefined) return [];
      const commit = childrenOf(trace, span).find(
        (one) => /^(?:COMMIT|ROLLBACK)\b/i.test(statementOf(one)) && one.start > lock.start,
      );
      return [{ span, trace, lock, until: commit?.start ?? span.end }];
    });
}

function madeWait({ span, lock, until }: Holder, query: Span): boolean {
  if (span.traceId === query.traceId) return false;
  const together = Math.min(until, query.end) - Math.max(lock.start, query.start);
  const after = query.end - until;
  return together > took(query) * SHARE && after > -CLOCK_MS && after < Math.max(SOON_MS, took(query) * (1 - SHARE));
}

function waited(query: Span, usually: number, holder: Holder, all: readonly Span[], table: string[]): Finding {
  const { span, trace } = holder;
  const lock = statementOf(holder.lock);
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
    says: `${query.name} of ${query.service} took ${text(took(query))} (usually ${text(usually)}), because ${span.name} of ${span.service} held a lock (${lock}) for ${text(holder.until - holder.lock.start)}${doing}.`,
    evidence: [
      ...table,
      `${all.length} ${all.length === 1 ? 'query' : 'queries'} waited for it, in trace ${[...new Set(all.map(({ traceId }) => traceId))].join(', ')}`,
      `the transaction is in trace ${span.traceId}, span ${span.spanId}`,
    ],
  };
}
