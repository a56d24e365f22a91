// Configuration of the MySQL instrumentation: names `<collection>.<operation>`, statements without values, rows. By itself the package
// writes bound values into the statement.

import type { Attributes, Span } from '@opentelemetry/api';
import { fieldOf, peerOf } from './peer.js';
import type { Call } from './row.js';
import { describeStatement, type Rows, rowsIn, rowsInAll } from './sql.js';
import { readStatement } from './statement.js';
import { queryOf } from './totals.js';

const TEXT = 'db.query.text';

export function adaptMysql(given: Record<string, unknown>): Record<string, unknown> {
  const own = given.responseHook;
  return {
    maskStatement: true,
    maskStatementHook: (sql: unknown) => readStatement(String(sql), 'mysql').text,
    ...given,
    responseHook(span: Span, info: { queryResults: unknown }) {
      describeRows(span, info.queryResults);
      if (typeof own === 'function') own(span, info);
    },
  };
}

function describeRows(span: Span, results: unknown): void {
  const counted = queryOf(span);
  if (counted === undefined && !span.isRecording()) return;
  const rows = rowsInResults(results);
  if (counted !== undefined) Object.assign(counted, rows);
  span.setAttribute('db.response.returned_rows', rows.returned);
}

/** Rows, the header of a statement that changed some, or a list of these: of several statements, or of a procedure. */
function rowsInResults(results: unknown): Rows {
  if (!Array.isArray(results)) return rowsIn(results);
  const isHeader = (one: unknown): boolean => !Array.isArray(one) && typeof fieldOf(one, 'serverStatus') === 'number';
  const several = results.every((one) => Array.isArray(one) || isHeader(one));
  // rows may be lists too, where the client was told so; what they hold is no record
  const ofRecords = (one: unknown): boolean =>
    isHeader(one) || (Array.isArray(one) && typeof one[0] === 'object' && one[0] !== null);
  return several && results.some(ofRecords) ? rowsInAll(results) : rowsIn(results);
}

export function mysqlName(name: string, attributes: Attributes): string {
  const text = attributes[TEXT];
  return (typeof text === 'string' ? describeStatement(text, 'mysql').name : undefined) ?? name.toUpperCase();
}

export function mysqlAttributes(attributes: Attributes): Attributes {
  const text = attributes[TEXT];
  return typeof text === 'string' ? { ...attributes, ...describeStatement(text, 'mysql').attributes } : attributes;
}

/** A connection, which may stand in a pool. */
export function mysqlConnection({ receiver }: Call): Attributes | undefined {
  return peerOf(fieldOf(receiver, 'stream'));
}
