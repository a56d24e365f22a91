// From the bytes of one ExportTraceServiceRequest to flat spans: plain JSON data, one record a span, with its resource and
// scope beside it. Called by receiver.ts for each request. Keeps every integer exact: nanoseconds and integers beyond 2^53 are
// decimal strings.

import { exportRequestType } from './messages.js';

/** What an attribute can hold. Bytes are base64; NaN and infinities are their names, since JSON has no word for them. */
export type Value = string | number | boolean | null | Value[] | { [key: string]: Value };
export type Values = Record<string, Value>;

export interface ReceivedEvent {
  name: string;
  timeUnixNano: string;
  attributes: Values;
}

export interface ReceivedLink {
  traceId: string;
  spanId: string;
  traceState: string;
  attributes: Values;
  flags: number;
}

/** One span as it arrived; names are those of OTLP's JSON form. */
export interface ReceivedSpan {
  resource: { attributes: Values };
  scope: { name: string; version: string; attributes: Values };
  /** Lower-case hexadecimal; `parentSpanId` is empty for a root. */
  traceId: string;
  spanId: string;
  parentSpanId: string;
  traceState: string;
  /** W3C trace flags in the low byte; bit 8 says whether bit 9, "parent is remote", is known. */
  flags: number;
  name: string;
  kind: 'unspecified' | 'internal' | 'server' | 'client' | 'producer' | 'consumer';
  startTimeUnixNano: string;
  endTimeUnixNano: string;
  attributes: Values;
  events: ReceivedEvent[];
  links: ReceivedLink[];
  status: { code: 'unset' | 'ok' | 'error'; message: string };
  dropped: { attributes: number; events: number; links: number };
}

const KINDS = ['unspecified', 'internal', 'server', 'client', 'producer', 'consumer'] as const;
const STATUS_CODES = ['unset', 'ok', 'error'] as const;

/** protobufjs's plain form of a message; each reader below takes the fields it names. */
// biome-ignore lint/suspicious/noExplicitAny: shaped by the table in messages.ts
type Message = any;

/** Makes the decoder; done once, because protobufjs generates code for the types. */
export function createDecoder(): (bytes: Uint8Array) => ReceivedSpan[] {
  const type = exportRequestType();
  return function decode(bytes) {
    const request = type.toObject(type.decode(bytes), { longs: String, arrays: true, defaults: true, oneofs: true }) as Message;
    return request.resourceSpans.flatMap((group: Message) => {
      const resource = { attributes: values(group.resource?.attributes) };
      return group.scopeSpans.flatMap((scoped: Message) => {
        const scope = {
          name: scoped.scope?.name ?? '',
          version: scoped.scope?.version ?? '',
          attributes: values(scoped.scope?.attributes),
        };
        return scoped.spans.map((span: Message) => flatten(span, resource, scope));
      });
    });
  };
}

function flatten(span: Message, resource: ReceivedSpan['resource'], scope: ReceivedSpan['scope']): ReceivedSpan {
  return {
    resource,
    scope,
    traceId: hex(span.traceId),
    spanId: hex(span.spanId),
    parentSpanId: hex(span.parentSpanId),
    traceState: span.traceState,
    flags: span.flags,
    name: span.name,
    kind: KINDS[span.kind] ?? 'unspecified',
    startTimeUnixNano: span.startTimeUnixNano,
    endTimeUnixNano: span.endTimeUnixNano,
    attributes: values(span.attributes),
    events: span.events.map((event: Message) => ({
      name: event.name,
      timeUnixNano: event.timeUnixNano,
      attributes: values(event.attributes),
    })),
    links: span.links.map((link: Message) => ({
      traceId: hex(link.traceId),
      spanId: hex(link.spanId),
      traceState: link.traceState,
      attributes: values(link.attributes),
      flags: link.flags,
    })),
    status: { code: STATUS_CODES[span.status?.code ?? 0] ?? 'unset', message: span.status?.message ?? '' },
    dropped: { attributes: span.droppedAttributesCount, events: span.droppedEventsCount, links: span.droppedLinksCount },
  };
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}

/** Null-prototype, because attribute keys are text of the sender's. */
function values(pairs: readonly Message[] | undefined): Values {
  const record: Values = Object.create(null);
  for (const { key, value } of pairs ?? []) record[key] = plain(value);
  return record;
}

const READERS: Readonly<Record<string, (value: Message) => Value>> = {
  stringValue: (text) => text,
  boolValue: (flag) => flag,
  intValue: (digits) => (Number.isSafeInteger(Number(digits)) ? Number(digits) : digits),
  doubleValue: (number) => (Number.isFinite(number) ? number : String(number)),
  arrayValue: (list) => list.values.map(plain),
  kvlistValue: (list) => values(list.values),
  bytesValue: (bytes) => Buffer.from(bytes).toString('base64'),
};

function plain(value: Message): Value {
  const reader = value ? READERS[value.value] : undefined;
  return reader ? reader(value[value.value]) : null;
}
