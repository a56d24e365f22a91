// The account of spans of a fleet, hop by hop: what entered each, what left it, and why the rest did not. From the counts of admin hooks,
// and from the metrics of Collectors and Jaeger, between two looks or since the starts. Arithmetic only; see fleet-audit.ts.

import { counted } from '../../runtime/text/counted.js';
import type { SpanCounts } from '../../runtime/tracing.js';
import type { Metrics } from '../doctor/collector-health.js';

/** One look at a process. */
interface ProcessLook {
  readonly name: string;
  /** Another value is another process behind the same address. */
  readonly startedAt: string;
  readonly counts: SpanCounts;
  /** True for a process whose own SDK exports, and counts nothing of it. */
  readonly bySdk: boolean;
}

/** One look at a Collector or at Jaeger. */
interface MetricsLook {
  readonly name: string;
  readonly metrics: Metrics;
}

export interface Look {
  readonly processes: readonly ProcessLook[];
  readonly collectors: readonly MetricsLook[];
  readonly jaeger: MetricsLook | undefined;
}

export interface Hop {
  readonly name: string;
  readonly entered: number;
  readonly left: number;
  /** Spans that are where they should be: open, waiting, left out by configuration. */
  readonly kept: readonly Part[];
  readonly lost: readonly Part[];
  /** Entered, and neither left, kept nor lost; below zero if more left than entered. */
  readonly unexplained: number;
  readonly remark: string;
}

interface Part {
  readonly why: string;
  readonly spans: number;
}

/** The part of a hop that is given by name. */
type Given = Pick<Hop, 'name' | 'entered' | 'left'> &
  Partial<Record<'kept' | 'lost', Readonly<Record<string, number>>>> & {
    readonly remark?: string;
  };

const FAILED_HERE = 'export failed';

function hop({ name, entered, left, kept = {}, lost = {}, remark = '' }: Given): Hop {
  const parts = (given: Readonly<Record<string, number>>): Part[] =>
    Object.entries(given)
      .map(([why, spans]) => ({ why, spans }))
      .filter(({ spans }) => spans !== 0);
  const sum = (given: Readonly<Record<string, number>>): number => Object.values(given).reduce((total, one) => total + one, 0);
  return {
    ...{ name, entered, left, remark, kept: parts(kept), lost: parts(lost) },
    unexplained: entered - left - sum(kept) - sum(lost),
  };
}

/** Hops in the order in which spans pass them. @param before without it, the account is since the start of each part */
export function accountOf(now: Look, before: Look | undefined): Hop[] {
  const processes = now.processes.map((look, at) => processHop(look, before?.processes[at]));
  const exported = processes.reduce((total, { left }) => total + left, 0);
  if (now.collectors.length === 0) return processes;
  const collectors = now.collectors.map((look, at) => new CollectorCounts(look, before?.collectors[at]?.metrics));
  const accepted = collectors.reduce((total, { received }) => total + received, 0);
  const failed = processes
    .flatMap(({ lost }) => lost)
    .reduce((total, { why, spans }) => total + (why === FAILED_HERE ? spans : 0), 0);
  // a response that comes after its deadline, or is lost, does not undo what the Collector has taken
  const receivedAllTheSame = Math.max(0, Math.min(failed, accepted - exported));
  const missing = exported - accepted;
  const since = Math.min(...now.processes.map(({ startedAt }) => Date.parse(startedAt)));
  const restarted = collectors.filter((one) => one.restarted || (missing > 0 && one.startedAt > since)).map(({ name }) => name);
  const hops = [
    ...processes,
    hop({
      name: 'processes to Collectors',
      entered: exported + receivedAllTheSame,
      left: accepted,
      remark: [
        restarted.length > 0 && `${restarted.join(', ')} has restarted: the spans that it held, and its earlier counts, are lost`,
        receivedAllTheSame > 0 &&
          `${counted(receivedAllTheSame, 'span')} failed in a process and were received here, or arrived twice`,
      ]
        .filter((remark) => remark !== false)
        .join('; '),
    }),
    ...collectors.flatMap((one) => one.hops()),
  ];
  if (now.jaeger === undefined) return hops;
  const sent = collectors.reduce((total, { sentToBackend }) => total + sentToBackend, 0);
  const jaeger = new Counts(now.jaeger.metrics, before?.jaeger?.metrics);
  const saved = 'jaeger_collector_spans_saved_by_svc';
  const lost = {
    'dropped by its queue': jaeger.sum('jaeger_collector_spans_dropped'),
    'not stored': jaeger.sum(saved, ['result', 'err']),
  };
  return [
    ...hops,
    hop({ name: `Collectors to ${now.jaeger.name}`, entered: sent, left: jaeger.sum(saved, ['result', 'ok']), lost }),
  ];
}

