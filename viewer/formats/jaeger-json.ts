// Jaeger's JSON form of a trace, read and written. Jaeger keeps microseconds, has status and kind as tags, and links as references other
// than the first CHILD_OF. Used for its HTTP API, for files that its page downloads, and by `receive --query-port`.

import { type ReceivedSpan, SPAN_KINDS, type Value, type Values } from '../receiver/decode.js';
import { type Attribute, textOfValue } from '../receiver/spans.js';

interface Tag {
  readonly key: string;
  readonly value: Value;
}
interface JaegerSpan {
  readonly traceID: string;
  readonly spanID: string;
  readonly operationName: string;
  readonly references?: readonly { readonly refType: string; readonly traceID: string; readonly spanID: string }[] | null;
  /** Microseconds. */
  readonly startTime: number;
  readonly duration: number;
  readonly tags?: readonly Tag[] | null;
  readonly logs?: readonly { readonly timestamp: number; readonly fields: readonly Tag[] }[] | null;
  readonly processID: string;
}
export interface JaegerTrace {
  readonly traceID: string;
  readonly spans: readonly JaegerSpan[];
  readonly processes: Readonly<Record<string, { readonly serviceName: string; readonly tags?: readonly Tag[] | null }>>;
}

/** Tags of Jaeger that are fields in the flat form. */
const OWN_TAGS = new Set([
  'span.kind',
  'otel.status_code',
  'otel.status_description',
  'otel.scope.name',
  'otel.scope.version',
  'error',
  'w3c.tracestate',
]);

export function spansOfJaeger({ spans, processes }: JaegerTrace): ReceivedSpan[] {
  return spans.map((span) => {
    const tags = recordOf(span.tags);
    const process = processes[span.processID];
    const references = span.references ?? [];
    // Jaeger leaves out the zeros at the front of an id.
    const [traceId, spanId] = [span.traceID.padStart(32, '0'), span.spanID.padStart(16, '0')];
    const parent = references.find(({ refType, traceID }) => refType === 'CHILD_OF' && traceID === span.traceID);
    const failed = tags.error === true || tags.error === 'true' || tags['otel.status_code'] === 'ERROR';
    const code = failed ? 'error' : tags['otel.status_code'] === 'OK' ? 'ok' : 'unset';
    return {
      resource: { attributes: Object.assign(recordOf(process?.tags), { 'service.name': process?.serviceName ?? '' }) },
      scope: { name: String(tags['otel.scope.name'] ?? ''), version: String(tags['otel.scope.version'] ?? ''), attributes: {} },
      traceId,
      spanId,
      parentSpanId: parent?.spanID.padStart(16, '0') ?? '',
      traceState: String(tags['w3c.tracestate'] ?? ''),
      flags: 1,
      name: span.operationName,
      kind: SPAN_KINDS.find((kind) => kind === tags['span.kind']) ?? 'unspecified',
      startTimeUnixNano: String(BigInt(span.startTime) * 1000n),
      endTimeUnixNano: String(BigInt(span.startTime + span.duration) * 1000n),
      attributes: Object.assign(
        Object.create(null),
        Object.fromEntries(Object.entries(tags).filter(([key]) => !OWN_TAGS.has(key))),
      ),
      events: (span.logs ?? []).map(({ timestamp, fields }) => {
        const { event, ...attributes } = recordOf(fields);
        return { name: String(event ?? ''), timeUnixNano: String(BigInt(timestamp) * 1000n), attributes };
      }),
      links: references
        .filter((reference) => reference !== parent)
        .map(({ traceID, spanID }) => ({
          traceId: traceID.padStart(32, '0'),
          spanId: spanID.padStart(16, '0'),
          traceState: '',
          attributes: {},
          flags: 1,
        })),
      status: { code, message: String(tags['otel.status_description'] ?? '') },
      dropped: { attributes: 0, events: 0, links: 0 },
    };
  });
}

/** Null-prototype, because keys are text of the sender's. */
function recordOf(tags: readonly Tag[] | null | undefined): Values {
  const record: Values = Object.create(null);
  for (const { key, value } of tags ?? []) record[key] = value;
  return record;
}

interface TypedTag {
  readonly key: string;
  readonly type: string;
  readonly value: string | number | boolean;
}

/** A trace as Jaeger's API and its file download have it. */
export function asJaeger(spans: readonly ReceivedSpan[]): unknown {
  const resources = [...new Map(spans.map(({ resource }) => [JSON.stringify(resource.attributes), resource])).values()];
  const ids = new Map(resources.map((resource, at) => [JSON.stringify(resource.attributes), `p${at + 1}`]));
  const micros = (nanos: string): number => Number(BigInt(nanos) / 1000n);
  return {
    traceID: spans[0]?.traceId,
    spans: spans.map((span) => ({
      traceID: span.traceId,
      spanID: span.spanId,
      operationName: span.name,
      references: [
        ...(span.parentSpanId === '' ? [] : [{ refType: 'CHILD_OF', traceID: span.traceId, spanID: span.parentSpanId }]),
        ...span.links.map(({ traceId, spanId }) => ({ refType: 'FOLLOWS_FROM', traceID: traceId, spanID: spanId })),
      ],
      startTime: micros(span.startTimeUnixNano),
      duration: micros(span.endTimeUnixNano) - micros(span.startTimeUnixNano),
      tags: [...tags(span.attributes), ...tags(tagsOfFields(span))],
      logs: span.events.map(({ name, timeUnixNano, attributes }) => ({
        timestamp: micros(timeUnixNano),
        fields: [...tags({ event: name }), ...tags(attributes)],
      })),
      processID: ids.get(JSON.stringify(span.resource.attributes)),
    })),
    processes: Object.fromEntries(
      resources.map(({ attributes }) => {
        const { 'service.name': service, ...others } = attributes;
        return [ids.get(JSON.stringify(attributes)), { serviceName: String(service ?? ''), tags: tags(others) }];
      }),
    ),
  };
}

/** True if a search in Jaeger matches the tag: by an attribute of the span or its resource, or by a field that Jaeger stores as a tag. */
export function hasTag(span: ReceivedSpan, [key, value]: Attribute): boolean {
  return [span.attributes, span.resource.attributes, tagsOfFields(span)].some(
    (values) => Object.hasOwn(values, key) && textOfValue(values[key] as Value) === value,
  );
}

/** Fields that Jaeger stores as tags. */
function tagsOfFields({ kind, status, scope, traceState }: ReceivedSpan): Values {
  return {
    ...(kind === 'unspecified' ? {} : { 'span.kind': kind }),
    ...(status.code === 'unset' ? {} : { 'otel.status_code': status.code.toUpperCase() }),
    ...(status.code === 'error' ? { error: true } : {}),
    ...(status.message === '' ? {} : { 'otel.status_description': status.message }),
    ...(scope.name === '' ? {} : { 'otel.scope.name': scope.name }),
    ...(scope.version === '' ? {} : { 'otel.scope.version': scope.version }),
    ...(traceState === '' ? {} : { 'w3c.tracestate': traceState }),
  };
}

function tags(values: Values): TypedTag[] {
  return Object.entries(values).map(([key, value]) => tagOf(key, value));
}

function tagOf(key: string, value: Value): TypedTag {
  if (typeof value === 'boolean') return { key, type: 'bool', value };
  if (typeof value === 'number') return { key, type: Number.isInteger(value) ? 'int64' : 'float64', value };
  return { key, type: 'string', value: textOfValue(value) };
}
