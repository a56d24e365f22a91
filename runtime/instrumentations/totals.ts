// Totals of the queries that run directly under a recorded span, as its attributes: how many, how long together, the longest and
// its statement, rows. Instead of a span for each query, or beside them. A span knows its own queries only, not those of its children.

import type { TimeInput } from '@opentelemetry/api';
import { now } from '../captured.js';
import { TransparentSpan } from '../context/transparent.js';
import type { RecordedSpan } from '../span/recorded.js';
import { atEnd } from './ending.js';
import { shortened } from './statement.js';

/** Characters of the longest query's statement. */
const SUMMARY = 150;

interface Totals {
  queries: number;
  totalMs: number;
  longestMs: number;
  longest: string;
  returned: number;
  affected: number;
}

const totals = new WeakMap<RecordedSpan, Totals>();

/** One query while it runs; add() counts it for the span that it runs under. */
class Query {
  readonly #started = now();
  #ended = false;
  statement = '';
  returned = 0;
  affected = 0;

  constructor(readonly under: RecordedSpan) {}

  add(): void {
    if (this.#ended) return;
    this.#ended = true;
    if (this.under.ended) return;
    const ms = now() - this.#started;
    let sum = totals.get(this.under);
    if (sum === undefined) {
      sum = { queries: 0, totalMs: 0, longestMs: -1, longest: '', returned: 0, affected: 0 };
      totals.set(this.under, sum);
    }
    sum.queries++;
    sum.totalMs += ms;
    sum.returned += this.returned;
    sum.affected += this.affected;
    if (ms > sum.longestMs) {
      sum.longestMs = ms;
      sum.longest = shortened(this.statement, SUMMARY);
    }
    this.under.setAttributes({
      sql_queries: sum.queries,
      sql_total_query_duration_us: Math.round(sum.totalMs * 1000),
      sql_max_query_duration_us: Math.round(sum.longestMs * 1000),
      sql_max_query_duration_summary: sum.longest,
      sql_total_rows_returned: sum.returned,
      sql_total_rows_affected: sum.affected,
    });
  }
}

/** Placeholder of a query without a span of its own: its children attach to the span that it is counted for. */
export class CountedSpan extends TransparentSpan {
  readonly query: Query;

  constructor(under: RecordedSpan) {
    super(under);
    this.query = new Query(under);
  }

  override end(_time?: TimeInput): void {
    this.query.add();
  }
}

/** Queries that have a span of their own and are counted too. */
const beside = new WeakMap<object, Query>();

/** Counts the query of a span when that span ends. */
export function countBeside(span: RecordedSpan, under: RecordedSpan): Query {
  const query = new Query(under);
  beside.set(span, query);
  atEnd(span, { after: () => query.add() });
  return query;
}

/** The query that a span stands for, if it is counted. */
export function queryOf(span: object): Query | undefined {
  return span instanceof CountedSpan ? span.query : beside.get(span);
}