function processHop(now: ProcessLook, before: ProcessLook | undefined): Hop {
  const same = before?.startedAt === now.startedAt ? before : undefined;
  const count = (key: keyof SpanCounts): number => now.counts[key] - (same?.counts[key] ?? 0);
  return hop({
    name: now.name,
    entered: count('started'),
    left: count('exported'),
    kept: {
      open: count('open'),
      queued: count('queued'),
      'sampled out (keep)': count('sampledOut'),
      ...(now.bySdk && { 'exported by its SDK': count('ended') }),
    },
    lost: { [FAILED_HERE]: count('failed'), 'export queue full': count('dropped') },
    remark: before !== undefined && same === undefined ? 'it restarted: its earlier counts are unknown' : '',
  });
}

/** Differences of counters. */
class Counts {
  constructor(
    readonly now: Metrics,
    readonly before: Metrics | undefined,
  ) {}

  sum(metric: string, only?: readonly [label: string, value: string]): number {
    return sumIn(this.now, metric, only) - sumIn(this.before, metric, only);
  }
}

function sumIn(metrics: Metrics | undefined, metric: string, only?: readonly [label: string, value: string]): number {
  const samples = metrics?.get(metric) ?? [];
  return samples
    .filter(({ labels }) => only === undefined || labels[only[0]] === only[1])
    .reduce((total, { value }) => total + value, 0);
}

const RECEIVED = 'otelcol_receiver_accepted_spans';
const SENT = 'otelcol_exporter_sent_spans';
const FAILED = 'otelcol_exporter_send_failed_spans';
const NOT_QUEUED = 'otelcol_exporter_enqueue_failed_spans';

class CollectorCounts {
  readonly name: string;
  readonly restarted: boolean;
  readonly #counts: Counts;

  constructor({ name, metrics }: MetricsLook, before: Metrics | undefined) {
    this.name = name;
    this.restarted = before !== undefined && sumIn(metrics, RECEIVED) < sumIn(before, RECEIVED);
    this.#counts = new Counts(metrics, this.restarted ? undefined : before);
  }

  /** Milliseconds since 1970. */
  get startedAt(): number {
    const { now } = this.#counts;
    const uptime = sumIn(
      now,
      now.has('otelcol_process_uptime_seconds') ? 'otelcol_process_uptime_seconds' : 'otelcol_process_uptime',
    );
    return Date.now() - uptime * 1000;
  }

  get received(): number {
    return this.#counts.sum(RECEIVED);
  }

  /** Spans sent by the exporters over OTLP; other exporters write their spans elsewhere. */
  get sentToBackend(): number {
    return this.#exporters()
      .filter((name) => name.startsWith('otlp'))
      .reduce((total, name) => total + this.#counts.sum(SENT, ['exporter', name]), 0);
  }

  /** One hop for each exporter, because each gets all spans. */
  hops(): Hop[] {
    const dropped = this.#counts.sum('otelcol_processor_dropped_spans');
    const sampledOut = this.#counts.sum('otelcol_processor_tail_sampling_global_count_traces_sampled', ['sampled', 'false']);
    const refused = this.#counts.sum('otelcol_receiver_refused_spans');
    const remarks = [
      ...(sampledOut > 0 ? [`tail sampling decided against ${counted(sampledOut, 'trace')}, whose spans are not counted`] : []),
      ...(refused > 0 ? [`refused ${counted(refused, 'span')}, which the processes sent again or counted as failed`] : []),
    ];
    return this.#exporters().map((exporter) => {
      const of = (metric: string): number => this.#counts.sum(metric, ['exporter', exporter]);
      return hop({
        name: `${this.name}, exporter ${exporter}`,
        entered: this.received,
        left: of(SENT),
        kept: { queued: of('otelcol_exporter_queue_size') },
        lost: { 'export failed': of(FAILED), 'sending queue full': of(NOT_QUEUED), 'dropped by a processor': dropped },
        remark: remarks.join('; '),
      });
    });
  }

  #exporters(): string[] {
    const samples = [SENT, FAILED, NOT_QUEUED].flatMap((metric) => this.#counts.now.get(metric) ?? []);
    return [...new Set(samples.map(({ labels }) => labels.exporter ?? '?'))].sort();
  }
}
