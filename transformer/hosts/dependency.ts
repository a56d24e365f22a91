// Checks that compiled code will find `spanwright/emitted`. Files import it whose authors imported `instrument` from a library, or nothing at all
// in auto mode. Asked by every host before it changes a file, and by `spanwright doctor`. Reads each package.json once.

import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { PACKAGE } from '../core/recognition.js';
import { type DiagnosticName, messageOf } from '../diagnostics.js';
import { readSourceText } from './source-text.js';

/**
 * `absent`: not installed where the file would load it. `development`: left out of production installations. `undeclared`: installed, but no
 * package.json above the file lists it. `declared`: listed, or there is no package.json.
 */
type DependencyState = 'declared' | 'absent' | 'development' | 'undeclared';

interface Dependency {
  readonly state: DependencyState;
  /** Path of the nearest package.json; undefined without one. */
  readonly manifest: string | undefined;
}

/** Use of compiled code: files that are installed and run, a bundle that may hold the package, or a run in development. */
export type Purpose = 'output' | 'bundle' | 'run';

export interface DependencyProblem {
  readonly name: DiagnosticName;
  readonly message: string;
  /** The compiled file could not be loaded, so that it is left as authored. */
  readonly fatal: boolean;
}

type Manifest = Readonly<Record<string, unknown>>;

const SHIPPED = ['dependencies', 'peerDependencies', 'optionalDependencies'];

/** A reader that remembers its answers by directory. */
export function dependencyReader(): (directory: string) => Dependency {
  const known = new Map<string, Dependency>();
  const manifests = new Map<string, Manifest | undefined>();

  function manifestAt(path: string): Manifest | undefined {
    if (!manifests.has(path)) manifests.set(path, manifestIn(path));
    return manifests.get(path);
  }

  function read(directory: string): Dependency {
    // Plug'n'Play installs without folders.
    let installed = process.versions.pnp !== undefined;
    let manifest: string | undefined;
    let state: DependencyState = 'undeclared';
    for (const folder of foldersFrom(directory)) {
      installed ||= existsSync(join(folder, 'node_modules', PACKAGE, 'package.json'));
      const path = join(folder, 'package.json');
      const found = manifestAt(path);
      if (found === undefined) continue;
      manifest ??= path;
      if (found.name === PACKAGE) return { state: 'declared', manifest };
      if (SHIPPED.some((list) => lists(found, list))) state = 'declared';
      else if (state === 'undeclared' && lists(found, 'devDependencies')) state = 'development';
    }
    if (!installed) return { state: 'absent', manifest };
    return { state: manifest === undefined ? 'declared' : state, manifest };
  }

  return function dependencyIn(directory) {
    let found = known.get(directory);
    if (found === undefined) {
      found = read(directory);
      known.set(directory, found);
    }
    return found;
  };
}

/** The fault of a file with these contents; undefined when it will load what compiled code imports. */
export function problemOf({ state, manifest }: Dependency, text: string, purpose: Purpose): DependencyProblem | undefined {
  const named = new RegExp(`(['"])${PACKAGE}\\1`).test(text);
  const at = manifest ?? 'package.json';
  if (state === 'absent' && !named) return problem('absent-dependency', at, true);
  if (state === 'undeclared' && !named && purpose !== 'run') return problem('undeclared-dependency', at, false);
  if (state === 'development' && purpose === 'output') return problem('development-dependency', at, false);
  return undefined;
}

function problem(name: DiagnosticName, manifest: string, fatal: boolean): DependencyProblem {
  return { name, message: messageOf(name, manifest, dirname(manifest)), fatal };
}

function* foldersFrom(directory: string): Generator<string> {
  for (let folder = directory; ; folder = dirname(folder)) {
    yield folder;
    if (dirname(folder) === folder) return;
  }
}

function lists(manifest: Manifest, list: string): boolean {
  const packages = manifest[list];
  return typeof packages === 'object' && packages !== null && Object.hasOwn(packages, PACKAGE);
}

function manifestIn(path: string): Manifest | undefined {
  try {
    const found: unknown = JSON.parse(readSourceText(path));
    return typeof found === 'object' && found !== null ? (found as Manifest) : undefined;
  } catch {
    // Absent, or not JSON, which the package manager reports.
    return undefined;
  }
}
