// Compiles small projects for the tests of the transformer, in a directory of their own below the system's temporary one,
// with the patched compiler of ts-patch and this package as built. Nothing is faked: what is compiled is run by node.

import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import type ts from 'typescript';
import { digestOf, keep, keptFor } from '../kept.js';
import { patchedCompiler } from './patched-compiler.js';

export const ROOT = join(__dirname, '..', '..');
const load = createRequire(__filename);

export interface ProjectSource {
  /** Text by path below the project: `src/main.ts`. */
  readonly files: Readonly<Record<string, string>>;
  readonly compilerOptions?: Readonly<Record<string, unknown>>;
  /** Options of the plugin; null compiles without it. */
  readonly plugin?: Readonly<Record<string, unknown>> | null;
  /** Name and module type of the package. */
  readonly package?: Readonly<Record<string, unknown>>;
  /** Directory to write the project below, for tools that look for packages beside it; the system's temporary one otherwise. */
  readonly below?: string;
  /** Adds to the project before it is compiled. */
  prepare?(directory: string): void;
}

export interface Compiled {
  readonly directory: string;
  /** One line for each diagnostic, as tspc prints them. */
  readonly diagnostics: readonly string[];
  /** Diagnostics of the transformer alone. */
  readonly misuse: readonly string[];
  /** Text of an emitted file. */
  output(path: string): string;
  /** Emitted files below `out`. */
  outputs(): string[];
}

const DEFAULTS = {
  target: 'ES2022',
  // Libraries without the DOM, which is half of what a small compilation reads.
  lib: ['ES2022', 'ESNext.Decorators'],
  module: 'CommonJS',
  moduleResolution: 'node10',
  strict: true,
  esModuleInterop: true,
  skipLibCheck: true,
  declaration: true,
  sourceMap: true,
  rootDir: 'src',
  outDir: 'out',
  types: ['node'],
};

const directories: string[] = [];
process.on('exit', () => {
  for (const directory of directories) rmSync(directory, { recursive: true, force: true });
});

/** Writes a project to disk and answers where. */
export function writeProject({ files, compilerOptions, plugin, package: manifest, below }: ProjectSource): string {
  const directory = mkdtempSync(join(below ?? tmpdir(), 'spanwright-transformer-'));
  directories.push(directory);
  const plugins = plugin === null ? [] : [{ transform: 'spanwright/transformer', ...plugin }];
  const config = { compilerOptions: { ...DEFAULTS, ...compilerOptions, plugins }, include: ['src'] };
  write(directory, 'tsconfig.json', JSON.stringify(config, null, 2));
  write(directory, 'package.json', JSON.stringify({ name: '@acme/billing', dependencies: { spanwright: '*' }, ...manifest }));
  mkdirSync(join(directory, 'node_modules'));
  symlinkSync(ROOT, join(directory, 'node_modules', 'spanwright'), 'junction');
  for (const name of ['@types', '@opentelemetry', 'reflect-metadata', 'tslib'])
    if (existsSync(join(ROOT, 'node_modules', name)))
      symlinkSync(join(ROOT, 'node_modules', name), join(directory, 'node_modules', name), 'junction');
  for (const [path, text] of Object.entries(files)) write(directory, path, text);
  return directory;
}

export function write(directory: string, path: string, text: string): void {
  mkdirSync(dirname(join(directory, path)), { recursive: true });
  writeFileSync(join(directory, path), text);
}

/**
 * Compiles in this process, with the same patched compiler that `tspc` runs. What was compiled before over the same dist, packages and
 * project is written again instead.
 * @param again compiles also what has been kept
 */
export function compile(source: ProjectSource, again = false): Compiled {
  const directory = writeProject(source);
  source.prepare?.(directory);
  const { diagnostics, misuse } = compileFolder(directory, again);
  return {
    directory,
    diagnostics,
    misuse,
    output: (file) => readFileSync(join(directory, 'out', file), 'utf8'),
    outputs: () =>
      walk(join(directory, 'out'))
        .map((file) => relative(join(directory, 'out'), file))
        .sort(),
  };
}

interface Emitted {
  readonly diagnostics: readonly string[];
  readonly misuse: readonly string[];
  /** Text by path below the project. */
  readonly files: Readonly<Record<string, string>>;
  readonly manifest?: string | undefined;
}

const KEPT = 'emitted.json';
let installed: string | undefined;

