// Which functions record their calls from inside, by a prologue in their own body, and which keep a forwarder in front, because a
// prologue would change meaning. Called by the plan; print/prologue.ts describes the emitted text.

import type ts from 'typescript';
import { boundNames, type Compiler, type FunctionNode, unwrapped } from './compiler.js';
import { passedParameters } from './passed.js';
import { isServerFunction } from './server-function.js';
import { observedOf, parametersOf, readsThis, shapeOf } from './shape.js';
import type { Prologue } from './site.js';

/** Parameters that a recorder takes one by one; more come as one list. */
const SPREAD = 4;

/** Names that a parameter of strict code cannot be read by, or that have another meaning in a call. */
const UNREADABLE = new Set(['arguments', 'eval', 'undefined']);

/**
 * The outline of the prologue, or undefined where the function needs a forwarder: it is a generator, its parameters are not plain
 * names (a default would be evaluated twice), its body reads `arguments` or `new.target`, or it is evaluated more than once.
 *
 * @param planted auto mode: no option of the site reads the arguments, so that an async function may pass objects of its own for them
 */
export function prologueOf(ts: Compiler, node: FunctionNode, planted = false): Prologue | undefined {
  return isEvaluatedOnce(ts, node) && !callsItself(ts, node) ? enterableAgain(ts, node, planted) : undefined;
}

/** The same for a function whose prologue passes the function itself (`own`), which may be created more than once. */
export function enterableAgain(ts: Compiler, node: FunctionNode, planted = false): Prologue | undefined {
  const { body } = node;
  const shape = shapeOf(ts, node);
  if (body === undefined || (shape !== 'sync' && shape !== 'async') || ts.isConstructorDeclaration(node)) return undefined;
  const declared = parametersOf(ts, node);
  const plain = declared.every((one) => ts.isIdentifier(one.name) && one.initializer === undefined && !one.dotDotDotToken);
  if (!plain && !(planted && shape === 'async')) return undefined;
  const parameters = passedParameters(ts, declared);
  const names = declared.flatMap(({ name }) => boundNames(ts, name));
  if (new Set(names).size < names.length || names.some((name) => UNREADABLE.has(name))) return undefined;
  const seen = observedOf(ts, node);
  if (seen.arguments || seen.newTarget || parameters === undefined) return undefined;
  const file = node.getSourceFile();
  return {
    at: { start: body.getStart(file), end: body.end },
    inside: ts.isBlock(body) ? behindDirectives(ts, body, file) : null,
    parameters,
    listed: !plain || parameters.length > SPREAD,
    self: !ts.isArrowFunction(node) && (!isServerFunction(ts, node) || readsThis(ts, node)),
    async: shape === 'async',
  };
}

/** One table row stands for one function, so a function that a module may create twice cannot share it. */
export function isEvaluatedOnce(ts: Compiler, node: ts.Node): boolean {
  for (let outer = node.parent; outer !== undefined; outer = outer.parent) {
    if (ts.isFunctionLike(outer) || ts.isPropertyDeclaration(outer) || ts.isClassStaticBlockDeclaration(outer)) return false;
    if (isLoop(ts, outer) || ts.isModuleDeclaration(outer)) return false;
  }
  return true;
}

function isLoop(ts: Compiler, node: ts.Node): boolean {
  return (
    ts.isForStatement(node) ||
    ts.isForOfStatement(node) ||
    ts.isForInStatement(node) ||
    ts.isWhileStatement(node) ||
    ts.isDoStatement(node)
  );
}

/** A function expression that uses its own name calls itself unrecorded. */
function callsItself(ts: Compiler, node: FunctionNode): boolean {
  if (!ts.isFunctionExpression(node) || node.name === undefined) return false;
  const { name, body } = node;
  return body.getText().includes(name.text);
}

