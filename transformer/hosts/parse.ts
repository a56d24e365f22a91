// Parser of the hosts that are not compilers: bundlers, `spanwright/register`, `spanwright explain`. Only this file chooses it:
// the user's own TypeScript, of any line, else `@typescript/typescript6`, which is TypeScript 6 under another name.

import { createRequire } from 'node:module';
import { dirname, extname, join, resolve } from 'node:path';
import type ts from 'typescript';
import type { Compiler } from '../core/compiler.js';
import { compilerOf, type NativeAst } from './native-compiler.js';
import { isFile } from './source-files.js';

export interface Configuration {
  readonly options: ts.CompilerOptions;
  /** The entries of `plugins`, also those of a configuration that this one extends. */
  readonly plugins: readonly Readonly<Record<string, unknown>>[];
  readonly files: readonly string[];
  /** Paths of the configurations that it extends, however deep. */
  readonly extended?: readonly string[];
  /** Absolute paths of the configurations that it references. */
  readonly references?: readonly string[];
  /** Why part of it could not be read, one line each; the rest of it holds. */
  readonly faults?: readonly string[];
}

/** The file that a module's specifier stands for, seen from another file. */
export type Resolve = (specifier: string, from: string) => string | undefined;

export interface Parser {
  readonly ts: Compiler;
  /** For people: `TypeScript 5.9.3`. */
  readonly name: string;
  /** Parses a file, and lets go of it when `read` is done with it. */
  parse<Result>(fileName: string, text: string, read: (file: ts.SourceFile) => Result): Result;
  readConfiguration(path: string): Configuration;
  /** How imports are resolved under these options; left out where one file is all that there is. */
  resolver?(options: ts.CompilerOptions): Resolve;
  /** True if a module may re-export `instrument`. Default: any may. */
  follows?(path: string): boolean;
  /** One file to JavaScript, without looking at any other. */
  transpile(fileName: string, text: string, options: ts.CompilerOptions): { code: string; map: string | undefined };
}

/** Message for a text that cannot be parsed. */
export class NoParserError extends Error {
  override readonly name = 'NoParserError';
}

interface Found {
  readonly parser?: Parser;
  /** The TypeScript that was found and could not be used. */
  readonly instead?: string;
}

/** The parser for a project. @throws NoParserError with the package to install. */
export function parserFor(directory: string): Parser {
  const seen: string[] = [];
  for (const from of [directory, __dirname])
    for (const name of ['typescript', '@typescript/typescript6']) {
      const { parser, instead } = parserOf(createRequire(`${from}/any.js`), name);
      if (parser !== undefined) return parser;
      if (instead !== undefined) seen.push(instead);
    }
  const found = seen[0] === undefined ? 'no TypeScript' : `${seen[0]}, which has no parser for programs yet`;
  throw new NoParserError(
    `Spanwright found ${found} at ${directory}. To compile sources outside of tspc it parses them with TypeScript 5, 6 or ` +
      `7.1: install one of these, or beside another TypeScript the package '@typescript/typescript6'.`,
  );
}

function parserOf(load: NodeJS.Require, name: string): Found {
  let typescript: Partial<typeof ts>;
  try {
    typescript = load(name);
  } catch {
    // Not installed here: try the next one.
    return {};
  }
  const title = `TypeScript ${typescript.version}`;
  if (typescript.createSourceFile !== undefined) return { parser: classicParser(typescript as typeof ts, title) };
  try {
    return { parser: nativeParser(load(`${name}/sync`), load(`${name}/ast`), title, typescript.version ?? '7') };
  } catch {
    // TypeScript 7.0 exports neither.
    return { instead: title };
  }
}

function classicParser(compiler: typeof ts, name: string): Parser {
  const host: ts.ParseConfigFileHost = {
    ...compiler.sys,
    onUnRecoverableConfigFileDiagnostic: (fault) => {
      throw new Error(compiler.flattenDiagnosticMessageText(fault.messageText, '\n'));
    },
  };
  return {
    ts: compiler,
    name,
    parse: (fileName, text, read) =>
      read(compiler.createSourceFile(fileName, text, { languageVersion: compiler.ScriptTarget.ESNext }, true)),
    readConfiguration(path) {
      const parsed = compiler.getParsedCommandLineOfConfigFile(path, {}, host);
      const plugins = (parsed?.options.plugins ?? []) as unknown as readonly Record<string, unknown>[];
      return {
        options: parsed?.options ?? {},
        plugins,
        files: parsed?.fileNames ?? [],
        extended: writtenBy((file) => compiler.readConfigFile(file, compiler.sys.readFile).config, path).extended,
        references: referencedBy(path, parsed ?? {}),
        faults: unreadIn(path, compiler.readConfigFile(path, compiler.sys.readFile).error, parsed?.errors),
      };
    },
    resolver(given) {
      const options = { ...given, moduleResolution: BUNDLER as ts.ModuleResolutionKind };
      return (specifier, from) =>
        compiler.resolveModuleName(specifier, from, options, compiler.sys).resolvedModule?.resolvedFileName;
    },
    transpile(fileName, text, compilerOptions) {
      const { outputText, sourceMapText } = compiler.transpileModule(text, { fileName, compilerOptions });
      return { code: outputText, map: sourceMapText };
    },
  };
}

interface Referencing {
  readonly projectReferences?: readonly { readonly path: string }[] | undefined;
}

/** The configurations that one references: a file, or the tsconfig.json of a folder. */
function referencedBy(path: string, { projectReferences = [] }: Referencing): string[] {
  return projectReferences.map((reference) => {
    const target = resolve(dirname(path), reference.path);
    return extname(target) === '.json' ? target : join(target, 'tsconfig.json');
  });
}

