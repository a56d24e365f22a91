// The file on the disk that a relative import means, as TypeScript has it. Asked by the hooks of `spanwright/register` for what Node did not find, and
// first of all where imports are followed: most need no more than one look, and a compiler's own resolution takes several.

import { statSync } from 'node:fs';

/** The TypeScript file that a path means which Node found nothing at: `./a.js`, `./a`, `./folder`, or `./a.ts` itself. */
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
