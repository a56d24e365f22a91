// Functions that are recorded inline: synchronous ones, whose body runs once between the start and the end of a span. Called by auto
// mode for functions that a prologue could not enter again.

import type ts from 'typescript';
import { boundNames, type Compiler, type FunctionNode, rangeOf, unwrapped } from './compiler.js';
import { behindDirectives } from './prologue.js';
import { shapeOf } from './shape.js';
import type { Inline, Returned } from './site.js';

/** The outline, or undefined for asynchronous functions, generators, and bodies whose declarations a block would change. */
export function inlineOf(ts: Compiler, node: FunctionNode): Inline | undefined {
  const { body } = node;
  if (body === undefined || shapeOf(ts, node) !== 'sync') return undefined;
  const file = node.getSourceFile();
  const at = { start: body.getStart(file), end: body.end };
  if (!ts.isBlock(body)) return { at, inside: null, returns: mayBePromise(ts, body) ? [returned(ts, body, file)] : [] };
  if (redeclares(ts, body)) return undefined;
  return { at, inside: behindDirectives(ts, body, file), returns: returnsOf(ts, body, file) };
}

/**
 * The outline that leaves out `super(...)` and what comes before it, or undefined where the call is not a statement of the body, or
 * where what comes before it may use a declaration that comes behind it.
 */
export function behindSuper(ts: Compiler, { body }: ts.ConstructorDeclaration, whole: Inline): Inline | undefined {
  const called = body?.statements.findIndex((one) => isSuperCall(ts, one)) ?? -1;
  if (body === undefined || called === -1) return undefined;
  const { end: inside } = body.statements[called] as ts.Statement;
  const before = body.getSourceFile().text.slice(body.pos, inside);
  const declared = body.statements.slice(called + 1).flatMap((one) => namesDeclared(ts, one));
  return declared.some((name) => before.includes(name)) ? undefined : { ...whole, inside };
}

function isSuperCall(ts: Compiler, statement: ts.Statement): boolean {
  if (!ts.isExpressionStatement(statement) || !ts.isCallExpression(statement.expression)) return false;
  return statement.expression.expression.kind === ts.SyntaxKind.SuperKeyword;
}

function namesDeclared(ts: Compiler, statement: ts.Statement): string[] {
  if (ts.isVariableStatement(statement))
    return statement.declarationList.declarations.flatMap(({ name }) => boundNames(ts, name));
  const { name } = statement as { name?: ts.Node };
  return name !== undefined && ts.isIdentifier(name) ? [name.text] : [];
}

/** A function that is declared directly in the body under the name of another declaration there: in a block that is an error. */
function redeclares(ts: Compiler, body: ts.Block): boolean {
  const names = body.statements.flatMap((one) => (ts.isFunctionDeclaration(one) && one.name ? [one.name.text] : []));
  if (names.length === 0) return false;
  if (new Set(names).size < names.length) return true;
  const parameters = (body.parent as FunctionNode).parameters.map(({ name }) => name.getText());
  return names.some((name) => parameters.includes(name) || declaresVariable(ts, body, name));
}

function declaresVariable(ts: Compiler, node: ts.Node, name: string): boolean {
  if (ts.isVariableDeclaration(node) && ts.isIdentifier(node.name) && node.name.text === name) return true;
  if (ts.isFunctionLike(node)) return false;
  return ts.forEachChild(node, (child) => declaresVariable(ts, child, name) || undefined) === true;
}

function returnsOf(ts: Compiler, body: ts.Block, file: ts.SourceFile): Returned[] {
  const found: Returned[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isFunctionLike(node) || ts.isClassLike(node) || ts.isTypeNode(node)) return;
    if (ts.isReturnStatement(node) && node.expression !== undefined && mayBePromise(ts, node.expression))
      found.push(returned(ts, node.expression, file));
    ts.forEachChild(node, visit);
  };
  visit(body);
  return found;
}

function returned(ts: Compiler, expression: ts.Expression, file: ts.SourceFile): Returned {
  const list = ts.isBinaryExpression(expression) && expression.operatorToken.kind === ts.SyntaxKind.CommaToken;
  return { ...rangeOf(expression, file), list };
}

/**
 * True if a value may be a promise, decided by its syntax alone. Functions and classes are excluded; they would also take the name of the
 * variable.
 */
function mayBePromise(ts: Compiler, expression: ts.Expression): boolean {
  const value = unwrapped(ts, expression);
  if (ts.isConditionalExpression(value)) return mayBePromise(ts, value.whenTrue) || mayBePromise(ts, value.whenFalse);
  if (ts.isBinaryExpression(value)) return mayJoin(ts, value);
  return (
    ts.isCallExpression(value) ||
    ts.isNewExpression(value) ||
    ts.isPropertyAccessExpression(value) ||
    ts.isElementAccessExpression(value) ||
    ts.isTaggedTemplateExpression(value) ||
    (ts.isIdentifier(value) && value.text !== 'undefined')
  );
}

function mayJoin(ts: Compiler, { left, operatorToken: { kind }, right }: ts.BinaryExpression): boolean {
  const { AmpersandAmpersandToken, BarBarToken, CommaToken, EqualsToken, QuestionQuestionToken } = ts.SyntaxKind;
  if (kind === CommaToken || kind === EqualsToken) return mayBePromise(ts, right);
  const joins = kind === AmpersandAmpersandToken || kind === BarBarToken || kind === QuestionQuestionToken;
  return joins && (mayBePromise(ts, left) || mayBePromise(ts, right));
}
