// Modules in a built file of the runtime. `.ci/bundle.mjs` writes several into one file, each below a comment with its path. Used by the
// profiles, and by tests that ask which modules were loaded or ran.

export interface BuiltPart {
  /** Path of the source below runtime/: `span/run.ts`. */
  readonly name: string;
  /** Offsets in the text of the file. */
  readonly start: number;
  readonly end: number;
}

const HEAD = /^\/\/ runtime\/(\S+\.ts)$/gm;
/** First line of the exports, which follow the last module. */
const EXPORTS = /^(Object\.defineProperty\(exports, |exports\.)/gm;

export function builtParts(text: string): BuiltPart[] {
  const heads = [...text.matchAll(HEAD)];
  EXPORTS.lastIndex = heads.at(-1)?.index ?? 0;
  const end = EXPORTS.exec(text)?.index ?? text.length;
  return heads.map(({ index, 1: name = '' }, at) => ({ name, start: index, end: heads[at + 1]?.index ?? end }));
}

/** Path of the module at an offset, undefined between modules. */
export const partAt = (parts: readonly BuiltPart[], offset: number): string | undefined =>
  parts.find(({ start, end }) => start <= offset && offset < end)?.name;
