// Configuration of the HTTP instrumentations (Node's http, and undici, which is fetch too): paths that are not looked at, request
// ids as attributes, and nothing done for a request while nothing can be recorded and there is no context to pass on.

import type { IncomingMessage } from 'node:http';
import { propagation, ROOT_CONTEXT, trace } from '@opentelemetry/api';
import { CORRELATION_HEADERS } from '../propagation/correlation.js';
import { activeContext } from '../span/run.js';
import { state } from '../state.js';
import type { OwnOptions } from './packages.js';

type Hook = (request: unknown) => boolean;

const asHook = (given: unknown): Hook | undefined => (typeof given === 'function' ? (given as Hook) : undefined);

/** True when a call to another service has nothing to record and nothing to tell. */
export function nothingToPass(): boolean {
  if (!state.gate.idle) return false;
  const context = activeContext();
  return context === ROOT_CONTEXT || (trace.getSpan(context) === undefined && propagation.getBaggage(context) === undefined);
}

const INCOMING = ['traceparent', 'baggage'] as const;

/** True when a request brings no context. */
export function bringsNothing(headers: Readonly<Record<string, unknown>>): boolean {
  return INCOMING.every((name) => headers[name] === undefined);
}

export function adaptHttp(given: Record<string, unknown>, { ignorePaths }: OwnOptions): Record<string, unknown> {
  const ignore = asHook(given.ignoreIncomingRequestHook);
  const headers = given.headersToSpanAttributes as { server?: { requestHeaders?: string[] } } | undefined;
  const isIgnored = (request: IncomingMessage): boolean => {
    const path = (request.url ?? '').split(/[?#]/u, 1)[0] as string;
    return ignorePaths.some((ignored) => path === ignored || path.startsWith(ignored.endsWith('/') ? ignored : `${ignored}/`));
  };
  return {
    ...given,
    ignoreIncomingRequestHook: (request: IncomingMessage) => isIgnored(request) || ignore?.(request) === true,
    headersToSpanAttributes: {
      ...headers,
      server: {
        ...headers?.server,
        requestHeaders: [...new Set([...(headers?.server?.requestHeaders ?? []), ...CORRELATION_HEADERS])],
      },
    },
  };
}

export function adaptUndici(given: Record<string, unknown>): Record<string, unknown> {
  const ignore = asHook(given.ignoreRequestHook);
  return { ...given, ignoreRequestHook: (request: unknown) => nothingToPass() || ignore?.(request) === true };
}
