// The file on the disk that a relative import means, as TypeScript has it. Used by the hooks of `spanwright/register` for files
// that Node did not find, and first wherever imports are followed: most need one file access, and the compiler's own resolution
// several.

import { statSync } from 'node:fs';

/** The TypeScript file for a path at which Node found nothing: `./a.js`, `./a`, `./folder`, or `./a.ts` itself. */
export function typeScriptFor(path: string): string | undefined {
  if (/\.[cm]?tsx?$/.test(path) && isFile(path)) return path;
  const extension = /\.([cm]?)jsx?$/.exec(path);
  const stem = extension === null ? path : path.slice(0, extension.index);
  const candidates =
    extension === null
      ? ['.ts', '.tsx', '.mts', '.cts', '/index.ts', '/index.tsx'].map((ending) => path + ending)
      : [`.${extension[1]}ts`, `.${extension[1]}tsx`].map((ending) => stem + ending);
  return candidates.find(isFile);
}

/** False also below a file, where Node 20 throws (ENOTDIR). */
export function isFile(path: string): boolean {
  try {
    return statSync(path, { throwIfNoEntry: false })?.isFile() === true;
  } catch {
    return false;
  }
}
