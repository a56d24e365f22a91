// Instruments the classes of a Nest application: replaces methods on their prototypes before Nest reads the routes. Metadata of decorators
// goes with each method. Providers that are values or come from factories are left alone, because their methods are not the application's.

import { shapeOfFunction } from '../instrument/introspect.js';
import { wrapperFor } from '../instrument/make.js';
import type { InstrumentOptions } from '../instrument/options.js';
import type { AnyFunction } from '../site/site.js';

/** Kinds of classes that the module instruments. */
export type NestKind = 'controllers' | 'providers' | 'guards' | 'interceptors' | 'pipes' | 'filters' | 'resolvers' | 'gateways';

/** Entry of Nest's container for a provider, controller or enhancer. */
interface Scanned {
  readonly metatype: unknown;
  /** Set for factories. */
  readonly inject?: unknown;
}

export interface ScannedModule {
  readonly metatype: AnyFunction;
  readonly controllers: ReadonlyMap<unknown, Scanned>;
  readonly providers: ReadonlyMap<unknown, Scanned>;
  readonly injectables: ReadonlyMap<unknown, Scanned>;
}

/** Kinds that are recognized by the one method that Nest calls. */
const ENHANCERS: readonly (readonly [kind: NestKind, method: string])[] = [
  ['guards', 'canActivate'],
  ['interceptors', 'intercept'],
  ['filters', 'catch'],
  ['pipes', 'transform'],
];

/** Kinds that are recognized by the metadata of their decorators. */
const MARKED: readonly (readonly [kind: NestKind, key: string])[] = [
  ['resolvers', 'graphql:resolver_type'],
  ['gateways', 'websockets:is_gateway'],
];

/** Methods that Nest calls once, before or after all requests. */
const LIFECYCLE = new Set([
  'constructor',
  'onModuleInit',
  'onApplicationBootstrap',
  'onModuleDestroy',
  'beforeApplicationShutdown',
  'onApplicationShutdown',
]);

/** Modules of Nest itself, whose providers are called for everything. */
const OF_NEST = new Set(['InternalCoreModule', 'ConfigHostModule']);

type Kinds = boolean | readonly NestKind[];

interface Chosen {
  readonly kinds: Kinds;
  /** Classes and modules that are left alone. */
  readonly exclude: ReadonlySet<unknown>;
}

/** @param namespace first part of the namespaces */
export function instrumentClasses(modules: Iterable<ScannedModule>, namespace: string, chosen: Chosen): void {
  if (chosen.kinds === false) return;
  for (const { metatype, controllers, providers, injectables } of modules) {
    if (chosen.exclude.has(metatype) || OF_NEST.has(metatype.name)) continue;
    const within = `${namespace}::${moduleName(metatype.name)}`;
    for (const { metatype: type } of controllers.values()) instrumentClass(type, within, 'controllers', chosen);
    // a factory has `inject`; Nest keeps the module's own class among its providers
    for (const { metatype: type, inject } of [...providers.values(), ...injectables.values()])
      if ((inject === undefined || inject === null) && type !== metatype) instrumentClass(type, within, kindOf(type), chosen);
  }
}

/** `OrderItemsModule` is `order-items`. */
function moduleName(name: string): string {
  return name
    .replace(/(.)Module$/u, '$1')
    .replace(/([a-z\d])([A-Z])/gu, '$1-$2')
    .toLowerCase();
}

function kindOf(type: unknown): NestKind {
  if (!isMarked(type)) return 'providers';
  const marked = MARKED.find(([, key]) => hasMetadata(key, type));
  if (marked !== undefined) return marked[0];
  return ENHANCERS.find(([, method]) => Object.hasOwn(type.prototype, method))?.[0] ?? 'providers';
}

function hasMetadata(key: string, type: AnyFunction): boolean {
  return (Reflect as { hasMetadata?: (key: string, target: object) => boolean }).hasMetadata?.(key, type) === true;
}

/** True for classes with a decorator of Nest: `@Injectable()`, `@Controller()` and decorators built on them. */
function isMarked(type: unknown): type is AnyFunction {
  return (
    typeof type === 'function' &&
    typeof type.prototype === 'object' &&
    ['__injectable__', '__controller__', '__catch__', ...MARKED.map(([, key]) => key)].some((key) =>
      hasMetadata(key, type as AnyFunction),
    )
  );
}

function instrumentClass(type: unknown, within: string, kind: NestKind, { kinds, exclude }: Chosen): void {
  if (!isMarked(type) || exclude.has(type) || (kinds !== true && !(kinds as readonly NestKind[]).includes(kind))) return;
  const only = ENHANCERS.find(([enhancer]) => enhancer === kind)?.[1];
  // Nest calls the controller while the result of the interceptor is subscribed to
  const options: InstrumentOptions = kind === 'interceptors' ? { until: 'end' } : {};
  const prototype: object = type.prototype;
  for (const name of only === undefined ? Object.getOwnPropertyNames(prototype) : [only]) {
    const descriptor = Object.getOwnPropertyDescriptor(prototype, name);
    if (LIFECYCLE.has(name) || typeof descriptor?.value !== 'function' || !descriptor.configurable) continue;
    const body = descriptor.value as AnyFunction;
    const record = {
      namespace: `${within}::${type.name}`,
      function: name,
      name: `${type.name}.${name}`,
      shape: shapeOfFunction(body),
    };
    Object.defineProperty(prototype, name, { ...descriptor, value: wrapperFor({ body, record, options, name }).fn });
  }
}
