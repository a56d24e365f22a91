// `@record` on parameters of legacy classes: a fault where it has no effect, because the runtime does not see it there. Called by the
// plan for each member of a class.

import type ts from 'typescript';
import { type Fault, fault } from '../diagnostics.js';
import { type Compiler, decoratorsOf, rangeOf, unwrapped } from './compiler.js';
import type { Marks } from './marks.js';
import type { Recognition } from './recognition.js';

interface RecordedRequest {
  readonly ts: Compiler;
  readonly file: ts.SourceFile;
  readonly recognition: Recognition;
}

/** @param own marks of the member @param ofClass its class is marked */
export function recordFaults(request: RecordedRequest, member: ts.ClassElement, own: Marks, ofClass: boolean): Fault[] {
  const { ts, file, recognition } = request;
  if (!ts.isFunctionLike(member)) return [];
  const spans = own.marks.length > 0 || (ofClass && !own.skipped && ts.isMethodDeclaration(member));

  function faultOf({ expression: written }: ts.Decorator, parameter: ts.ParameterDeclaration): Fault[] {
    const expression = unwrapped(ts, written);
    const call = ts.isCallExpression(expression) ? expression : undefined;
    if (recognition.meaning(call?.expression ?? expression) !== 'record') return [];
    const key = call?.arguments[0];
    const refused = (hint: string): Fault[] => [
      fault('record-target', rangeOf(written.parent, file), parameter.name.getText(file), hint),
    ];
    if (ts.isConstructorDeclaration(member))
      return refused('a constructor has no span. Record it in the function that calls it.');
    if (!spans) return refused('the method is not instrumented. Put @instrument on it or on its class.');
    if (key === undefined)
      return ts.isIdentifier(parameter.name) ? [] : refused("the parameter has no name. Give a key: @record('key').");
    return ts.isStringLiteralLike(key) && key.text === '' ? [fault('empty-name', rangeOf(key, file), 'key')] : [];
  }

  return member.parameters.flatMap((parameter) => decoratorsOf(ts, parameter).flatMap((one) => faultOf(one, parameter)));
}
