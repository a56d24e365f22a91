// Offsets in a file's text at which something could mark code. The plan skips the rest: most of a file is bodies that hold neither
// a decorator nor a call of `instrument`, and walking them was a third of the plugin's time. When in doubt, the plan walks the whole file.

import type ts from 'typescript';
import type { Compiler } from './compiler.js';

/**
 * Offsets, in order, of decorators and of uses of one of the names; undefined when a name is used in a way that could give it
 * another: assigned, passed on, written with an escape.
 */
export function relevantOffsets(ts: Compiler, file: ts.SourceFile, names: readonly string[] | undefined): number[] | undefined {
  const { text } = file;
  if (names === undefined || text.includes('\\u')) return undefined;
  const imports = file.statements.filter((one) => ts.isImportDeclaration(one) || ts.isImportEqualsDeclaration(one));
  const found: number[] = [];
  for (let at = text.indexOf('@'); at !== -1; at = text.indexOf('@', at + 1)) found.push(at);
  for (const name of names) {
    for (let at = text.indexOf(name); at !== -1; at = text.indexOf(name, at + name.length)) {
      if (isPart(text.charCodeAt(at - 1)) || isPart(text.charCodeAt(at + name.length))) continue;
      if (imports.some(({ pos, end }) => pos <= at && at < end)) continue;
      CALLED.lastIndex = at + name.length;
      if (text[at - 1] !== '@' && !CALLED.test(text)) return undefined;
      found.push(at);
    }
  }
  return found.sort((a, b) => a - b);
}

/** Text after a name that is called, perhaps as the member of a module, with type arguments or without. */
const CALLED = /(?:\s*\.\s*[\w$]+)*\s*[(<]/y;

/** True if a character can belong to an identifier; all beyond ASCII count. */
function isPart(code: number): boolean {
  return (
    (code >= 48 && code <= 57) ||
    (code >= 65 && code <= 90) ||
    (code >= 97 && code <= 122) ||
    code === 95 ||
    code === 36 ||
    code > 127
  );
}

/** True if one of the ordered offsets lies in the range. */
export function anyWithin(offsets: readonly number[], from: number, to: number): boolean {
  let low = 0;
  let high = offsets.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((offsets[middle] as number) < from) low = middle + 1;
    else high = middle;
  }
  return low < offsets.length && (offsets[low] as number) < to;
}
