// From a request to the context that its handler runs in: what upstream sent, the declared keys that headers and path have, and
// defaults. What is not valid is left out, also when upstream sent it.

import { type Context, propagation, trace } from '@opentelemetry/api';
import { activeContext } from '../../context/active.js';
import { requestHeaders, withRequestHeaders } from '../../context/request-headers.js';
import { extract } from '../carrier.js';
import { http } from '../headers.js';
import type { ResolvedKey } from './key.js';
import { valueInPath } from './path-pattern.js';

/** Properties of a request that the middleware reads. */
export interface FromRequest {
  /** Anything that has headers as `carriers.http` reads them. */
  readonly carrier: unknown;
  /** Path with or without query, or a whole URL. */
  readonly url: string;
}

export interface MiddlewareOptions {
  /** Treatment of keys that are not declared here. With `pass`, the default, they are propagated to the services below. */
  undeclared?: 'pass' | 'drop';
}

export function requestContext(
  keys: readonly ResolvedKey[],
  request: FromRequest,
  { undeclared = 'pass' }: MiddlewareOptions = {},
): Context {
  const active = activeContext();
  // an instrumentation of the server has extracted the context already
  const extracted = trace.getSpan(active) !== undefined || propagation.getBaggage(active) !== undefined;
  const context = extracted ? active : extract(request.carrier, http, active);
  const sent = propagation.getBaggage(context);
  let entries = undeclared === 'drop' || sent === undefined ? propagation.createBaggage() : sent;
  for (const key of keys) {
    const upstream = key.accept(sent?.getEntry(key.name)?.value);
    const own = upstream !== undefined && key.keeps ? undefined : fromRequest(key, request);
    const value = own ?? (key.keeps ? (upstream ?? key.default) : (key.default ?? upstream));
    entries = value === undefined ? entries.removeEntry(key.name) : entries.setEntry(key.name, { value });
  }
  const headers = extracted && requestHeaders(active) !== undefined ? context : withPath(context, request);
  return propagation.setBaggage(headers, entries);
}

const withPath = (context: Context, { carrier, url }: FromRequest): Context =>
  withRequestHeaders(context, carrier, http, url.replace(/^\w+:\/\/[^/]*/u, ''));

/** The header has precedence over the path. */
function fromRequest(key: ResolvedKey, { carrier, url }: FromRequest): string | undefined {
  const header = key.header === undefined ? undefined : key.accept(http.get(carrier, key.header));
  if (header !== undefined) return header;
  for (const path of key.paths) {
    const value = key.accept(valueInPath(path, url));
    if (value !== undefined) return value;
  }
  return undefined;
}
