// From the bytes of one ExportTraceServiceRequest to flat spans: plain JSON data, one record a span, with its resource and
// scope beside it. Called by receiver.ts for each request. Keeps every integer exact: nanoseconds and integers beyond 2^53 are
// decimal strings. Field numbers are those of opentelemetry-proto 1.x, a wire contract that only grows: unknown fields are skipped.

import { Budget, WireError, WireReader } from './wire.js';

/** Value of an attribute. Bytes are base64; NaN and infinities are their names, since JSON has no word for them. */
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

/** Kinds of span by OTLP's number. */
export const SPAN_KINDS = ['unspecified', 'internal', 'server', 'client', 'producer', 'consumer'] as const;
type SpanKindName = (typeof SPAN_KINDS)[number];

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
  kind: SpanKindName;
  startTimeUnixNano: string;
  endTimeUnixNano: string;
  attributes: Values;
  events: ReceivedEvent[];
  links: ReceivedLink[];
  status: { code: 'unset' | 'ok' | 'error'; message: string };
  dropped: { attributes: number; events: number; links: number };
}

const STATUS_CODES = ['unset', 'ok', 'error'] as const;

/** Records that one request may create. A request of 16 MB with ordinary spans holds about half as many. */
const MOST_RECORDS = 1_000_000;
/** Depth of arrays and maps within one attribute value. */
const MOST_DEPTH = 32;

/** @throws WireError when the bytes are no request, or hold more than `most` records. */
export function decodeRequest(bytes: Uint8Array, most = MOST_RECORDS): ReceivedSpan[] {
  const budget = new Budget(most);
  const spans: ReceivedSpan[] = [];
  const request = new WireReader(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength));
  while (request.next()) {
    if (request.field === 1) readResourceSpans(request.message(), spans, budget);
    else request.skip();
  }
  return spans;
}

/** Field order is the sender's choice, so the resource is read before the spans that it belongs to. */
function readResourceSpans(group: WireReader, spans: ReceivedSpan[], budget: Budget): void {
  budget.spend();
  const resource = { attributes: emptyValues() };
  const scopes: WireReader[] = [];
  while (group.next()) {
    if (group.field === 1) readAttributes(group.message(), 1, resource.attributes, budget);
    else if (group.field === 2) scopes.push(group.message());
    else group.skip();
    budget.spend();
  }
  for (const scoped of scopes) readScopeSpans(scoped, resource, spans, budget);
}

function readScopeSpans(scoped: WireReader, resource: ReceivedSpan['resource'], spans: ReceivedSpan[], budget: Budget): void {
  const scope = { name: '', version: '', attributes: emptyValues() };
  const messages: WireReader[] = [];
  while (scoped.next()) {
    if (scoped.field === 1) readScope(scoped.message(), scope, budget);
    else if (scoped.field === 2) {
      budget.spend();
      messages.push(scoped.message());
    } else scoped.skip();
  }
  for (const message of messages) spans.push(readSpan(message, resource, scope, budget));
}

function readScope(message: WireReader, scope: ReceivedSpan['scope'], budget: Budget): void {
  while (message.next()) {
    if (message.field === 1) scope.name = message.string();
    else if (message.field === 2) scope.version = message.string();
    else if (message.field === 3) readAttribute(message.message(), scope.attributes, budget);
    else message.skip();
  }
}

type SpanField = (message: WireReader, span: ReceivedSpan, budget: Budget) => void;

/** Readers by field number of Span. */
const SPAN_FIELDS: Readonly<Record<number, SpanField>> = {
  1: (message, span) => {
    span.traceId = message.encoded('hex');
  },
  2: (message, span) => {
    span.spanId = message.encoded('hex');
  },
  3: (message, span) => {
    span.traceState = message.string();
  },
  4: (message, span) => {
    span.parentSpanId = message.encoded('hex');
  },
  5: (message, span) => {
    span.name = message.string();
  },
  6: (message, span) => {
    span.kind = SPAN_KINDS[message.uint32()] ?? 'unspecified';
  },
  7: (message, span) => {
    span.startTimeUnixNano = message.fixed64();
  },
  8: (message, span) => {
    span.endTimeUnixNano = message.fixed64();
  },
  9: (message, span, budget) => readAttribute(message.message(), span.attributes, budget),
  10: (message, span) => {
    span.dropped.attributes = message.uint32();
  },
  11: (message, span, budget) => span.events.push(readEvent(message.message(), budget)),
  12: (message, span) => {
    span.dropped.events = message.uint32();
  },
  13: (message, span, budget) => span.links.push(readLink(message.message(), budget)),
  14: (message, span) => {
    span.dropped.links = message.uint32();
  },
  15: (message, span) => readStatus(message.message(), span.status),
  16: (message, span) => {
    span.flags = message.fixed32();
  },
};

