// Configuration of the HTTP instrumentations (Node's http, and undici, which is fetch too): ignored paths and user agents,
// request ids as attributes, and nothing done for a request while nothing can be recorded and there is no context to pass on.

import type { IncomingMessage } from 'node:http';
import { type Attributes, propagation, ROOT_CONTEXT, trace } from '@opentelemetry/api';
import { activeContext } from '../context/active.js';
import { watchedHeaders } from '../context/request-headers.js';
import { CORRELATION_HEADERS } from '../propagation/correlation.js';
import { state } from '../state.js';
import { percentDecoded } from '../text/percent-decoded.js';
import type { OwnOptions } from './row.js';

type Hook = (request: unknown) => boolean;

const asHook = (given: unknown): Hook | undefined => (typeof given === 'function' ? (given as Hook) : undefined);

/** True when a call to another service has nothing to record and nothing to propagate. */
export function nothingToPass(): boolean {
  if (!state.gate.idle) return false;
  const context = activeContext();
  return context === ROOT_CONTEXT || (trace.getSpan(context) === undefined && propagation.getBaggage(context) === undefined);
}

/** True when a request brings neither context nor a header that is watched. */
export function bringsNothing(headers: Readonly<Record<string, unknown>>): boolean {
  return [...propagation.fields(), ...watchedHeaders()].every((name) => headers[name] === undefined);
}

/** Names of query parameters whose values grant access, for example those of signed addresses (`sig`, `X-Goog-Signature`). */
const SECRET = /token|secret|passw|pwd|credential|signature|^sig$|api[-_]?key|^key$|accesskey|auth(?!ors?$)|session|^code$|jwt/iu;

/** A query with the values of such parameters left out, and everything else as it was. */
export function withoutSecrets(query: string): string {
  if (query.length > MAX_QUERY) return 'REDACTED';
  return query
    .split('&')
    .map((pair) => {
      const at = pair.indexOf('=');
      return at > 0 && SECRET.test(percentDecoded(pair.slice(0, at)) ?? pair.slice(0, at))
        ? `${pair.slice(0, at)}=REDACTED`
        : pair;
    })
    .join('&');
}

const MAX_QUERY = 8192;

/** Attributes of a request, at either end, without secrets in the query and without attributes that carry no information. */
export function httpAttributes(attributes: Attributes): Attributes {
  const { 'url.query': query, 'url.full': full, 'http.request.method_original': original, ...rest } = attributes;
  // one package writes the question mark, which is no part of a query
  const text = typeof query === 'string' ? query.replace(/^\?/u, '') : '';
  if (text !== '') rest['url.query'] = withoutSecrets(text);
  if (typeof full === 'string') rest['url.full'] = full.replace(/\?([^#]*)/u, (_, found: string) => `?${withoutSecrets(found)}`);
  if (original !== undefined && original !== rest['http.request.method']) rest['http.request.method_original'] = original;
  return rest;
}

export function adaptHttp(
  given: Record<string, unknown>,
  { ignorePaths, ignoreUserAgents }: OwnOptions,
): Record<string, unknown> {
  const ignore = asHook(given.ignoreIncomingRequestHook);
  const headers = given.headersToSpanAttributes as { server?: { requestHeaders?: string[] } } | undefined;
  const isIgnored = (request: IncomingMessage): boolean => {
    const path = (request.url ?? '').split(/[?#]/u, 1)[0] as string;
    const agent = request.headers['user-agent'] ?? '';
    return (
      ignorePaths.some((ignored) => path === ignored || path.startsWith(ignored.endsWith('/') ? ignored : `${ignored}/`)) ||
      ignoreUserAgents.some((ignored) => agent.startsWith(ignored))
    );
  };
  return {
    ...given,
    ignoreIncomingRequestHook: (request: IncomingMessage) =>
      state.hookRequests.has(request) || isIgnored(request) || ignore?.(request) === true,
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
