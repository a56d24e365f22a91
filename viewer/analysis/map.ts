// Map of a system from its traces: services and namespaces with calls, errors and latency, and which calls which. Pure.

import { LatencyHistogram } from '../../runtime/site/latency.js';
import type { ReceivedSpan } from '../receiver/decode.js';
import { failed, serviceOf } from '../receiver/spans.js';
import { namespaceIn } from '../store/summary.js';

export interface MapNode {
  readonly name: string;
  readonly calls: number;
  readonly errors: number;
  readonly p50Ms: number;
  readonly p95Ms: number;
}

export interface MapEdge extends Omit<MapNode, 'name'> {
  readonly from: string;
  readonly to: string;
}

export interface SystemMap {
  readonly nodes: readonly MapNode[];
  readonly edges: readonly MapEdge[];
}

const OF = {
  services: serviceOf,
  namespaces: (span: ReceivedSpan) => namespaceIn(span.attributes) || `${serviceOf(span)} (no namespace)`,
} as const;
export type MapOf = keyof typeof OF;

/** The calls of a node are the spans with a parent in another node, and roots. */
export function mapOf(traces: Iterable<readonly ReceivedSpan[]>, by: MapOf): SystemMap {
  const nodes = new Map<string, Tally>();
  const edges = new Map<string, Tally & { from: string; to: string }>();
  for (const spans of traces) {
    const byId = new Map(spans.map((span) => [span.spanId, span]));
    for (const span of spans) {
      const parent = byId.get(span.parentSpanId) ?? span.links.map(({ spanId }) => byId.get(spanId)).find(Boolean);
      const [from, to] = [parent === undefined ? undefined : OF[by](parent), OF[by](span)];
      if (from === to) continue;
      tally(nodes, to, () => new Tally(), span);
      if (from !== undefined) tally(edges, JSON.stringify([from, to]), () => Object.assign(new Tally(), { from, to }), span);
    }
  }
  return {
    nodes: [...nodes].map(([name, node]) => ({ name, ...node.report() })).sort((a, b) => b.calls - a.calls),
    edges: [...edges.values()]
      .map((edge) => ({ from: edge.from, to: edge.to, ...edge.report() }))
      .sort((a, b) => b.calls - a.calls),
  };
}

class Tally {
  readonly #latency = new LatencyHistogram();
  #errors = 0;

  add(span: ReceivedSpan): void {
    this.#latency.add(Number(BigInt(span.endTimeUnixNano) - BigInt(span.startTimeUnixNano)) / 1e6);
    if (failed(span)) this.#errors += 1;
  }

  report(): Omit<MapNode, 'name'> {
    return {
      calls: this.#latency.count,
      errors: this.#errors,
      p50Ms: this.#latency.quantile(0.5) ?? 0,
      p95Ms: this.#latency.quantile(0.95) ?? 0,
    };
  }
}

function tally<Row extends Tally>(rows: Map<string, Row>, key: string, create: () => Row, span: ReceivedSpan): void {
  let row = rows.get(key);
  if (row === undefined) {
    row = create();
    rows.set(key, row);
  }
  row.add(span);
}
