// The OTLP trace messages as protobuf fields, and the decoder made of them. Read by the tests of encoder and decoder.
// Field names and numbers are those of opentelemetry-proto 1.x (trace/v1, common/v1, resource/v1, collector/trace/v1): a wire
// contract that only grows, so unknown fields are skipped and this table needs no update to keep working.

import { Root, type Type } from 'protobufjs';

/** A field: its protobuf type, its number, and whether it repeats. */
type Field = readonly [type: string, number: number, repeated?: 'repeated'];

const MESSAGES: Readonly<Record<string, Readonly<Record<string, Field>>>> = {
  ExportTraceServiceRequest: { resourceSpans: ['ResourceSpans', 1, 'repeated'] },
  ResourceSpans: { resource: ['Resource', 1], scopeSpans: ['ScopeSpans', 2, 'repeated'], schemaUrl: ['string', 3] },
  ScopeSpans: { scope: ['Scope', 1], spans: ['Span', 2, 'repeated'], schemaUrl: ['string', 3] },
  Resource: { attributes: ['KeyValue', 1, 'repeated'], droppedAttributesCount: ['uint32', 2] },
  Scope: {
    name: ['string', 1],
    version: ['string', 2],
    attributes: ['KeyValue', 3, 'repeated'],
    droppedAttributesCount: ['uint32', 4],
  },
  Span: {
    traceId: ['bytes', 1],
    spanId: ['bytes', 2],
    traceState: ['string', 3],
    parentSpanId: ['bytes', 4],
    name: ['string', 5],
    kind: ['int32', 6],
    startTimeUnixNano: ['fixed64', 7],
    endTimeUnixNano: ['fixed64', 8],
    attributes: ['KeyValue', 9, 'repeated'],
    droppedAttributesCount: ['uint32', 10],
    events: ['Event', 11, 'repeated'],
    droppedEventsCount: ['uint32', 12],
    links: ['Link', 13, 'repeated'],
    droppedLinksCount: ['uint32', 14],
    status: ['Status', 15],
    flags: ['fixed32', 16],
  },
  Event: {
    timeUnixNano: ['fixed64', 1],
    name: ['string', 2],
    attributes: ['KeyValue', 3, 'repeated'],
    droppedAttributesCount: ['uint32', 4],
  },
  Link: {
    traceId: ['bytes', 1],
    spanId: ['bytes', 2],
    traceState: ['string', 3],
    attributes: ['KeyValue', 4, 'repeated'],
    droppedAttributesCount: ['uint32', 5],
    flags: ['fixed32', 6],
  },
  Status: { message: ['string', 2], code: ['int32', 3] },
  KeyValue: { key: ['string', 1], value: ['AnyValue', 2] },
  AnyValue: {
    stringValue: ['string', 1],
    boolValue: ['bool', 2],
    intValue: ['int64', 3],
    doubleValue: ['double', 4],
    arrayValue: ['ArrayValue', 5],
    kvlistValue: ['KeyValueList', 6],
    bytesValue: ['bytes', 7],
  },
  ArrayValue: { values: ['AnyValue', 1, 'repeated'] },
  KeyValueList: { values: ['KeyValue', 1, 'repeated'] },
};

/** The one message whose fields exclude each other; protobufjs then names the field that is set in `value`. */
const ONEOFS: Readonly<Record<string, Readonly<Record<string, { oneof: string[] }>>>> = {
  AnyValue: { value: { oneof: Object.keys(MESSAGES.AnyValue ?? {}) } },
};

/** The message that one export call carries. */
export function exportRequestType(): Type {
  const nested = Object.fromEntries(
    Object.entries(MESSAGES).map(([message, fields]) => [
      message,
      {
        fields: Object.fromEntries(
          Object.entries(fields).map(([name, [type, id, rule]]) => [name, rule ? { type, id, rule } : { type, id }]),
        ),
        ...(ONEOFS[message] ? { oneofs: ONEOFS[message] } : {}),
      },
    ]),
  );
  return Root.fromJSON({ nested }).lookupType('ExportTraceServiceRequest');
}
