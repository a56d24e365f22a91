// Encodes finished spans as an OTLP ExportTraceServiceRequest (opentelemetry-proto 1.x, trace.proto). The serializer of both
// transports (otlp.ts). Equal in content to OpenTelemetry's ProtobufTraceSerializer for every ReadableSpan, and faster for recorded
// spans, because the bytes of a site's constant attributes are kept.

import type { Attributes, HrTime, Link, SpanContext, SpanStatus } from '@opentelemetry/api';
import { EncodeWriter, FIXED32, FIXED64, LENGTH, VARINT } from './encode-writer.js';

/** Members of a ReadableSpan that are encoded. */
export interface EncodableSpan {
  readonly name: string;
  readonly kind: number;
  spanContext(): SpanContext;
  readonly parentSpanContext?: SpanContext | undefined;
  readonly startTime: HrTime;
  readonly endTime: HrTime;
  readonly status: SpanStatus;
  readonly attributes: Attributes;
  readonly links: readonly (Link & { droppedAttributesCount?: number })[];
  readonly events: readonly EncodableEvent[];
  readonly droppedAttributesCount: number;
  readonly droppedEventsCount: number;
  readonly droppedLinksCount: number;
  readonly resource: EncodableResource;
  readonly instrumentationScope: EncodableScope;
  /**
   * Spanwright's spans: `attributes` in two parts. The first is frozen and shared by the spans of a site; its bytes are kept as long as the
   * object lives. The second part has precedence for a key of both.
   */
  readonly constantAttributes?: Attributes | undefined;
  readonly ownAttributes?: Attributes | undefined;
  /** Of a span with `constantAttributes`: both times in milliseconds, from which HrTime would be made for each span. */
  readonly startMs?: number | undefined;
  readonly endMs?: number | undefined;
}

interface EncodableEvent {
  readonly name: string;
  readonly time: HrTime;
  readonly attributes?: Attributes | undefined;
  readonly droppedAttributesCount?: number | undefined;
}

interface EncodableResource {
  readonly attributes: Attributes;
  readonly schemaUrl?: string | undefined;
}

interface EncodableScope {
  readonly name: string;
  readonly version?: string | undefined;
  readonly schemaUrl?: string | undefined;
  readonly attributes?: Attributes | undefined;
  readonly droppedAttributesCount?: number | undefined;
}

/** Bytes of the lengths of small and of large messages, reserved before they are known. */
const SMALL = 1;
const SPAN = 2;
const LARGE = 3;

const HAS_IS_REMOTE = 0x100;
const IS_REMOTE = 0x200;
const SPAN_ATTRIBUTES = 9;

const writer = new EncodeWriter();
/** Encodes cached attributes while `writer` is in the middle of a span. */
const aside = new EncodeWriter();
const kept = new WeakMap<Attributes, Uint8Array>();

/** The request, the caller's until reuse(); grouped by resource and scope, in the order in which they first occur. */
export function encodeSpans(spans: readonly EncodableSpan[]): Uint8Array {
  try {
    for (const [resource, scopes] of grouped(spans)) {
      writer.tag(1, LENGTH);
      const mark = writer.open(LARGE);
      writeResource(resource);
      for (const [scope, members] of scopes) writeScopeSpans(scope, members);
      if (resource.schemaUrl) writeText(3, resource.schemaUrl);
      writer.close(mark, LARGE);
    }
    return writer.handOver();
  } finally {
    writer.reset(); // after an error of a getter of some third-party span
    aside.reset();
  }
}

/** Encodes the next request into the memory of this one. */
export function reuse(request: Uint8Array): void {
  writer.giveBack(request);
}

type ByScope = Map<EncodableScope, EncodableSpan[]>;

function grouped(spans: readonly EncodableSpan[]): Map<EncodableResource, ByScope> {
  const resources = new Map<EncodableResource, ByScope>();
  // most spans are of the scope of the one before
  let lastResource: EncodableResource | undefined;
  let lastScope: EncodableScope | undefined;
  let members: EncodableSpan[] | undefined;
  for (const span of spans) {
    const { resource, instrumentationScope: scope } = span;
    if (members === undefined || resource !== lastResource || scope !== lastScope) {
      const scopes = resources.get(resource) ?? new Map<EncodableScope, EncodableSpan[]>();
      resources.set(resource, scopes);
      members = scopes.get(scope) ?? [];
      scopes.set(scope, members);
      lastResource = resource;
      lastScope = scope;
    }
    members.push(span);
  }
  return resources;
}

function writeResource(resource: EncodableResource): void {
  writer.tag(1, LENGTH);
  const mark = writer.open(SPAN);
  writeAttributes(writer, 1, resource.attributes);
  writer.close(mark, SPAN);
}

function writeScopeSpans(scope: EncodableScope, members: readonly EncodableSpan[]): void {
  writer.tag(2, LENGTH);
  const mark = writer.open(LARGE);
  writer.tag(1, LENGTH);
  const scopeMark = writer.open(SMALL);
  writeText(1, scope.name);
  if (scope.version) writeText(2, scope.version);
  writeAttributes(writer, 3, scope.attributes);
  if (scope.droppedAttributesCount) writeCount(4, scope.droppedAttributesCount);
  writer.close(scopeMark, SMALL);
  for (const span of members) writeSpan(span);
  if (scope.schemaUrl) writeText(3, scope.schemaUrl);
  writer.close(mark, LARGE);
}

