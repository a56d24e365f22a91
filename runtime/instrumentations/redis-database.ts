// Which database a client of node-redis works in: the one that it was made with until it selects another, which it keeps to itself. The
// few methods that change it are followed, at no cost to any other command. Used by redis.ts for `db.namespace`.

import { normalize } from 'node:path';
import type { AnyFunction } from '../site/site.js';
import { fieldOf } from './peer.js';

/** By client; one that has not selected anything is not in it. */
const selected = new WeakMap<object, unknown>();

/** The client itself, where a client was given with options of its own for some commands. */
const itself = (client: unknown): unknown => fieldOf(client, '_self') ?? client;

/** The database of a client, as its own options or its last SELECT name it. */
export function databaseOf(client: unknown): unknown {
  const own = itself(client) as object | undefined;
  const known = own === undefined ? undefined : selected.get(own);
  return known ?? fieldOf(fieldOf(client, 'options'), 'database') ?? 0;
}

type Change = (args: readonly unknown[], client: unknown) => unknown;

/** Methods of the client's class, each with the database that its client is in once it has been done; undefined where it stays. */
const CHANGES: Readonly<Record<string, Change>> = {
  SELECT: (args) => args.at(-1), // version 4 has options before it
  _executeMulti: (args) => args[1],
  _executePipeline: (args) => args[1],
  reset: (_args, client) => fieldOf(fieldOf(client, 'options'), 'database') ?? 0,
};

const following = (change: Change) =>
  function follow(_row: unknown, original: AnyFunction): AnyFunction {
    return function followed(this: unknown, ...args: unknown[]): unknown {
      const client = itself(this);
      const database = change(args, client);
      const result: unknown = Reflect.apply(original, this, args);
      if (database === undefined || !(result instanceof Promise)) return result;
      // what comes of it is handed on, so that a failure that nobody handles is told as one
      return result.then((answer) => {
        selected.set(client as object, database);
        return answer;
      });
    };
  };

/** For the row of the package: these are followed whether or not anything is recorded. */
export const FOLLOWED = Object.fromEntries(Object.entries(CHANGES).map(([name, change]) => [name, following(change)]));

interface ClientModule {
  readonly default?: { readonly prototype?: Record<string, unknown> };
}

/** The parts of an instrumentation that patching one more file takes. */
interface Extensible {
  readonly _modules?: readonly { readonly name: string; readonly supportedVersions: string[]; readonly files: object[] }[];
  _wrap(target: object, name: string, wrapper: (original: AnyFunction) => AnyFunction): unknown;
  _unwrap(target: object, name: string): unknown;
}

/** Called once, before the instrumentation is enabled. It is made of one for each line of the library. */
export function followDatabases(instrumentation: object): void {
  for (const one of Object.values(instrumentation) as (Extensible | undefined)[]) {
    if (typeof one?._wrap !== 'function') continue;
    for (const { name, supportedVersions, files } of one._modules ?? []) {
      if (name.endsWith('/client'))
        files.push({ name: normalize(`${name}/dist/lib/client/index.js`), supportedVersions, ...patching(one) });
    }
  }
}

function patching(instrumentation: Extensible) {
  const each = (exported: ClientModule | undefined, work: (prototype: object, name: string) => void): void => {
    const prototype = exported?.default?.prototype;
    if (prototype === undefined) return;
    for (const name of Object.keys(CHANGES)) if (typeof prototype[name] === 'function') work(prototype, name);
  };
  return {
    patch(exported: ClientModule): ClientModule {
      each(exported, (prototype, name) => instrumentation._wrap(prototype, name, (original) => original));
      return exported;
    },
    unpatch(exported: ClientModule | undefined): void {
      each(exported, (prototype, name) => instrumentation._unwrap(prototype, name));
    },
  };
}
