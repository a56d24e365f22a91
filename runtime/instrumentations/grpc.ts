// gRPC in today's semantic conventions: the span is named after the method, `rpc.system.name`, `rpc.method` (with its service), and
// `rpc.status_code` as text. The package has an older edition, whose attributes it sets after the span's start.

import type { Attributes, AttributeValue } from '@opentelemetry/api';
import { grpcStatusName } from '../text/grpc-status.js';
import { fieldOf, peerOfTarget } from './peer.js';
import type { Call } from './row.js';

/** `grpc.test.Echo/Send` is the package's name. */
export const grpcName = (name: string): string => name.replace(/^grpc\./u, '');

export function grpcAttributes(attributes: Attributes, name: string): Attributes {
  return { ...attributes, 'rpc.system.name': 'grpc', 'rpc.method': grpcName(name) };
}

/** Recorded at the start already, or by the exception. */
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

/** The handler's call on a server, the returned one on a client. */
export function grpcConnection({ args, result }: Call): Attributes | undefined {
  for (const call of [result, args[0]]) {
    const getPeer = fieldOf(call, 'getPeer');
    const found = typeof getPeer === 'function' ? peerOfTarget(getPeer.call(call)) : undefined;
    if (found !== undefined) return found;
  }
  return undefined;
}
