// The shape of a function and the outline of the forwarder that replaces it: parameters, `length`, and the parts of the call that
// the body can observe. Guarantees that a forwarder passes on all of them.

import type ts from 'typescript';
import type { Shape } from '../../runtime/site/site.js';
import { type Compiler, type FunctionNode, hasModifier } from './compiler.js';
import type { Forwarder, ForwarderParameter } from './site.js';

/** Names that a forwarder's parameter may not have: what it closes over, and words reserved in strict code or modules. */
const TAKEN = new Set([
  ...['gate', 'body', 'run', 'site', 'arguments', 'eval', 'undefined', 'Reflect'],
  ...['await', 'yield', 'let', 'static', 'implements', 'interface', 'package', 'private', 'protected', 'public'],
]);

export function shapeOf(ts: Compiler, node: FunctionNode): Shape {
  const generator = 'asteriskToken' in node && node.asteriskToken !== undefined;
  const async = hasModifier(node, ts.SyntaxKind.AsyncKeyword);
  if (generator) return async ? 'async generator' : 'generator';
  return async ? 'async' : 'sync';
}

/** Parameters without the `this` annotation, which is a type only. */
export function parametersOf(ts: Compiler, node: FunctionNode): ts.ParameterDeclaration[] {
  return node.parameters.filter((parameter) => !(ts.isIdentifier(parameter.name) && parameter.name.text === 'this'));
}

/** Names in order; an empty string for a destructured parameter. */
export function parameterNames(ts: Compiler, node: FunctionNode): string[] {
  return parametersOf(ts, node).map((parameter) => (ts.isIdentifier(parameter.name) ? parameter.name.text : ''));
}

/**
 * The outline of the forwarder.
 * @param inner whether something other than the body itself is called, such as the replacement by another decorator, which may read
 * more than the declared parameters.
 */
export function forwarderOf(ts: Compiler, node: FunctionNode, key: string, inner: boolean): Forwarder {
  const declared = parametersOf(ts, node);
  if (ts.isArrowFunction(node) && !inner && !isFieldValue(ts, node))
    return { key, form: 'arrow', pass: 'names', parameters: forwarded(ts, declared, false) };
  const seen = observedOf(ts, node);
  const whole = inner || seen.arguments || declared.some((parameter) => parameter.dotDotDotToken !== undefined);
  const plain = ts.isFunctionDeclaration(node) || ts.isFunctionExpression(node);
  const constructible = plain && shapeOf(ts, node) === 'sync';
  const form = !constructible ? 'method' : seen.newTarget ? 'constructor' : 'function';
  return { key, form, pass: whole ? 'arguments' : 'names', parameters: forwarded(ts, declared, whole) };
}

function forwarded(ts: Compiler, declared: readonly ts.ParameterDeclaration[], whole: boolean): ForwarderParameter[] {
  const counted = declared.findIndex(
    ({ initializer, dotDotDotToken }) => initializer !== undefined || dotDotDotToken !== undefined,
  );
  const required = counted === -1 ? declared.length : counted;
  const used = new Set(TAKEN);
  // Only the parameters that count in `length` are declared by a forwarder that passes its `arguments` on.
  return (whole ? declared.slice(0, required) : declared).map((parameter, index) => {
    const wanted = ts.isIdentifier(parameter.name) ? parameter.name.text : `p${index}`;
    const name = unusedName(wanted, used);
    used.add(name);
    return parameter.dotDotDotToken === undefined ? { name, optional: index >= required } : { name, optional: false, rest: true };
  });
}

/** Options of a field may read `this`, which is the instance that the field is called on. */
function isFieldValue(ts: Compiler, node: ts.Node): boolean {
  let place = node.parent;
  while (ts.isParenthesizedExpression(place) || ts.isAsExpression(place) || ts.isSatisfiesExpression(place)) place = place.parent;
  return ts.isPropertyDeclaration(place);
}

function unusedName(wanted: string, used: ReadonlySet<string>): string {
  if (!used.has(wanted)) return wanted;
  let number = 1;
  while (used.has(`${wanted}_${number}`)) number++;
  return `${wanted}_${number}`;
}

/** Which parts of a call, besides its parameters, a function may read. */
export function observedOf(ts: Compiler, node: FunctionNode): { arguments: boolean; newTarget: boolean } {
  return mayObserve(node) ? observed(ts, node) : { arguments: false, newTarget: false };
}

const OBSERVING = /arguments|eval|target|\\u/;

/** True if the text of a function holds a word, or an escape that could be one, with which it could read its call. Avoids most walks. */
function mayObserve(node: FunctionNode): boolean {
  return OBSERVING.test(node.getSourceFile().text.slice(node.pos, node.end));
}

/** Which parts of a call, besides its parameters, the function itself (not one within it) may read. */
function observed(ts: Compiler, node: FunctionNode): { arguments: boolean; newTarget: boolean } {
  const seen = { arguments: false, newTarget: false };
  const visit = (child: ts.Node): void => {
    if (ts.isTypeNode(child)) return;
    if (ts.isIdentifier(child)) {
      if (child.text === 'arguments' && !isMemberName(ts, child)) seen.arguments = true;
      return;
    }
    if (ts.isMetaProperty(child)) {
      if (child.keywordToken === ts.SyntaxKind.NewKeyword) seen.newTarget = true;
      return;
    }
    // A direct eval can read anything of the call.
    if (ts.isCallExpression(child) && ts.isIdentifier(child.expression) && child.expression.text === 'eval') {
      seen.arguments = true;
      seen.newTarget = true;
    }
    if (ownsArguments(ts, child)) {
      // A computed name is still evaluated in the function around it.
      const name = (child as { name?: ts.Node }).name;
      if (name !== undefined && ts.isComputedPropertyName(name)) visit(name);
      return;
    }
    ts.forEachChild(child, visit);
  };
  for (const parameter of node.parameters) visit(parameter);
  if (node.body !== undefined) visit(node.body);
  // An arrow function has no `arguments` or `new.target` of its own; both are those of the function around it.
  return ts.isArrowFunction(node) ? { arguments: false, newTarget: false } : seen;
}

/** True if a function reads its receiver, by `this` or by `super`. One within it has its own, unless it is an arrow function. */
export function readsThis(ts: Compiler, { body }: FunctionNode): boolean {
  const reads = (node: ts.Node): boolean => {
    if (node.kind === ts.SyntaxKind.ThisKeyword || node.kind === ts.SyntaxKind.SuperKeyword) return true;
    if (ts.isTypeNode(node)) return false;
    if (ownsArguments(ts, node)) {
      const { name } = node as { name?: ts.Node };
      return name !== undefined && ts.isComputedPropertyName(name) && reads(name);
    }
    return ts.forEachChild(node, (child) => reads(child) || undefined) === true;
  };
  return body !== undefined && reads(body);
}

function ownsArguments(ts: Compiler, node: ts.Node): boolean {
  return (
    (ts.isFunctionLike(node) && !ts.isArrowFunction(node)) ||
    ts.isPropertyDeclaration(node) ||
    ts.isClassStaticBlockDeclaration(node)
  );
}

function isMemberName(ts: Compiler, identifier: ts.Identifier): boolean {
  const { parent } = identifier;
  return (ts.isPropertyAccessExpression(parent) || ts.isPropertyAssignment(parent)) && parent.name === identifier;
}
