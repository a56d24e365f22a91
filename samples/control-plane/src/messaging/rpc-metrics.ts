// Metrics of RPC in the manner of oslo.metrics: calls begun, ended and failed, and their duration, by method and destination, as
// OpenMetrics text. The buckets of the duration name a trace each (exemplars), so that a slow call leads to its trace.

import { trace } from '@opentelemetry/api';
import type { Route } from '../http/http-server.js';

const PREFIX = 'oslo_messaging_rpc_client';
const BUCKETS_S = [0.01, 0.1, 1, 10, Number.POSITIVE_INFINITY];

interface Exemplar {
  readonly traceId: string;
  readonly seconds: number;
}

interface Bucket {
  count: number;
  exemplar?: Exemplar;
}

interface Row {
  readonly labels: string;
  started: number;
  readonly ended: Map<'ok' | 'exception', number>;
  seconds: number;
  readonly buckets: Bucket[];
}

class RpcMetrics {
  private readonly rows = new Map<string, Row>();

  /** Counts a call; the function that it returns counts its end. */
  begin(callType: 'call' | 'fanout', target: string, method: string): (outcome: 'ok' | 'exception') => void {
    const labels = `call_type="${callType}",target="${target}",method="${method}"`;
    const row = this.rows.get(labels) ?? {
      labels,
      started: 0,
      ended: new Map(),
      seconds: 0,
      buckets: BUCKETS_S.map((): Bucket => ({ count: 0 })),
    };
    this.rows.set(labels, row);
    row.started += 1;
    const begin = performance.now();
    const span = trace.getActiveSpan();
    return (outcome) => {
      const seconds = (performance.now() - begin) / 1000;
      row.ended.set(outcome, (row.ended.get(outcome) ?? 0) + 1);
      row.seconds += seconds;
      const bucket = row.buckets[BUCKETS_S.findIndex((most) => seconds <= most)];
      if (bucket === undefined) return;
      bucket.count += 1;
      if (span?.isRecording()) bucket.exemplar = { traceId: span.spanContext().traceId, seconds };
    };
  }

  text(): string {
    const rows = [...this.rows.values()];
    const lines = [`# TYPE ${PREFIX}_invocation_start counter`];
    for (const { labels, started } of rows) lines.push(`${PREFIX}_invocation_start_total{${labels}} ${started}`);
    lines.push(`# TYPE ${PREFIX}_invocation_end counter`);
    for (const { labels, ended } of rows)
      for (const [outcome, count] of ended) lines.push(`${PREFIX}_invocation_end_total{${labels},outcome="${outcome}"} ${count}`);
    lines.push(`# TYPE ${PREFIX}_processing_seconds histogram`);
    for (const { labels, seconds, buckets } of rows) {
      let below = 0;
      for (const [index, { count, exemplar }] of buckets.entries()) {
        below += count;
        const most = BUCKETS_S[index] === Number.POSITIVE_INFINITY ? '+Inf' : BUCKETS_S[index];
        const named = exemplar === undefined ? '' : ` # {trace_id="${exemplar.traceId}"} ${exemplar.seconds.toFixed(6)}`;
        lines.push(`${PREFIX}_processing_seconds_bucket{${labels},le="${most}"} ${below}${named}`);
      }
      lines.push(`${PREFIX}_processing_seconds_sum{${labels}} ${seconds.toFixed(6)}`);
      lines.push(`${PREFIX}_processing_seconds_count{${labels}} ${below}`);
    }
    return `${[...lines, '# EOF'].join('\n')}\n`;
  }
}

/** Of this process. */
export const rpcMetrics = new RpcMetrics();

export const METRICS_ROUTE: Route = {
  method: 'GET',
  path: '/metrics',
  open: true,
  run: () => ({
    status: 200,
    body: rpcMetrics.text(),
    headers: { 'content-type': 'application/openmetrics-text; version=1.0.0; charset=utf-8' },
  }),
};
