// Joins two source maps: from emitted code to the text that a compiler was given, and from that text to what was authored. Used where a
// compiler writes the map of a text that the text printer has changed.

import type { SourceMap } from 'magic-string';

/** Required, and its type written here, because the declarations of 2.3.5 for CommonJS do not parse. */
const remapping = require('@jridgewell/remapping') as (
  map: string,
  load: (source: string) => object | null,
) => { sourcesContent?: unknown; sources: string[] };

/** @param printed the printer's map by the name of a source as it stands in the emitted map; undefined for sources left alone. */
export function chained(emitted: string, printed: (source: string) => SourceMap | undefined): string {
  const outer = JSON.parse(emitted) as { file?: string; sourceRoot?: string; sources: string[]; sourcesContent?: unknown };
  // The root stands before every source; it is set aside, so that names come and go as they are.
  const { sourceRoot, ...rest } = outer;
  const seen = new Set<string>();
  const joined = remapping(JSON.stringify(rest), (source) => {
    const map = seen.has(source) ? undefined : printed(source);
    seen.add(source);
    return map === undefined ? null : { ...map, version: 3, file: source, sources: [source] };
  });
  const { sourcesContent, ...result } = joined;
  const content = outer.sourcesContent === undefined ? {} : { sourcesContent };
  return JSON.stringify({ ...result, ...(sourceRoot === undefined ? {} : { sourceRoot }), ...content });
}
