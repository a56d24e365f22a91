// The native compiler, TypeScript 7.1 and later, which takes no transformer: diagnostics and declarations come from the program as
// authored, JavaScript from the same program over a layer that holds the instrumented texts. Driven by `spanwright build`.

import { readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import type ts from 'typescript';
import { chained } from '../print/chain.js';
import type { Printed } from '../print/text-edits.js';
import { noteSites } from './manifest.js';
import { compilerOf, type NativeAst } from './native-compiler.js';
import { nativePlugins, type Parser } from './parse.js';
import { type Report, reportsOfSettings, type Texts, textsIn } from './texts.js';

/** What is used of `typescript/sync`; the positions are of UTF-16, as in strings. */
interface Sync {
  readonly API: new (options: { cwd: string }) => Api;
  readonly EmitOnly: { readonly All: number; readonly OnlyJs: number; readonly OnlyDts: number };
  formatDiagnostics(diagnostics: readonly Diagnostic[], host: Api): string;
  formatDiagnosticsWithColorAndContext(diagnostics: readonly Diagnostic[], host: Api): string;
}

interface Api {
  parseConfigFile(path: string): {
    options: ts.CompilerOptions;
    fileNames: string[];
    raw?: object;
    errors: readonly Diagnostic[];
  };
  readConfigFile(path: string): { config?: object };
  createSnapshot(changes: object): Snapshot;
  close(): void;
}

interface Snapshot {
  getConfiguredProject(path: string): { readonly program: Program } | undefined;
  update(changes: object): Snapshot;
  dispose(): void;
}

interface Program {
  getSourceFile(path: string): ts.SourceFile | undefined;
  getSourceFileNames(): readonly string[];
  getSourceFileMetadata(path: string): { readonly impliedNodeFormat: number } | undefined;
  getConfigFileParsingDiagnostics(): readonly Diagnostic[];
  getProgramDiagnostics(): readonly Diagnostic[];
  getSyntacticDiagnostics(): readonly Diagnostic[];
  getGlobalDiagnostics(): readonly Diagnostic[];
  getSemanticDiagnostics(): readonly Diagnostic[];
  getDeclarationDiagnostics(): readonly Diagnostic[];
  emit(only?: number): { emitSkipped: boolean; diagnostics: readonly Diagnostic[]; emittedFiles: readonly string[] };
}

/** A diagnostic as the native compiler has it. */
interface Diagnostic {
  readonly fileName?: string;
  readonly startPosition?: { readonly line: number; readonly character: number };
  readonly code: number;
  /** 0 is a warning, 1 an error. */
  readonly category: number;
  readonly text: string;
}

export interface Built {
  /** As `tsc` exits: 0 without errors, 1 with errors and nothing written, 2 with errors. */
  readonly exit: number;
  readonly errors: number;
  /** The diagnostics as text, ending in a new line unless empty. */
  readonly output: string;
  readonly sites: number;
}

export interface NativeBuilder {
  build(options: { noEmit: boolean; pretty: boolean }): Built;
  close(): void;
}

/** Why there is no native builder, and what to install. */
export class NativeUnavailableError extends Error {
  override readonly name = 'NativeUnavailableError';
}

/** @throws NativeUnavailableError where the TypeScript of the project cannot do it. */
export function nativeBuilder(configPath: string): NativeBuilder {
  const { sync, fs, ast, version } = load(configPath);
  const directory = dirname(configPath);
  const api = new sync.API({ cwd: process.cwd() });

  function build({ noEmit, pretty }: { noEmit: boolean; pretty: boolean }): Built {
    const { raw, options, fileNames } = api.parseConfigFile(configPath);
    const authored = api.createSnapshot({ openProjects: [configPath], fileNotifications: { invalidateAll: true } });
    const program = authored.getConfiguredProject(configPath)?.program;
    if (program === undefined) throw new NativeUnavailableError(`TypeScript found no project at ${configPath}.`);
    const parser: Parser = {
      ts: compilerOf(ast, version),
      name: `TypeScript ${version}`,
      parse(fileName, _text, read) {
        const file = program.getSourceFile(fileName);
        if (file === undefined) throw new Error(`the compiler has no ${fileName}`);
        return read(file);
      },
      readConfiguration: refuse,
      transpile: refuse,
    };
    const plugins = nativePlugins((path) => api.readConfigFile(path).config, configPath);
    const texts = textsIn(parser, directory, configPath, { options, plugins, files: fileNames });
    const found = diagnosticsOf(program, options);
    const { changed, reports, sites } = transformed(program, texts, options);
    const own = [...reportsOfSettings(texts.faults), ...reports].map((report) => diagnosticOf(report, texts));
    const before = [...found, ...own];
    const emits = !(noEmit || options.noEmit) && !(options.noEmitOnError && before.some(({ category }) => category === 1));
    const emitted = emits ? emit(program, authored, raw ?? {}, changed) : [];
    authored.dispose();
    const diagnostics = sorted([...before, ...emitted]);
    const errors = diagnostics.filter(({ category }) => category === 1).length;
    const format = pretty ? sync.formatDiagnosticsWithColorAndContext : sync.formatDiagnostics;
    const exit = errors === 0 ? 0 : emits || noEmit || options.noEmit ? 2 : 1;
    return { exit, errors, sites, output: format(diagnostics, api) };
  }

  /** Writes what is to be written, and answers what the compiler says of it. */
  function emit(program: Program, authored: Snapshot, raw: object, changed: ReadonlyMap<string, Printed>): readonly Diagnostic[] {
    if (changed.size === 0) return program.emit().diagnostics;
    const { diagnostics } = program.emit(sync.EmitOnly.OnlyDts);
    // What the forwarders' types are is nobody's concern: the layer is emitted as it is, whatever the checker would say of it.
    const unchecked = { noCheck: true, noEmitOnError: false, incremental: false, composite: false };
    const base = (raw as { compilerOptions?: object }).compilerOptions;
    const config = JSON.stringify({ ...raw, compilerOptions: { ...base, ...unchecked } });
    const files = [...changed].map(([path, { code }]) => [path, code] as const);
    const layer = fs.createFileSystemLayer([...files, [configPath, config]]);
    const instrumented = authored.update({ openProjects: [configPath], fileSystem: layer });
    const written = instrumented.getConfiguredProject(configPath)?.program.emit(sync.EmitOnly.OnlyJs);
    instrumented.dispose();
    if (written === undefined || written.emitSkipped) throw new Error('the compiler emitted nothing of the instrumented texts');
    for (const path of written.emittedFiles) joinMaps(path, changed);
    return diagnostics;
  }

  return { build, close: () => api.close() };
}

/** The plan of every file that has one: texts to compile in place of the authored ones. */
function transformed(program: Program, texts: Texts, options: ts.CompilerOptions) {
  const changed = new Map<string, Printed>();
  const reports: Report[] = [];
  let sites = 0;
  for (const path of program.getSourceFileNames()) {
    if (/\.d\.[cm]?ts$|\.json$|[\\/]node_modules[\\/]/.test(path) || path.startsWith('bundled:')) continue;
    const text = readFileSync(path, 'utf8').replace(/^\uFEFF/, '');
    const found = texts.transform(path, text, lowered(program, path, text, options));
    const place = texts.project.pathOf(path);
    if (texts.manifest !== undefined)
      noteSites({ path: texts.manifest, locate: texts.project.locate }, place, found?.plan.sites ?? []);
    if (found === undefined) continue;
    reports.push(...found.reports);
    sites += found.plan.sites.length;
    if (found.printed !== undefined) changed.set(path, found.printed);
  }
  return { changed, reports, sites };
}

/** Whether the compiler writes CommonJS of a file; asked of those alone whose default export depends on it. */
function lowered(program: Program, path: string, text: string, { module }: ts.CompilerOptions): boolean {
  if (!/\bexport\s+default\s+(async\s+)?function\b/.test(text)) return false;
  if (module === COMMONJS) return true;
  return module !== undefined && module >= NODE16 && program.getSourceFileMetadata(path)?.impliedNodeFormat === COMMONJS;
}

const COMMONJS = 1;
const NODE16 = 100;

/** In the order, and as far as, `tsc` asks for them: an error of syntax hides those of types. */
function diagnosticsOf(program: Program, options: ts.CompilerOptions): Diagnostic[] {
  const config = program.getConfigFileParsingDiagnostics();
  const first = [...config, ...program.getProgramDiagnostics(), ...program.getSyntacticDiagnostics()];
  if (first.length > config.length) return first;
  first.push(...program.getGlobalDiagnostics());
  if (first.length > config.length) return first;
  first.push(...program.getSemanticDiagnostics());
  if (first.length > config.length || !(options.declaration || options.composite)) return first;
  return [...first, ...program.getDeclarationDiagnostics()];
}

function diagnosticOf({ severity, code, message, at }: Report, { project }: Texts): Diagnostic {
  const base = { code, category: severity === 'error' ? 1 : 0, text: message };
  if (at === undefined) return base;
  return { ...base, fileName: project.locate(at.file), startPosition: { line: at.line - 1, character: at.column - 1 } };
}

/** By file and place, each once; those without a file first, as `tsc` prints them. */
function sorted(diagnostics: readonly Diagnostic[]): Diagnostic[] {
  const key = ({ fileName = '', code, text, startPosition }: Diagnostic) =>
    JSON.stringify([fileName, startPosition?.line, startPosition?.character, code, text]);
  const unique = [...new Map(diagnostics.map((one) => [key(one), one])).values()];
  return unique.sort((a, b) => {
    const [first = '', second = ''] = [a.fileName, b.fileName];
    if (first !== second) return first < second ? -1 : 1;
    const [from, to] = [a.startPosition, b.startPosition];
    return (from?.line ?? 0) - (to?.line ?? 0) || (from?.character ?? 0) - (to?.character ?? 0);
  });
}

const INLINE = /^(\/\/# sourceMappingURL=data:application\/json;base64,)([A-Za-z0-9+/=]+)\s*$/m;

/** Leads the map of an emitted file through the printer's to the authored text. */
function joinMaps(path: string, changed: ReadonlyMap<string, Printed>): void {
  const join = (map: string): string => {
    const root = (JSON.parse(map) as { sourceRoot?: string }).sourceRoot;
    // With a root of the user's own the names are relative to the sources' root, and only their ends can be compared.
    const base = dirname(path);
    return chained(map, (source) => changed.get(resolved(base, source, root, changed))?.map);
  };
  if (path.endsWith('.map')) writeFileSync(path, join(readFileSync(path, 'utf8')));
  else if (/\.[cm]?jsx?$/.test(path)) {
    const text = readFileSync(path, 'utf8');
    const inline = INLINE.exec(text);
    if (inline === null) return;
    const map = join(Buffer.from(inline[2] as string, 'base64').toString('utf8'));
    writeFileSync(
      path,
      text.replace(INLINE, (_all, head) => head + Buffer.from(map).toString('base64')),
    );
  }
}

function resolved(base: string, source: string, root: string | undefined, changed: ReadonlyMap<string, Printed>): string {
  const path = join(base, source).replace(/\\/g, '/');
  if (root === undefined || changed.has(path)) return path;
  return [...changed.keys()].find((one) => one.endsWith(`/${source}`)) ?? path;
}

function load(configPath: string) {
  const project = createRequire(configPath);
  let version: string;
  try {
    version = (project('typescript') as { version: string }).version;
  } catch {
    throw new NativeUnavailableError(`There is no TypeScript at ${dirname(configPath)}. ${INSTALL}`);
  }
  try {
    const sync = project('typescript/sync') as Sync;
    const fs = project('typescript/fs') as { createFileSystemLayer(files: readonly (readonly [string, string])[]): object };
    return { sync, fs, ast: project('typescript/ast') as NativeAst, version };
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code !== 'ERR_PACKAGE_PATH_NOT_EXPORTED' && code !== 'MODULE_NOT_FOUND') throw error;
    const major = Number.parseInt(version, 10);
    const why =
      major < 7
        ? `TypeScript ${version} takes the transformer through ts-patch: build with \`tspc\`, or install`
        : `TypeScript ${version} lacks the programming interface that this needs; install`;
    throw new NativeUnavailableError(`${why} TypeScript 7.1 or later: npm install -D typescript@^7.1.0-0`);
  }
}

const INSTALL = 'Install TypeScript 7.1 or later: npm install -D typescript@^7.1.0-0';

function refuse(): never {
  throw new Error('the native build reads its own configuration');
}
