// The project that is being compiled, for names: its directory, the root directory of its sources, the root of its
// namespaces and the form of its modules. Read from the program by hosts that have one.

import { isAbsolute, relative, resolve } from 'node:path';
import type ts from 'typescript';
import type { Compiler } from '../core/compiler.js';
import { type NamingRules, rootOfPackage, segmentsOfFile } from '../core/naming.js';
import type { Settings } from '../core/settings.js';
import type { Packages } from './packages.js';
import { forwardSlashes } from './paths.js';

export interface Project {
  readonly naming: NamingRules;
  /** Absolute path of the directory at which namespaces, and by default the output, start. */
  readonly rootDir: string;
  /** Path relative to the project's directory, with forward slashes: `code.file.path`, and what patterns match. */
  withoutQuery(fileName: string): string;
  /** Segments of a file's namespace below the root directory. */
  segmentsOf(fileName: string): string[];
  /** Absolute path of a file that an option names. */
  locate(path: string): string;
}

/** The properties of a program that names depend on; hosts without a program answer from its configuration. */
export interface ProgramFacts {
  getCompilerOptions(): ts.CompilerOptions;
  getCurrentDirectory(): string;
  /** The directory that TypeScript takes for the root when no option names one. Not in its typings. */
  getCommonSourceDirectory?(): string;
}

export function projectOf(program: ProgramFacts | undefined, settings: Settings, packages: Packages): Project {
  const options: ts.CompilerOptions = program?.getCompilerOptions() ?? {};
  const current = program?.getCurrentDirectory() || process.cwd();
  const { configFilePath } = options;
  const directory = typeof configFilePath === 'string' ? resolve(current, configFilePath, '..') : current;
  const chosen = settings.rootDir ?? options.rootDir;
  const rootDir =
    chosen !== undefined ? resolve(directory, chosen) : resolve(current, program?.getCommonSourceDirectory?.() || directory);
  const packageName = packages.nameFor(forwardSlashes(directory));
  const root = settings.namespace ?? (packageName === undefined ? '' : rootOfPackage(packageName, settings.separator));
  const absolute = (fileName: string) => (isAbsolute(fileName) ? fileName : resolve(current, fileName));
  return {
    naming: { root, separator: settings.separator, spanName: settings.spanName },
    rootDir,
    withoutQuery: (fileName) => below(directory, absolute(fileName)),
    segmentsOf: (fileName) => segmentsOfFile(below(rootDir, absolute(fileName)), settings.separator),
    locate: (path) => resolve(directory, path),
  };
}

/** True for a file that the compiler emits as a CommonJS module. */
export function isCommonJs(
  ts: Compiler,
  program: ts.Program | undefined,
  options: ts.CompilerOptions,
  file: ts.SourceFile,
): boolean {
  const known = (program as { getEmitModuleFormatOfFile?(file: ts.SourceFile): ts.ModuleKind } | undefined)
    ?.getEmitModuleFormatOfFile;
  // Not in the typings of TypeScript 5; without it, only the option that leaves no doubt counts.
  const format = known === undefined ? options.module : known(file);
  return format === ts.ModuleKind.CommonJS;
}

/** Assigning to a member names no function; defining a field does. Standard decorators define fields at any target. */
export function definesFields(ts: Compiler, options: ts.CompilerOptions): boolean {
  if (!options.experimentalDecorators) return options.useDefineForClassFields !== false;
  return !lowersBlocks(ts, options) && options.useDefineForClassFields !== false;
}

/** True if static blocks are compiled away. */
export function lowersBlocks(ts: Compiler, options: ts.CompilerOptions): boolean {
  return targetOf(ts, options) < ts.ScriptTarget.ES2022;
}

/** The default target was ES5 until TypeScript 5; since 6 it is the newest. */
export function targetOf(ts: Compiler, { target }: ts.CompilerOptions): ts.ScriptTarget {
  return target ?? (Number.parseInt(ts.version, 10) > 5 ? ts.ScriptTarget.ESNext : ts.ScriptTarget.ES5);
}

/** The path from a directory, with forward slashes. Most are below it, and are only cut: `relative` costs far more. */
function below(directory: string, path: string): string {
  const { length } = directory;
  const plain = path.startsWith(directory) && path.charCodeAt(length) === SLASH && !/\/\.{0,2}\/|\/\.{1,2}$/.test(path);
  return plain && path.charCodeAt(length - 1) !== SLASH ? path.slice(length + 1) : forwardSlashes(relative(directory, path));
}

const SLASH = 47;
