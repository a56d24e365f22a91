// The options written at a decorator or a call of instrument(), checked as far as they are literal: unknown names, empty
// text, parameters that do not exist. The runtime checks values that are computed.

import type ts from 'typescript';
import type { AddedOptions, InstrumentOptions } from '../../runtime/instrument/options.js';
import type { KindName } from '../../runtime/site/kind.js';
import type { Level, RootMark } from '../../runtime/site/marks.js';
import { nearest } from '../../runtime/text/nearest.js';
import { type Fault, fault } from '../diagnostics.js';
import { boundNames, type Compiler, type FunctionNode, rangeOf, unwrapped } from './compiler.js';
import { parametersOf } from './shape.js';
import { suggestion } from './suggestion.js';

/** The value of one option, its place, and the functions that it applies to. */
interface Written {
  readonly ts: Compiler;
  readonly file: ts.SourceFile;
  readonly value: ts.Expression;
  readonly targets: readonly FunctionNode[];
}

type Check = (written: Written) => Fault[];

const anything: Check = () => [];

/** One row for each option of the decorator; the type keeps it in line with the runtime. */
const CHECKS: Record<keyof InstrumentOptions, Check> = {
  name: (written) => emptyText(written, 'name'),
  namespace: (written) => {
    const { ts, file, value } = written;
    if (ts.isStringLiteralLike(value)) return emptyText(written, 'namespace');
    if (ts.isIdentifier(value) && value.text === 'undefined') return [];
    return [fault('dynamic-namespace', rangeOf(value, file), value.getText(file).slice(0, 60))];
  },
  kind: oneOf<KindName>('kind', { internal: true, server: true, client: true, producer: true, consumer: true }),
  attributes: anything,
  args: argumentNames,
  result: anything,
  root: oneOf<RootMark>('root', { may: true, never: true, always: true }),
  level: oneOf<Level>('level', { trace: true, debug: true, info: true }),
  parent: anything,
  link: oneOf<NonNullable<InstrumentOptions['link']>>('link', { 'same-trace': true }),
  links: anything,
  expectedErrors: anything,
  longRunning: anything,
  until: oneOf<NonNullable<InstrumentOptions['until']>>('until', { end: true }),
  minDuration: anything,
};

const NAMES = Object.keys(CHECKS);
const ADDED_NAMES = Object.keys({ args: true, attributes: true, level: true, namespace: true } satisfies Record<
  keyof AddedOptions,
  true
>);
const CHECK_OF = new Map<string, Check>(Object.entries(CHECKS));

/** Faults in an options expression; none when it is not an object literal. */
export function checkOptionLiterals(
  ts: Compiler,
  file: ts.SourceFile,
  { options, adds }: { readonly options: ts.Expression | undefined; readonly adds: boolean },
  targets: readonly FunctionNode[],
): Fault[] {
  if (options === undefined) return [];
  const names = adds ? ADDED_NAMES : NAMES;
  const literal = unwrapped(ts, options);
  if (!ts.isObjectLiteralExpression(literal)) return [];
  const faults: Fault[] = [];
  for (const property of literal.properties) {
    const { name } = property;
    if (name === undefined || ts.isComputedPropertyName(name) || ts.isPrivateIdentifier(name)) continue;
    const check = names.includes(name.text) ? CHECK_OF.get(name.text) : undefined;
    if (check === undefined)
      faults.push(fault('unknown-option', rangeOf(name, file), name.text, suggestion(name.text, names, 'options')));
    else if (ts.isPropertyAssignment(property))
      faults.push(...check({ ts, file, value: unwrapped(ts, property.initializer), targets }));
    else if (ts.isShorthandPropertyAssignment(property)) faults.push(...check({ ts, file, value: property.name, targets }));
    else if (name.text === 'namespace') faults.push(fault('dynamic-namespace', rangeOf(name, file), name.text));
  }
  return faults;
}

/** The value of a text option when it is a literal. */
export function literalOption(ts: Compiler, options: ts.Expression | undefined, wanted: string): string | undefined {
  if (options === undefined) return undefined;
  const literal = unwrapped(ts, options);
  if (!ts.isObjectLiteralExpression(literal)) return undefined;
  for (const property of literal.properties) {
    if (!ts.isPropertyAssignment(property) || ts.isComputedPropertyName(property.name) || property.name.text !== wanted) continue;
    const value = unwrapped(ts, property.initializer);
    if (ts.isStringLiteralLike(value)) return value.text;
  }
  return undefined;
}

function emptyText({ ts, file, value }: Written, option: string): Fault[] {
  const empty = ts.isStringLiteralLike(value) && value.text.trim() === '';
  return empty ? [fault('empty-name', rangeOf(value, file), option)] : [];
}

/** One of several texts. Values that are no literals are checked by the type checker and the runtime. */
function oneOf<Text extends string>(option: string, texts: Record<Text, true>): Check {
  const values = Object.keys(texts);
  return ({ ts, file, value }) => {
    if (!ts.isStringLiteralLike(value) || values.includes(value.text)) return [];
    return [fault('wrong-value', rangeOf(value, file), `${option}: '${value.text}'`, suggestion(value.text, values, 'values'))];
  };
}

function argumentNames(written: Written): Fault[] {
  const { ts, file, value, targets } = written;
  if (targets.length === 0) return [];
  const named: ts.Node[] = ts.isArrayLiteralExpression(value)
    ? value.elements.filter((element) => ts.isStringLiteralLike(element))
    : ts.isObjectLiteralExpression(value)
      ? value.properties.flatMap(({ name }) => (name !== undefined && !ts.isComputedPropertyName(name) ? [name] : []))
      : [];
  const plain = new Set<string>();
  const parametersByName = new Map<string, string>();
  for (const target of targets)
    parametersOf(ts, target).forEach((parameter, index) => {
      if (ts.isIdentifier(parameter.name)) plain.add(parameter.name.text);
      else for (const name of boundNames(ts, parameter.name)) parametersByName.set(name, `parameter ${index + 1}`);
    });
  const faults: Fault[] = [];
  for (const node of named) {
    const { text } = node as ts.StringLiteral | ts.Identifier;
    if (plain.has(text)) continue;
    const where = parametersByName.get(text);
    const range = rangeOf(node, file);
    if (where !== undefined)
      faults.push(
        fault(
          'destructured-argument',
          range,
          text,
          `Give ${where} a name, or record it with 'attributes', a function of the arguments.`,
        ),
      );
    else faults.push(fault('unknown-argument', range, text, argumentHint(text, plain, parametersByName)));
  }
  return faults;
}

function argumentHint(text: string, plain: ReadonlySet<string>, taken: ReadonlyMap<string, string>): string {
  const near = nearest(text, [...taken.keys()]);
  if (plain.size === 0 && taken.size > 0 && near === undefined) return 'Its parameters are destructured and have no names.';
  return suggestion(text, [...plain], 'parameters');
}
