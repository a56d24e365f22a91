// Composes the source map of a printed text with the map to the authored text. Made for whole programs: lines stay where they are in
// print, so that each place is found among the few pieces of its line, without a map of every word.

import { decode, encode, type SourceMapSegment } from '@jridgewell/sourcemap-codec';
import type { Printed } from './text-edits.js';

type Pieces = Printed['pieces'];

interface Map3 {
  readonly sources: readonly string[];
  readonly mappings: string;
  readonly sourcesContent?: readonly (string | null)[];
}

/** A printed source: the map of the print, and the authored text. */
export interface Source {
  readonly printed: Printed;
  readonly authored: string;
}

/**
 * @param sourceOf returns a printed source by its name in the emitted map; undefined for an unchanged one.
 * @param bare added text has no place, not that of the text before it: for the coverage of Node, which counts all that has one
 */
export function chained(emitted: string, sourceOf: (name: string) => Source | undefined, bare = false): string {
  const map = JSON.parse(emitted) as Map3;
  const sources = map.sources.map(sourceOf);
  const pieces = sources.map((source) => source?.printed.pieces);
  const mappings = decode(map.mappings).map((line) =>
    line.every((segment) => isStill(segment, pieces)) ? line : line.flatMap((segment) => authoredPlace(segment, pieces, bare)),
  );
  const content = map.sourcesContent?.map((text, index) => sources[index]?.authored ?? text);
  return JSON.stringify({ ...map, mappings: encode(mappings), ...(content && { sourcesContent: content }) });
}

/** True if the authored line is the printed one, as for most lines. */
function isStill(segment: SourceMapSegment, pieces: readonly (Pieces | undefined)[]): boolean {
  if (segment.length === 1) return true;
  const row = pieces[segment[1]]?.[segment[2]];
  if (row === undefined) return pieces[segment[1]] === undefined;
  const [piece] = row;
  return row.length === 1 && piece?.length === 4 && piece[0] === 0 && piece[2] === segment[2] && piece[3] === 0;
}

function authoredPlace(segment: SourceMapSegment, pieces: readonly (Pieces | undefined)[], bare: boolean): SourceMapSegment[] {
  if (segment.length === 1) return [segment];
  const [column, source, line, at] = segment;
  const own = pieces[source];
  if (own === undefined) return [segment];
  const row = own[line] ?? [];
  let low = 0;
  let high = row.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((row[middle] as SourceMapSegment)[0] <= at) low = middle + 1;
    else high = middle;
  }
  const [piece, next] = [row[low - 1], row[low]];
  // Text added before the first authored piece of a line has no place in the authored text.
  if (piece === undefined || piece.length === 1) return bare ? [[column]] : [];
  const run = piece[3] + at - piece[0];
  const end = next !== undefined && next.length > 1 && next[2] === piece[2] ? Math.max(piece[3], next[3] as number) : run;
  const place = Math.min(run, end);
  return [segment.length === 5 ? [column, source, piece[2], place, segment[4]] : [column, source, piece[2], place]];
}
