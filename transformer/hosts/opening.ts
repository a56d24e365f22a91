// Where the head of an instrumented file goes, and how it loads what it calls.

import type ts from 'typescript';
import type { Compiler } from '../core/compiler.js';

/** Where the imports go, and whether the file takes one; a file without imports and exports does where nothing of CommonJS is in it. */
export function openingOf(ts: Compiler, file: ts.SourceFile, commonjs: boolean | undefined): { start: number; module: boolean } {
  const first = file.statements.find(
    (statement) => !(ts.isExpressionStatement(statement) && ts.isStringLiteral(statement.expression)),
  );
  const start = first?.getStart(file) ?? file.text.length;
  const imports = commonjs === undefined ? !/\b(?:require|module|exports)\b/.test(file.text) : !commonjs;
  return { start, module: imports || isModule(ts, file) };
}

export function isModule(ts: Compiler, file: ts.SourceFile): boolean {
  const marked = (file as { externalModuleIndicator?: unknown }).externalModuleIndicator;
  if (/\.m[jt]s$/.test(file.fileName)) return true;
  if (marked !== undefined) return marked !== null && marked !== false;
  return file.statements.some(
    (statement) =>
      ts.isImportDeclaration(statement) ||
      ts.isExportDeclaration(statement) ||
      ts.isExportAssignment(statement) ||
      (statement as { modifiers?: ts.NodeArray<ts.ModifierLike> }).modifiers?.some(
        ({ kind }) => kind === ts.SyntaxKind.ExportKeyword,
      ),
  );
}
