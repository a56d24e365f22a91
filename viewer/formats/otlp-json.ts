// OTLP's JSON form of traces, read and written. Ids are hexadecimal, or base64 as older writers have them. Used for OTLP over HTTP, for
// files, for the share page and for Tempo's answers.

import { type ReceivedSpan, SPAN_KINDS, type Value, type Values } from '../receiver/decode.js';

/** OTLP's JSON, of which the readers below take the fields that they name. */
// biome-ignore lint/suspicious/noExplicitAny: shaped by OTLP
type Json = any;

/** Spans of an ExportTraceServiceRequest in JSON, or of a file of the Collector's file exporter. */
export function fromOtlpJson(body: Json): ReceivedSpan[] {
  return (Array.isArray(body?.resourceSpans) ? body.resourceSpans : []).flatMap(spansOfGroup);
}

export function toOtlpJson(spans: readonly ReceivedSpan[]): unknown {
  const byResource = new Map<object, ReceivedSpan[]>();
  for (const span of spans) {
    const group = byResource.get(span.resource);
    if (group === undefined) byResource.set(span.resource, [span]);
    else group.push(span);
  }
  return {
    resourceSpans: [...byResource.values()].map((group) => ({
      resource: { attributes: pairs((group[0] as ReceivedSpan).resource.attributes) },
      scopeSpans: group.map((span) => ({
        scope: { name: span.scope.name, version: span.scope.version },
        spans: [otlpSpan(span)],
      })),
    })),
  };
}

function otlpSpan(span: ReceivedSpan): unknown {
  return {
    traceId: span.traceId,
    spanId: span.spanId,
    ...(span.parentSpanId === '' ? {} : { parentSpanId: span.parentSpanId }),
    ...(span.traceState === '' ? {} : { traceState: span.traceState }),
    flags: span.flags,
    name: span.name,
    kind: SPAN_KINDS.indexOf(span.kind),
    startTimeUnixNano: span.startTimeUnixNano,
    endTimeUnixNano: span.endTimeUnixNano,
    attributes: pairs(span.attributes),
    events: span.events.map(({ name, timeUnixNano, attributes }) => ({ name, timeUnixNano, attributes: pairs(attributes) })),
    links: span.links.map(({ traceId, spanId, attributes }) => ({ traceId, spanId, attributes: pairs(attributes) })),
    status: { code: STATUS_CODES.indexOf(span.status.code), message: span.status.message },
  };
}

const STATUS_CODES = ['unset', 'ok', 'error'] as const;

const pairs = (values: Values): unknown[] => Object.entries(values).map(([key, value]) => ({ key, value: anyValue(value) }));

function anyValue(value: Value): unknown {
  if (typeof value === 'string') return { stringValue: value };
  if (typeof value === 'boolean') return { boolValue: value };
  if (typeof value === 'number') return Number.isSafeInteger(value) ? { intValue: String(value) } : { doubleValue: value };
  if (Array.isArray(value)) return { arrayValue: { values: value.map(anyValue) } };
  return value === null ? {} : { kvlistValue: { values: pairs(value) } };
}

/** Spans of one entry of `resourceSpans`, also in the older forms that Tempo answers with. */
export function spansOfGroup(group: Json): ReceivedSpan[] {
  const resource = { attributes: otlpAttributes(group.resource?.attributes) };
  return (group.scopeSpans ?? group.instrumentationLibrarySpans ?? []).flatMap((scoped: Json) => {
    const scope = { name: scoped.scope?.name ?? '', version: scoped.scope?.version ?? '' };
    return (scoped.spans ?? []).map((span: Json) => flattenSpan(span, resource, scope));
  });
}

/** `SPAN_KIND_SERVER` or its number. */
function spanKindIn(kind: Json): ReceivedSpan['kind'] {
  const name = typeof kind === 'string' ? kind.replace('SPAN_KIND_', '').toLowerCase() : SPAN_KINDS[kind ?? 0];
  return SPAN_KINDS.find((known) => known === name) ?? 'unspecified';
}

function flattenSpan(span: Json, resource: ReceivedSpan['resource'], scope: { name: string; version: string }): ReceivedSpan {
  const failed = span.status?.code === 'STATUS_CODE_ERROR' || span.status?.code === 2;
  return {
    resource,
    scope: { ...scope, attributes: {} },
    traceId: id(span.traceId, 16),
    spanId: id(span.spanId, 8),
    parentSpanId: span.parentSpanId ? id(span.parentSpanId, 8) : '',
    traceState: span.traceState ?? '',
    flags: 1, // a trace that a backend holds was sampled
    name: span.name ?? '',
    kind: spanKindIn(span.kind),
    startTimeUnixNano: nanosIn(span.startTimeUnixNano),
    endTimeUnixNano: nanosIn(span.endTimeUnixNano),
    attributes: otlpAttributes(span.attributes),
    events: (span.events ?? []).map((event: Json) => ({
      name: event.name ?? '',
      timeUnixNano: nanosIn(event.timeUnixNano),
      attributes: otlpAttributes(event.attributes),
    })),
    links: (span.links ?? []).map((link: Json) => ({
      traceId: id(link.traceId, 16),
      spanId: id(link.spanId, 8),
      traceState: link.traceState ?? '',
      attributes: otlpAttributes(link.attributes),
      flags: 1,
    })),
    status: {
      code: failed ? 'error' : span.status?.code === 'STATUS_CODE_OK' || span.status?.code === 1 ? 'ok' : 'unset',
      message: span.status?.message ?? '',
    },
    dropped: { attributes: 0, events: 0, links: 0 },
  };
}

/** @throws Error when it is no unsigned 64-bit number, in digits or as a number. */
function nanosIn(value: Json): string {
  const text = String(value ?? 0);
  if (!/^\d{1,20}$/.test(text)) throw new Error(`expected nanoseconds since the epoch in digits, found ${text.slice(0, 40)}`);
  return text;
}

function id(text: string, bytes: number): string {
  return /^[0-9a-fA-F]+$/.test(text) && text.length === bytes * 2
    ? text.toLowerCase()
    : Buffer.from(text, 'base64')
        .toString('hex')
        .padStart(bytes * 2, '0');
}

/** Null-prototype, because keys are text of the sender's. */
function otlpAttributes(pairs: readonly Json[] | undefined): Values {
  const record: Values = Object.create(null);
  for (const { key, value } of pairs ?? []) record[key] = plain(value);
  return record;
}

function plain(value: Json): Value {
  if (value?.intValue !== undefined)
    return Number.isSafeInteger(Number(value.intValue)) ? Number(value.intValue) : value.intValue;
  if (value?.arrayValue !== undefined) return (value.arrayValue.values ?? []).map(plain);
  if (value?.kvlistValue !== undefined) return otlpAttributes(value.kvlistValue.values);
  return value?.stringValue ?? value?.boolValue ?? value?.doubleValue ?? value?.bytesValue ?? null;
}
