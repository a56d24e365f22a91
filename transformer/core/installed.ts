// Files of installed packages, by their path: the package of one, and its path within the package.

import { join, sep } from 'node:path';

const OWN_FOLDERS = ['cli', 'runtime', 'transformer'].map((name) => join(__dirname, '..', '..', name, sep));

/** A file of this package, whose code is never recorded; by its real path it lies in no node_modules where the package is linked. */
export const isOwnFile = (path: string): boolean => OWN_FOLDERS.some((folder) => path.startsWith(folder));

interface InstalledFile {
  readonly packageName: string;
  /** Path below the folder of the package, with forward slashes. */
  readonly within: string;
}

const INSTALLED = /^.*[\\/]node_modules[\\/](@[^\\/]+[\\/][^\\/]+|[^\\/@][^\\/]*)[\\/](.+)$/s;

/** Undefined for a file of the project itself. The innermost node_modules counts, so that stores of package managers do. */
export function installedFile(path: string): InstalledFile | undefined {
  const found = INSTALLED.exec(path);
  if (found === null) return undefined;
  const [, packageName = '', within = ''] = found;
  return { packageName: packageName.replace('\\', '/'), within: within.replace(/\\/g, '/') };
}
