// Headers of the request that a context belongs to: those that conditions in force name (`header:x-customer=42`), and the header of
// signed requests. Read where trace context is extracted, so that instrumentations of HTTP servers and middleware need no change.

import { type Context, createContextKey, type TextMapGetter } from '@opentelemetry/api';

/** Headers of one request that are watched. */
interface RequestHeaders {
  readonly values: Readonly<Record<string, string | string[]>>;
  /** Path of the request, if the reader of the headers knows it. */
  readonly path: string | undefined;
}

const KEY = createContextKey('spanwright.headers');

/** Names that are read, in lower case; shared by all copies of the package. */
const watched: { names: readonly string[] } = shared();

function shared(): { names: readonly string[] } {
  const holder = globalThis as { [key: symbol]: { names: readonly string[] } | undefined };
  const symbol = Symbol.for('spanwright.headers.1');
  holder[symbol] ??= { names: [] };
  return holder[symbol];
}

export function watchHeaders(names: readonly string[]): void {
  watched.names = [...new Set(names)];
}

export function watchedHeaders(): readonly string[] {
  return watched.names;
}

/** The context with those headers of the carrier that are watched. */
export function withRequestHeaders(
  context: Context,
  carrier: unknown,
  getter: Pick<TextMapGetter, 'get'>,
  path?: string,
): Context {
  if (watched.names.length === 0) return context;
  const values: Record<string, string | string[]> = Object.create(null);
  for (const name of watched.names) {
    const value = getter.get(carrier, name);
    if (value !== undefined) values[name] = value;
  }
  const headers: RequestHeaders = { values, path };
  return Object.keys(values).length === 0 ? context : context.setValue(KEY, headers);
}

export function requestHeaders(context: Context): RequestHeaders | undefined {
  return context.getValue(KEY) as RequestHeaders | undefined;
}
