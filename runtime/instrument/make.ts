// Makes and registers a Site from what is known of a function: the transformer's record where there is one, else what can be
// seen at run time; and makes the function that stands in for the body.

import type { Attributes } from '@opentelemetry/api';
import { type AnyFunction, type ForwarderFactory, Site, type SiteRecord } from '../site/site.js';
import { run } from '../span/run.js';
import { state } from '../state.js';
import { parameterNames, shapeOf } from './introspect.js';
import type { InstrumentOptions } from './options.js';
import { checkOptions, constantAttributes, resolveKind, resolveOptions } from './resolve.js';
import { wrapper } from './wrapper.js';

/** What instrument() sees of a function that no transformer described. */
export function recordOf(body: AnyFunction, owner: string | undefined, name: string): SiteRecord {
  return {
    namespace: owner ?? '',
    function: name,
    name: owner === undefined ? name : `${owner}.${name}`,
    shape: shapeOf(body),
  };
}

/** Registers a site, and lets the gate judge it under the settings in force. */
export function makeSite(record: SiteRecord, options: InstrumentOptions, body: AnyFunction): Site {
  const namespace = options.namespace ?? record.namespace;
  const qualified = namespace === '' ? record.function : `${namespace}${record.separator ?? '::'}${record.function}`;
  checkOptions(options, qualified);
  const parameters = record.parameters ?? (options.args === undefined ? undefined : parameterNames(body));
  const attributes: Attributes = { 'code.namespace': namespace, 'code.function.name': qualified };
  if (record.file !== undefined) attributes['code.file.path'] = record.file;
  if (record.line !== undefined) attributes['code.line.number'] = record.line;
  if (record.column !== undefined) attributes['code.column.number'] = record.column;
  const place = record.file === undefined ? '' : `@${record.file}:${record.line}:${record.column}`;
  const site = new Site(
    `${qualified}${place}`,
    namespace,
    record.function,
    options.name ?? record.name,
    resolveKind(options),
    record.file,
    record.line,
    record.column,
    parameters,
    record.shape ?? shapeOf(body),
    undefined,
    resolveOptions(options, parameters, qualified),
    Object.freeze({ ...attributes, ...constantAttributes(options) }),
  );
  const slot = state.sites.add(site);
  state.gate.judge(slot);
  return slot;
}

/** The stand-in for `body`: the transformer's forwarder, or the wrapper that serves all. Its identity is the body's. */
export function makeFunction(site: Site, factory: ForwarderFactory | undefined, body: AnyFunction): AnyFunction {
  const made = (factory ?? wrapper)(state.gate, body, run, site);
  copyIdentity(body, made);
  state.made.add(made);
  return made;
}

/** Name, length, own properties and reflect-metadata, as the body had them when it was decorated. */
function copyIdentity(from: AnyFunction, to: AnyFunction): void {
  for (const key of Reflect.ownKeys(from)) {
    if (key === 'prototype' || key === 'arguments' || key === 'caller') continue;
    const property = Object.getOwnPropertyDescriptor(from, key) as PropertyDescriptor;
    const own = Object.getOwnPropertyDescriptor(to, key);
    if (own !== undefined && own.value === property.value) continue;
    if (own === undefined || own.configurable) Object.defineProperty(to, key, property);
  }
  const reflect = Reflect as ReflectMetadata;
  if (typeof reflect.getOwnMetadataKeys !== 'function') return;
  for (const key of reflect.getOwnMetadataKeys(from)) reflect.defineMetadata?.(key, reflect.getOwnMetadata?.(key, from), to);
}

/** The part of reflect-metadata that is used when the program has loaded it. */
type ReflectMetadata = typeof Reflect & {
  getOwnMetadataKeys?(target: object): unknown[];
  getOwnMetadata?(key: unknown, target: object): unknown;
  defineMetadata?(key: unknown, value: unknown, target: object): void;
};
