// Metadata of a site that other code can read: `siteOf(fn)`, reflect-metadata where the program has loaded it, and `Symbol.metadata`
// where the program or its engine defines it. Both are the program's; without them nothing is stored.

import type { Attributes } from '@opentelemetry/api';
import type { AnyFunction, Site } from '../site/site.js';
import { state } from '../state.js';
import type { SiteDescription } from '../tracing.js';

/** The part of reflect-metadata that is used. */
export type ReflectMetadata = typeof Reflect & {
  getOwnMetadataKeys?(target: object): unknown[];
  getOwnMetadata?(key: unknown, target: object): unknown;
  defineMetadata?(key: unknown, value: unknown, target: object, property?: string | symbol): void;
};

/** Members by name; a static one under `static` and its name. Each entry is read from its site when it is asked for. */
type DescribedMembers = Record<string | symbol, Attributes>;

/** Read on each use: polyfills define it at any time. */
const metadataSymbol = (): symbol | undefined => (Symbol as { readonly metadata?: symbol }).metadata;

/**
 * The site of an instrumented function, such as a handler that a guard or a middleware is given. Undefined where calls of `fn` are
 * not recorded: also for a class, and for a function that another decorator has put in front.
 *
 * @example `siteOf(context.getHandler())?.namespace // 'shop::orders::OrderController'`
 */
export function siteOf(fn: (...args: never[]) => unknown): SiteDescription | undefined {
  const made = state.made.get(fn);
  const site = made === undefined || isSite(made) ? made : made.siteOf(fn as AnyFunction);
  return site && describeSite(site);
}

/** The part of a report that holds as long as the process lives. */
export function describeSite(site: Site): SiteDescription {
  return {
    id: site.id,
    namespace: site.namespace,
    function: site.functionName,
    name: site.spanName,
    file: site.file ?? null,
    line: site.line ?? null,
    shape: site.shape,
  };
}

/** Describes the instrumented methods and accessors of a class. @param metadata what a TC39 class decorator was given */
export function describeMembers(owner: AnyFunction, metadata?: object): void {
  if ((Reflect as ReflectMetadata).defineMetadata === undefined && metadataSymbol() === undefined) return;
  for (const holder of [owner.prototype as object | undefined, owner]) {
    if (holder === undefined) continue;
    for (const key of Reflect.ownKeys(holder)) {
      const { value, get, set } = Object.getOwnPropertyDescriptor(holder, key) as PropertyDescriptor;
      const fn = [value, get, set].find((one) => typeof one === 'function' && state.made.has(one));
      if (fn !== undefined) describeMember(holder, key, fn, metadata);
    }
  }
}

/** Describes one member. @param holder prototype, or the class of a static member */
export function describeMember(holder: object, key: string | symbol, fn: AnyFunction, metadata = metadataOf(holder)): void {
  const { defineMetadata } = Reflect as ReflectMetadata;
  if (defineMetadata !== undefined)
    for (const [name, value] of Object.entries(placeOf(fn))) defineMetadata(name, value, holder, key);
  if (metadata !== undefined) describeIn(metadata, key, typeof holder === 'function', fn);
}

/** Describes one member in the metadata object that the TC39 decorators of a class share. */
export function describeIn(metadata: object, key: string | symbol, isStatic: boolean, fn: AnyFunction): void {
  const shared = metadata as { spanwright?: DescribedMembers };
  if (!Object.hasOwn(metadata, 'spanwright')) shared.spanwright = Object.create(shared.spanwright ?? null) as DescribedMembers;
  const name = isStatic ? `static ${String(key)}` : key;
  Object.defineProperty(shared.spanwright, name, { enumerable: true, configurable: true, get: () => placeOf(fn) });
}

/** The metadata object of a class outside its TC39 decorators: they were compiled away, or are legacy ones. Undefined where it can have none. */
function metadataOf(holder: object): object | undefined {
  const symbol = metadataSymbol();
  const owner: unknown = typeof holder === 'function' ? holder : holder.constructor;
  if (symbol === undefined || typeof owner !== 'function') return undefined;
  const known = owner as unknown as Record<symbol, object | null | undefined>;
  if (Object.hasOwn(owner, symbol)) return known[symbol] ?? undefined;
  const value = Object.create(known[symbol] ?? null) as object;
  const defined = Reflect.defineProperty(owner, symbol, { value, writable: true, enumerable: true, configurable: true });
  return defined ? value : undefined;
}

function placeOf(fn: AnyFunction): Attributes {
  const made = state.made.get(fn);
  const attributes = made && (isSite(made) ? made.attributes : made.placeOf(fn));
  return Object.fromEntries(Object.entries(attributes ?? {}).filter(([key]) => key.startsWith('code.')));
}

/** Recognized by its fields, because another copy of the package may have created it. */
function isSite(made: object): made is Site {
  return 'spanName' in made;
}
