// Compares slow traces with normal ones (or one trace with another) and ranks what differs: an attribute value that slow traces share,
// calls that are repeated or added, time within one kind of span, errors. Pure; used by `spanwright diff`, the page and the MCP server.
// An attribute outranks time when it separates the groups, because it says which traces are slow and not only where. Effects of a
// cause (attributes of added calls, time below repeated calls) are not ranked beside it.

import type { ReceivedSpan } from '../receiver/decode.js';
import { featuresOf, type SpanFeature, type TraceFeatures } from './features.js';

export interface Finding {
  readonly kind: 'attribute' | 'calls' | 'time' | 'errors';
  readonly service: string;
  /** Name of the span; empty for an attribute of the resource. */
  readonly span: string;
  /** For the kind `attribute`: `key=value`, and the attributes that occur in exactly the same traces. */
  readonly attribute?: string;
  readonly also?: readonly string[];
  /** Share of traces with the attribute, calls per trace, milliseconds per trace, or errors per trace. */
  readonly slow: number;
  readonly normal: number;
  /** Part of the difference in duration that it accounts for, 0 to 1; for attributes how well they separate the groups. */
  readonly weight: number;
  readonly text: string;
}

export interface Difference {
  readonly slow: { readonly traces: number; readonly meanMs: number };
  readonly normal: { readonly traces: number; readonly meanMs: number };
  /** The most likely cause first. */
  readonly findings: readonly Finding[];
}

/** Threshold from which an attribute identifies the slow traces. */
const SEPARATES = 0.5;
const MOST_FINDINGS = 20;
/** A kind of span is called more often when slow traces have this many calls more, on average. */
const MORE_CALLS = 0.5;

export function compareTraces(
  slow: readonly (readonly ReceivedSpan[])[],
  normal: readonly (readonly ReceivedSpan[])[],
): Difference {
  const groups: Groups = { slow: slow.map(featuresOf), normal: normal.map(featuresOf) };
  const [slowMs, normalMs] = [mean(groups.slow, durationOf), mean(groups.normal, durationOf)];
  const spans = spanDifferences(groups, Math.max(0.001, slowMs - normalMs));
  const findings = [...attributeFindings(groups, spans), ...spanFindings(spans)];
  return {
    slow: { traces: slow.length, meanMs: slowMs },
    normal: { traces: normal.length, meanMs: normalMs },
    findings: findings.sort((a, b) => rankOf(b) - rankOf(a)).slice(0, MOST_FINDINGS),
  };
}

const rankOf = ({ kind, weight }: Finding): number => (kind === 'attribute' && weight >= SEPARATES ? 1 + weight : weight);

interface Groups {
  readonly slow: readonly TraceFeatures[];
  readonly normal: readonly TraceFeatures[];
}

const durationOf = ({ durationMs }: TraceFeatures): number => durationMs;

function mean(traces: readonly TraceFeatures[], of: (trace: TraceFeatures) => number): number {
  return traces.length === 0 ? 0 : traces.reduce((sum, trace) => sum + of(trace), 0) / traces.length;
}

interface SpanDifference {
  readonly key: string;
  readonly feature: SpanFeature;
  readonly calls: readonly [slow: number, normal: number];
  readonly self: readonly [slow: number, normal: number];
  readonly total: readonly [slow: number, normal: number];
  readonly errors: readonly [slow: number, normal: number];
  /** Share of normal traces that have such a span at all. */
  readonly usual: number;
  readonly moreCalls: boolean;
  /** Parts of the difference in duration. */
  readonly selfShare: number;
  readonly totalShare: number;
}

function spanDifferences(groups: Groups, extraMs: number): Map<string, SpanDifference> {
  const kinds = new Map<string, SpanFeature>();
  for (const { spans } of [...groups.slow, ...groups.normal]) {
    for (const [key, feature] of spans) if (!kinds.has(key)) kinds.set(key, feature);
  }
  const differences = new Map<string, SpanDifference>();
  for (const [key, feature] of kinds) {
    const both = (of: (feature: SpanFeature) => number): [number, number] => [
      mean(groups.slow, ({ spans }) => amountOf(spans.get(key), of)),
      mean(groups.normal, ({ spans }) => amountOf(spans.get(key), of)),
    ];
    const [calls, self, total, errors] = [both((f) => f.calls), both((f) => f.self), both((f) => f.total), both((f) => f.errors)];
    differences.set(key, {
      key,
      feature,
      calls,
      self,
      total,
      errors,
      usual: mean(groups.normal, ({ spans }) => (spans.has(key) ? 1 : 0)),
      moreCalls: calls[0] - calls[1] >= MORE_CALLS && calls[0] > calls[1] * 1.3,
      selfShare: (self[0] - self[1]) / extraMs,
      totalShare: (total[0] - total[1]) / extraMs,
    });
  }
  return differences;
}

const amountOf = (feature: SpanFeature | undefined, of: (feature: SpanFeature) => number): number =>
  feature === undefined ? 0 : of(feature);

