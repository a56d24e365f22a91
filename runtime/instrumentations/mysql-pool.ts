// Pools of mysql2: a caller that waits for a connection is resumed from where another query gave it back, and its own query would be
// recorded under the span of that other query, or under none. The instrumentation package leaves pools alone, so they are patched with it
// here.

import { normalize } from 'node:path';
import { context } from '@opentelemetry/api';

type GetConnection = (this: unknown, callback: unknown, ...rest: unknown[]) => unknown;
interface PoolClass {
  readonly prototype: { getConnection?: GetConnection };
}

/** The parts of an instrumentation that patching one more file takes. */
interface Extensible {
  readonly _modules?: readonly { readonly supportedVersions: string[]; readonly files: object[] }[];
  _wrap(target: object, name: string, wrapper: (original: GetConnection) => GetConnection): unknown;
  _unwrap(target: object, name: string): unknown;
}

/** Places of the class, from the newest version back. */
const FILES = ['mysql2/lib/base/pool.js', 'mysql2/lib/pool.js'];

/** Called once, before the instrumentation is enabled. */
export function followPools(instrumentation: object): void {
  const extended = instrumentation as Extensible;
  for (const { supportedVersions, files } of extended._modules ?? []) {
    for (const name of FILES) files.push({ name: normalize(name), supportedVersions, ...patching(extended) });
  }
}

function patching(instrumentation: Extensible) {
  const has = (exported: PoolClass | undefined): exported is PoolClass =>
    typeof exported?.prototype === 'object' && Object.hasOwn(exported.prototype, 'getConnection');
  return {
    patch(exported: PoolClass): PoolClass {
      if (has(exported)) instrumentation._wrap(exported.prototype, 'getConnection', bound);
      return exported;
    },
    unpatch(exported: PoolClass | undefined): void {
      if (has(exported)) instrumentation._unwrap(exported.prototype, 'getConnection');
    },
  };
}

function bound(original: GetConnection): GetConnection {
  return function getConnection(this: unknown, callback, ...rest) {
    const own = typeof callback === 'function' ? context.bind(context.active(), callback) : callback;
    return Reflect.apply(original, this, [own, ...rest]);
  };
}
