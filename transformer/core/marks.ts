// Marks in the user's code: decorators and calls that mean `instrument`, split into the options and the
// function. Called by the plan.

import type ts from 'typescript';
import { type Compiler, decoratorsOf, functionLiteral, unwrapped } from './compiler.js';
import type { Recognition } from './recognition.js';

/** A decorator that is `@instrument`, `@instrument()` or `@instrument(options)`, or the same with `instrument.attributes`. */
export interface DecoratorMark {
  readonly decorator: ts.Decorator;
  readonly options: ts.Expression | undefined;
  /** `instrument.attributes`. */
  readonly adds: boolean;
  /** Another decorator is applied before this one and may have replaced the authored function. */
  readonly inner: boolean;
}

export interface Marks {
  readonly marks: readonly DecoratorMark[];
  /** `@instrument.skip` is among the decorators. */
  readonly skipped: boolean;
}

/** Marked, or left out by a mark. */
export function isMarked({ marks, skipped }: Marks): boolean {
  return skipped || marks.length > 0;
}

export function marksOf(ts: Compiler, node: ts.Node, recognition: Recognition): Marks {
  const decorators = decoratorsOf(ts, node);
  const marks: DecoratorMark[] = [];
  let skipped = false;
  decorators.forEach((decorator, index) => {
    const expression = unwrapped(ts, decorator.expression);
    const call = ts.isCallExpression(expression) ? expression : undefined;
    const meaning = recognition.meaning(call?.expression ?? expression);
    if (meaning === 'skip') skipped = true;
    const options = call?.arguments[0];
    const adds = meaning === 'attributes';
    if (!(adds || meaning === 'instrument') || (options !== undefined && ts.isSpreadElement(options))) return;
    marks.push({ decorator, options, adds, inner: index < decorators.length - 1 });
  });
  return { marks, skipped };
}

/** A call `instrument(fn)`, `instrument(options, fn)` or `instrument.attributes(options, fn)` of a function that this file writes out. */
interface CallMark {
  readonly options: ts.Expression | undefined;
  readonly adds: boolean;
  /** The argument as written. */
  readonly argument: ts.Expression;
  readonly body: ts.FunctionDeclaration | ts.ArrowFunction | ts.FunctionExpression;
  /** The argument is the name of the function, which is written elsewhere. */
  readonly named: boolean;
}

export function callMark(ts: Compiler, call: ts.CallExpression, recognition: Recognition): CallMark | undefined {
  const { length } = call.arguments;
  if (length !== 1 && length !== 2) return undefined;
  const argument = call.arguments[length - 1] as ts.Expression;
  const options = length === 2 ? call.arguments[0] : undefined;
  if (options !== undefined && ts.isSpreadElement(options)) return undefined;
  const literal = functionLiteral(ts, argument);
  const name = literal === undefined ? unwrapped(ts, argument) : undefined;
  if (name !== undefined && !(ts.isIdentifier(name) && mayMean(ts, call.expression, recognition))) return undefined;
  const meaning = recognition.meaning(call.expression);
  const adds = meaning === 'attributes';
  if (adds ? options === undefined : meaning !== 'instrument') return undefined;
  const body = literal ?? functionOf(ts, recognition.declaration(name as ts.Identifier));
  return body === undefined ? undefined : { options, adds, argument, body, named: literal === undefined };
}

/** Decided by the first name alone, which avoids most look-ups. */
function mayMean(ts: Compiler, callee: ts.Expression, recognition: Recognition): boolean {
  let first = unwrapped(ts, callee);
  while (ts.isPropertyAccessExpression(first)) first = unwrapped(ts, first.expression);
  if (!ts.isIdentifier(first)) return false;
  const names = recognition.names(first.getSourceFile());
  return names === undefined || names.includes(first.text);
}

/** The function that a declaration gives a name to, and that the name keeps. */
function functionOf(ts: Compiler, declaration: ts.Node | undefined): CallMark['body'] | undefined {
  if (declaration === undefined) return undefined;
  if (ts.isFunctionDeclaration(declaration)) return declaration.body === undefined ? undefined : declaration;
  if (!ts.isVariableDeclaration(declaration)) return undefined;
  const constant = (ts.getCombinedNodeFlags(declaration) & ts.NodeFlags.Const) !== 0;
  return constant ? functionLiteral(ts, declaration.initializer) : undefined;
}
