// Consumers of amqplib. The package wraps the callback of every consumer, and does its work for each message, recorded or not. Here
// a message goes straight to the consumer's own callback while nothing can be recorded and the message brings no context; functions
// that end spans (acknowledging, closing) are bypassed on channels where the package has never handled a message.

import { state } from '../state.js';
import { underWay } from './call.js';
import { bringsNothing } from './http.js';
import type { PackageRow } from './row.js';

// biome-ignore lint/suspicious/noExplicitAny: functions of any library
type Fn = (this: any, ...args: any[]) => any;

interface Message {
  readonly properties?: { readonly headers?: Readonly<Record<string, unknown>> | null };
}

/** Channels with a message that the package has handled. */
const looked = new WeakSet<object>();

/** True when the package has no span on the channel to end. */
export function neverLooked(channel: unknown): boolean {
  return !looked.has(channel as object);
}

/** `consume(queue, callback, ...)`, where the package's callback gets a message only if it may be recorded or has a context. */
export function consuming(row: PackageRow, original: Fn, wrapper: (original: Fn) => Fn): Fn {
  let own: Fn | undefined;
  const patched = wrapper(function register(this: object, ...args: unknown[]) {
    args[1] = delivering(row, this, own as Fn, args[1] as Fn);
    return Reflect.apply(original, this, args);
  });
  return function consume(this: object, ...args: unknown[]) {
    if (typeof args[1] !== 'function') return Reflect.apply(original, this, args);
    own = args[1] as Fn;
    return Reflect.apply(patched, this, args);
  };
}

function delivering(row: PackageRow, channel: object, own: Fn, patched: Fn): Fn {
  return function onMessage(this: unknown, message: Message | null) {
    // null: the broker has cancelled the consumer
    if (message === null || (state.gate.idle && bringsNothing(message.properties?.headers ?? {}))) return own.call(this, message);
    looked.add(channel);
    return underWay(row, patched, this ?? channel, [message]);
  };
}
