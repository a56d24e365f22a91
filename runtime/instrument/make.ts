// Makes and registers a Site from what is known of a function: the transformer's record where there is one, else what can be
// seen at run time; and makes the function that replaces the body.

import type { Attributes } from '@opentelemetry/api';
import { spanKindOf } from '../site/kind.js';
import type { MarkedParameter } from '../site/options.js';
import { type AnyFunction, type ForwarderFactory, Site, type SiteRecord } from '../site/site.js';
import { run } from '../span/run.js';
import { state } from '../state.js';
import { takeIdentity } from './identity.js';
import { isConstructible, shapeOfFunction } from './introspect.js';
import type { InstrumentOptions, SiteOptions } from './options.js';
import { parameterNames } from './parameter-names.js';
import { checkAddedOptions, checkInstrumentOptions, constantAttributes, resolveAdded, resolveOptions } from './resolve.js';
import { constructibleWrapper, wrapper } from './wrapper.js';

/** Description of a function that no transformer described, as instrument() reads it from the function. */
function recordOf(body: AnyFunction, owner: string | undefined, name: string): SiteRecord {
  return {
    namespace: owner ?? '',
    function: name,
    name: owner === undefined ? name : `${owner}.${name}`,
    shape: shapeOfFunction(body),
  };
}

function qualifiedName(record: SiteRecord, namespace: string): string {
  return namespace === '' ? record.function : `${namespace}${record.separator ?? '::'}${record.function}`;
}

/** `code.*` of a function. @param namespace that of the options, where they have one */
export function placeAttributes(record: SiteRecord, namespace = record.namespace): Attributes {
  const attributes: Attributes = { 'code.function.name': qualifiedName(record, namespace) };
  if (namespace !== '') attributes['code.namespace'] = namespace;
  if (record.file !== undefined) attributes['code.file.path'] = record.file;
  if (record.line !== undefined) attributes['code.line.number'] = record.line;
  if (record.column !== undefined) attributes['code.column.number'] = record.column;
  return attributes;
}

/** Registers a site, and lets the gate judge it under the settings in force. */
export function makeSite(
  record: SiteRecord,
  given: SiteOptions,
  body: AnyFunction,
  marked: readonly MarkedParameter[] = [],
): Site {
  const { adds } = given;
  const options: InstrumentOptions = adds ?? given;
  const namespace = options.namespace ?? record.namespace;
  const qualified = qualifiedName(record, namespace);
  if (adds === undefined) checkInstrumentOptions(options, qualified);
  else checkAddedOptions(options, qualified, marked.length);
  const named = options.args !== undefined || marked.length > 0;
  const guessed = record.parameters === undefined;
  const parameters = guessed && named ? parameterNames(body) : record.parameters;
  const place = record.file === undefined ? '' : `@${record.file}:${record.line}:${record.column}`;
  const site = new Site({
    id: `${qualified}${place}`,
    namespace,
    functionName: record.function,
    spanName: options.name ?? record.name,
    kind: spanKindOf(options.kind),
    file: record.file,
    line: record.line,
    column: record.column,
    parameters: record.parameters,
    shape: record.shape ?? shapeOfFunction(body),
    options: (adds === undefined ? resolveOptions : resolveAdded)(options, { names: parameters, guessed, marked }, qualified),
    attributes: Object.freeze({
      ...placeAttributes(record, namespace),
      ...(adds === undefined ? constantAttributes(options) : undefined),
    }),
  });
  site.isAsync = shapeOfFunction(body) === 'async';
  const slot = state.sites.add(site);
  state.gate.judge(slot);
  return slot;
}

/** The site that a decorator makes: as the transformer describes it, or as it can be seen at run time, which is counted. */
export function register({ body, record, options, owner, name, marked }: Instrumented): Site {
  if (record === undefined) state.untransformed++;
  return makeSite(record ?? recordOf(body, owner, name), options, body, marked);
}

/** The stand-in for `body`: the transformer's forwarder, or the wrapper that serves all. Its identity is the body's. */
export function makeFunction(site: Site, factory: ForwarderFactory | undefined, body: AnyFunction): AnyFunction {
  const gate = site.options.parent === undefined ? state.gate.calls : state.gate.entry;
  let made = (factory ?? (isConstructible(body) ? constructibleWrapper : wrapper))(gate, body, run, site);
  // A decorator further in may have made a plain function of the method that the transformer wrote the forwarder for.
  if (isConstructible(body) && !Object.hasOwn(made, 'prototype')) made = constructibleWrapper(gate, body, run, site);
  takeIdentity(body, made);
  state.made.set(made, site);
  return made;
}

/** A function to instrument, with what its decorator and the transformer know of it. */
interface Instrumented {
  readonly body: AnyFunction;
  /** Undefined where the source was not transformed. */
  readonly record: SiteRecord | undefined;
  readonly factory?: ForwarderFactory | undefined;
  readonly options: InstrumentOptions;
  /** Name of the class. */
  readonly owner?: string | undefined;
  readonly name: string;
  /** Parameters marked for recording. */
  readonly marked?: readonly MarkedParameter[];
}

/** Registers a function and returns its wrapper; a function that is instrumented or skipped already is left as it is. */
export function wrapperFor(given: Instrumented): { fn: AnyFunction; site: Site | undefined } {
  const { body, factory } = given;
  if (state.made.has(body) || state.skipped.has(body)) return { fn: body, site: undefined };
  const site = register(given);
  return { fn: makeFunction(site, factory, body), site };
}
