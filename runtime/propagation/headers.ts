// Carriers that hold text by name: HTTP headers in every form that Node and the web have, plain records, maps, and lists of
// names and values. Names are compared without case, and a name that occurs twice is reported with both values, so that
// the propagator can see the duplicate. Values of other types than text (AMQP, Redis as buffers) are read as UTF-8.

import type { CarrierKind } from './carrier-kind.js';

type Values = string | string[] | undefined;

interface Settable {
  set(name: string, value: string): void;
}
interface Outgoing {
  setHeader(name: string, value: string): void;
  getHeader(name: string): unknown;
}

/** HTTP: `IncomingMessage`, `ServerResponse`, `ClientRequest`, `Headers`, `Request`, records, maps, raw header lists. */
export const http: CarrierKind<unknown> = {
  get: (carrier, name) => readHeader(headersOf(carrier), name),
  keys: (carrier) => headerNames(headersOf(carrier)),
  set: (carrier, name, value) => write(headersToWrite(carrier), name, value),
};

/** A message with headers. `headersDistinct` keeps two headers of one name separate, `headers` joins them. */
function headersOf(carrier: unknown): unknown {
  if (typeof carrier !== 'object' || carrier === null || Array.isArray(carrier)) return carrier;
  const { headersDistinct, headers } = carrier as { headersDistinct?: unknown; headers?: unknown };
  if (isObject(headersDistinct)) return headersDistinct;
  return isObject(headers) ? headers : carrier;
}

function headersToWrite(carrier: unknown): unknown {
  const { headers, setHeader } = carrier as { headers?: unknown; setHeader?: unknown };
  return typeof setHeader !== 'function' && isObject(headers) ? headers : carrier;
}

export function readHeader(carrier: unknown, name: string): Values {
  if (!isObject(carrier)) return undefined;
  if (isHeaders(carrier)) return carrier.get(name) ?? undefined;
  if (isOutgoing(carrier)) return textsOf(carrier.getHeader(name));
  if (!Array.isArray(carrier) && !(carrier instanceof Map) && Object.hasOwn(carrier, name) && !hasTwin(carrier, name))
    return textsOf((carrier as Record<string, unknown>)[name]);
  const found = entriesOf(carrier).filter(([key]) => key.toLowerCase() === name);
  if (found.length === 0) return undefined;
  const texts = found.flatMap(([, value]) => textsOf(value) ?? []);
  return texts.length === 1 ? texts[0] : texts;
}

/** True if the carrier has the name in another case too. */
function hasTwin(carrier: object, name: string): boolean {
  for (const key of Object.keys(carrier)) {
    if (key.length === name.length && key !== name && key.toLowerCase() === name) return true;
  }
  return false;
}

export function write(carrier: unknown, name: string, value: string): void {
  if (!isObject(carrier)) return;
  if (isOutgoing(carrier)) carrier.setHeader(name, value);
  else if (Array.isArray(carrier)) writeList(carrier, name, value);
  else if (isSettable(carrier)) {
    if (carrier instanceof Map)
      for (const key of carrier.keys()) if (headerText(key)?.toLowerCase() === name) carrier.delete(key);
    carrier.set(name, value);
  } else {
    for (const key of Object.keys(carrier)) {
      if (key !== name && key.length === name.length && key.toLowerCase() === name)
        delete (carrier as Record<string, unknown>)[key];
    }
    (carrier as Record<string, unknown>)[name] = value;
  }
}

/** Pairs `[[name, value], ...]` or flat `[name, value, ...]`, as in rawHeaders and in an entry of a Redis stream. */
function writeList(list: unknown[], name: string, value: string): void {
  if (Array.isArray(list[0])) {
    const kept = list.filter((pair) => headerText((pair as unknown[])[0])?.toLowerCase() !== name);
    list.splice(0, list.length, ...kept, [name, value]);
    return;
  }
  for (let at = list.length - 2; at >= 0; at -= 2) {
    if (headerText(list[at])?.toLowerCase() === name) list.splice(at, 2);
  }
  list.push(name, value);
}

/** Names in a carrier of any form. */
export const headerNames = (carrier: unknown): string[] => entriesOf(carrier).map(([name]) => name);

function entriesOf(carrier: unknown): [string, unknown][] {
  if (!isObject(carrier)) return [];
  if (isHeaders(carrier)) return [...(carrier as unknown as Iterable<[string, unknown]>)];
  const list: unknown = carrier instanceof Map ? [...carrier] : carrier;
  if (!Array.isArray(list)) return Object.entries(carrier);
  const flat = Array.isArray(list[0]) ? list.flatMap((pair) => (Array.isArray(pair) ? pair.slice(0, 2) : [])) : list;
  const entries: [string, unknown][] = [];
  for (let at = 0; at + 1 < flat.length; at += 2) {
    const name = headerText(flat[at]);
    if (name !== undefined) entries.push([name, flat[at + 1]]);
  }
  return entries;
}

/** Text that is longer than any header counts as absent before it is looked at. */
const MAX_BYTES = 65_536;

function headerText(value: unknown): string | undefined {
  if (typeof value === 'string') return value.length <= MAX_BYTES ? value : undefined;
  if (value instanceof Uint8Array)
    return value.byteLength <= MAX_BYTES ? Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString() : undefined;
  return undefined;
}

export function textsOf(value: unknown): Values {
  if (!Array.isArray(value)) return headerText(value);
  const texts = value.map((item) => headerText(item) ?? '');
  return texts.length === 1 ? texts[0] : texts;
}

export function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}

/** `Headers` of fetch, of any copy of undici. */
function isHeaders(carrier: object): carrier is { get(name: string): string | null } & Settable {
  const { get, append } = carrier as { get?: unknown; append?: unknown };
  return typeof get === 'function' && typeof append === 'function';
}

function isOutgoing(carrier: object): carrier is Outgoing {
  const { getHeader, setHeader } = carrier as { getHeader?: unknown; setHeader?: unknown };
  return typeof setHeader === 'function' && typeof getHeader === 'function';
}

function isSettable(carrier: object): carrier is Settable {
  return carrier instanceof Map || isHeaders(carrier);
}