function readSpan(
  message: WireReader,
  resource: ReceivedSpan['resource'],
  scope: ReceivedSpan['scope'],
  budget: Budget,
): ReceivedSpan {
  const span: ReceivedSpan = {
    resource,
    scope,
    traceId: '',
    spanId: '',
    parentSpanId: '',
    traceState: '',
    flags: 0,
    name: '',
    kind: 'unspecified',
    startTimeUnixNano: '0',
    endTimeUnixNano: '0',
    attributes: emptyValues(),
    events: [],
    links: [],
    status: { code: 'unset', message: '' },
    dropped: { attributes: 0, events: 0, links: 0 },
  };
  while (message.next()) {
    const read = SPAN_FIELDS[message.field];
    if (read === undefined) message.skip();
    else read(message, span, budget);
  }
  return span;
}

function readStatus(message: WireReader, status: ReceivedSpan['status']): void {
  while (message.next()) {
    if (message.field === 2) status.message = message.string();
    else if (message.field === 3) status.code = STATUS_CODES[message.uint32()] ?? 'unset';
    else message.skip();
  }
}

function readEvent(message: WireReader, budget: Budget): ReceivedEvent {
  budget.spend();
  const event: ReceivedEvent = { name: '', timeUnixNano: '0', attributes: emptyValues() };
  while (message.next()) {
    if (message.field === 1) event.timeUnixNano = message.fixed64();
    else if (message.field === 2) event.name = message.string();
    else if (message.field === 3) readAttribute(message.message(), event.attributes, budget);
    else message.skip();
  }
  return event;
}

function readLink(message: WireReader, budget: Budget): ReceivedLink {
  budget.spend();
  const link: ReceivedLink = { traceId: '', spanId: '', traceState: '', attributes: emptyValues(), flags: 0 };
  while (message.next()) {
    if (message.field === 1) link.traceId = message.encoded('hex');
    else if (message.field === 2) link.spanId = message.encoded('hex');
    else if (message.field === 3) link.traceState = message.string();
    else if (message.field === 4) readAttribute(message.message(), link.attributes, budget);
    else if (message.field === 6) link.flags = message.fixed32();
    else message.skip();
  }
  return link;
}

/** Null-prototype, because attribute keys are text of the sender's. */
function emptyValues(): Values {
  return Object.create(null) as Values;
}

/** All `KeyValue` fields with the number `field` of a message. */
function readAttributes(message: WireReader, field: number, into: Values, budget: Budget, depth = 0): Values {
  while (message.next()) {
    if (message.field === field) readAttribute(message.message(), into, budget, depth);
    else message.skip();
  }
  return into;
}

function readAttribute(message: WireReader, into: Values, budget: Budget, depth = 0): void {
  budget.spend();
  let key = '';
  let value: Value = null;
  while (message.next()) {
    if (message.field === 1) key = message.string();
    else if (message.field === 2) value = readValue(message.message(), budget, depth + 1);
    else message.skip();
  }
  into[key] = value;
}

function readValue(message: WireReader, budget: Budget, depth: number): Value {
  if (depth > MOST_DEPTH) throw new WireError(`an attribute value is nested deeper than ${MOST_DEPTH}`);
  let value: Value = null;
  while (message.next()) value = readOneOf(message, value, budget, depth);
  return value;
}

/** The last field of AnyValue that is present is its value. */
function readOneOf(message: WireReader, before: Value, budget: Budget, depth: number): Value {
  switch (message.field) {
    case 1:
      return message.string();
    case 2:
      return message.varint() !== 0n;
    case 3:
      return integer(BigInt.asIntN(64, message.varint()));
    case 4:
      return number(message.double());
    case 5:
      return readArray(message.message(), budget, depth);
    case 6:
      return readAttributes(message.message(), 1, emptyValues(), budget, depth);
    case 7:
      return message.encoded('base64');
    default:
      message.skip();
      return before;
  }
}

function readArray(message: WireReader, budget: Budget, depth: number): Value[] {
  const values: Value[] = [];
  while (message.next()) {
    if (message.field === 1) {
      budget.spend();
      values.push(readValue(message.message(), budget, depth + 1));
    } else message.skip();
  }
  return values;
}

const integer = (value: bigint): Value => (Number.isSafeInteger(Number(value)) ? Number(value) : String(value));
const number = (value: number): Value => (Number.isFinite(value) ? value : String(value));
