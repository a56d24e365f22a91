// How packages patch a library: through one method of their base class, which is replaced here before they are enabled. While
// nothing can be recorded and there is no context to pass on, a patched function costs a test of the gate: the library's own is
// called at once. And the default export of a CommonJS module that an ES module imports is patched as its named exports are.

import type { IncomingMessage } from 'node:http';
import { types } from 'node:util';
import { state } from '../state.js';
import { underWay } from './call.js';
import { neverLooked } from './consume.js';
import { bringsNothing, nothingToPass } from './http.js';
import type { PackageRow } from './row.js';

// biome-ignore lint/suspicious/noExplicitAny: functions of any library
type Fn = ((this: any, ...args: any[]) => any) & object;
type Wrap = (target: object, name: string, wrapper: (original: Fn) => unknown) => unknown;

/** True if a call goes straight to the library. */
type Bypass = (args: readonly unknown[], receiver: unknown) => boolean;

const whileIdle: Bypass = () => state.gate.idle;
const withNothingToPass: Bypass = () => nothingToPass();
/** `emit` of an HTTP server, bypassed while idle for a request without trace context and for any other event. */
const asHttpServer: Bypass = (args) =>
  state.gate.idle && (args[0] !== 'request' || bringsNothing((args[1] as IncomingMessage).headers ?? {}));
/** A handler of a gRPC server, bypassed while idle if the metadata of its call have no trace context. */
const asGrpcServer: Bypass = (args) => {
  const { metadata } = args[0] as { metadata?: { getMap?(): Record<string, unknown> } };
  return state.gate.idle && bringsNothing(metadata?.getMap?.() ?? {});
};
/** Functions that set receivers up or end a span: never bypassed. */
const never: Bypass = () => false;

/** Patched functions that carry context and may be bypassed, by package. Methods of a gRPC client have names of their own. */
const CARRYING: Record<string, (name: string) => Bypass> = {
  http: (name) => (name === 'emit' ? asHttpServer : withNothingToPass),
  amqplib: (name) => AMQP[name] ?? never,
  grpc: (name) => (GRPC_SETUP.has(name) ? never : name === 'func' ? asGrpcServer : withNothingToPass),
};
/** Ends the spans of messages that a channel has handed out. */
const settlesMessages: Bypass = (_args, channel) => neverLooked(channel);
const AMQP: Record<string, Bypass> = {
  publish: withNothingToPass,
  ack: settlesMessages,
  nack: settlesMessages,
  reject: settlesMessages,
  ackAll: settlesMessages,
  nackAll: settlesMessages,
  // the package stops its timer when a channel closes
  emit: ([event]) => event !== 'close' && event !== 'error',
};
const GRPC_SETUP = new Set([
  'register',
  'makeGenericClientConstructor',
  'makeClientConstructor',
  'loadPackageDefinition',
  'sendMetadata',
]);

function bypassOf(row: PackageRow, name: string): Bypass {
  if (!row.carriesContext) return whileIdle;
  return CARRYING[row.package.replace(/^.*instrumentation-/u, '')]?.(name) ?? never;
}

interface Patching {
  _wrap?: Wrap;
}

/**
 * Replaces `_wrap` of an instrumentation that is not enabled yet, and of the instrumentations that it consists of, one for each version
 * line of a library.
 */
export function adaptPatching(instrumentation: object, row: PackageRow): void {
  for (const one of [instrumentation, ...Object.values(instrumentation)]) {
    if (typeof one?._wrap === 'function') adaptWrap(one, one._wrap, row);
  }
}

function adaptWrap(instrumentation: Patching, wrap: Wrap, row: PackageRow): void {
  instrumentation._wrap = (target, name, wrapper) => {
    const bypass = bypassOf(row, name);
    const wrapped = (original: Fn): unknown => {
      const made = row.wraps?.[name]?.(row, original, wrapper as (original: Fn) => Fn);
      if (made !== undefined) return made;
      const patched = wrapper(original);
      const choice = bypass !== never && typeof patched === 'function' && typeof original === 'function';
      return choice ? choosing(original, patched as Fn, bypass, row) : patched;
    };
    const inner = defaultOf(target)?.[name];
    // the same module was patched when it was loaded by `require`
    if (typeof inner === 'function' && !('__original' in inner)) wrap(defaultOf(target) as object, name, wrapped);
    return wrap(target, name, wrapped);
  };
}

/** The default export of a namespace, which import hooks hand over as a proxy. */
function defaultOf(target: object): Record<string, unknown> | undefined {
  const inner = types.isProxy(target) ? (target as { default?: unknown }).default : undefined;
  return typeof inner === 'object' && inner !== null ? (inner as Record<string, unknown>) : undefined;
}

function choosing(original: Fn, patched: Fn, bypass: Bypass, row: PackageRow): Fn {
  const describesPeer = row.connection !== undefined;
  const chosen = function (this: unknown, ...args: unknown[]): unknown {
    const straight = bypass(args, this);
    if (new.target !== undefined) return Reflect.construct(straight ? original : patched, args, new.target);
    return describesPeer && !straight
      ? underWay(row, patched, this, args)
      : Reflect.apply(straight ? original : patched, this, args);
  };
  // the properties that promisify() and others read are those of the patched function
  chosen.prototype = patched.prototype;
  const { prototype, ...own } = Object.getOwnPropertyDescriptors(patched);
  return Object.defineProperties(chosen, own);
}
