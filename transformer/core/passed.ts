// How the body of an asynchronous function passes its parameters to a second entry, which binds the same values and evaluates nothing
// again. Called for functions that get a prologue.

import type ts from 'typescript';
import type { Compiler } from './compiler.js';

/**
 * The expressions, or undefined where binding the parameters may fail, which the prologue would not see, or a second entry could evaluate
 * a default again: patterns, and defaults that are not constant.
 */
export function passedParameters(ts: Compiler, parameters: readonly ts.ParameterDeclaration[]): string[] | undefined {
  const passed = parameters.map(({ name, initializer, dotDotDotToken }) => {
    if (!ts.isIdentifier(name) || (initializer !== undefined && !isConstant(ts, initializer))) return undefined;
    return dotDotDotToken === undefined ? name.text : `...${name.text}`;
  });
  return passed.every((one) => one !== undefined) ? passed : undefined;
}

function isConstant(ts: Compiler, value: ts.Expression): boolean {
  const { TrueKeyword, FalseKeyword, NullKeyword } = ts.SyntaxKind;
  if (ts.isPrefixUnaryExpression(value)) return ts.isLiteralExpression(value.operand);
  if (ts.isArrayLiteralExpression(value)) return value.elements.length === 0;
  if (ts.isObjectLiteralExpression(value)) return value.properties.length === 0;
  if (ts.isIdentifier(value)) return value.text === 'undefined';
  return ts.isLiteralExpression(value) || [TrueKeyword, FalseKeyword, NullKeyword].includes(value.kind);
}
