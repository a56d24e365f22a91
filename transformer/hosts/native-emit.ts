// What the native build writes: JavaScript of printed texts, whose source maps are led on to the authored ones.

import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { chained, type Source } from '../print/chain.js';

const INLINE = /^(\/\/# sourceMappingURL=data:application\/json;base64,)([A-Za-z0-9+/=]+)\s*$/m;

/** Writes what the compiler emitted of printed texts, with maps that lead to the authored ones. */
export function writeEmitted(files: ReadonlyMap<string, { text: string }>, printed: ReadonlyMap<string, Source>): void {
  const made = new Set<string>();
  for (const [path, { text }] of files) {
    const folder = dirname(path);
    if (!made.has(folder)) mkdirSync(folder, { recursive: true });
    made.add(folder);
    writeFileSync(path, authoredMaps(path, text, printed));
  }
}

function authoredMaps(path: string, text: string, printed: ReadonlyMap<string, Source>): string {
  const lead = (map: string): string => {
    const root = (JSON.parse(map) as { sourceRoot?: string }).sourceRoot;
    return chained(map, (source) => printed.get(resolved(dirname(path), source, root, printed)));
  };
  if (path.endsWith('.map')) return lead(text);
  const inline = INLINE.exec(text);
  if (inline === null) return text;
  const map = lead(Buffer.from(inline[2] as string, 'base64').toString('utf8'));
  return text.replace(INLINE, (_all, head) => head + Buffer.from(map).toString('base64'));
}

/** With a root of the user's own the names are relative to the sources' root, and only their ends can be compared. */
function resolved(base: string, source: string, root: string | undefined, printed: ReadonlyMap<string, Source>): string {
  const path = join(base, source).replace(/\\/g, '/');
  if (root === undefined || printed.has(path)) return path;
  return [...printed.keys()].find((one) => one.endsWith(`/${source}`)) ?? path;
}
