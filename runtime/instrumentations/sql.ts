// What every SQL client's span says: the statement without values, its operation and its collection, and the name made of these. Rows are
// counted here too, for each form of result that clients have.

import type { Attributes } from '@opentelemetry/api';
import { type Dialect, readStatement, shortened } from './statement.js';

/** Characters of `db.query.text`. */
const MAX_TEXT = 2048;

interface Described {
  /** `health_events.update`; undefined for a text without any word. */
  readonly name: string | undefined;
  /** Without values. */
  readonly text: string;
  readonly attributes: Attributes;
}

export function describeStatement(sql: string, dialect: Dialect): Described {
  const { text, operation, collection } = readStatement(sql, dialect);
  const attributes: Attributes = { 'db.query.text': shortened(text, MAX_TEXT) };
  if (operation === '') return { name: undefined, text, attributes };
  attributes['db.operation.name'] = operation;
  if (collection === undefined) return { name: operation, text, attributes };
  attributes['db.collection.name'] = collection;
  return { name: `${collection}.${operation.toLowerCase()}`, text, attributes };
}

export interface Rows {
  readonly returned: number;
  readonly affected: number;
}

interface Result {
  readonly command?: unknown;
  readonly rows?: unknown;
  readonly rowCount?: unknown;
  readonly affectedRows?: unknown;
  readonly changes?: unknown;
}

const count = (value: unknown): number =>
  typeof value === 'number' && value > 0 ? value : typeof value === 'bigint' ? Number(value) : 0;

/**
 * Rows in one result: a list of rows; `{ rows, rowCount }` of pg, `{ rows, affectedRows }` of PGlite, `{ affectedRows }` of MySQL,
 * `{ changes }` of SQLite.
 */
export function rowsIn(result: unknown): Rows {
  if (Array.isArray(result)) return { returned: result.length, affected: 0 };
  if (typeof result !== 'object' || result === null) return NO_ROWS;
  const { command, rows, rowCount, affectedRows, changes } = result as Result;
  // of a SELECT, PostgreSQL counts as rowCount what is in rows
  const affected = count(affectedRows) || count(changes) || (command === 'SELECT' ? 0 : count(rowCount));
  return { returned: Array.isArray(rows) ? rows.length : 0, affected };
}

const NO_ROWS: Rows = { returned: 0, affected: 0 };

/** Of several statements that were sent as one. */
export function rowsInAll(results: readonly unknown[]): Rows {
  return results.map(rowsIn).reduce(
    (one, other) => ({
      returned: one.returned + other.returned,
      affected: one.affected + other.affected,
    }),
    NO_ROWS,
  );
}
