// The project of each file: the nearest tsconfig.json above it whose `files` and `include` cover the file, `references` followed. Called by
// bundlers and `spanwright/register`, which see files of several projects in one run. Configurations are read once, again
// for new files, and again after a change where the host asks for it.

import { statSync } from 'node:fs';
import { dirname, relative } from 'node:path';
import type { PlanRequest } from '../core/plan-request.js';
import type { Purpose } from './dependency.js';
import type { Configuration, Parser } from './parse.js';
import { forwardSlashes } from './paths.js';
import { isFile } from './source-files.js';
import { configurationsAbove, NO_CONFIGURATION, type Texts, TRANSFORM, type Transformed, textsIn } from './texts.js';

interface ProjectsRequest {
  readonly parser: Parser;
  /** The root of the bundler, or the working directory. */
  readonly directory: string;
  /** Path of the one configuration to use; undefined: that of each file; null: none. */
  readonly tsconfig?: string | null | undefined;
  /** Options beyond, and over, those of the plugin's entry. */
  readonly options?: Readonly<Record<string, unknown>>;
  /**
   * `nearest`: the compiler behind the plugin takes the nearest tsconfig.json, also if that does not include the file (esbuild, Bun), and with it the kind of
   * decorators. Default `covering`.
   */
  readonly decoratorsOf?: 'covering' | 'nearest';
  /** See PlanRequest. Default `typescript`. */
  readonly staticBlocks?: PlanRequest['staticBlocks'];
  /** Default `output`. */
  readonly purpose?: Purpose;
  /** See the text printer. */
  readonly ownLines?: boolean;
  /** True if a development server loads files again after an edit. Default false. */
  readonly reloadable?: boolean;
}

interface Read {
  readonly path: string;
  configuration: Configuration;
  files: ReadonlySet<string>;
  at: number;
}

/** Options that decide how the decorators and fields of a file are compiled. */
const KIND = ['experimentalDecorators', 'emitDecoratorMetadata', 'useDefineForClassFields', 'target'] as const;

/** Returns the texts of the project that a file belongs to; one object a project. */
export interface TextsByFile {
  (file: string): Texts;
  /** Forgets everything if a configuration has changed since it was read, and returns whether one has. */
  refresh(): boolean;
}

export function textsByFile(request: ProjectsRequest): TextsByFile {
  const { parser, directory, tsconfig, decoratorsOf } = request;
  const configurations = new Map<string, Read>();
  const projects = new Map<string, Texts>();
  const known = new Map<string, Texts>();
  /** When each file that configurations were read from was last changed. */
  const changes = new Map<string, number | undefined>();

  function read(path: string): Read {
    const before = configurations.get(path);
    if (before !== undefined) return before;
    const found: Read = { path, configuration: NO_CONFIGURATION, files: new Set(), at: 0 };
    configurations.set(path, found);
    readAgain(found);
    return found;
  }

  function readAgain(one: Read): void {
    one.at = Date.now();
    changes.set(one.path, changedAt(one.path));
    one.configuration = parser.readConfiguration(one.path);
    for (const base of one.configuration.extended ?? []) changes.set(base, changedAt(base));
    one.files = new Set(one.configuration.files.map(forwardSlashes));
  }

  function covers(one: Read, file: string): boolean {
    if (one.files.has(file)) return true;
    // A file created since the configuration was read is in no list yet.
    if (one.configuration.files.length === 0 || (changedAt(file) ?? 0) < one.at) return false;
    readAgain(one);
    return one.files.has(file);
  }

  /** The configuration itself, else the first of those that it references, however deep. */
  function coveringIn(path: string, file: string, seen: Set<string>): Read | undefined {
    if (seen.has(path) || !isFile(path)) return undefined;
    seen.add(path);
    const one = read(path);
    if (covers(one, file)) return one;
    for (const reference of one.configuration.references ?? []) {
      const found = coveringIn(reference, file, seen);
      if (found !== undefined) return found;
    }
    return undefined;
  }

  function textsOfFile(file: string): Texts {
    if (tsconfig !== undefined) return textsAt(tsconfig === null ? undefined : read(tsconfig));
    const above = configurationsAbove(dirname(file));
    const [nearest] = above;
    const seen = new Set<string>();
    for (const path of above) {
      const found = coveringIn(path, file, seen);
      if (found !== undefined)
        return textsAt(found, decoratorsOf === 'nearest' ? nearest : undefined, placeOf(found, file, path));
    }
    if (nearest === undefined) return textsAt(undefined);
    const first = forUncovered(read(nearest));
    return textsAt(first, undefined, placeOf(first, file, nearest));
  }

  /** For a file that nothing covers: the nearest configuration; of one that only lists references, the first of these. */
  function forUncovered(one: Read): Read {
    const [first] = one.configuration.references ?? [];
    return one.files.size > 0 || first === undefined || !isFile(first) ? one : read(first);
  }

  /** Configuration in the folder of the project: a generated one (`.nuxt/tsconfig.server.json`) lies beside the files of the one that references it. */
  function placeOf({ path }: Read, file: string, above: string): string {
    return forwardSlashes(relative(dirname(path), file)).startsWith('../') ? above : path;
  }

  function textsAt(one: Read | undefined, kindFrom?: string, place = one?.path): Texts {
    const key = `${one?.path}\n${kindFrom}\n${place}`;
    let texts = projects.get(key);
    if (texts === undefined) {
      const configuration = one?.configuration ?? NO_CONFIGURATION;
      const kind = kindFrom === undefined || kindFrom === one?.path ? undefined : read(kindFrom).configuration.options;
      const over = kind && Object.fromEntries(KIND.map((name) => [name, kind[name]]));
      const used = over === undefined ? configuration : { ...configuration, options: { ...configuration.options, ...over } };
      texts = textsIn(parser, directory, one?.path, used, { ...request, place });
      projects.set(key, texts);
    }
    return texts;
  }

  function textsFor(path: string): Texts {
    const file = forwardSlashes(path);
    let texts = known.get(file);
    if (texts === undefined) {
      texts = textsOfFile(file);
      known.set(file, texts);
    }
    return texts;
  }

  function refresh(): boolean {
    const changed = [...changes].some(([path, at]) => changedAt(path) !== at);
    if (changed) for (const one of [configurations, projects, known, changes]) one.clear();
    return changed;
  }

  return Object.assign(textsFor, { refresh });
}

/** Other files that the output of a file depends on, for bundlers that watch: the configurations of its project, and what was read for it. */
export function inputsOf({ path, configuration }: Texts, found: Transformed | undefined): string[] {
  return [...(path === undefined ? [] : [path, ...(configuration.extended ?? [])]), ...(found?.read ?? [])];
}

/** The line for a file with sites whose project has no entry of the plugin and no options; undefined for others. */
export function noEntry({ configured, path, project }: Texts, found: Transformed | undefined): string | undefined {
  if (configured || found === undefined || found.plan.sites.length === 0) return undefined;
  const looked = path === undefined ? 'no tsconfig.json covers these files' : `"plugins" of ${path} has no entry "${TRANSFORM}"`;
  return `spanwright: ${looked}; namespaces start with ${JSON.stringify(project.naming.root)} and auto mode is off`;
}

function changedAt(path: string): number | undefined {
  return statSync(path, { throwIfNoEntry: false })?.ctimeMs;
}
