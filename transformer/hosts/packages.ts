// Which package a file belongs to: the name in the nearest package.json that has one. Asked by the namer for the user's
// own root, and by recognition to know declarations of this package wherever they are installed or linked.

import type { Compiler } from '../core/compiler.js';

export interface Packages {
  /** Name of the package around a directory; undefined without one. */
  nameFor(directory: string): string | undefined;
}

/** One reader a compilation: answers are remembered by directory. */
export function packagesOf(ts: Compiler): Packages {
  const known = new Map<string, string | undefined>();

  function nameFor(directory: string): string | undefined {
    if (known.has(directory)) return known.get(directory);
    const parent = directory.replace(/[\\/][^\\/]*$/, '');
    const name = nameIn(`${directory}/package.json`) ?? (parent === directory || directory === '' ? undefined : nameFor(parent));
    known.set(directory, name);
    return name;
  }

  function nameIn(path: string): string | undefined {
    const text = ts.sys?.readFile(path);
    if (text === undefined) return undefined;
    try {
      const { name } = JSON.parse(text.replace(/^\uFEFF/, ''));
      return typeof name === 'string' && name !== '' ? name : undefined;
    } catch {
      // A file that is not JSON names no package; the package manager reports it.
      return undefined;
    }
  }

  return { nameFor };
}
