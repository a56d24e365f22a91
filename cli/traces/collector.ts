// `spanwright traces collector [URL]`: a Collector's health from its own Prometheus metrics: what came in, what went out, what was
// lost on the way and where. With --every it looks twice and judges the change. Exit code 1 when it finds a fault.

import { printable } from '../../runtime/text/printable.js';
import { CommandFailure, EXIT, type Invocation } from '../command.js';
import { facts, styled } from '../table.js';
import { DEFAULT_COLLECTOR_METRICS, readAddress } from './addresses.js';
import { durationOption } from './arguments.js';
import { get } from './get-json.js';

interface Sample {
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}
type Metrics = ReadonlyMap<string, readonly Sample[]>;

/** Samples by the metric's name, without the `_total` that newer Collectors add. */
function parse(text: string): Metrics {
  const metrics = new Map<string, Sample[]>();
  for (const line of text.split('\n')) {
    const [, name, labels = '', value] = /^([a-zA-Z_:][\w:]*)(?:\{(.*)\})?\s+(\S+)/.exec(line) ?? [];
    if (name === undefined) continue;
    const key = name.replace(/_total$/, '');
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
  /** What it means when it is not zero; without one it is no fault. */
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

/** Those of the samples that count. */
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

function read(metrics: Metrics, before: Metrics | undefined): CollectorHealth {
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

/** Which part of the Collector it was. */
function whichOf(metrics: Metrics, counter: Counter): string {
  const by = samplesOf(metrics, counter)
    .filter(({ value }) => value > 0)
    .map(({ labels, value }) => `${printable(labels.processor ?? labels.exporter ?? labels.receiver ?? '?')} ${value}`);
  return by.length === 0 ? '' : ` (${by.join(', ')})`;
}

/** The health of the Collector whose metrics are at an address; @throws CommandFailure where there are none. */
export async function healthAt(given: string, environment: NodeJS.ProcessEnv): Promise<CollectorHealth> {
  return read(await look(metricsAddress(given), environment), undefined);
}

function metricsAddress(text: string): string {
  const given = readAddress(text, 'traces collector', DEFAULT_COLLECTOR_METRICS);
  return new URL(given).pathname === '/' ? `${given}/metrics` : given;
}

async function look(address: string, environment: NodeJS.ProcessEnv): Promise<Metrics> {
  const { status, text } = await get('the Collector', address, environment);
  const metrics = parse(text);
  const own = [...metrics.keys()].some((name) => name.startsWith('otelcol_'));
  if (status === 200 && own) return metrics;
  throw new CommandFailure(
    `What answers at ${address} has no metrics of a Collector (status ${status}). They are on the port of service.telemetry.metrics, 8888 by default.`,
  );
}

export async function run(invocation: Invocation): Promise<number> {
  const { arguments: words, options, environment, out, colours } = invocation;
  const address = metricsAddress(words[0] ?? DEFAULT_COLLECTOR_METRICS);
  const every = durationOption(invocation, 'every', 0);
  let metrics = await look(address, environment);
  let before: Metrics | undefined;
  if (every > 0) {
    before = metrics;
    await new Promise((resolve) => setTimeout(resolve, every));
    metrics = await look(address, environment);
  }
  const health = read(metrics, before);
  if (options.has('json')) out(JSON.stringify(health));
  else for (const line of linesOf(health, colours)) out(line);
  return health.faults.length === 0 ? EXIT.done : EXIT.failed;
}

function linesOf({ counts, queue, memoryMB, uptimeSeconds, faults }: CollectorHealth, colours: boolean): string[] {
  const rows: (readonly [string, string])[] = [
    ['Spans in', `${counts.accepted} accepted, ${counts.refused} refused`],
    ['Spans out', `${counts.sent} sent, ${counts.failed} failed, ${counts.notQueued} without room in the queue`],
    ['Queue', queue.capacity === 0 ? 'none' : `${queue.size} of ${queue.capacity}`],
    ['Tail sampling', `${counts.sampledOut} traces decided against`],
    ['Process', `${memoryMB === null ? '?' : memoryMB} MB, up ${uptimeSeconds === null ? '?' : uptimeSeconds} s`],
  ];
  const verdict =
    faults.length === 0 ? [styled('Healthy.', 'green', colours)] : faults.map((fault) => styled(fault, 'red', colours));
  return [...facts(rows, colours), ...verdict];
}
