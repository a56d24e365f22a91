// Configuration of the PostgreSQL instrumentation: names `<collection>.<operation>`, statements without values, rows. What the
// package would record of bound values is off unless the user turns it on.

import { isIP } from 'node:net';
import type { Span } from '@opentelemetry/api';
import { readStatement, shortened } from './statement.js';
import { queryOf } from './totals.js';

type Hook = (span: Span, info: never) => void;

interface RequestInfo {
  readonly query: { readonly text?: unknown };
  readonly connection?: { readonly host?: string };
}
interface QueryResult {
  readonly command?: string;
  readonly rowCount?: number | null;
  readonly rows?: readonly unknown[];
}

/** Characters of `db.query.text`. */
const MAX_TEXT = 2048;

function describeQuery(span: Span, { query, connection }: RequestInfo): void {
  const counted = queryOf(span);
  if ((counted === undefined && !span.isRecording()) || typeof query.text !== 'string') return;
  const { text, operation, collection } = readStatement(query.text);
  if (counted !== undefined) counted.statement = text;
  if (!span.isRecording()) return;
  span.setAttribute('db.query.text', shortened(text, MAX_TEXT));
  if (connection?.host !== undefined && isIP(connection.host) !== 0) span.setAttribute('network.peer.address', connection.host);
  if (operation === '') return;
  span.setAttribute('db.operation.name', operation);
  if (collection !== undefined) span.setAttribute('db.collection.name', collection);
  span.updateName(collection === undefined ? operation : `${collection}.${operation.toLowerCase()}`);
}

/** Statements that change rows and return none report how many as `rowCount`. */
function describeRows(span: Span, { data }: { data: QueryResult | readonly QueryResult[] }): void {
  const counted = queryOf(span);
  if (counted === undefined && !span.isRecording()) return;
  let returned = 0;
  let affected = 0;
  for (const result of [data].flat() as QueryResult[]) {
    returned += result?.rows?.length ?? 0;
    if (result?.command !== 'SELECT') affected += result?.rowCount ?? 0;
  }
  if (counted !== undefined) Object.assign(counted, { returned, affected });
  span.setAttribute('db.response.returned_rows', returned);
}

function both(ours: (span: Span, info: never) => void, given: unknown): Hook {
  return (span, info) => {
    ours(span, info);
    if (typeof given === 'function') given(span, info);
  };
}

export function adaptPostgres(given: Record<string, unknown>): Record<string, unknown> {
  return {
    ...given,
    requestHook: both(describeQuery, given.requestHook),
    responseHook: both(describeRows, given.responseHook),
  };
}
