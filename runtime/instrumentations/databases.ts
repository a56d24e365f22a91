// Configuration of the PostgreSQL and MySQL instrumentations: names `<collection>.<operation>`, statements without values, rows. Bound
// values, which the MySQL package writes into the statement by default, are left out unless the user turns them on.

import type { Span } from '@opentelemetry/api';
import { fieldOf } from './peer.js';
import { describeStatement, type Rows, rowsIn, rowsInAll, setRows } from './sql.js';
import { readStatement } from './statement.js';
import { queryOf } from './totals.js';

interface RequestInfo {
  readonly query: { readonly text?: unknown };
}

/** Describes the statement in a hook, because the package sets it after the start of the span. */
function describeQuery(span: Span, { query }: RequestInfo): void {
  const counted = queryOf(span);
  if ((counted === undefined && !span.isRecording()) || typeof query.text !== 'string') return;
  const { name, text, attributes } = describeStatement(query.text, 'ansi');
  if (counted !== undefined) counted.statement = text;
  span.setAttributes(attributes);
  if (name !== undefined) span.updateName(name);
}

/** Calls Spanwright's hook, then the user's. */
function withUsersHook<Info>(hook: (span: Span, info: Info) => void, given: unknown) {
  return (span: Span, info: Info): void => {
    hook(span, info);
    if (typeof given === 'function') given(span, info);
  };
}

export function adaptPostgres(given: Record<string, unknown>): Record<string, unknown> {
  return {
    ...given,
    requestHook: withUsersHook(describeQuery, given.requestHook),
    responseHook: withUsersHook<{ data: unknown }>(
      (span, { data }) => setRows(span, () => rowsInAll([data].flat())),
      given.responseHook,
    ),
  };
}

export function adaptMysql(given: Record<string, unknown>): Record<string, unknown> {
  return {
    maskStatement: true,
    maskStatementHook: (sql: unknown) => readStatement(String(sql), 'mysql').text,
    ...given,
    responseHook: withUsersHook<{ queryResults: unknown }>(
      (span, { queryResults }) => setRows(span, () => rowsInResults(queryResults)),
      given.responseHook,
    ),
  };
}

/** Rows, the header of a statement that changed some, or an array of these: of several statements, or of a procedure. */
function rowsInResults(results: unknown): Rows {
  if (!Array.isArray(results)) return rowsIn(results);
  const isHeader = (one: unknown): boolean => !Array.isArray(one) && typeof fieldOf(one, 'serverStatus') === 'number';
  const several = results.every((one) => Array.isArray(one) || isHeader(one));
  // with the client's option `rowsAsArray` a row is an array too, whose items are values
  const ofRecords = (one: unknown): boolean =>
    isHeader(one) || (Array.isArray(one) && typeof one[0] === 'object' && one[0] !== null);
  return several && results.some(ofRecords) ? rowsInAll(results) : rowsIn(results);
}
