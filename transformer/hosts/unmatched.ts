// Patterns of `auto` that can match nothing: a folder that does not exist, a package that is not installed. Reported once by each host.

import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import picomatch from 'picomatch';
import type { Settings } from '../core/settings.js';

/** @param directory that of tsconfig.json */
export function unmatchedPatterns({ files, packages }: Settings['autoPatterns'], directory: string): string[] {
  const missingFiles = files.filter((pattern) => !existsSync(join(directory, picomatch.scan(pattern).base)));
  const missingPackages = packages.filter((name) => !isInstalled(name, directory));
  return [
    ...missingFiles.map((pattern) => `spanwright: 'auto' has the files '${pattern}', which match nothing in ${directory}`),
    ...missingPackages.map((name) => `spanwright: 'auto' has the package '${name}', which is not installed for ${directory}`),
  ];
}

/**
 * True if a node_modules at the directory or above it has the package; for a pattern, the folder in front of its first special character.
 */
function isInstalled(name: string, directory: string): boolean {
  const { base, isGlob } = picomatch.scan(name);
  for (let folder = directory; ; folder = dirname(folder)) {
    const modules = join(folder, 'node_modules');
    if (existsSync(isGlob ? join(modules, base) : join(modules, name, 'package.json'))) return true;
    if (dirname(folder) === folder) return false;
  }
}
