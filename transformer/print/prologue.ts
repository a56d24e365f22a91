// The form of what is emitted for functions with a prologue: the module's table behind the import, the check at the head of each
// body, and the registration of each function. Read by both printers. Changing it means a new contract number.

import { CONTRACT, type Edit, type ModuleNames, type Plan, type Registered } from '../core/edit.js';
import type { Prologue, Site } from '../core/site.js';
import { type Code, call, literal, member, name } from './code.js';
import { quoted } from './text.js';

/** Parameters that a recorder takes one by one; more come as one list. */
const SPREAD = 4;

/** Keeps the check out of istanbul's counts. `@preserve` keeps the comment through esbuild and minifiers. */
export const COVERAGE_HINT = ' istanbul ignore next -- @preserve ';

/** The parts of a prologue: `if (test) { ask; if (answered) return answer; }`, or what awaits it. */
export interface PrologueText {
  readonly test: string;
  readonly ask: string;
  readonly answered: string;
  readonly answer: string;
  readonly error: string;
}

export function prologueText(
  { parameters, self }: Prologue,
  index: number,
  { recorder, answer, error }: ModuleNames,
): PrologueText {
  const given = parameters.length > SPREAD ? [`[${parameters.join(', ')}]`] : parameters;
  return {
    // a comparison with undefined is the smallest test there is: a method stays below V8's limit for early optimization
    test: `${recorder} !== void 0`,
    ask: `const ${answer} = ${recorder}(${[index, self ? 'this' : 'void 0', ...given].join(', ')})`,
    answered: `${answer} !== ${recorder}`,
    answer,
    error,
  };
}

/** The prologue as one line of text. */
export function prologueLine(prologue: Prologue, index: number, names: ModuleNames): string {
  const { test, ask, answered, answer, error } = prologueText(prologue, index, names);
  // awaiting inside keeps async stacks whole: V8 follows a promise only while it has one reaction
  const leave = prologue.async
    ? `try { return ${answer}.ok(await ${answer}.p); } catch (${error}) { throw ${answer}.fail(${error}); }`
    : `return ${answer};`;
  return `/*${COVERAGE_HINT}*/ if (${test}) { ${ask}; if (${answered}) ${leave} }`;
}

/** The module's variables, or nothing where no function has a prologue. `var`: no dead zone in import cycles, no hole checks. */
export function moduleHead({ sites, binding, module: names }: Plan): string | undefined {
  if (!sites.some(({ prologue }) => prologue !== undefined)) return undefined;
  const { recorder, table, namespace, path, separator } = names;
  const rows = sites.map((site) => (site.prologue === undefined ? '' : row(site, names))).join('\n');
  const texts = [namespace, path, rows, ...(separator === '::' ? [] : [separator])].map(quoted).join(', ');
  return `var ${recorder}, ${table} = ${binding}.module(${CONTRACT}, (w) => { ${recorder} = w; }, ${texts});`;
}

/** Call that gives the places of the file's sites to the registry. */
export function fileLoaded({ sites, binding, module: { namespace, path } }: Plan): string {
  const places = sites.map(({ record: { line, column, function: name } }) => `${line}:${column}:${name}`).join('\n');
  return `${binding}.fileLoaded(${[namespace, path, places].map(quoted).join(', ')});`;
}

/** Line, column, function, class or path below the file's namespace, parameters, shape, span name: the last ones where they differ. */
function row({ record }: Site, { namespace, separator }: ModuleNames): string {
  const below =
    record.namespace === namespace ? '' : record.namespace.slice(namespace === '' ? 0 : namespace.length + separator.length);
  const fields: unknown[] = [record.line, record.column, record.function, below, (record.parameters ?? []).join(',')];
  const usual = below === '' ? record.function : `${below}.${record.function}`;
  const named = record.name === usual ? [] : [record.name];
  if (record.shape === 'async' || named.length > 0) fields.push(record.shape === 'async' ? 1 : 0);
  return JSON.stringify([...fields, ...named]).slice(1, -1);
}

/** Statements of the static block that registers members. */
export function registrations(edit: Edit & { kind: 'register members' }, binding: string, { table }: ModuleNames): Code[] {
  const owner: Code = edit.owner === null ? { is: 'class' } : name(edit.owner);
  const ours = (callee: string, ...args: Code[]): Code => call(member(name(binding), callee), ...args);
  const emitted = (callee: string, ...args: Code[]): Code => ours(callee, name(table), ...args);
  if (edit.options !== null) {
    const pairs = edit.members.flatMap((one) => [literal(one.site), functionAt(owner, one)]);
    return [emitted('putAll', { is: 'authored', at: edit.options }, ...pairs), ours('describe', owner)];
  }
  const registered = edit.members.map((one) => {
    const options: Code[] = one.options === null ? [] : [{ is: 'authored', at: one.options }];
    if (one.kind === 'method') return emitted('put', literal(one.site), functionAt(owner, one), ...options);
    const callee = one.kind === 'getter' ? 'putGetter' : 'putSetter';
    return emitted(callee, literal(one.site), holderOf(owner, one), literal(one.key), ...options);
  });
  return [...registered, ours('describe', owner)];
}

function holderOf(owner: Code, { static: isStatic }: Registered): Code {
  return isStatic ? owner : member(owner, 'prototype');
}

function functionAt(owner: Code, one: Registered): Code {
  const holder = holderOf(owner, one);
  return typeof one.key === 'string'
    ? member(holder, one.key)
    : { is: 'element', object: holder, key: { is: 'authored', at: one.key } };
}
