// A Collector's health from its own Prometheus metrics: received, sent and lost spans, and where they were lost. Read by the doctor and by
// `spanwright traces collector`.

import { printable } from '../../runtime/text/printable.js';
import { CommandFailure } from '../command.js';
import { get } from '../get-json.js';
import { DEFAULT_COLLECTOR_METRICS, readAddress } from '../viewer/addresses.js';

interface Sample {
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}
export type Metrics = ReadonlyMap<string, readonly Sample[]>;

/** Samples by the name in COUNTERS: newer Collectors add `_total`, and `memory_limiter` to the counters of that processor. */
export function parseMetrics(text: string): Metrics {
  const metrics = new Map<string, Sample[]>();
  for (const line of text.split('\n')) {
    const [, name, labels = '', value] = /^([a-zA-Z_:][\w:]*)(?:\{(.*)\})?\s+(\S+)/.exec(line) ?? [];
    if (name === undefined) continue;
    const key = name.replace(/_total$/, '').replace('_processor_memory_limiter_', '_processor_');
    const sample = {
      labels: Object.fromEntries([...labels.matchAll(/(\w+)="((?:[^"\\]|\\.)*)"/g)].map(([, label, text]) => [label, text])),
      value: Number(value),
    };
    metrics.set(key, [...(metrics.get(key) ?? []), sample]);
  }
  return metrics;
}

interface Counter {
  readonly name: string;
  readonly metric: string;
  /** Only samples with this label. */
  readonly only?: readonly [label: string, value: string];
  /** Fault that a value above zero means; undefined if it is not a fault. */
  readonly fault?: string;
}

const COUNTERS: readonly Counter[] = [
  { name: 'accepted', metric: 'otelcol_receiver_accepted_spans' },
  {
    name: 'refused',
    metric: 'otelcol_receiver_refused_spans',
    fault: 'its receivers refuse spans: a processor behind them (memory_limiter) or an exporter pushes back',
  },
  { name: 'sent', metric: 'otelcol_exporter_sent_spans' },
  {
    name: 'failed',
    metric: 'otelcol_exporter_send_failed_spans',
    fault: 'its exporters cannot deliver: look at the address and the health of what is behind it',
  },
  {
    name: 'notQueued',
    metric: 'otelcol_exporter_enqueue_failed_spans',
    fault: 'its sending queue is full: what is behind it is too slow, or the queue too small',
  },
  {
    name: 'droppedByProcessor',
    metric: 'otelcol_processor_dropped_spans',
    fault: 'a processor drops spans',
  },
  {
    name: 'refusedByProcessor',
    metric: 'otelcol_processor_refused_spans',
    fault: 'a processor refuses spans: mostly memory_limiter, at its limit',
  },
  {
    name: 'sampledOut',
    metric: 'otelcol_processor_tail_sampling_global_count_traces_sampled',
    only: ['sampled', 'false'],
  },
  {
    name: 'decidedTooLate',
    metric: 'otelcol_processor_tail_sampling_sampling_trace_dropped_too_early',
    fault: 'tail sampling drops traces before it has decided: more num_traces, or a shorter decision_wait',
  },
];

/** The samples of the row's metrics. */
function samplesOf(metrics: Metrics, { metric, only }: Pick<Counter, 'metric' | 'only'>): readonly Sample[] {
  return (metrics.get(metric) ?? []).filter(({ labels }) => only === undefined || labels[only[0]] === only[1]);
}

function sum(metrics: Metrics | undefined, counter: Pick<Counter, 'metric' | 'only'>): number {
  return metrics === undefined ? 0 : samplesOf(metrics, counter).reduce((total, { value }) => total + value, 0);
}

export interface CollectorHealth {
  readonly counts: Readonly<Record<string, number>>;
  /** Spans waiting in the exporters' queues, and the room there. */
  readonly queue: { readonly size: number; readonly capacity: number };
  readonly memoryMB: number | null;
  readonly uptimeSeconds: number | null;
  readonly faults: readonly string[];
}

/** The health that `metrics` show; counts are those since `before`, where given. */
export function healthOf(metrics: Metrics, before: Metrics | undefined): CollectorHealth {
  const counts: Record<string, number> = {};
  const faults: string[] = [];
  for (const counter of COUNTERS) {
    const value = sum(metrics, counter) - sum(before, counter);
    counts[counter.name] = value;
    if (counter.fault !== undefined && value > 0)
      faults.push(`${value} ${counter.name}: ${counter.fault}${whichOf(metrics, counter)}`);
  }
  const queue = {
    size: sum(metrics, { metric: 'otelcol_exporter_queue_size' }),
    capacity: sum(metrics, { metric: 'otelcol_exporter_queue_capacity' }),
  };
  if (queue.capacity > 0 && queue.size > queue.capacity * 0.8)
    faults.push(`the sending queue holds ${queue.size} of ${queue.capacity}: it will overflow`);
  const memory = metrics.get('otelcol_process_memory_rss_bytes') ?? metrics.get('otelcol_process_memory_rss');
  const uptime = metrics.get('otelcol_process_uptime_seconds') ?? metrics.get('otelcol_process_uptime');
  return {
    counts,
    queue,
    memoryMB: memory === undefined ? null : Math.round((memory[0]?.value ?? 0) / 1024 / 1024),
    uptimeSeconds: uptime === undefined ? null : Math.round(uptime[0]?.value ?? 0),
    faults,
  };
}

/** The part of the Collector. */
function whichOf(metrics: Metrics, counter: Counter): string {
  const by = samplesOf(metrics, counter)
    .filter(({ value }) => value > 0)
    .map(({ labels, value }) => `${printable(labels.processor ?? labels.exporter ?? labels.receiver ?? '?')} ${value}`);
  return by.length === 0 ? '' : ` (${by.join(', ')})`;
}

/** The health of the Collector whose metrics are at an address; @throws CommandFailure if the address has no metrics. */
export async function healthAt(given: string, environment: NodeJS.ProcessEnv): Promise<CollectorHealth> {
  return healthOf(await readMetrics(metricsAddress(given), environment), undefined);
}

/** @throws UsageError when `text` is not an address. */
export function metricsAddress(text: string): string {
  const given = readAddress(text, 'traces collector', DEFAULT_COLLECTOR_METRICS);
  return new URL(given).pathname === '/' ? `${given}/metrics` : given;
}

/** @throws CommandFailure when what answers is no Collector. */
export async function readMetrics(address: string, environment: NodeJS.ProcessEnv): Promise<Metrics> {
  const { status, text } = await get('the Collector', address, environment);
  const metrics = parseMetrics(text);
  const own = [...metrics.keys()].some((name) => name.startsWith('otelcol_'));
  if (status === 200 && own) return metrics;
  throw new CommandFailure(
    `What answers at ${address} has no metrics of a Collector (status ${status}). They are on the port of service.telemetry.metrics, 8888 by default.`,
  );
}
