// The compiler as the core sees it: the `ts` namespace that the host was given. The core imports types only, so that it
// runs on any TypeScript that drives it, with predicates of syntax that the compiler does not offer.

import type ts from 'typescript';

export type Compiler = typeof ts;

/** A function that has, or could have, a body. */
export type FunctionNode = ts.FunctionLikeDeclaration;

/** The decorators as written. Read from the modifiers, where the parser keeps them also on targets that may not have any. */
export function decoratorsOf(ts: Compiler, node: ts.Node): ts.Decorator[] {
  const modifiers = (node as { modifiers?: ts.NodeArray<ts.ModifierLike> }).modifiers;
  return modifiers === undefined ? [] : modifiers.filter((modifier): modifier is ts.Decorator => ts.isDecorator(modifier));
}

export function hasModifier(node: ts.Node, kind: ts.SyntaxKind): boolean {
  const modifiers = (node as { modifiers?: ts.NodeArray<ts.ModifierLike> }).modifiers;
  return modifiers?.some((modifier) => modifier.kind === kind) ?? false;
}

/** The expression without parentheses, type assertions, `satisfies` and `!`. */
export function unwrapped(ts: Compiler, expression: ts.Expression): ts.Expression {
  let inner = expression;
  while (
    ts.isParenthesizedExpression(inner) ||
    ts.isAsExpression(inner) ||
    ts.isSatisfiesExpression(inner) ||
    ts.isNonNullExpression(inner) ||
    ts.isTypeAssertionExpression(inner)
  )
    inner = inner.expression;
  return inner;
}

/** The function of a function expression, else undefined. */
export function functionLiteral(
  ts: Compiler,
  expression: ts.Expression | undefined,
): ts.ArrowFunction | ts.FunctionExpression | undefined {
  if (expression === undefined) return undefined;
  const inner = unwrapped(ts, expression);
  return ts.isArrowFunction(inner) || ts.isFunctionExpression(inner) ? inner : undefined;
}

/** Nodes that hold no code. They are never walked: TypeScript's own visitors throw on some malformed types. */
export function isTypeOnly(ts: Compiler, node: ts.Node): boolean {
  return (
    ts.isTypeNode(node) ||
    ts.isInterfaceDeclaration(node) ||
    ts.isTypeAliasDeclaration(node) ||
    ts.isTypeParameterDeclaration(node) ||
    hasModifier(node, ts.SyntaxKind.DeclareKeyword)
  );
}

/** Offsets of a node without the white space and comments before it. */
export function rangeOf(node: ts.Node, file: ts.SourceFile): { start: number; end: number } {
  return { start: node.getStart(file), end: node.end };
}

/** Names that a parameter or a declaration binds. */
export function boundNames(ts: Compiler, name: ts.BindingName): string[] {
  if (ts.isIdentifier(name)) return [name.text];
  return name.elements.flatMap((element) => (isBound(ts, element) ? boundNames(ts, element.name) : []));
}

/** False for a place that an array pattern passes over: TypeScript 7 has an element without a name there. */
function isBound(ts: Compiler, element: ts.ArrayBindingElement): element is ts.BindingElement {
  return ts.isBindingElement(element) && (element.name as ts.BindingName | undefined) !== undefined;
}
