// Place of the head of an instrumented file, and the way in which it loads `spanwright/emitted`.

import type ts from 'typescript';
import type { Compiler } from '../core/compiler.js';

/** Offset of the imports, and whether the file takes one. A file without imports and exports does unless it uses CommonJS. */
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
