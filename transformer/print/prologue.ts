// The form of what is emitted for functions that are recorded from inside: the module's table behind the import, the check at the head of
// each body, and the registration of members. Read by both printers. Changing it means a new contract number.

import { CONTRACT, type Edit, EMITTED_MODULE, type ModuleNames, type Plan, type Registered } from '../core/edit.js';
import { segmentsOfFile } from '../core/naming.js';
import type { Site } from '../core/site.js';
import { type Code, call, literal, member, name } from './code.js';
import { optionsOf } from './forwarder.js';
import { tableText } from './table.js';
import { quoted } from './text.js';

/** Keeps the check out of istanbul's counts. `@preserve` keeps the comment through esbuild and minifiers. */
export const COVERAGE_HINT = ' istanbul ignore next -- @preserve ';

/** The parts of a prologue: `if (test) return answer`. An async function awaits its call, see `prologueLine()`. */
interface PrologueText {
  /** Asks the recorder, which is called with `own` first where that is no plain name. */
  readonly test: string;
  readonly answer: string;
}

/** Members of the call of an async function: its promise, and the functions that end it and return what they are given. */
interface AwaitedText {
  readonly promise: string;
  readonly fulfil: string;
  readonly fail: string;
}

export function awaitedText({ call: made }: ModuleNames): AwaitedText {
  return { promise: `${made}.p`, fulfil: `${made}.v`, fail: `${made}.x` };
}

export function prologueText({ row, prologue, marked }: Site, { recorder, table, value }: ModuleNames): PrologueText {
  const { parameters = [], listed = false, self = false, itself, own = itself && value } = prologue ?? {};
  const given = listed ? [`[${parameters.join(',')}]`] : parameters;
  // options of a marked function may read `this`
  const receiver = self ? 'this' : marked ? 'void 0' : '0';
  const passed = [...(own === undefined ? [] : [own]), row, receiver, ...given];
  // the smallest possible test, and one call: a method stays below V8's limit for early optimization
  return { test: `${recorder}&&${recorder}(${passed.join(',')})`, answer: `${table}()` };
}

/**
 * The prologue as one line of text. An async function awaits the promise of its body and ends the call behind that: V8 follows such a
 * wait in async stacks, and it takes one microtask. Both ways out of the wait pass a call that has not been made while off, so that V8
 * compiles the function as one that never waits, and allocates no generator for it.
 */
export function prologueLine(site: Site, names: ModuleNames, hint: boolean): string {
  const { test, answer } = prologueText(site, names);
  const { call: made, error } = names;
  const { promise, fulfil, fail } = awaitedText(names);
  const line = site.prologue?.async
    ? `if(${test}){var ${made}=${answer};try{return ${fulfil}(await ${promise})}catch(${error}){throw ${fail}(${error})}}`
    : `if(${test})return ${answer};`;
  return hint ? `/*${COVERAGE_HINT}*/${line}` : line;
}

/** The parts of a function that is recorded inline: `start; try { body } catch (error) { fail } finally { end }`. */
interface InlineText {
  readonly start: string;
  readonly fail: string;
  readonly end: string;
  /** Precedes a returned expression. */
  readonly keep: string;
}

export function inlineText({ row, inline }: Site, { recorder, table, call: made, value, error }: ModuleNames): InlineText {
  const keeps = inline !== undefined && inline.returns.length > 0;
  return {
    start: `var ${keeps ? `${value},` : ''}${made}=${recorder}&&${recorder}(${row})`,
    fail: `${table}.x(${error},${made})`,
    end: `${made}&&${made}(${keeps ? value : ''})`,
    keep: `${value}=`,
  };
}

/** True if coverage tools are asked to ignore the check of this site. */
export function isHinted({ marked }: Site, { covered }: Plan): boolean {
  return marked || covered;
}

