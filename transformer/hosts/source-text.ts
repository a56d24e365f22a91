// Texts of files as compilers read them: UTF-8, without the byte order mark.

import { readFileSync } from 'node:fs';

/** @throws where there is no such file, or it cannot be read */
export function readSourceText(path: string): string {
  return readFileSync(path, 'utf8').replace(/^\uFEFF/, '');
}

/** The text of a file that may be missing, such as a module of a package that is not installed. */
export function sourceTextIfAny(path: string): string | undefined {
  try {
    return readSourceText(path);
  } catch {
    return undefined;
  }
}
