// Diagnostics of the native build: the compiler's, in the order and to the extent that `tsc` asks for them, and those of the transformer
// among them by file and place.

import type ts from 'typescript';
import type { Diagnostic, Program } from './native-api.js';
import type { Project } from './project.js';
import type { Report } from './texts.js';

export function declares({ declaration, composite }: ts.CompilerOptions): boolean {
  return declaration === true || composite === true;
}

/**
 * An error of syntax hides those of types, these hide those of declarations. All that may be needed is requested in the same
 * round trip.
 */
export async function diagnosticsOf(program: Program, options: ts.CompilerOptions, declarations: boolean): Promise<Diagnostic[]> {
  const [config, ...early] = await Promise.all([
    program.getConfigFileParsingDiagnostics(),
    program.getProgramDiagnostics(),
    program.getSyntacticDiagnostics(),
  ]);
  const first = [...config, ...early.flat()];
  if (first.length > config.length) return first;
  const [global, semantic] = await Promise.all([program.getGlobalDiagnostics(), program.getSemanticDiagnostics()]);
  if (global.length > 0) return [...first, ...global];
  first.push(...semantic);
  // Emitting declarations asks for these anyway.
  if (first.length > config.length || !declarations || !declares(options)) return first;
  return [...first, ...(await program.getDeclarationDiagnostics())];
}

export function diagnosticOf({ severity, code, message, at }: Report, { locate }: Project): Diagnostic {
  const base = { code, category: severity === 'error' ? 1 : 0, text: message };
  if (at === undefined) return base;
  return { ...base, fileName: locate(at.file), startPosition: { line: at.line - 1, character: at.column - 1 } };
}

/** Sorts by file and place, as `tsc` does, each diagnostic once; those without a file come first. */
export function sorted(diagnostics: readonly Diagnostic[]): Diagnostic[] {
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

export function errorsIn(diagnostics: readonly Diagnostic[]): number {
  return diagnostics.filter(({ category }) => category === 1).length;
}