/** Statements at the start of a file, as text. @param reloadable the file may be loaded again after an edit */
export function opening(plan: Plan, module: boolean, reloadable: boolean): string[] {
  const { binding } = plan;
  if (reloadable) {
    const load = module ? `import * as ${binding} from '${EMITTED_MODULE}';` : `const ${binding} = require('${EMITTED_MODULE}');`;
    return [load, fileLoaded(plan), moduleHead(plan)];
  }
  if (!module) return [moduleHead(plan, `require('${EMITTED_MODULE}').module`)];
  // free in the whole file, and otherwise a variable of functions only
  const { error: make } = plan.module;
  return [`import{module as ${make}}from'${EMITTED_MODULE}';${moduleHead(plan, make)}`];
}

/** Call that gives the places of the file's sites to the registry. */
function fileLoaded({ sites, binding, module: { namespace, path } }: Plan): string {
  const places = sites.map(({ record: { line, column, function: name } }) => `${line}:${column}:${name}`).join('\n');
  return `${binding}.fileLoaded(${[namespace, path, places].map(quoted).join(', ')});`;
}

/**
 * The module's variables. `var`: no dead zone in import cycles, no hole checks.
 * @param make what makes the table
 */
export function moduleHead({ sites, binding, module: names }: Plan, make = `${binding}.module`): string {
  const { recorder, table, early, path, separator, qualified } = names;
  const more = qualified ? [separator, '1'] : separator === '::' ? [] : [separator];
  const texts = [shortNamespace(names), path, tableText(sites, qualified), ...more].map(quoted).join(',');
  // the parameter of the setter must not shadow the recorder
  const given = recorder === 'w' ? 'x' : 'w';
  const made = `${table}=${make}(${CONTRACT},${given}=>${recorder}=${given},${texts})`;
  if (!sites.some((site) => site.early)) return `var ${recorder},${made};`;
  return `var ${recorder},${table};function ${early}(){return ${table}||(${made})}${early}();`;
}

/** A namespace that ends as the path does is written as `root*`, or `root*1` without the first directory. Undone by the runtime. */
function shortNamespace({ namespace, path, separator }: ModuleNames): string {
  const parts = segmentsOfFile(path, separator);
  for (let skipped = 0; skipped < parts.length; skipped++) {
    const end = parts.slice(skipped).join(separator);
    if (!`${separator}${namespace}`.endsWith(`${separator}${end}`)) continue;
    const root = namespace.slice(0, Math.max(0, namespace.length - end.length - separator.length));
    const short = `${root}*${skipped === 0 ? '' : skipped}`;
    return short.length < namespace.length ? short : namespace;
  }
  return namespace;
}

/** Statements of the static block that registers members. */
export function registrations(edit: Edit & { kind: 'register members' }, { sites, module: { table } }: Plan): Code[] {
  const owner: Code = edit.owner === null ? { is: 'class' } : name(edit.owner);
  const described = call(member(name(table), 'describe'), owner);
  const rowOf = (one: Registered): Code => literal(sites[one.site]?.row);
  if (edit.options !== null) {
    const pairs = edit.members.flatMap((one) => [rowOf(one), functionAt(owner, one)]);
    return [call(member(name(table), 'putAll'), { is: 'authored', at: edit.options }, ...pairs), described];
  }
  const found = edit.members.filter(({ site }) => sites[site]?.found !== undefined);
  const first = Math.min(...found.map(({ site }) => sites[site]?.row ?? 0));
  const all = found.length === 0 ? [] : [call(member(name(table), 'of'), owner, literal(first))];
  const others = edit.members.flatMap((one) => {
    if (found.includes(one)) return [];
    const options = optionsOf(sites[one.site] as Site, one.options);
    if (one.kind === 'method') return [call(member(name(table), 'put'), rowOf(one), functionAt(owner, one), ...options)];
    const callee = one.kind === 'getter' ? 'putGetter' : 'putSetter';
    return [call(member(name(table), callee), rowOf(one), holderOf(owner, one), literal(one.key), ...options)];
  });
  return [...all, ...others, ...(others.length > 0 ? [described] : [])];
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
