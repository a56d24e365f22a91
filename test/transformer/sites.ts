// Sites in emitted code: those with a forwarder have a record of their own, all others a row of the module's table.

import { rowsOf, type TableRow } from '../../runtime/instrument/table.js';

const TABLE =
  /\(\d+, ?[wx] ?=> ?[\w$]+ ?= ?[wx], ?'((?:[^'\\]|\\.)*)', ?'((?:[^'\\]|\\.)*)', ?'((?:[^'\\]|\\.)*)'(?:, ?'([^']*)')?(?:, ?'([^']*)')?\);/;

function rowsIn(emitted: string): readonly TableRow[] {
  const table = TABLE.exec(emitted);
  if (table === null) return [];
  const [, namespace = '', file = '', text = '', separator = '::', qualified] = table;
  return rowsOf({ namespace, file, text, separator, qualified: qualified === '1' });
}

/** Number of sites, of either kind. */
export function sitesIn(emitted: string): number {
  return rowsIn(emitted).length + (emitted.match(/\bshape: '/g)?.length ?? 0);
}

/** Line of the first site. */
export function lineIn(emitted: string): number {
  return rowsIn(emitted)[0]?.record.line ?? Number(/ line: (\d+),/.exec(emitted)?.[1]);
}

/** Namespace and file of the first site. */
export function placeIn(emitted: string): { namespace: string | undefined; file: string | undefined } {
  const [first] = rowsIn(emitted);
  if (first !== undefined) return { namespace: first.record.namespace, file: first.record.file };
  return { namespace: /namespace: '([^']*)'/.exec(emitted)?.[1], file: /file: '([^']*)'/.exec(emitted)?.[1] };
}
