// gRPC in today's semantic conventions: the span is named after the method, `rpc.system.name`, `rpc.method` (with its service), and
// `rpc.status_code` as text. The package has an older edition, whose attributes it sets after the span's start.

import type { Attributes, AttributeValue } from '@opentelemetry/api';
import { grpcStatusName } from '../text/grpc-status.js';
import { fieldOf, peerOfTarget } from './peer.js';
import type { Call } from './row.js';

/** The package's name of a span is `grpc.test.Echo/Send`. */
export const grpcName = (name: string): string => name.replace(/^grpc\./u, '');

export function grpcAttributes(attributes: Attributes, name: string): Attributes {
  return { ...attributes, 'rpc.system.name': 'grpc', 'rpc.method': grpcName(name) };
}

/** Attributes left out, because the start or the exception has recorded them under another name. */
const LEFT_OUT = new Set(['rpc.system', 'rpc.service', 'rpc.method', 'grpc.error_name', 'grpc.error_message']);

export function grpcLater(
  key: string,
  value: AttributeValue,
  span: { setAttribute(key: string, value: string): unknown },
): readonly [string, AttributeValue] | undefined {
  if (LEFT_OUT.has(key) || Number.isNaN(value)) return undefined;
  if (key !== 'rpc.grpc.status_code') return [key, value];
  const status = grpcStatusName(value as number) ?? String(value);
  if (status !== 'OK') span.setAttribute('error.type', status);
  return ['rpc.status_code', status];
}

/** The call object: on a server that of the handler, on a client the returned one. */
export function grpcConnection({ args, result }: Call): Attributes | undefined {
  for (const call of [result, args[0]]) {
    const getPeer = fieldOf(call, 'getPeer');
    const found = typeof getPeer === 'function' ? peerOfTarget(getPeer.call(call)) : undefined;
    if (found !== undefined) return found;
  }
  return undefined;
}
