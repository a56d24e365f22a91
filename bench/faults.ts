// Latency of a service's answers while its export fails: two copies of one service, one with tracing on and one with
// nothing built, under the same load at the same time, so that both meet the same machine. The parts are those of test/real; without
// the Collector, which .ci/setup builds, only the faults that need none are measured. Called by main.ts.

import type { TracingOptions } from '../runtime/index.js';
import { FaultyNetwork } from '../test/real/support/faulty-network.js';
import { type Load, LoadedService } from '../test/real/support/loaded-service.js';
import { OTELCOL, OtelCollector } from '../test/real/support/otel-collector.js';
import { freePorts } from '../test/real/support/program.js';
import type { Order } from '../test/real/support/service.js';
import { Collector, partialSuccess } from '../test/setup/collector.js';
import type { Outcome } from './report.js';

const LOAD_MS = 5000;
const PER_SECOND = 200;
const WARM_UP_MS = 1500;
const GRPC_STATUSES = 16;

interface Scene {
  readonly network: FaultyNetwork;
  /** Undefined where the scripted Collector replaces the real one. */
  readonly real: OtelCollector | undefined;
  /** Applied to both services alike. */
  order(order: Order): Promise<unknown>;
}

interface Fault {
  readonly name: string;
  readonly options?: TracingOptions;
  /** A Collector of this process, which answers as configured, instead of the real one. */
  readonly scripted?: Collector['behaviour'];
  /** Destination of spans, when not a Collector. */
  readonly nowhere?: true;
  /** Runs beside the load. */
  during?(scene: Scene): Promise<unknown> | unknown;
  after?(scene: Scene): Promise<unknown> | unknown;
}

const pause = (milliseconds: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, milliseconds));

const FAULTS: readonly Fault[] = [
  { name: 'none' },
  { name: 'absent', nowhere: true },
  {
    name: 'killed and restarted, twice',
    during: async ({ real }) => {
      for (let round = 0; round < 2; round++) {
        await pause(800);
        await real?.kill();
        await pause(800);
        await real?.start();
      }
    },
  },
  { name: 'hanging', during: ({ real }) => real?.program.freeze(), after: ({ real }) => real?.program.thaw() },
  {
    name: 'slow by 300 ms',
    during: ({ network }) => {
      network.weather = { kind: 'slow', milliseconds: 300 };
    },
  },
  { name: 'answering every gRPC status in turn', scripted: (request) => ({ status: 1 + (request % GRPC_STATUSES) }) },
  { name: 'partial success', scripted: () => ({ answer: partialSuccess(1, 'one is too many') }) },
  {
    name: 'resets in mid-stream',
    during: ({ network }) => {
      network.weather = { kind: 'reset', afterBytes: 60_000 };
    },
  },
  {
    name: 'queue full',
    options: { maxQueueSize: 100, maxExportBatchSize: 50 },
    during: ({ network }) => {
      network.weather = { kind: 'slow', milliseconds: 400 };
    },
  },
  { name: 'clock set back by an hour', during: ({ order }) => order({ do: 'set clock back', milliseconds: 3_600_000 }) },
  {
    name: 'event loop blocked for 300 ms, twice',
    during: async ({ order }) => {
      for (let round = 0; round < 2; round++) {
        await pause(1000);
        await order({ do: 'block', milliseconds: 300 });
      }
    },
  },
  {
    name: 'a burst of 10 queues of spans',
    during: async ({ order }) => {
      await pause(1000);
      for (let tenth = 0; tenth < 10; tenth++) await order({ do: 'burst', spans: 2048 });
    },
  },
];

export async function measureFaults(): Promise<Outcome> {
  const control = await LoadedService.start({});
  const real = OTELCOL === undefined ? undefined : await OtelCollector.start();
  const scripted = await new Collector().start();
  const rows: string[][] = [];
  try {
    await control.load(WARM_UP_MS, PER_SECOND);
    for (const fault of FAULTS) {
      if (real === undefined && fault.scripted === undefined && fault.nowhere === undefined) continue;
      rows.push(await measure(fault, control, real, scripted));
    }
  } finally {
    control.kill();
    scripted.stop();
    await real?.remove();
  }
  const head = [
    'the Collector, or the service',
    'p50',
    'p95',
    'most',
    'untraced p50',
    'p95',
    'most',
    'ended',
    'sent',
    'failed',
    'dropped',
  ];
  const note =
    `Answers of a service that records four spans a request and sends them over gRPC, ${PER_SECOND} requests a second for ${LOAD_MS / 1000} s, beside ` +
    'the same service with nothing built, at the same time. The last columns are what became of its spans.';
  return { tables: [{ title: 'Faults of the export', note, head, rows }], budgets: [] };
}

async function measure(
  fault: Fault,
  control: LoadedService,
  real: OtelCollector | undefined,
  scripted: Collector,
): Promise<string[]> {
  if (fault.scripted !== undefined) scripted.behaviour = fault.scripted;
  const other = fault.scripted === undefined ? real : undefined;
  const [nowhere = 0] = fault.nowhere ? await freePorts(1) : [];
  const network = await FaultyNetwork.before(() => (fault.nowhere ? nowhere : (other ?? scripted).port));
  const endpoint = fault.nowhere ? `http://127.0.0.1:${nowhere}` : network.url;
  const service = await LoadedService.start({ endpoint, shutdownTimeout: 1000, ...fault.options });
  const both = [service, control];
  const scene: Scene = { network, real: other, order: (order) => Promise.all(both.map((one) => one.order(order))) };
  try {
    await service.load(WARM_UP_MS, PER_SECOND);
    const load = Promise.all(both.map((one) => one.load(LOAD_MS, PER_SECOND)));
    await fault.during?.(scene);
    const [traced, plain] = (await load) as [Load, Load];
    await fault.after?.(scene);
    network.weather = { kind: 'pass' };
    const { spans } = await service.end();
    if (traced.wrong + plain.wrong > 0) throw new Error(`${fault.name}: wrong answers: ${[...traced.faults, ...plain.faults]}`);
    const counts = [spans.ended, spans.exported, spans.failed, spans.dropped].map((count) => count.toLocaleString('en-US'));
    return [fault.name, ...times(traced), ...times(plain), ...counts];
  } finally {
    service.kill();
    network.close();
  }
}

const times = ({ p50, p95, most }: Load): string[] => [p50, p95, most].map((value) => `${value.toFixed(1)} ms`);
