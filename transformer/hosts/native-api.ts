// The programming interface of the native compiler, as far as it is used, and where it is found: `typescript/sync` of the project that is
// compiled. Written here because the package builds with a TypeScript that does not have it.

import { createRequire } from 'node:module';
import { dirname } from 'node:path';
import type ts from 'typescript';
import type { NativeAst } from './native-compiler.js';

/** What is used of `typescript/sync`; the positions are of UTF-16, as in strings. */
export interface Sync {
  readonly API: new (options: { cwd: string }) => Api;
  readonly EmitOnly: { readonly All: number; readonly OnlyJs: number; readonly OnlyDts: number };
  formatDiagnostics(diagnostics: readonly Diagnostic[], host: Api): string;
  formatDiagnosticsWithColorAndContext(diagnostics: readonly Diagnostic[], host: Api): string;
}

export interface Api {
  parseConfigFile(path: string): {
    options: ts.CompilerOptions;
    fileNames: string[];
    raw?: object;
    errors: readonly Diagnostic[];
  };
  readConfigFile(path: string): { config?: object };
  createSnapshot(changes: object): Snapshot;
  /** One round trip for many requests. */
  batch(...requests: object[]): unknown[];
  close(): void;
}

export interface Snapshot {
  getConfiguredProject(path: string): { readonly program: Program } | undefined;
  update(changes: object): Snapshot;
  dispose(): void;
}

export interface Program {
  readonly getSourceFile: { (path: string): ts.SourceFile | undefined; gen(path: string): object };
  getSourceFileNames(): readonly string[];
  getSourceFileMetadata(path: string): { readonly impliedNodeFormat: number } | undefined;
  getConfigFileParsingDiagnostics(): readonly Diagnostic[];
  getProgramDiagnostics(): readonly Diagnostic[];
  getSyntacticDiagnostics(): readonly Diagnostic[];
  getGlobalDiagnostics(): readonly Diagnostic[];
  getSemanticDiagnostics(): readonly Diagnostic[];
  getDeclarationDiagnostics(): readonly Diagnostic[];
  emit(only?: number): { diagnostics: readonly Diagnostic[] };
  emitToString(only: number): { emitSkipped: boolean; outputFiles: ReadonlyMap<string, { text: string }> };
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
