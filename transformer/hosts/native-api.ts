// Declarations of the used part of the native compiler's programming interface, and its location: `typescript/async` of the project that is
// compiled. Written here because the package builds with a TypeScript that does not have it. Requests of one turn of the event loop
// share a round trip; the compiler works on different round trips at the same time.

import { createRequire } from 'node:module';
import { dirname } from 'node:path';
import type ts from 'typescript';
import type { NativeAst } from './native-compiler.js';

/** The used parts of `typescript/async`; positions count UTF-16 units, as in strings. */
export interface Native {
  readonly API: new (options: { cwd: string }) => Api;
  readonly EmitOnly: { readonly All: number; readonly OnlyJs: number; readonly OnlyDts: number };
  formatDiagnostics(diagnostics: readonly Diagnostic[], host: Api): string;
  formatDiagnosticsWithColorAndContext(diagnostics: readonly Diagnostic[], host: Api): string;
}

/** The used parts of `typescript/fs`. */
export interface Layers {
  createFileSystemLayer(files: readonly (readonly [string, string])[]): object;
}

export interface ParsedConfiguration {
  readonly options: ts.CompilerOptions;
  readonly fileNames: string[];
  /** The configuration as written. */
  readonly raw?: { readonly compilerOptions?: object };
  readonly projectReferences?: readonly { readonly path: string }[];
}

export interface Api {
  parseConfigFile(path: string): Promise<ParsedConfiguration>;
  readConfigFile(path: string): Promise<{ config?: object }>;
  createSnapshot(changes: object): Promise<Snapshot>;
  close(): Promise<void>;
}

export interface Snapshot {
  getConfiguredProject(path: string): { readonly program: Program } | undefined;
  update(changes: object): Promise<Snapshot>;
  dispose(): Promise<void>;
}

type Diagnosed = Promise<readonly Diagnostic[]>;

export interface Program {
  getSourceFile(path: string): Promise<ts.SourceFile | undefined>;
  getSourceFileNames(): Promise<readonly string[]>;
  getSourceFileMetadata(path: string): Promise<{ readonly impliedNodeFormat: number } | undefined>;
  getConfigFileParsingDiagnostics(): Diagnosed;
  getProgramDiagnostics(): Diagnosed;
  getSyntacticDiagnostics(): Diagnosed;
  getGlobalDiagnostics(): Diagnosed;
  getSemanticDiagnostics(): Diagnosed;
  getDeclarationDiagnostics(): Diagnosed;
  emit(only?: number): Promise<EmitResult>;
  emitToString(only: number): Promise<Emitted>;
}

/** The compiler's report about the files that it wrote. */
export interface EmitResult {
  readonly diagnostics: readonly Diagnostic[];
}

export interface Emitted {
  readonly emitSkipped: boolean;
  readonly outputFiles: ReadonlyMap<string, { readonly text: string }>;
}

/** A diagnostic as the native compiler has it. */
export interface Diagnostic {
  readonly fileName?: string;
  readonly startPosition?: { readonly line: number; readonly character: number };
  readonly code: number;
  /** 0 is a warning, 1 an error. */
  readonly category: number;
  readonly text: string;
}

/** Why there is no native builder, and what to install. */
export class NativeUnavailableError extends Error {
  override readonly name = 'NativeUnavailableError';
}

/** @throws NativeUnavailableError where the TypeScript of the project cannot do it. */
export function nativeApi(configPath: string) {
  const project = createRequire(configPath);
  let version: string;
  try {
    version = (project('typescript') as { version: string }).version;
  } catch {
    throw new NativeUnavailableError(`There is no TypeScript at ${dirname(configPath)}. ${INSTALL}`);
  }
  try {
    const native = project('typescript/async') as Native;
    const fs = project('typescript/fs') as Layers;
    return { native, fs, ast: project('typescript/ast') as NativeAst, version };
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
