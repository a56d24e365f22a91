// Names that emitted code declares in a file: each occurs nowhere in its text.

import type { ModuleNames } from './edit.js';
import { type NamingRules, namesOf, TOP_LEVEL } from './naming.js';

export interface NamesRequest {
  readonly file: { readonly text: string };
  readonly segments: readonly string[];
  readonly naming: NamingRules;
  readonly path: string;
}

export function moduleNames({ file: { text }, segments, naming, path }: NamesRequest): ModuleNames {
  return {
    recorder: freeName(text, '$w'),
    table: freeName(text, '$t'),
    answer: freeName(text, '$r'),
    error: freeName(text, '$e'),
    namespace: namesOf(segments, TOP_LEVEL, '', naming).namespace,
    separator: naming.separator,
    path,
  };
}

/** A name that the text does not contain. */
export function freeName(text: string, wanted: string): string {
  let name = wanted;
  for (let number = 1; text.includes(name); number++) name = `${wanted}_${number}`;
  return name;
}
