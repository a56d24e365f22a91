// Rows of the module's table: one for each site, in the order of the source. Called at the end of a plan.

import type { Edit } from './edit.js';
import type { Site } from './site.js';

export function numberRows(sites: readonly Site[], edits: readonly Edit[]): void {
  const rows = [...sites].sort((a, b) => a.place.start - b.place.start || b.place.end - a.place.end);
  rows.forEach((site, row) => {
    site.row = row;
  });
  for (const edit of edits) {
    if (edit.kind !== 'register members' || edit.options !== null) continue;
    // the name in the table is the key, unless it holds half of a surrogate pair
    for (const { site, options, key, kind, static: isStatic } of edit.members)
      if (options === null && !sites[site]?.adds && typeof key === 'string' && !/\p{Surrogate}/u.test(key))
        (sites[site] as Site).found = { kind, static: isStatic };
  }
}

/** True if the function is recorded by a prologue in its own body. */
export function isInside({ prologue, inline }: Site): boolean {
  return prologue !== undefined || inline !== undefined;
}

/** Sites of the table in the order of their rows. */
export function rowsOf(sites: readonly Site[]): Site[] {
  return [...sites].sort((a, b) => a.row - b.row);
}
