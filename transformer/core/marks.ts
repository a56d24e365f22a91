// What the user wrote to mark code: decorators and calls that mean `instrument`, taken apart into the options and the
// function. Called by the plan; knows nothing of what is done about them.

import type ts from 'typescript';
import { type Compiler, decoratorsOf, functionLiteral, unwrapped } from './compiler.js';
import type { Recognition } from './recognition.js';

/** A decorator that is `@instrument`, `@instrument()` or `@instrument(options)`. */
export interface DecoratorMark {
  readonly decorator: ts.Decorator;
  readonly options: ts.Expression | undefined;
  /** Another decorator is applied before this one, so that what it wraps may not be the authored function. */
  readonly inner: boolean;
}

export interface Marks {
  readonly marks: readonly DecoratorMark[];
  /** `@instrument.skip` is among the decorators. */
  readonly skipped: boolean;
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
    if (meaning !== 'instrument' || (options !== undefined && ts.isSpreadElement(options))) return;
    marks.push({ decorator, options, inner: index < decorators.length - 1 });
  });
  return { marks, skipped };
}

/** A call `instrument(fn)` or `instrument(options, fn)` with the function written out. */
export interface CallMark {
  readonly options: ts.Expression | undefined;
  /** The argument as written. */
  readonly argument: ts.Expression;
  readonly body: ts.ArrowFunction | ts.FunctionExpression;
}

export function callMark(ts: Compiler, call: ts.CallExpression, recognition: Recognition): CallMark | undefined {
  const { length } = call.arguments;
  if (length !== 1 && length !== 2) return undefined;
  const argument = call.arguments[length - 1] as ts.Expression;
  const options = length === 2 ? call.arguments[0] : undefined;
  const body = functionLiteral(ts, argument);
  if (body === undefined || (options !== undefined && ts.isSpreadElement(options))) return undefined;
  return recognition.meaning(call.expression) === 'instrument' ? { options, argument, body } : undefined;
}
