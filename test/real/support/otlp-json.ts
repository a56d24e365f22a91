// Spans in one flat form, from three sides: OTLP in JSON as the Collector's file exporter writes it, Jaeger's HTTP API, and what the
// SDK's interface says of a span in the program. Equal records mean that nothing was lost and nothing changed.

import { type Attributes, SpanKind, SpanStatusCode } from '@opentelemetry/api';

export type Plain = string | number | boolean | null | Plain[];

export interface FlatSpan {
  traceId: string;
  spanId: string;
  parentSpanId: string;
  name: string;
  kind: string;
  /** Nanoseconds. */
  start: string;
  end: string;
  status: { code: string; message: string };
  attributes: Record<string, Plain>;
  events: { name: string; time: string; attributes: Record<string, Plain> }[];
  links: { traceId: string; spanId: string; attributes: Record<string, Plain> }[];
  scope: string;
  resource: Record<string, Plain>;
}

const KINDS = ['unspecified', 'internal', 'server', 'client', 'producer', 'consumer'];
const CODES = ['unset', 'ok', 'error'];

// biome-ignore lint/suspicious/noExplicitAny: shaped by the OTLP specification, and a wrong shape fails the comparison
type Json = any;

/** One line of the file exporter: an ExportTraceServiceRequest. */
export function flatten(request: Json): FlatSpan[] {
  return request.resourceSpans.flatMap((group: Json) => {
    const resource = plain(group.resource?.attributes); // once for all of its spans, of which there are many thousands
    return group.scopeSpans.flatMap((scope: Json) =>
      scope.spans.map((span: Json) => ({
        traceId: span.traceId,
        spanId: span.spanId,
        parentSpanId: span.parentSpanId ?? '',
        name: span.name,
        kind: KINDS[span.kind ?? 0],
        start: span.startTimeUnixNano,
        end: span.endTimeUnixNano,
        status: { code: CODES[span.status?.code ?? 0], message: span.status?.message ?? '' },
        attributes: plain(span.attributes),
        events: (span.events ?? []).map((event: Json) => ({
          name: event.name,
          time: event.timeUnixNano,
          attributes: plain(event.attributes),
        })),
        links: (span.links ?? []).map((link: Json) => ({
          traceId: link.traceId,
          spanId: link.spanId,
          attributes: plain(link.attributes),
        })),
        scope: scope.scope?.name ?? '',
        resource,
      })),
    );
  });
}

function plain(list: Json[] = []): Record<string, Plain> {
  return Object.fromEntries(list.map(({ key, value }) => [key, valueIn(value)]).sort());
}

export function valueIn(value: Json): Plain {
  if ('intValue' in value) return Number(value.intValue);
  if ('arrayValue' in value) return (value.arrayValue.values ?? []).map(valueIn);
  return value.stringValue ?? value.doubleValue ?? value.boolValue ?? null;
}

/** A finished span of the program. */
export interface Finished {
  readonly name: string;
  readonly kind: SpanKind;
  spanContext(): { traceId: string; spanId: string };
  readonly parentSpanContext?: { spanId: string } | undefined;
  readonly startTime: [number, number];
  readonly endTime: [number, number];
  readonly status: { code: SpanStatusCode; message?: string };
  readonly attributes: Attributes;
  readonly events: readonly { name: string; time: [number, number]; attributes?: Attributes }[];
  readonly links: readonly { context: { traceId: string; spanId: string }; attributes?: Attributes }[];
  readonly instrumentationScope: { name: string };
  readonly resource: { attributes: Attributes };
}

export function flattenFinished(span: Finished): FlatSpan {
  const { traceId, spanId } = span.spanContext();
  return {
    traceId,
    spanId,
    parentSpanId: span.parentSpanContext?.spanId ?? '',
    name: span.name,
    kind: SpanKind[span.kind].toLowerCase(),
    start: nanos(span.startTime),
    end: nanos(span.endTime),
    status: { code: SpanStatusCode[span.status.code].toLowerCase(), message: span.status.message ?? '' },
    attributes: sorted(span.attributes),
    events: span.events.map(({ name, time, attributes = {} }) => ({ name, time: nanos(time), attributes: sorted(attributes) })),
    links: span.links.map(({ context, attributes = {} }) => ({
      traceId: context.traceId,
      spanId: context.spanId,
      attributes: sorted(attributes),
    })),
    scope: span.instrumentationScope.name,
    resource: sorted(span.resource.attributes),
  };
}

function nanos([seconds, rest]: [number, number]): string {
  return String(BigInt(seconds) * 1_000_000_000n + BigInt(rest));
}

function sorted(attributes: Attributes): Record<string, Plain> {
  return Object.fromEntries(Object.entries(attributes).sort()) as Record<string, Plain>;
}

/** The names of a trace by depth, siblings in order of their start. */
export function outline(spans: readonly FlatSpan[], parent = '', indent = ''): string[] {
  return spans
    .filter((span) => span.parentSpanId === parent)
    .sort((a, b) => (BigInt(a.start) < BigInt(b.start) ? -1 : 1))
    .flatMap((span) => [`${indent}${span.name}`, ...outline(spans, span.spanId, `${indent}  `)]);
}