/** A diagnostic of TypeScript 5 and 6, or of the native compiler. */
interface ConfigurationFault {
  readonly code: number;
  readonly text?: string;
  readonly messageText?: string | ts.DiagnosticMessageChain;
}

/** A file that cannot be read, one that is missing, and a circle of `extends`. Other faults are left to the compiler of the project. */
const UNREAD = new Set([5083, 6053, 18000]);

function unreadIn(path: string, syntax: ConfigurationFault | undefined, others: readonly ConfigurationFault[] = []): string[] {
  const found = [...(syntax === undefined ? [] : [syntax]), ...others.filter(({ code }) => UNREAD.has(code))];
  return found.map(({ code, text, messageText }) => {
    const message = text ?? (typeof messageText === 'object' ? messageText.messageText : messageText);
    return `spanwright: part of ${path} could not be read, and its options are not those that you wrote: TS${code}: ${message}`;
  });
}

/** The used parts of `typescript/sync`. */
interface NativeModule {
  readonly API: new (options: { cwd: string }) => NativeApi;
}

interface NativeApi {
  createSourceFile(fileName: string, text: string): { readonly sourceFile: ts.SourceFile; dispose(): void };
  parseConfigFile(
    path: string,
  ): { options: ts.CompilerOptions; fileNames: string[]; errors?: readonly ConfigurationFault[] } & Referencing;
  readConfigFile(path: string): { config?: RawConfiguration; error?: ConfigurationFault };
  transpileModule(text: string, options: object): { outputText: string; sourceMapText?: string };
  createModuleResolver(options: object): {
    resolveModuleName(specifier: string, directory: string): { resolvedModule?: { resolvedFileName: string } };
  };
  close(): void;
}

/** `ModuleResolutionKind.Bundler`: what all of the others resolve, too. */
const BUNDLER = 100;

interface RawConfiguration {
  readonly extends?: string | readonly string[];
  readonly compilerOptions?: { readonly plugins?: unknown };
}

type ReadRaw = (path: string) => RawConfiguration | undefined;

function nativeParser({ API }: NativeModule, ast: NativeAst, name: string, version: string): Parser {
  let running: NativeApi | undefined;
  /** The compiler is a process of its own, started when first needed, and ended with this one. */
  function api(): NativeApi {
    if (running !== undefined) return running;
    const started = new API({ cwd: process.cwd() });
    process.once('exit', () => started.close());
    running = started;
    return started;
  }

  return {
    ts: compilerOf(ast, version),
    name,
    parse(fileName, text, read) {
      const lease = api().createSourceFile(fileName, text);
      try {
        return read(lease.sourceFile);
      } finally {
        lease.dispose();
      }
    },
    readConfiguration(path) {
      const parsed = api().parseConfigFile(path);
      const read = (file: string): RawConfiguration | undefined => api().readConfigFile(file).config;
      const faults = unreadIn(path, api().readConfigFile(path).error, parsed.errors);
      const references = referencedBy(path, parsed);
      return { options: parsed.options, files: parsed.fileNames, references, faults, ...writtenBy(read, path) };
    },
    resolver(options) {
      const resolver = api().createModuleResolver({ ...options, moduleResolution: BUNDLER });
      return (specifier, from) => resolver.resolveModuleName(specifier, dirname(from)).resolvedModule?.resolvedFileName;
    },
    transpile(fileName, text, compilerOptions) {
      const { outputText, sourceMapText } = api().transpileModule(text, { fileName, compilerOptions });
      return { code: outputText, map: sourceMapText };
    },
  };
}

/** Properties that are read from the text of configurations, because the native compiler keeps of `plugins` only their number. */
export function writtenBy(read: ReadRaw, path: string): Required<Pick<Configuration, 'plugins' | 'extended'>> {
  const found = configurationsOf(read, path);
  // `null` and an empty array set the option, too
  const plugins = [...found.values()].find((one) => one !== undefined);
  return { plugins: Array.isArray(plugins) ? plugins : [], extended: [...found.keys()].slice(1) };
}

/** The option `plugins` of a configuration and of those that it extends, by path, in the order of precedence. */
function configurationsOf(read: ReadRaw, path: string, found = new Map<string, unknown>()): ReadonlyMap<string, unknown> {
  if (found.has(path)) return found;
  const raw = read(path);
  found.set(path, raw?.compilerOptions?.plugins);
  for (const base of [raw?.extends ?? []].flat().reverse()) {
    const target = extended(base, path);
    if (target !== undefined) configurationsOf(read, target, found);
  }
  return found;
}

/** The file that `extends` names: a path, or a module whose configuration is the one of `tsconfig` in its package.json, or its `tsconfig.json`. */
function extended(name: string, from: string): string | undefined {
  if (/^(\.|\/|[a-z]:)/i.test(name)) {
    const path = resolve(dirname(from), name);
    return [path, `${path}.json`].find(isFile);
  }
  const load = createRequire(from);
  for (const candidate of [() => name, () => named(load, name), () => `${name}.json`, () => `${name}/tsconfig.json`]) {
    try {
      const path = load.resolve(candidate());
      // the entry point of a package is no configuration
      if (path.endsWith('.json')) return path;
    } catch {
      // The next spelling.
    }
  }
  return undefined;
}

/** The configuration that a package.json names. @throws if there is none */
function named(load: NodeJS.Require, name: string): string {
  const manifest = load.resolve(`${name}/package.json`);
  return join(dirname(manifest), load(manifest).tsconfig);
}