function spanFindings(differences: ReadonlyMap<string, SpanDifference>): Finding[] {
  const findings: Finding[] = [];
  for (const difference of differences.values()) {
    const { feature, calls, self, errors, moreCalls } = difference;
    const { service, name: span } = feature;
    const followsFromCalls = belowMoreCalls(difference, differences);
    if (moreCalls && !followsFromCalls) {
      findings.push({
        kind: 'calls',
        service,
        span,
        slow: calls[0],
        normal: calls[1],
        weight: clamp(difference.totalShare),
        text: `${calls[0].toFixed(1)} calls a trace instead of ${calls[1].toFixed(1)}, ${percent(difference.totalShare)} of the difference`,
      });
    }
    const slower = calls[1] === 0 || calls[0] === 0 || self[0] / calls[0] > 1.5 * (self[1] / calls[1]);
    const byCalls = (moreCalls || followsFromCalls) && (calls[1] === 0 || !slower);
    if (!byCalls && difference.selfShare > 0.02) {
      findings.push({
        kind: 'time',
        service,
        span,
        slow: self[0],
        normal: self[1],
        weight: clamp(difference.selfShare) * (moreCalls ? 0.5 : 1),
        text: `${self[0].toFixed(1)} ms within it instead of ${self[1].toFixed(1)} ms, ${percent(difference.selfShare)} of the difference`,
      });
    }
    if (errors[0] - errors[1] > 0.1) {
      findings.push({
        kind: 'errors',
        service,
        span,
        slow: errors[0],
        normal: errors[1],
        weight: Math.min(0.3, (errors[0] - errors[1]) * 0.3),
        text: `${errors[0].toFixed(1)} errors a trace instead of ${errors[1].toFixed(1)}`,
      });
    }
  }
  return findings;
}

/** True when an enclosing kind of span is called more often, so that everything below it is. */
function belowMoreCalls({ feature, key }: SpanDifference, differences: ReadonlyMap<string, SpanDifference>): boolean {
  const seen = new Set([key]);
  for (let above = feature.parent; above !== undefined && !seen.has(above); above = differences.get(above)?.feature.parent) {
    if (differences.get(above)?.moreCalls) return true;
    seen.add(above);
  }
  return false;
}

function attributeFindings(groups: Groups, differences: ReadonlyMap<string, SpanDifference>): Finding[] {
  const counts = new Map<string, { slow: number[]; normal: number }>();
  groups.slow.forEach((trace, index) => {
    for (const text of candidatesOf(trace, differences)) {
      const count = counts.get(text) ?? { slow: [], normal: 0 };
      count.slow.push(index);
      counts.set(text, count);
    }
  });
  for (const trace of groups.normal) {
    for (const text of candidatesOf(trace, differences)) {
      const count = counts.get(text);
      if (count !== undefined) count.normal += 1;
    }
  }
  const together = new Map<string, { texts: string[]; weight: number; slow: number; normal: number }>();
  for (const [text, { slow, normal }] of counts) {
    const weight = lowerBound(slow.length, groups.slow.length) - upperBound(normal, groups.normal.length);
    if (weight < 0.1) continue;
    // Same traces, same finding: `host.name` and `host.id` of one machine.
    const same = `${normal}:${slow.join(',')}`;
    const group = together.get(same);
    const shares = { slow: slow.length / groups.slow.length, normal: normal / groups.normal.length };
    if (group === undefined) together.set(same, { texts: [text], weight, ...shares });
    else group.texts.push(text);
  }
  return [...together.values()].map(attributeFinding);
}

/** Attributes that can be a cause: of resources, and of spans that normal traces have as well; of repeated calls the first one's. */
function* candidatesOf(trace: TraceFeatures, differences: ReadonlyMap<string, SpanDifference>): Iterable<string> {
  for (const [text, key] of trace.attributes) {
    const difference = differences.get(key);
    if (difference !== undefined) {
      if (difference.usual < 0.5) continue;
      if (difference.moreCalls && !trace.firstAttributes.has(text)) continue;
    }
    yield text;
  }
}

/** Names that a reader acts on come first among attributes of the same traces. */
const TELLING = ['service.version', 'deployment.', 'host.name', 'machine', 'k8s.node.name', 'cloud.region', 'cache', 'tenant'];

function attributeFinding({
  texts,
  weight,
  slow,
  normal,
}: {
  texts: string[];
  weight: number;
  slow: number;
  normal: number;
}): Finding {
  const rank = (name: string): number => {
    const found = TELLING.findIndex((prefix) => name.toLowerCase().includes(prefix));
    return found === -1 ? TELLING.length : found;
  };
  const read = texts.map((text) => JSON.parse(text) as [key: string, service: string, name: string, value: string]);
  read.sort((a, b) => rank(a[2]) - rank(b[2]) || (a[2] < b[2] ? -1 : 1));
  const [key, service, name, value] = read[0] as [string, string, string, string];
  const [spanService, span] = key === '' ? [service, ''] : (JSON.parse(key) as [string, string]);
  const attribute = `${name}=${value}`;
  const also = [...new Set(read.map((other) => `${other[2]}=${other[3]}`))].filter((other) => other !== attribute);
  return {
    kind: 'attribute',
    service: spanService,
    span,
    attribute,
    also: also.slice(0, 10),
    slow,
    normal,
    weight: clamp(weight),
    text: `in ${percent(slow)} of the slow traces and ${percent(normal)} of the normal ones`,
  };
}

const Z = 1.64;

/** Bounds of a share at 95 % (Wilson), so that three traces count as weaker evidence than three hundred. */
function lowerBound(count: number, of: number): number {
  return of === 0 ? 0 : wilson(count / of, of, -1);
}
function upperBound(count: number, of: number): number {
  return of === 0 ? 1 : wilson(count / of, of, 1);
}
function wilson(share: number, of: number, sign: 1 | -1): number {
  const middle = share + (Z * Z) / (2 * of);
  const spread = Z * Math.sqrt((share * (1 - share)) / of + (Z * Z) / (4 * of * of));
  return (middle + sign * spread) / (1 + (Z * Z) / of);
}

const clamp = (value: number): number => Math.max(0, Math.min(1, value));
const percent = (share: number): string => `${Math.round(Math.max(0, Math.min(1, share)) * 100)} %`;
