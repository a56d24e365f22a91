// The small part of JavaScript that emitted code consists of, as plain data. One description, read by each printer: one
// makes compiler nodes of it, another text.

import type { ForwarderParameter, Range } from '../core/site.js';

export type Code =
  | { readonly is: 'name'; readonly text: string }
  | { readonly is: 'string'; readonly value: string }
  | { readonly is: 'number'; readonly value: number }
  | { readonly is: 'boolean'; readonly value: boolean }
  | { readonly is: 'undefined' }
  | { readonly is: 'this' }
  | { readonly is: 'new.target' }
  /** `this` in a static block. Compilers that lower the block rename it, so that it must be a node of its own. */
  | { readonly is: 'class' }
  | { readonly is: 'call'; readonly callee: Code; readonly arguments: readonly Code[] }
  | { readonly is: 'member'; readonly object: Code; readonly key: string }
  | { readonly is: 'element'; readonly object: Code; readonly key: Code }
  | { readonly is: 'list'; readonly items: readonly Code[] }
  | { readonly is: 'record'; readonly entries: readonly (readonly [string, Code])[] }
  | { readonly is: 'or'; readonly left: Code; readonly right: Code }
  | { readonly is: 'either'; readonly test: Code; readonly yes: Code; readonly no: Code }
  | { readonly is: 'arrow'; readonly parameters: readonly string[]; readonly result: Code }
  /** A method of an object literal, read from it: `({ key(parameters) { return result; } }).key`. */
  | { readonly is: 'method'; readonly key: string; readonly parameters: readonly ForwarderParameter[]; readonly result: Code }
  /** An arrow function, which gets its name from a property: `({ key: (parameters) => result }).key`. */
  | {
      readonly is: 'named arrow';
      readonly key: string;
      readonly parameters: readonly ForwarderParameter[];
      readonly result: Code;
    }
  /** A plain function, which gets its name from a property: `({ key: function (parameters) { ... } }).key`. */
  | { readonly is: 'function'; readonly key: string; readonly parameters: readonly ForwarderParameter[]; readonly result: Code }
  /** An authored method of an object literal, read from one of its own: `({ key() { ... } }).key`. */
  | { readonly is: 'authored method'; readonly key: string; readonly at: Range }
  /** In parentheses: a decorator may hold no call within its callee. */
  | { readonly is: 'group'; readonly value: Code }
  /** A function beside a variable that holds it, for its own body: `(variable => variable = value)()`. */
  | { readonly is: 'itself'; readonly variable: string; readonly value: Code }
  /** A function that a computed key names: `({ [key]: value })[key]`. */
  | { readonly is: 'keyed'; readonly key: Range; readonly value: Code }
  /** Authored text, with the edits that lie within it. */
  | { readonly is: 'authored'; readonly at: Range };

/** An identifier that may be written as a property name or after a dot. */
export function isPropertyIdentifier(text: string): boolean {
  return /^[\p{ID_Start}$_][\p{ID_Continue}$\u200c\u200d]*$/u.test(text);
}

export const name = (text: string): Code => ({ is: 'name', text });
export const call = (callee: Code, ...args: Code[]): Code => ({ is: 'call', callee, arguments: args });
export const member = (object: Code, key: string): Code => ({ is: 'member', object, key });

/** A value of plain data as code; properties that are undefined are left out. */
export function literal(value: unknown): Code {
  if (typeof value === 'string') return { is: 'string', value };
  if (typeof value === 'number') return { is: 'number', value };
  if (typeof value === 'boolean') return { is: 'boolean', value };
  if (Array.isArray(value)) return { is: 'list', items: value.map(literal) };
  if (typeof value !== 'object' || value === null) return { is: 'undefined' };
  const entries = Object.entries(value).filter(([, part]) => part !== undefined);
  return { is: 'record', entries: entries.map(([key, part]) => [key, literal(part)] as const) };
}