/** `compile` for a project that has been written. */
export function compileFolder(directory: string, again = false): Pick<Compiled, 'diagnostics' | 'misuse'> {
  if (!existsSync(join(ROOT, 'dist', 'transformer', 'index.js'))) throw new Error('dist/ is missing: run `npm run build` first');
  installed ??= digestOf(ROOT, ['dist', 'package.json', 'node_modules/.package-lock.json']);
  const key = ['compile', process.version, installed, digestOf(directory, ['.'])].join('\0');
  const kept = again ? undefined : keptFor(key);
  if (kept !== undefined) {
    const emitted: Emitted = JSON.parse(readFileSync(join(kept, KEPT), 'utf8'));
    for (const [path, text] of Object.entries(emitted.files)) write(directory, path, text);
    return emitted;
  }
  const emitted = emit(directory);
  // The transformer writes its manifest in the next turn of the event loop, before this.
  setImmediate(() => {
    const { manifest, files } = emitted;
    const written = manifest === undefined ? {} : { [manifest]: readFileSync(join(directory, manifest), 'utf8') };
    const text = JSON.stringify({ ...emitted, files: { ...files, ...written } });
    // A text with the path of its own folder belongs to no other.
    if (!text.includes(directory)) void keep(key, (folder) => writeFileSync(join(folder, KEPT), text));
  });
  return emitted;
}

function emit(directory: string): Emitted {
  const patched = patchedCompiler(ROOT);
  const path = join(directory, 'tsconfig.json');
  const onUnRecoverableConfigFileDiagnostic = (fatal: ts.Diagnostic): never => {
    throw new Error(lineOf(patched, fatal, directory));
  };
  const parsed = patched.getParsedCommandLineOfConfigFile(path, {}, { ...patched.sys, onUnRecoverableConfigFileDiagnostic });
  if (parsed === undefined) throw new Error(`no configuration in ${path}`);
  const host = hostOf(patched, parsed.options);
  const files: Record<string, string> = {};
  const writeFile = host.writeFile.bind(host);
  host.writeFile = (file, text, ...rest) => {
    writeFile(file, text, ...rest);
    files[relative(directory, file)] = text;
  };
  const program = patched.createProgram(parsed.fileNames, parsed.options, host);
  const found = [...parsed.errors, ...patched.getPreEmitDiagnostics(program), ...program.emit().diagnostics];
  const lines = (all: readonly ts.Diagnostic[]): string[] => all.map((one) => lineOf(patched, one, directory));
  const misuse = lines(found.filter(({ source }) => source === 'spanwright'));
  const manifest = (parsed.options.plugins as { manifest?: string }[] | undefined)?.[0]?.manifest;
  return { diagnostics: lines(found), misuse, files, manifest };
}

/**
 * Declarations outside of the projects, parsed once for each kind of modules, because that takes most of the time of a small compilation.
 */
const declarations = new Map<string, ts.SourceFile | undefined>();

/**
 * A host whose programs share the declarations that other programs of this process have parsed. The target, which a declaration's syntax
 * does not depend on, is the newest for all of them.
 */
export function hostOf(compiler: typeof ts, options: ts.CompilerOptions): ts.CompilerHost {
  const host = compiler.createCompilerHost(options);
  const read = host.getSourceFile.bind(host);
  host.getSourceFile = (name, parsing, ...rest) => {
    if (!name.endsWith('.d.ts') || name.startsWith(tmpdir())) return read(name, parsing, ...rest);
    const languageVersion = compiler.ScriptTarget.Latest;
    const how = typeof parsing === 'object' ? { ...parsing, languageVersion } : languageVersion;
    const key = JSON.stringify([name, how, options.module, options.moduleResolution, options.isolatedModules]);
    if (!declarations.has(key)) declarations.set(key, read(name, how, ...rest));
    return declarations.get(key);
  };
  return host;
}

function lineOf(compiler: typeof ts, diagnostic: ts.Diagnostic, directory: string): string {
  const host = { getCurrentDirectory: () => directory, getCanonicalFileName: (name: string) => name, getNewLine: () => '\n' };
  return compiler.formatDiagnostic(diagnostic, host).trimEnd();
}

function walk(directory: string): string[] {
  if (!existsSync(directory)) return [];
  return readdirSync(directory, { withFileTypes: true }).flatMap((entry) =>
    entry.isDirectory() ? walk(join(directory, entry.name)) : [join(directory, entry.name)],
  );
}

export interface Ran {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs the `tspc` that is installed, as a person would. */
export function tspc(directory: string, ...args: string[]): Ran {
  return runCompiled(directory, [load.resolve('ts-patch/bin/tspc.js'), ...args]);
}

/** Runs a tool's own script, found in its folder of the cache. */
export function runTool(directory: string, script: string, ...args: string[]): Ran {
  return runCompiled(directory, [script, ...args]);
}

/** Runs an emitted program with source maps. */
export function execute(directory: string, file: string, ...args: string[]): Ran {
  return runCompiled(directory, ['--enable-source-maps', file, ...args]);
}

function runCompiled(directory: string, args: string[]): Ran {
  const { status, stdout, stderr } = spawnSync(process.execPath, args, {
    cwd: directory,
    encoding: 'utf8',
    timeout: 60_000,
    maxBuffer: 1 << 28,
  });
  return { status, stdout, stderr };
}
