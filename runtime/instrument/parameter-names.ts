// Parameter names of a function that no transformer has described, read from its source text. A guess: the text may be minified or
// rewritten by a bundler, so callers may warn about missing names and must not throw.

import type { AnyFunction } from '../site/site.js';

const IDENTIFIER = String.raw`[\p{ID_Start}$_][\p{ID_Continue}$]*`;
const LONE_PARAMETER = new RegExp(String.raw`^(?:async\s+)?(${IDENTIFIER})\s*=>`, 'u');
const NAME = new RegExp(String.raw`^(?:\.\.\.)?\s*(${IDENTIFIER})`, 'u');

/** Parameter names in order; an empty string for a destructured one. A native function has none. */
export function parameterNames(body: AnyFunction): string[] {
  const source = Function.prototype.toString.call(body);
  const lone = LONE_PARAMETER.exec(source);
  if (lone !== null) return [lone[1] as string];
  const open = openingOfList(source);
  return open < 0 ? [] : listParts(source, open + 1).map((part) => NAME.exec(part.trim())?.[1] ?? '');
}

/** Index of the parenthesis that opens the parameters; computed and quoted keys in front of it are passed over. */
function openingOfList(source: string): number {
  let depth = 0;
  for (let index = 0; index < source.length; index++) {
    const behind = behindQuoted(source, index);
    if (behind > index) {
      index = behind - 1;
      continue;
    }
    const character = source[index];
    if (character === '(' && depth === 0) return index;
    if (character === '[') depth++;
    else if (character === ']') depth--;
  }
  return -1;
}

/** Texts between the commas of the list that starts at `from`, without comments and strings. */
function listParts(source: string, from: number): string[] {
  const parts: string[] = [];
  let depth = 0;
  let part = '';
  for (let index = from; index < source.length; index++) {
    const behind = behindQuoted(source, index);
    if (behind > index) {
      index = behind - 1;
      continue;
    }
    const character = source[index] as string;
    if ('([{'.includes(character)) depth++;
    else if (')]}'.includes(character) && depth-- === 0) break;
    if (character === ',' && depth === 0) {
      parts.push(part);
      part = '';
    } else part += character;
  }
  if (part.trim() !== '') parts.push(part);
  return parts;
}

/** Index behind the string or comment that starts at `index`; `index` itself where none does. */
function behindQuoted(source: string, index: number): number {
  const quote = source[index] as string;
  if (source.startsWith('//', index)) return indexBehind(source, '\n', index + 2);
  if (source.startsWith('/*', index)) return indexBehind(source, '*/', index + 2);
  if (!'"\'`'.includes(quote)) return index;
  for (let at = index + 1; at < source.length; at++) {
    if (source[at] === '\\') at++;
    else if (source[at] === quote) return at + 1;
  }
  return source.length;
}

function indexBehind(source: string, mark: string, from: number): number {
  const found = source.indexOf(mark, from);
  return found < 0 ? source.length : found + mark.length;
}
