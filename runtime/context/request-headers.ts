// Headers of the request that a context belongs to, as far as a condition in force names them (`header:x-customer=42`). Read where
// trace context is extracted, so that instrumentations of HTTP servers and middleware need no change.

import { type Context, createContextKey, type TextMapGetter } from '@opentelemetry/api';

type Headers = Readonly<Record<string, string | string[]>>;

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

/** The context with those headers of the carrier that are watched. */
export function withRequestHeaders(context: Context, carrier: unknown, getter: Pick<TextMapGetter, 'get'>): Context {
  if (watched.names.length === 0) return context;
  const headers: Record<string, string | string[]> = Object.create(null);
  for (const name of watched.names) {
    const value = getter.get(carrier, name);
    if (value !== undefined) headers[name] = value;
  }
  return Object.keys(headers).length === 0 ? context : context.setValue(KEY, headers);
}

export function requestHeader(context: Context, name: string): string | string[] | undefined {
  return (context.getValue(KEY) as Headers | undefined)?.[name];
}
