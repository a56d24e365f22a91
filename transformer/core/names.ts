// Names that emitted code declares in a file: each occurs nowhere in its text.

import type { ModuleNames } from './edit.js';
import { type NamingRules, namesOf, TOP_LEVEL } from './naming.js';

interface NamesRequest {
  readonly file: { readonly text: string };
  readonly segments: readonly string[];
  readonly naming: NamingRules;
  readonly path: string;
  readonly auto: unknown;
}

export function moduleNames({ file: { text }, segments, naming, path, auto }: NamesRequest): ModuleNames {
  const [recorder, table, call, value, error, early] =
    auto === undefined ? MARKED.map((name) => freeName(text, name)) : shortNames(text);
  return {
    ...({ recorder, table, call, value, error, early } as Pick<
      ModuleNames,
      'recorder' | 'table' | 'call' | 'value' | 'error' | 'early'
    >),
    namespace: namesOf(segments, TOP_LEVEL, '', naming).namespace,
    separator: naming.separator,
    qualified: naming.spanName === 'qualified',
    path,
  };
}

const MARKED = ['$w', '$r', '$s', '$v', '$e', '$t'];
const LETTERS = [...'$_wrsveabcdfghijklmnopqtuxyzABCDEFGHIJKLMNOPQRSTUVWXYZ'];

/** Names of one letter that are no words of the text: in auto mode every function contains them. */
function shortNames(text: string): string[] {
  const words = new Set(text.match(/[\p{ID_Continue}$]+/gu));
  const free = text.includes('\\u') ? [] : LETTERS.filter((letter) => !words.has(letter));
  return MARKED.map((name, index) => free[index] ?? freeName(text, name));
}

/** A name that the text does not contain. */
export function freeName(text: string, wanted: string): string {
  let name = wanted;
  for (let number = 1; text.includes(name); number++) name = `${wanted}_${number}`;
  return name;
}
