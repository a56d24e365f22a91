// Functions that a compiler of React calls from elsewhere: server actions ('use server') and cached functions ('use cache'). Next refuses
// them when they use `this` or `arguments`, or when anything but an async function is exported in their place.

import type ts from 'typescript';
import type { Compiler, FunctionNode } from './compiler.js';

const DIRECTIVE = /^use (server|cache)\b/;

/** Decided by the directive of the function or, outside of classes, of the file. */
export function isServerFunction(ts: Compiler, node: FunctionNode): boolean {
  const { body } = node;
  if (body !== undefined && ts.isBlock(body) && hasDirective(ts, body.statements)) return true;
  return !ts.isClassLike(node.parent) && hasDirective(ts, node.getSourceFile().statements);
}

function hasDirective(ts: Compiler, statements: readonly ts.Statement[]): boolean {
  for (const statement of statements) {
    if (!ts.isExpressionStatement(statement) || !ts.isStringLiteral(statement.expression)) return false;
    if (DIRECTIVE.test(statement.expression.text)) return true;
  }
  return false;
}
