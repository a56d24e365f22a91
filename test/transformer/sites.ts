// Sites in emitted code: the rows of the module's table.

import { rowsOf, type TableRow } from '../../runtime/instrument/table.js';

const TABLE =
  /\(\d+, ?[wx] ?=> ?[\w$]+ ?= ?[wx], ?'((?:[^'\\]|\\.)*)', ?'((?:[^'\\]|\\.)*)', ?'((?:[^'\\]|\\.)*)'(?:, ?'([^']*)')?(?:, ?'([^']*)')?\)[;)]/;

function rowsIn(emitted: string): readonly TableRow[] {
  const table = TABLE.exec(emitted);
  if (table === null) return [];
  const [, namespace = '', file = '', text = '', separator = '::', qualified] = table;
  return rowsOf({ namespace, file, text, separator, qualified: qualified === '1' });
}

export function sitesIn(emitted: string): number {
  return rowsIn(emitted).length;
}

/** Line of the first site. */
export function lineIn(emitted: string): number {
  return rowsIn(emitted)[0]?.record.line ?? Number.NaN;
}

/** Namespace and file of the first site. */
export function placeIn(emitted: string): { namespace: string | undefined; file: string | undefined } {
  const [first] = rowsIn(emitted);
  return { namespace: first?.record.namespace, file: first?.record.file };
}