/** True if a method of an object literal is the same in another one: it does not use `super`, and its name is a text. */
export function isMovable(ts: Compiler, { name, body }: ts.MethodDeclaration): boolean {
  if (!ts.isIdentifier(name) && !ts.isStringLiteral(name) && !ts.isNumericLiteral(name)) return false;
  // as a property, `__proto__` sets the prototype
  return name.text !== '__proto__' && body !== undefined && !hasSuper(ts, body);
}

function hasSuper(ts: Compiler, node: ts.Node): boolean {
  return node.kind === ts.SyntaxKind.SuperKeyword || ts.forEachChild(node, (child) => hasSuper(ts, child) || undefined) === true;
}

export function behindDirectives(ts: Compiler, body: ts.Block, file: ts.SourceFile): number {
  let inside = body.getStart(file) + 1;
  for (const statement of body.statements) {
    if (!ts.isExpressionStatement(statement) || !ts.isStringLiteral(statement.expression)) break;
    inside = statement.end;
  }
  return inside;
}

/**
 * The evaluation that the options of a site allow. `constant`: they may be evaluated with the class, in place of its decorators. `evaluated`: they
 * are evaluated where they are written. `unknown`: they may hold `parent`, which depends on another switch than that of the module.
 */
export type OptionsUse = 'constant' | 'evaluated' | 'unknown';

/** @param owner name of the class, whose static members are not there yet when it is defined */
export function useOfOptions(ts: Compiler, options: ts.Expression | undefined, owner: string | undefined): OptionsUse {
  if (options === undefined) return 'constant';
  const literal = unwrapped(ts, options);
  if (!ts.isObjectLiteralExpression(literal)) return 'unknown';
  for (const { name } of literal.properties) {
    if (name === undefined || ts.isComputedPropertyName(name) || ts.isPrivateIdentifier(name)) return 'unknown';
    if (name.text === 'parent') return 'unknown';
  }
  return isConstant(ts, literal, owner) ? 'constant' : 'evaluated';
}

function isConstant(ts: Compiler, expression: ts.Expression, owner: string | undefined): boolean {
  const value = unwrapped(ts, expression);
  if (ts.isLiteralExpression(value)) return true;
  if (ts.isIdentifier(value)) return value.text !== owner;
  if (ts.isPropertyAccessExpression(value)) return isConstant(ts, value.expression, owner);
  if (ts.isPrefixUnaryExpression(value)) return ts.isLiteralExpression(value.operand);
  if (ts.isArrayLiteralExpression(value)) return value.elements.every((item) => isConstant(ts, item, owner));
  if (ts.isArrowFunction(value)) return holdsNoSite(ts, value);
  if (!ts.isObjectLiteralExpression(value)) return isLiteralWord(ts, value);
  return value.properties.every((property) => {
    if (ts.isPropertyAssignment(property))
      return !ts.isComputedPropertyName(property.name) && isConstant(ts, property.initializer, owner);
    return ts.isShorthandPropertyAssignment(property) && property.name.text !== owner;
  });
}

function isLiteralWord(ts: Compiler, { kind }: ts.Node): boolean {
  const { TrueKeyword, FalseKeyword, NullKeyword } = ts.SyntaxKind;
  return kind === TrueKeyword || kind === FalseKeyword || kind === NullKeyword;
}

/** Arrow functions may move with their options, unless they read enclosing variables or contain instrumented functions. */
function holdsNoSite(ts: Compiler, arrow: ts.ArrowFunction): boolean {
  const fixed = (node: ts.Node): boolean => {
    if (ts.isTypeNode(node)) return true;
    const { ThisKeyword, SuperKeyword } = ts.SyntaxKind;
    if (node.kind === ThisKeyword || node.kind === SuperKeyword || ts.isMetaProperty(node)) return false;
    if (ts.isClassLike(node) || ts.isFunctionExpression(node) || (ts.isIdentifier(node) && node.text === 'arguments'))
      return false;
    return ts.forEachChild(node, (child) => (fixed(child) ? undefined : true)) !== true;
  };
  return fixed(arrow);
}
