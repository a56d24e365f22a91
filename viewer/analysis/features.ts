// Features of one trace that the comparison looks at: for each kind of span (service and name) its self time, total time, calls and
// errors, and which attribute values it and its resource carry. Pure; called by diff.ts.

import type { ReceivedSpan, Values } from '../receiver/decode.js';
import { failed, serviceOf, textOfValue } from '../receiver/spans.js';
import { type LaidOut, layOut } from './layout.js';

export interface SpanFeature {
  /** Key of the enclosing kind of span; undefined at the root. */
  parent: string | undefined;
  service: string;
  name: string;
  calls: number;
  errors: number;
  /** Milliseconds, over all calls. */
  self: number;
  total: number;
}

export interface TraceFeatures {
  readonly durationMs: number;
  readonly spans: ReadonlyMap<string, SpanFeature>;
  /** Span key by `[span key, service, attribute, value]` as JSON; of a resource's attributes the span key is empty. */
  readonly attributes: ReadonlyMap<string, string>;
  /** Keys of `attributes` for the first span of each kind only. */
  readonly firstAttributes: ReadonlySet<string>;
}

/** Longer values are texts, not properties that traces share. */
const LONGEST_VALUE = 120;
/** Attributes of the outcome of a call; they are effects, never causes. */
const OUTCOMES = /^(error|exception|otel\.status|http\.response|http\.status_code|rpc\.(grpc\.)?status|rpc\.response|code\.)/;

const spanKeyOf = (span: ReceivedSpan): string => JSON.stringify([serviceOf(span), span.name]);

export function featuresOf(spans: readonly ReceivedSpan[]): TraceFeatures {
  const rows = layOut(spans);
  const found = new Map<string, SpanFeature>();
  const attributes = new Map<string, string>();
  const firstAttributes = new Set<string>();
  const resources = new Set<object>();
  for (const row of rows) {
    const key = spanKeyOf(row.span);
    const first = !found.has(key);
    addCall(found, key, row, rows);
    for (const text of attributeFeatures(key, row.span.attributes)) {
      attributes.set(text, key);
      if (first) firstAttributes.add(text);
    }
    const { resource } = row.span;
    if (resources.has(resource)) continue;
    resources.add(resource);
    for (const text of attributeFeatures('', resource.attributes, serviceOf(row.span))) {
      attributes.set(text, '');
      firstAttributes.add(text);
    }
  }
  const ends = rows.map(({ start, duration }) => start + duration);
  return { durationMs: Math.max(0, ...ends.slice(0, 100_000)) / 1000, spans: found, attributes, firstAttributes };
}

function addCall(
  found: Map<string, SpanFeature>,
  key: string,
  { span, parent, self, duration }: LaidOut,
  rows: readonly LaidOut[],
): void {
  const above = rows[parent]?.span;
  const feature = found.get(key) ?? {
    parent: above === undefined ? undefined : spanKeyOf(above),
    service: serviceOf(span),
    name: span.name,
    calls: 0,
    errors: 0,
    self: 0,
    total: 0,
  };
  feature.calls += 1;
  feature.errors += failed(span) ? 1 : 0;
  feature.self += self / 1000;
  feature.total += duration / 1000;
  found.set(key, feature);
}

function* attributeFeatures(key: string, values: Values, service = ''): Iterable<string> {
  for (const [name, value] of Object.entries(values)) {
    if (OUTCOMES.test(name) || value === null) continue;
    const text = textOfValue(value);
    if (text.length <= LONGEST_VALUE) yield JSON.stringify([key, service, name, text]);
  }
}
