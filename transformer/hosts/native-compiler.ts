// TypeScript 7.1 as the core's `Compiler`: its AST has the names and the shape of TypeScript 5's, but for the few functions
// that are added here. Made by parse.ts and by the native build, which are handed `typescript/ast`.

import type ts from 'typescript';
import type { Compiler } from '../core/compiler.js';
import { sourceTextIfAny } from './source-text.js';

type Predicate = (node: ts.Node) => boolean;

/** The used exports of `typescript/ast`. */
export interface NativeAst {
  readonly NodeFlags: { readonly Const: number };
  readonly SyntaxKind: typeof ts.SyntaxKind;
  readonly isClassLikeDeclaration: Predicate;
  readonly isParameterDeclaration: Predicate;
  readonly isStringLiteralLikeNode: Predicate;
  readonly isTypeAssertion: Predicate;
}

/** Kinds that `ts.isFunctionLike` accepts; the native predicates split them otherwise. */
const FUNCTION_LIKE = [
  ...[
    'FunctionDeclaration',
    'FunctionExpression',
    'ArrowFunction',
    'MethodDeclaration',
    'Constructor',
    'GetAccessor',
    'SetAccessor',
  ],
  ...['MethodSignature', 'CallSignature', 'ConstructSignature', 'IndexSignature', 'FunctionType', 'ConstructorType'],
] as const;

export function compilerOf(ast: NativeAst, version: string): Compiler {
  const functions = new Set<number>(FUNCTION_LIKE.map((name) => ast.SyntaxKind[name]));
  const { GetAccessor, SetAccessor, VariableDeclaration } = ast.SyntaxKind;
  const added = {
    version,
    isClassLike: ast.isClassLikeDeclaration,
    isParameter: ast.isParameterDeclaration,
    isStringLiteralLike: ast.isStringLiteralLikeNode,
    isTypeAssertionExpression: ast.isTypeAssertion,
    isFunctionLike: (node: ts.Node | undefined) => node !== undefined && functions.has(node.kind),
    isAccessor: (node: ts.Node) => node.kind === GetAccessor || node.kind === SetAccessor,
    forEachChild: (node: { forEachChild(visit: (child: ts.Node) => unknown): unknown }, visit: (child: ts.Node) => unknown) =>
      node.forEachChild(visit),
    /** The core uses it for variables only, whose list has the flags. */
    getCombinedNodeFlags: (node: ts.Node) => node.flags | (node.kind === VariableDeclaration ? node.parent.flags : 0),
    sys: { readFile: sourceTextIfAny },
  };
  return { ...ast, ...added } as unknown as Compiler;
}
