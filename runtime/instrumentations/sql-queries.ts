// sqlQueries(): for SQL clients that no instrumentation package knows (PGlite, SQLite, a driver of one's own). Each query is reported with its
// statement, and becomes a span, or counts on the span that it runs under, as the queries of `pg` and `mysql2` do.

import { types } from 'node:util';
import { type Attributes, type Span, SpanKind, trace } from '@opentelemetry/api';
import { activeContext, withContext } from '../context/active.js';
import { SpanwrightError } from '../errors.js';
import { reportFault } from '../fault.js';
import type { AnyFunction } from '../site/site.js';
import { isRecorded, type RecordedSpan } from '../span/recorded.js';
import { state } from '../state.js';
import { VERSION } from '../version.js';
import { LibraryTracerProvider } from './provider.js';
import type { PackageRow } from './row.js';
import { queriesIn, type Rows, rowsIn, setRows, TEXT } from './sql.js';
import { dialectOf } from './sql-grammar.js';
import { queryOf } from './totals.js';

/** Options of `sqlQueries()`: the database of the queries, and what is recorded of each. */
export interface SqlQueriesOptions {
  /** `db.system.name`: `sqlite`, `postgresql`, `mysql`, ... */
  system: string;
  /** A span for each query (`spans`, the default), totals on the enclosing span (`totals`), or `both`. */
  queries?: 'spans' | 'totals' | 'both';
  /** `db.namespace`: the database. */
  namespace?: string;
  /** Attributes of every span, such as `server.address`. */
  attributes?: Attributes;
  /** True if a query may start a trace. Default: only where `roots` names `kind:client` or `scope:spanwright.sql`. */
  roots?: boolean;
}

/** Recorder of SQL queries, for clients without an OpenTelemetry instrumentation package. See `sqlQueries()`. */
export interface SqlQueries {
  /**
   * Calls `run`, which sends the statement, and returns its result; for a promise, one that settles alike. Values in the statement are not recorded.
   * @param rows how many rows the result holds; default: what results of the usual clients show
   */
  run<Result>(
    statement: string,
    run: () => Result,
    rows?: (result: Awaited<Result>) => { readonly returned?: number | undefined; readonly affected?: number | undefined },
  ): Result;
}

const SCOPE = 'spanwright.sql';
const CHOICES = ['spans', 'totals', 'both'];

/** See setup/on-demand.ts. */
export function sqlQueries(options: SqlQueriesOptions): SqlQueries {
  const { system, namespace, queries = 'spans', roots } = options;
  if (typeof system !== 'string' || system === '') throw sqlMisuse('system', system, 'the name of a database, such as "sqlite"');
  if (!CHOICES.includes(queries)) throw sqlMisuse('queries', queries, `one of ${CHOICES.join(', ')}`);
  const common: Attributes = { ...options.attributes, 'db.system.name': system };
  if (namespace !== undefined) common['db.namespace'] = namespace;
  const { name, attributes } = queriesIn(dialectOf(system));
  const row: PackageRow = {
    package: SCOPE,
    modules: [],
    carriesContext: false,
    name,
    attributes: (given, name) => ({ ...common, ...attributes(given, name) }),
  };
  const tracer = new LibraryTracerProvider(row, { queries, roots, ignorePaths: [], ignoreUserAgents: [] }).getTracer(
    SCOPE,
    VERSION,
  );

  return {
    run(statement, run, rows) {
      if (state.gate.idle) return run();
      const span = tracer.startSpan('query', { kind: SpanKind.CLIENT, attributes: { [TEXT]: statement } });
      const recorded = isRecorded(span) ? span : undefined;
      const counted = queryOf(span);
      if (recorded === undefined && counted === undefined) return run();
      const succeed = (result: unknown): void => {
        reportRows(span, result, rows as Counting | undefined);
        span.end();
      };
      const fail = (error: unknown): void => {
        recorded?.recordFailure(error);
        span.end();
      };
      return settle(recorded === undefined ? run : () => withinSpan(recorded, run), succeed, fail);
    },
  };
}

type Counting = (result: unknown) => Partial<Rows>;

function withinSpan<Result>(span: RecordedSpan, run: () => Result): Result {
  return withContext(trace.setSpan(activeContext(), span), run as AnyFunction, undefined, []) as Result;
}

function settle<Result>(run: () => Result, succeed: (result: unknown) => void, fail: (error: unknown) => void): Result {
  let result: Result;
  try {
    result = run();
  } catch (error) {
    fail(error);
    throw error;
  }
  if (!types.isPromise(result)) {
    succeed(result);
    return result;
  }
  return result.then(
    function fulfilled(value) {
      succeed(value);
      return value;
    },
    function rejected(error) {
      fail(error);
      throw error;
    },
  ) as Result;
}

/** A function of the user's that fails costs the count and nothing else. */
function reportRows(span: Span, result: unknown, own: Counting = rowsIn): void {
  try {
    setRows(span, () => own(result));
  } catch (error) {
    reportFault('rows of sqlQueries()', error);
  }
}

function sqlMisuse(option: string, found: unknown, expected: string): SpanwrightError {
  return new SpanwrightError('MISUSE', `sqlQueries(): ${option}: found ${JSON.stringify(found)}; expected ${expected}.`);
}
