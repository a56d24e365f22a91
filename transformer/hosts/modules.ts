// Follows imports to `instrument` for hosts that compile one file at a time: through re-exporting modules of the project, by any
// chain of exports, aliases of tsconfig.json and packages that depend on this one. The re-exports of a module are read once, and
// again when it changes.

import { statSync } from 'node:fs';
import { isBuiltin } from 'node:module';
import { dirname, join } from 'node:path';
import { EXPORTS, type Meaning, meaningOfReference, PACKAGE, type Reference } from '../core/recognition.js';
import { mayReexport, type Reexports, reexportsOf } from '../core/reexports.js';
import type { Modules } from '../core/scopes.js';
import type { Parser, Resolve } from './parse.js';
import { typeScriptFor } from './source-files.js';
import { readSourceText, sourceTextIfAny } from './source-text.js';

/** Resolver of the imports of one file, for one state of the files. */
export interface ImportsOfFile extends Modules {
  /** True if a text that imports these modules may reach `instrument`; cheaper than parsing it. */
  mayReach(text: string): boolean;
  /** The files that an answer depends on: when one changes, the answer may change. */
  readonly read: ReadonlySet<string>;
}

/** Longer chains are considered circular. */
const MOST_HOPS = 32;

/** An import named `instrument`: its module may re-export Spanwright's, now or after a change. */
const NAMED = /\bimport\s*\{[^}]*\binstrument\b/;

const NOTHING: Reexports = { named: new Map(), all: [] };

export function importsBy(parser: Parser, resolve: Resolve): (file: string) => ImportsOfFile {
  const known = new Map<string, { readonly stamp: string; readonly reexports: Reexports }>();
  const packages = new Map<string, boolean>();

  function reexportsAt(path: string): Reexports {
    const found = parser.follows?.(path) === false ? undefined : statSync(path, { throwIfNoEntry: false });
    if (found === undefined) return NOTHING;
    const stamp = `${found.mtimeMs} ${found.size}`;
    const before = known.get(path);
    if (before?.stamp === stamp) return before.reexports;
    const text = readSourceText(path);
    const reexports = mayReexport(text) ? parser.parse(path, text, (file) => reexportsOf(parser.ts, file)) : NOTHING;
    known.set(path, { stamp, reexports });
    return reexports;
  }

  function fileOf(specifier: string, from: string): string | undefined {
    if (!worthResolving(specifier, from)) return undefined;
    const near = /^\.{1,2}\//.test(specifier) ? typeScriptFor(join(dirname(from), specifier)) : undefined;
    return near ?? resolve(specifier, from);
  }

  /** Most packages cannot re-export what they do not depend on. An import of no known package may be an alias. */
  function worthResolving(specifier: string, from: string): boolean {
    if (/^[./#]/.test(specifier)) return true;
    const [name] = /^(?:@[^/]+\/)?[^/]+/.exec(specifier) ?? [''];
    return !isBuiltin(specifier) && dependsOnUs(name, dirname(from));
  }

  function dependsOnUs(name: string, directory: string): boolean {
    const manifest = join(directory, 'node_modules', name, 'package.json');
    let depends = packages.get(manifest);
    if (depends === undefined) {
      const text = sourceTextIfAny(manifest);
      const parent = dirname(directory);
      depends = text === undefined ? parent === directory || dependsOnUs(name, parent) : text.includes(`"${PACKAGE}"`);
      packages.set(manifest, depends);
    }
    return depends;
  }

  return function importsOf(importer) {
    const read = new Set<string>();
    const resolved = new Map<string, string | undefined>();
    const seen = new Map<string, Reexports>();

    function moduleAt(specifier: string, from: string): string | undefined {
      const key = `${from}\n${specifier}`;
      if (!resolved.has(key)) resolved.set(key, fileOf(specifier, from));
      return resolved.get(key);
    }

    function reexportsOnce(path: string): Reexports {
      let found = seen.get(path);
      if (found === undefined) {
        found = reexportsAt(path);
        seen.set(path, found);
      }
      return found;
    }

    /** Final target of a reference, by any chain of exports; with `into`, a module stands for each of its exports. */
    function endOf(reference: Reference, into: boolean): Meaning {
      const met = new Set<string>();

      function reached(reference: Reference, chain: readonly string[]): Meaning {
        const found = meaningOfReference(reference);
        if (found !== undefined && !into) for (const one of chain) read.add(one);
        return found;
      }

      function follow(from: string, { specifier, path }: Reference, chain: readonly string[]): Meaning {
        if (specifier === PACKAGE) return reached({ specifier, path }, chain);
        const module = moduleAt(specifier, from);
        const key = `${module}\n${path.join('.')}`;
        if (module === undefined || met.has(key) || chain.length >= MOST_HOPS) return undefined;
        met.add(key);
        // The `instrument` of a module may become a re-export.
        if (path.length === 1 && EXPORTS.has(path[0] as string)) read.add(module);
        for (const next of nextOf(reexportsOnce(module), path, into)) {
          const found = follow(module, next, [...chain, module]);
          if (found !== undefined) return found;
        }
        return undefined;
      }

      return follow(importer, reference, []);
    }

    const meaning = (reference: Reference): Meaning => endOf(reference, false);
    const leads = (reference: Reference): boolean => endOf(reference, true) !== undefined;

    return {
      meaning,
      leads,
      read,
      mayReach: (text) => NAMED.test(text) || specifiersIn(text).some((specifier) => leads({ specifier, path: [] })),
    };
  };
}

/** Target of a path from within a module, in the order in which the language looks. */
function nextOf({ named, all }: Reexports, path: readonly string[], into: boolean): Reference[] {
  const [name, ...rest] = path;
  const others = all.map((specifier) => ({ specifier, path }));
  if (name === undefined) return into ? [...[...named.values()].filter((one) => one !== null), ...others] : [];
  const next = named.get(name);
  if (next === undefined) return name === 'default' ? [] : others;
  return next === null ? [] : [{ specifier: next.specifier, path: [...next.path, ...rest] }];
}

/** Every module that the text may import; imports in comments and strings count too. */
function specifiersIn(text: string): string[] {
  return [...text.matchAll(/\b(?:from|require\s*\()\s*(['"])([^'"\n]+)\1/g)].map((match) => match[2] as string);
}
