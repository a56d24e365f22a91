// The instrumented texts of a program of the native compiler: which of its files may hold something to instrument, their trees, and what
// is printed of them. Trees arrive in portions, so that one is planned while the compiler encodes the next.

import { dirname } from 'node:path';
import type ts from 'typescript';
import { PACKAGE } from '../core/recognition.js';
import { mayReexport } from '../core/reexports.js';
import type { Site } from '../core/site.js';
import type { Source } from '../print/chain.js';
import { noteSites } from './manifest.js';
import type { Api, ParsedConfiguration, Program } from './native-api.js';
import { compilerOf, type NativeAst } from './native-compiler.js';
import { type Parser, parserFor, type Resolve, writtenBy } from './parse.js';
import { readSourceText } from './source-text.js';
import { type Report, type Texts, textsIn } from './texts.js';

/** Files to a portion: fewer cost round trips, more cost waiting for the first. */
const PORTION = 48;

export interface NativeTexts extends Texts {
  /** Sets the program's own files, by path, before any of them is transformed. */
  open(files: ReadonlyMap<string, string>): void;
  /** Registers the tree of a file before its text is transformed or its re-exports are resolved. */
  note(path: string, tree: ts.SourceFile | undefined): void;
}

/** The parts of a configuration that are read before the texts. */
interface Read {
  readonly path: string;
  readonly parsed: ParsedConfiguration;
  readonly written: Written;
}

type Written = ReturnType<typeof writtenBy>;

export function nativeTexts({ ast, version }: { ast: NativeAst; version: string }, { path, parsed, written }: Read): NativeTexts {
  const { options, fileNames } = parsed;
  const directory = dirname(path);
  const trees = new Map<string, ts.SourceFile>();
  let own: ReadonlyMap<string, string> = new Map();
  let modules: Parser | undefined;
  /** Modules outside of the program are read through the synchronous interface, whose process starts with the first of them. */
  function outside(): Parser {
    modules ??= parserFor(directory);
    return modules;
  }
  const parser: Parser = {
    ts: compilerOf(ast, version),
    name: `TypeScript ${version}`,
    parse(fileName, text, read) {
      const tree = trees.get(fileName);
      return tree === undefined ? outside().parse(fileName, text, read) : read(tree);
    },
    // Trees of all of the program's modules that may re-export `instrument` are noted before the first file is planned.
    follows: (fileName) => trees.has(fileName) || !own.has(fileName),
    resolver() {
      let resolve: Resolve | undefined;
      return (specifier, from) => {
        // Relative imports of the program's files lead to its files, which are found without a compiler.
        if (specifier.startsWith('.') && own.has(from)) return undefined;
        resolve ??= outside().resolver?.(options);
        return resolve?.(specifier, from);
      };
    },
    readConfiguration: refuseConfiguration,
    transpile: refuseConfiguration,
  };
  const texts = textsIn(parser, directory, path, { options, files: fileNames, ...written }, { ownLines: true });
  return {
    ...texts,
    open(files) {
      own = files;
    },
    note: (file, tree) => void (tree !== undefined && trees.set(file, tree)),
  };
}

/** The entries of `plugins`, and the configurations that this one extends, which are read as they turn out to be needed. */
export async function writtenIn(api: Api, configPath: string): Promise<Written> {
  const known = new Map<string, object | undefined>();
  for (;;) {
    const missing: string[] = [];
    const written = writtenBy((path) => {
      if (!known.has(path)) missing.push(path);
      return known.get(path);
    }, configPath);
    if (missing.length === 0) return written;
    for (const path of missing) known.set(path, (await api.readConfigFile(path)).config);
  }
}

/** The plan of every file that has one: texts to compile in place of the authored ones. */
export async function transformed(program: Program, texts: NativeTexts, options: ts.CompilerOptions) {
  const changed = new Map<string, Source>();
  const reports: Report[] = [];
  let sites = 0;

  async function portion(files: readonly (readonly [string, string])[]): Promise<void> {
    const trees = await Promise.all(
      files.map(([path, text]) => Promise.all([program.getSourceFile(path), lowered(program, path, text, options)])),
    );
    files.forEach(([path, text], index) => {
      const [tree, commonjs] = trees[index] as (typeof trees)[number];
      texts.note(path, tree);
      const found = texts.transform(path, text, commonjs);
      note(texts, path, found?.plan.sites ?? []);
      if (found === undefined) return;
      reports.push(...found.reports);
      sites += found.plan.sites.length;
      if (found.printed !== undefined) changed.set(path, { printed: found.printed, authored: text });
    });
  }

  const own = textsOfOwn(await program.getSourceFileNames());
  texts.open(own);
  await noteModules(program, texts, own);
  const files = [...own].filter(([path, text]) => {
    if (texts.concerns(path, text)) return true;
    if (texts.manifest !== undefined) note(texts, path, []);
    return false;
  });
  const portions: Promise<void>[] = [];
  for (let from = 0; from < files.length; from += PORTION) {
    portions.push(portion(files.slice(from, from + PORTION)));
    // The requests of one turn are one round trip.
    await new Promise((next) => setImmediate(next));
  }
  await Promise.all(portions);
  return { changed, reports, sites };
}

/** The program's own files. */
function textsOfOwn(names: readonly string[]): Map<string, string> {
  const own = names.filter((path) => !/\.d\.[cm]?ts$|\.json$|[\\/]node_modules[\\/]/.test(path) && !path.startsWith('bundled:'));
  return new Map(own.map((path) => [path, readSourceText(path)]));
}

/** If any module re-exports `instrument`, loads the syntax trees of all re-exporting modules so that chains resolve. */
async function noteModules(program: Program, texts: NativeTexts, own: ReadonlyMap<string, string>): Promise<void> {
  const handing = [...own].filter(([, text]) => mayReexport(text));
  if (!handing.some(([, text]) => text.includes(PACKAGE))) return;
  const trees = await Promise.all(handing.map(([path]) => program.getSourceFile(path)));
  handing.forEach(([path], index) => {
    texts.note(path, trees[index]);
  });
}

function note({ manifest, project }: Texts, path: string, sites: readonly Site[]): void {
  if (manifest !== undefined) noteSites({ path: manifest, locate: project.locate }, project.withoutQuery(path), sites);
}

/**
 * True if the compiler writes CommonJS for a file. Only evaluated where it matters: with a default export, or with neither imports nor
 * exports.
 */
async function lowered(program: Program, path: string, text: string, { module }: ts.CompilerOptions) {
  if (!/\bexport\s+default\b/.test(text) && /^\s*(?:import|export)\b/m.test(text)) return undefined;
  if (module === COMMONJS) return true;
  if (module === undefined || module < NODE16) return false;
  return (await program.getSourceFileMetadata(path))?.impliedNodeFormat === COMMONJS;
}

const COMMONJS = 1;
const NODE16 = 100;

function refuseConfiguration(): never {
  throw new Error('the native build reads its own configuration');
}
