// Sites in emitted code: those with a forwarder have a record of their own, those with a prologue a row of the module's table.

const TABLE =
  /\.module\(2, \(w\) => \{ \$\w+ = w; \}, '((?:[^'\\]|\\.)*)', '((?:[^'\\]|\\.)*)', '((?:[^'\\]|\\.)*)'(?:, '([^']*)')?\);/;

/** Number of sites, of either kind. */
export function sitesIn(emitted: string): number {
  const rows =
    TABLE.exec(emitted)?.[3]
      ?.split('\\n')
      .filter((row) => row !== '') ?? [];
  return rows.length + (emitted.match(/\bshape: '/g)?.length ?? 0);
}

/** Line of the first site. */
export function lineIn(emitted: string): number {
  const row = TABLE.exec(emitted)?.[3]
    ?.split('\\n')
    .find((one) => one !== '');
  return Number(row?.split(',')[0] ?? / line: (\d+),/.exec(emitted)?.[1]);
}

/** Namespace and file of the first site. */
export function placeIn(emitted: string): { namespace: string | undefined; file: string | undefined } {
  const table = TABLE.exec(emitted);
  if (table === null) return { namespace: /namespace: '([^']*)'/.exec(emitted)?.[1], file: /file: '([^']*)'/.exec(emitted)?.[1] };
  const [, file, path, rows, separator = '::'] = table;
  const first = rows?.split('\\n').find((row) => row !== '');
  const below = JSON.parse(`[${first}]`)[3] as string;
  return { namespace: [file, below].filter((part) => part !== '').join(separator), file: path };
}
