// The native compiler, TypeScript 7.1 and later, which takes no transformer: diagnostics and declarations come from the program as
// authored, JavaScript from the same program over a layer that holds the instrumented texts. Driven by `spanwright build`.

import { readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import type ts from 'typescript';
import type { Site } from '../core/site.js';
import type { Source } from '../print/chain.js';
import { noteSites } from './manifest.js';
import { type Diagnostic, NativeUnavailableError, nativeApi, type Program, type Snapshot } from './native-api.js';
import { compilerOf } from './native-compiler.js';
import { writeEmitted } from './native-emit.js';
import { nativePlugins, type Parser } from './parse.js';
import { type Report, reportsOfSettings, type Texts, textsIn } from './texts.js';

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

/** @throws NativeUnavailableError where the TypeScript of the project cannot do it. */
export function nativeBuilder(configPath: string): NativeBuilder {
  const { sync, fs, ast, version } = nativeApi(configPath);
  const directory = dirname(configPath);
  const api = new sync.API({ cwd: process.cwd() });

  function build({ noEmit, pretty }: { noEmit: boolean; pretty: boolean }): Built {
    const { raw, options, fileNames } = api.parseConfigFile(configPath);
    const authored = api.createSnapshot({ openProjects: [configPath], fileNotifications: { invalidateAll: true } });
    const program = authored.getConfiguredProject(configPath)?.program;
    if (program === undefined) throw new NativeUnavailableError(`TypeScript found no project at ${configPath}.`);
    const parsed = new Map<string, ts.SourceFile | undefined>();
    const parser: Parser = {
      ts: compilerOf(ast, version),
      name: `TypeScript ${version}`,
      parse(fileName, _text, read) {
        const file = parsed.get(fileName);
        if (file === undefined) throw new Error(`the compiler has no ${fileName}`);
        return read(file);
      },
      readConfiguration: refuse,
      transpile: refuse,
    };
    const plugins = nativePlugins((path) => api.readConfigFile(path).config, configPath);
    const texts = textsIn(parser, directory, configPath, { options, plugins, files: fileNames });
    const writes = !(noEmit || options.noEmit);
    const found = diagnosticsOf(program, options, !writes || options.noEmitOnError === true);
    const candidates = concerned(program, texts);
    const files = api.batch(...[...candidates.keys()].map((path) => program.getSourceFile.gen(path)));
    [...candidates.keys()].forEach((path, index) => {
      parsed.set(path, files[index] as ts.SourceFile | undefined);
    });
    const { changed, reports, sites } = transformed(program, texts, options, candidates);
    const own = [...reportsOfSettings(texts.faults), ...reports].map((report) => diagnosticOf(report, texts));
    const before = [...found, ...own];
    const emits = writes && !(options.noEmitOnError && before.some(({ category }) => category === 1));
    const emitted = emits ? emit({ program, authored, raw: raw ?? {}, changed, declares: declares(options) }) : [];
    authored.dispose();
    const diagnostics = sorted([...before, ...emitted]);
    const errors = diagnostics.filter(({ category }) => category === 1).length;
    const format = pretty ? sync.formatDiagnosticsWithColorAndContext : sync.formatDiagnostics;
    const exit = errors === 0 ? 0 : emits || !writes ? 2 : 1;
    return { exit, errors, sites, output: format(diagnostics, api) };
  }

  /** Writes what is to be written, and answers what the compiler says of it. */
  function emit({ program, authored, raw, changed, declares }: Emission): readonly Diagnostic[] {
    if (changed.size === 0) return program.emit().diagnostics;
    const { diagnostics } = declares ? program.emit(sync.EmitOnly.OnlyDts) : { diagnostics: [] };
    // What the forwarders' types are is nobody's concern: the layer is emitted as it is, whatever the checker would say of it.
    const unchecked = { noCheck: true, noEmitOnError: false, incremental: false, composite: false };
    const base = (raw as { compilerOptions?: object }).compilerOptions;
    const config = JSON.stringify({ ...raw, compilerOptions: { ...base, ...unchecked } });
    const files = [...changed].map(([path, { printed }]) => [path, printed.code] as const);
    const layer = fs.createFileSystemLayer([...files, [configPath, config]]);
    const instrumented = authored.update({ openProjects: [configPath], fileSystem: layer });
    const emitted = instrumented.getConfiguredProject(configPath)?.program.emitToString(sync.EmitOnly.OnlyJs);
    instrumented.dispose();
    if (emitted === undefined || emitted.emitSkipped) throw new Error('the compiler emitted nothing of the instrumented texts');
    writeEmitted(emitted.outputFiles, changed);
    return diagnostics;
  }

  return { build, close: () => api.close() };
}

interface Emission {
  readonly program: Program;
  readonly authored: Snapshot;
  /** The configuration as written. */
  readonly raw: object;
  readonly changed: ReadonlyMap<string, Source>;
  readonly declares: boolean;
}

function declares({ declaration, composite }: ts.CompilerOptions): boolean {
  return declaration === true || composite === true;
}

/** The texts of the program's own files that may hold something to instrument. */
function concerned(program: Program, texts: Texts): Map<string, string> {
  const found = new Map<string, string>();
  for (const path of program.getSourceFileNames()) {
    if (/\.d\.[cm]?ts$|\.json$|[\\/]node_modules[\\/]/.test(path) || path.startsWith('bundled:')) continue;
    const text = readFileSync(path, 'utf8').replace(/^\uFEFF/, '');
    if (texts.concerns(path, text)) found.set(path, text);
    else if (texts.manifest !== undefined) note(texts, path, []);
  }
  return found;
}

function note({ manifest, project }: Texts, path: string, sites: readonly Site[]): void {
  if (manifest !== undefined) noteSites({ path: manifest, locate: project.locate }, project.pathOf(path), sites);
}

/** The plan of every file that has one: texts to compile in place of the authored ones. */
function transformed(program: Program, texts: Texts, options: ts.CompilerOptions, authored: ReadonlyMap<string, string>) {
  const changed = new Map<string, Source>();
  const reports: Report[] = [];
  let sites = 0;
  for (const [path, text] of authored) {
    const found = texts.transform(path, text, lowered(program, path, text, options));
    note(texts, path, found?.plan.sites ?? []);
    if (found === undefined) continue;
    reports.push(...found.reports);
    sites += found.plan.sites.length;
    if (found.printed !== undefined) changed.set(path, { printed: found.printed, authored: text });
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
function diagnosticsOf(program: Program, options: ts.CompilerOptions, declarations: boolean): Diagnostic[] {
  const config = program.getConfigFileParsingDiagnostics();
  const first = [...config, ...program.getProgramDiagnostics(), ...program.getSyntacticDiagnostics()];
  if (first.length > config.length) return first;
  first.push(...program.getGlobalDiagnostics());
  if (first.length > config.length) return first;
  first.push(...program.getSemanticDiagnostics());
  // Emitting declarations asks for these anyway.
  if (first.length > config.length || !declarations || !declares(options)) return first;
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

function refuse(): never {
  throw new Error('the native build reads its own configuration');
}
