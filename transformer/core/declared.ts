// The name by which source text calls a member, a class or a function, also where it has none of its own and takes it
// from what it is assigned to. Called by the plan, for records and namespaces.

import type ts from 'typescript';
import type { Compiler } from './compiler.js';

/** A name, and the node to which line and column refer. */
export interface Declared {
  readonly text: string;
  readonly node: ts.Node;
}

/** The name of a class member or property; a computed one that is not a literal reads as in the source, in brackets. */
export function memberName(ts: Compiler, name: ts.PropertyName, file: ts.SourceFile): string {
  if (!ts.isComputedPropertyName(name)) return name.text;
  const { expression } = name;
  if (ts.isStringLiteralLike(expression) || ts.isNumericLiteral(expression)) return expression.text;
  return `[${expression.getText(file).replace(/\s+/g, ' ').slice(0, 80)}]`;
}

/** The node whose value an expression becomes, past parentheses and assertions. */
function placeOfDeclaration(ts: Compiler, expression: ts.Node): { value: ts.Node; place: ts.Node } {
  let value = expression;
  let place = expression.parent;
  while (
    ts.isParenthesizedExpression(place) ||
    ts.isAsExpression(place) ||
    ts.isSatisfiesExpression(place) ||
    ts.isNonNullExpression(place) ||
    ts.isTypeAssertionExpression(place)
  ) {
    value = place;
    place = place.parent;
  }
  return { value, place };
}

/** True if the language names an anonymous function or class in this position. */
export function takesName(ts: Compiler, expression: ts.Node): boolean {
  const { value, place } = placeOfDeclaration(ts, expression);
  if (ts.isBinaryExpression(place)) {
    const { kind } = place.operatorToken;
    const { EqualsToken, BarBarEqualsToken, AmpersandAmpersandEqualsToken, QuestionQuestionEqualsToken } = ts.SyntaxKind;
    const assigns = [EqualsToken, BarBarEqualsToken, AmpersandAmpersandEqualsToken, QuestionQuestionEqualsToken].some(
      (one) => one === kind,
    );
    return assigns && place.right === value && ts.isIdentifier(place.left);
  }
  if (ts.isShorthandPropertyAssignment(place)) return place.objectAssignmentInitializer === value;
  if (ts.isPropertyAssignment(place) || ts.isPropertyDeclaration(place)) return place.initializer === value;
  if (ts.isVariableDeclaration(place) || ts.isBindingElement(place) || ts.isParameter(place))
    return place.initializer === value && ts.isIdentifier(place.name);
  return ts.isExportAssignment(place);
}

/** The computed key, other than a literal, of the property whose value an expression is. */
export function computedKey(ts: Compiler, expression: ts.Node): ts.Expression | undefined {
  const { place } = placeOfDeclaration(ts, expression);
  if (!ts.isPropertyAssignment(place) && !ts.isPropertyDeclaration(place)) return undefined;
  if (!ts.isComputedPropertyName(place.name)) return undefined;
  const key = place.name.expression;
  return ts.isStringLiteralLike(key) || ts.isNumericLiteral(key) ? undefined : key;
}

/** True if a key may be evaluated twice: constants and their properties, joined as text. */
export function isRepeatable(ts: Compiler, key: ts.Expression): boolean {
  if (ts.isIdentifier(key) || ts.isStringLiteralLike(key) || ts.isNumericLiteral(key)) return true;
  if (ts.isPropertyAccessExpression(key)) return isRepeatable(ts, key.expression);
  if (ts.isTemplateExpression(key)) return key.templateSpans.every(({ expression }) => isRepeatable(ts, expression));
  if (!ts.isBinaryExpression(key) || key.operatorToken.kind !== ts.SyntaxKind.PlusToken) return false;
  return isRepeatable(ts, key.left) && isRepeatable(ts, key.right);
}

/** `module.exports`: what is assigned to it is the module itself. */
function isModuleExports(ts: Compiler, left: ts.Node): boolean {
  if (!ts.isPropertyAccessExpression(left) || left.name.text !== 'exports') return false;
  return ts.isIdentifier(left.expression) && left.expression.text === 'module';
}

/** The name that an expression gets from its place: a variable, a property, an assignment, a default export. */
export function nameByPlace(ts: Compiler, expression: ts.Node, file: ts.SourceFile): Declared | undefined {
  const { value, place } = placeOfDeclaration(ts, expression);
  if ((ts.isVariableDeclaration(place) || ts.isBindingElement(place)) && place.initializer === value)
    return ts.isIdentifier(place.name) ? { text: place.name.text, node: place.name } : undefined;
  if ((ts.isPropertyAssignment(place) || ts.isPropertyDeclaration(place)) && place.initializer === value)
    return { text: memberName(ts, place.name, file), node: place.name };
  if (ts.isBinaryExpression(place) && place.right === value && place.operatorToken.kind === ts.SyntaxKind.EqualsToken) {
    const { left } = place;
    if (ts.isIdentifier(left)) return { text: left.text, node: left };
    if (isModuleExports(ts, left)) return { text: 'default', node: expression };
    if (ts.isPropertyAccessExpression(left)) return { text: left.name.text, node: left.name };
  }
  return ts.isExportAssignment(place) ? { text: 'default', node: expression } : undefined;
}

/** The name of the function that an anonymous function is passed to: `map` in `list.map((item) => item.id)`. */
export function nameOfCallback(ts: Compiler, expression: ts.Node): Declared | undefined {
  const { value, place } = placeOfDeclaration(ts, expression);
  if (!(ts.isCallExpression(place) || ts.isNewExpression(place)) || place.expression === value) return undefined;
  const callee = place.expression;
  const name = ts.isPropertyAccessExpression(callee) ? callee.name : callee;
  const named = ts.isIdentifier(name) || ts.isPrivateIdentifier(name);
  return named ? { text: `${name.text} callback`, node: expression } : undefined;
}

/** The name of a function or class: its own, or that of its place. */
export function declaredName(ts: Compiler, node: ts.Node, file: ts.SourceFile): Declared | undefined {
  if (ts.isConstructorDeclaration(node)) return { text: 'constructor', node };
  const { name } = node as { name?: ts.PropertyName };
  if (name !== undefined) return { text: memberName(ts, name, file), node: name };
  if (ts.isFunctionDeclaration(node) || ts.isClassDeclaration(node)) return { text: 'default', node };
  return nameByPlace(ts, node, file);
}