function writeSpan(span: EncodableSpan): void {
  writer.tag(2, LENGTH);
  const mark = writer.open(SPAN);
  const context = span.spanContext();
  const parent = span.parentSpanContext;
  writeIds(context);
  if (parent?.spanId) {
    writer.tag(4, LENGTH);
    writer.hex(parent.spanId);
  }
  writeText(5, span.name);
  if (span.kind !== undefined && span.kind !== null && span.kind !== -1) writeCount(6, span.kind + 1); // the API has no value for "unspecified"
  const isOurs = span.constantAttributes !== undefined;
  writeTime(7, (isOurs ? span.startMs : undefined) ?? span.startTime);
  writeTime(8, (isOurs ? span.endMs : undefined) ?? span.endTime);
  writeSpanAttributes(span);
  writeCount(10, span.droppedAttributesCount);
  for (const event of span.events) writeEvent(event);
  writeCount(12, span.droppedEventsCount);
  for (const link of span.links) writeLink(link);
  writeCount(14, span.droppedLinksCount);
  writeStatus(span.status);
  writeFlags(16, context.traceFlags, parent?.isRemote);
  writer.close(mark, SPAN);
}

function writeSpanAttributes(span: EncodableSpan): void {
  const { constantAttributes: constant, ownAttributes: own } = span;
  if (constant === undefined || overrides(own, constant)) {
    writeAttributes(writer, SPAN_ATTRIBUTES, span.attributes);
    return;
  }
  let bytes = kept.get(constant);
  if (bytes === undefined) {
    writeAttributes(aside, SPAN_ATTRIBUTES, constant);
    bytes = aside.take();
    kept.set(constant, bytes);
  }
  writer.raw(bytes);
  writeAttributes(writer, SPAN_ATTRIBUTES, own);
}

function overrides(own: Attributes | undefined, constant: Attributes): boolean {
  for (const key in own) if (Object.hasOwn(constant, key)) return true;
  return false;
}

function writeEvent(event: EncodableEvent): void {
  writer.tag(11, LENGTH);
  const mark = writer.open(SPAN);
  writeTime(1, event.time);
  writeText(2, event.name);
  writeAttributes(writer, 3, event.attributes);
  writeCount(4, event.droppedAttributesCount ?? 0);
  writer.close(mark, SPAN);
}

function writeLink(link: EncodableSpan['links'][number]): void {
  writer.tag(13, LENGTH);
  const mark = writer.open(SMALL);
  writeIds(link.context);
  writeAttributes(writer, 4, link.attributes);
  writeCount(5, link.droppedAttributesCount ?? 0);
  writeFlags(6, link.context.traceFlags, link.context.isRemote);
  writer.close(mark, SMALL);
}

function writeStatus({ code, message }: SpanStatus): void {
  writer.tag(15, LENGTH);
  const mark = writer.open(SMALL);
  if (message) writeText(2, message);
  writeCount(3, code);
  writer.close(mark, SMALL);
}

/** Trace id, span id and tracestate have the same numbers in spans and links. */
function writeIds({ traceId, spanId, traceState }: SpanContext): void {
  writer.tag(1, LENGTH);
  writer.hex(traceId);
  writer.tag(2, LENGTH);
  writer.hex(spanId);
  const state = traceState?.serialize();
  if (state) writeText(3, state);
}

function writeFlags(field: number, traceFlags: number, isRemote: boolean | undefined): void {
  writer.tag(field, FIXED32);
  writer.fixed32((traceFlags & 0xff) | HAS_IS_REMOTE | (isRemote ? IS_REMOTE : 0));
}

function writeTime(field: number, time: HrTime | number): void {
  writer.tag(field, FIXED64);
  if (typeof time === 'number') writer.milliseconds(time);
  else writer.time(time[0], time[1]);
}

function writeText(field: number, text: string): void {
  writer.tag(field, LENGTH);
  writer.text(text);
}

function writeCount(field: number, count: number): void {
  writer.tag(field, VARINT);
  writer.varint(count);
}

export function writeAttributes(into: EncodeWriter, field: number, attributes: Attributes | undefined): void {
  for (const key in attributes) {
    if (!Object.hasOwn(attributes, key)) continue;
    into.tag(field, LENGTH);
    writeKeyValue(into, key, attributes[key]);
  }
}

function writeKeyValue(into: EncodeWriter, key: string, value: unknown): void {
  const mark = into.open(SMALL);
  into.tag(1, LENGTH);
  into.text(key);
  into.tag(2, LENGTH);
  writeAnyValue(into, value);
  into.close(mark, SMALL);
}

/** Length and content of an AnyValue; a value that OTLP has no place for is empty. */
function writeAnyValue(into: EncodeWriter, value: unknown): void {
  const mark = into.open(SMALL);
  if (typeof value === 'string') {
    into.tag(1, LENGTH);
    into.text(value);
  } else if (typeof value === 'number') writeNumber(into, value);
  else if (typeof value === 'boolean') {
    into.tag(2, VARINT);
    into.varint(value ? 1 : 0);
  } else if (value instanceof Uint8Array) {
    into.tag(7, LENGTH);
    into.block(value);
  } else if (Array.isArray(value)) {
    into.tag(5, LENGTH);
    const list = into.open(SMALL);
    for (const item of value) {
      into.tag(1, LENGTH);
      writeAnyValue(into, item);
    }
    into.close(list, SMALL);
  } else if (typeof value === 'object' && value !== null) {
    into.tag(6, LENGTH);
    const map = into.open(SMALL);
    writeAttributes(into, 1, value as Attributes);
    into.close(map, SMALL);
  }
  into.close(mark, SMALL);
}

/** An integer within 64 bits, also one above 2^53; -0 is one. Everything else is a double. */
function writeNumber(into: EncodeWriter, value: number): void {
  if (Number.isInteger(value) && value >= -(2 ** 63) && value < 2 ** 63) {
    into.tag(3, VARINT);
    into.int64(value);
  } else {
    into.tag(4, FIXED64);
    into.double(value);
  }
}
