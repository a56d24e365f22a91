// Attributes of every SQL client's span: the statement without values, its operation and its collection, and the name from these. Rows are
// counted here too, for each form of result that clients have.

import type { Attributes, Span } from '@opentelemetry/api';
import type { PackageRow } from './row.js';
import type { Dialect } from './sql-grammar.js';
import { readStatement, shortened } from './statement.js';
import { queryOf } from './totals.js';

/** Attribute of the statement. */
export const TEXT = 'db.query.text';

/** Characters of `db.query.text`. */
const MAX_TEXT = 2048;

interface Described {
  /** The span name, such as `health_events.update`; undefined for a text without any word. */
  readonly name: string | undefined;
  /** Without values. */
  readonly text: string;
  readonly attributes: Attributes;
}

export function describeStatement(sql: string, dialect: Dialect): Described {
  const { text, operation, collection } = readStatement(sql, dialect);
  const attributes: Attributes = { [TEXT]: shortened(text, MAX_TEXT) };
  if (operation === '') return { name: undefined, text, attributes };
  attributes['db.operation.name'] = operation;
  if (collection === undefined) return { name: operation, text, attributes };
  attributes['db.collection.name'] = collection;
  return { name: `${collection}.${operation.toLowerCase()}`, text, attributes };
}

/** Name and attributes of a query whose statement is known at its start. */
export function queriesIn(dialect: Dialect): Required<Pick<PackageRow, 'name' | 'attributes'>> {
  const describe = ({ [TEXT]: text }: Attributes) => (typeof text === 'string' ? describeStatement(text, dialect) : undefined);
  return {
    name: (name, given) => describe(given)?.name ?? name,
    attributes: (given) => ({ ...given, ...describe(given)?.attributes }),
  };
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

/** Sets the rows of a query's result on its span and on the totals that count it; `rows` runs where one of them records. */
export function setRows(span: Span, rows: () => Partial<Rows>): void {
  const counted = queryOf(span);
  if (counted === undefined && !span.isRecording()) return;
  const { returned = 0, affected = 0 } = rows();
  if (counted !== undefined) Object.assign(counted, { returned, affected });
  span.setAttribute('db.response.returned_rows', returned);
}

const NO_ROWS: Rows = { returned: 0, affected: 0 };

/** Rows in the results of several statements that were sent as one. */
export function rowsInAll(results: readonly unknown[]): Rows {
  return results.map(rowsIn).reduce(
    (one, other) => ({
      returned: one.returned + other.returned,
      affected: one.affected + other.affected,
    }),
    NO_ROWS,
  );
}
