// Configuration of the PostgreSQL instrumentation: names `<collection>.<operation>`, statements without values, rows. What the
// package would record of bound values is off unless the user turns it on.

import type { Attributes, Span } from '@opentelemetry/api';
import { fieldOf, peerOf } from './peer.js';
import type { Call } from './row.js';
import { describeStatement, rowsInAll } from './sql.js';
import { queryOf } from './totals.js';

type Hook = (span: Span, info: never) => void;

interface RequestInfo {
  readonly query: { readonly text?: unknown };
}

function describeQuery(span: Span, { query }: RequestInfo): void {
  const counted = queryOf(span);
  if ((counted === undefined && !span.isRecording()) || typeof query.text !== 'string') return;
  const { name, text, attributes } = describeStatement(query.text, 'ansi');
  if (counted !== undefined) counted.statement = text;
  span.setAttributes(attributes);
  if (name !== undefined) span.updateName(name);
}

/** Statements that change rows and return none report how many as `rowCount`. */
function describeRows(span: Span, { data }: { data: unknown }): void {
  const counted = queryOf(span);
  if (counted === undefined && !span.isRecording()) return;
  const rows = rowsInAll([data].flat());
  if (counted !== undefined) Object.assign(counted, rows);
  span.setAttribute('db.response.returned_rows', rows.returned);
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

/** A client, which holds the stream of its connection; a pool has none. */
export function postgresConnection({ receiver }: Call): Attributes | undefined {
  return peerOf(fieldOf(fieldOf(receiver, 'connection'), 'stream'));
}

/** The package's exception is a text that ends in the code, `UNKNOWN` where the server gave none. */
export function postgresFailure(exception: unknown): Attributes {
  const code = /\(code: ([0-9A-Z_]{2,40})\)$/u.exec(String(exception))?.[1];
  if (code === undefined || code === 'UNKNOWN') return {};
  // five characters are the server's, as SQL has them; others are Node's own: ECONNREFUSED
  return { 'error.type': code, ...(code.length === 5 ? { 'db.response.status_code': code } : {}) };
}
