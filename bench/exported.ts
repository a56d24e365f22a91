// Cost of recording and exporting together, in one process: spans encoded, sent and received, against OpenTelemetry's SDK with its batch
// processor and exporter, in both of its lines. Measured in a closed loop, and as the CPU time that they add to a service over HTTP, there
// also with 1 % of the traces kept. CPU time of the whole process; the receiver and the client are in the coordinator's.

import { type ChildProcess, fork } from 'node:child_process';
import { existsSync, writeFileSync } from 'node:fs';
import { Agent, get } from 'node:http';
import { dirname, join } from 'node:path';
import type { ExportedAnswer, ExportedOrder, ExportedSetup } from './exported-program.js';
import { NODE24 } from './nodes.js';
import { partsTable } from './profile.js';
import type { Profile } from './profiled.js';
import { Receiver } from './receiver.js';
import { type Budget, factor, machine, type Outcome, overFirst, samplesOf, type Table, timesTable } from './report.js';
import { shuffled, spread } from './statistics.js';
import type { Modules } from './variants.js';

const PROJECT = join(__dirname, '..');

interface Line {
  readonly name: string;
  readonly node: string;
  /** Folder whose node_modules hold the SDK. */
  readonly sdk: string;
  /** Budget of recording and exporting, as a share of the SDK's time. */
  readonly limit: number;
}

export const LINES: readonly Line[] = [
  { name: 'Node 20, SDK 2.12', node: process.execPath, sdk: join(PROJECT, '.cache', 'sdk2'), limit: 0.5 },
  { name: 'Node 24, SDK 3.1', node: NODE24, sdk: join(PROJECT, '.cache', 'sdk3'), limit: 0.4 },
];

/** Encoding is left out of it, and what a tracer decides and keeps for each span. */
export const LEAST = 'floor: AsyncLocalStorage.run, two clocks, ids, one object a span; the same bytes sent';
export const LEAST_SHORT = 'ids, clocks, AsyncLocalStorage.run, and the same bytes sent';
export const SDK = 'hand-written spans, SDK';
export const OURS = 'transformed';

const ROUNDS = 8;
/** Warm-up rounds: the engine compiles during the first calls of each method, and the time of its threads counts. */
const WARM_UPS = 8;
const CALLS = 20_480;
/** Not measured, before each measurement: the other processes have run meanwhile. */
const CALLS_BEFORE = 2048;
/** Requests between two flushes. */
export const PORTION = 100;
const TOGETHER = 16;

export class Service {
  readonly ready: Promise<ExportedAnswer>;
  readonly #child: ChildProcess;
  #stderr = '';
  readonly #agent = new Agent({ keepAlive: true, maxSockets: TOGETHER });

  constructor(program: string, node: string, setup: ExportedSetup) {
    const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^(OTEL|SPANWRIGHT|NODE_OPTIONS)/.test(name)));
    this.#child = fork(program, [JSON.stringify(setup)], {
      execPath: node,
      env,
      execArgv: [],
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    });
    this.#child.stderr?.on('data', (chunk: Buffer) => {
      this.#stderr += chunk;
    });
    this.ready = this.#answer();
  }

  order(order: ExportedOrder): Promise<ExportedAnswer> {
    this.#child.send(order);
    return this.#answer();
  }

  /**
   * CPU nanoseconds of one request, averaged over so many, with the export of their spans.
   * @param size requests between two flushes
   */
  async request(count: number, size = PORTION): Promise<number> {
    const { port, cpu } = await this.order('usage');
    let next = 0;
    let after = cpu;
    // in portions that fit into the queue, on a slow machine too
    for (let portion = size; next < count; portion += size) {
      const client = async (): Promise<void> => {
        while (next < portion) await this.#get(port, next++);
      };
      await Promise.all(Array.from({ length: TOGETHER }, client));
      after = (await this.order('flush')).cpu;
    }
    return (after - cpu) / next;
  }

  /** Profile of the process during `work`; its time is the CPU time that `work` resolves to. */
  async profile(work: () => Promise<number>): Promise<Profile> {
    await this.order('profile');
    const nsPerCall = await work();
    const { self = [] } = await this.order('profile');
    return { nsPerCall, self };
  }

  end(): void {
    this.#agent.destroy();
    if (this.#child.exitCode === null) this.#child.kill('SIGKILL');
  }

  #get(port: number, seed: number): Promise<void> {
    return new Promise((resolve, reject) => {
      get({ host: '127.0.0.1', port, path: `/work?seed=${seed}`, agent: this.#agent }, (response) => {
        if (response.statusCode !== 200) reject(new Error(`bench: a request was answered with ${response.statusCode}`));
        response.resume().on('end', resolve);
      }).on('error', reject);
    });
  }

  #answer(): Promise<ExportedAnswer> {
    return new Promise((resolve, reject) => {
      const onExit = (code: number | null): void =>
        reject(new Error(`bench: a service ended with status ${code}:\n${this.#stderr}`));
      this.#child.once('exit', onExit);
      this.#child.once('message', (answer) => {
        this.#child.off('exit', onExit);
        resolve(answer as ExportedAnswer);
      });
    });
  }
}

export interface Row {
  readonly label: string;
  readonly recorder: ExportedSetup['recorder'];
  readonly ratio?: number;
}

interface Alternation {
  readonly modules: Modules;
  readonly line: Line;
  readonly protocol: ExportedSetup['protocol'];
  readonly rows: readonly Row[];
  readonly warmUps: number;
  /** The same without a measurement, as much as it takes to be warm again. */
  prepare(service: Service): Promise<unknown>;
  measure(service: Service, row: Row): Promise<number>;
  /** Spans to receive in each round; undefined: any number. */
  spans(row: Row): number | undefined;
}

/** One number for each round and row, from processes that take turns, and then a profile of each. */
export async function alternate({
  modules,
  line,
  protocol,
  rows,
  warmUps,
  prepare,
  measure,
  spans,
}: Alternation): Promise<{ samples: Map<string, number[]>; profiles: { label: string; profile: Profile }[] }> {
  const program = join(dirname(modules.workspace.worker()), 'exported-program.js');
  const message = await messageOf(modules, line);
  const receiver = new Receiver();
  const addresses = await receiver.listen();
  const services: { row: Row; service: Service }[] = [];
  try {
    for (const row of rows) {
      const [sync, async] = await modulesOf(modules, row.recorder);
      const endpoint = protocol === 'grpc' ? addresses.grpc : addresses.http;
      const setup = { sync, async, recorder: row.recorder, endpoint, protocol, ratio: row.ratio ?? 1, sdk: line.sdk, message };
      services.push({ row, service: new Service(program, line.node, setup) });
    }
    await Promise.all(services.map(({ service }) => service.ready));
    const samples = new Map<string, number[]>(rows.map(({ label }) => [label, []]));
    for (let round = -warmUps; round < ROUNDS; round++) {
      for (const { row, service } of shuffled(services)) {
        await prepare(service);
        const before = receiver.spans;
        const value = await measure(service, row);
        const expected = spans(row);
        if (expected !== undefined && receiver.spans - before !== expected)
          throw new Error(`bench: ${receiver.spans - before} spans of "${row.label}" were received, expected ${expected}`);
        if (round >= 0) samples.get(row.label)?.push(value);
      }
    }
    const profiles = [];
    for (const { row, service } of services) {
      const { self } = await service.profile(() => measure(service, row));
      profiles.push({ label: row.label, profile: { nsPerCall: spread(samplesOf(samples, row.label)).median, self } });
    }
    return { samples, profiles };
  } finally {
    for (const { service } of services) service.end();
    receiver.close();
  }
}

/** File with the request that Spanwright sends for 512 spans. */
async function messageOf(modules: Modules, { node, sdk }: Line): Promise<string> {
  const file = join(modules.workspace.folder, 'request');
  if (existsSync(file)) return file;
  const receiver = new Receiver();
  const { http: endpoint } = await receiver.listen();
  const [sync, async] = await modulesOf(modules, 'spanwright');
  const setup = { sync, async, recorder: 'spanwright', endpoint, protocol: 'http/protobuf', ratio: 1, sdk, message: '' } as const;
  const service = new Service(join(dirname(modules.workspace.worker()), 'exported-program.js'), node, setup);
  await service.ready;
  await service.order({ calls: CALLS });
  service.end();
  receiver.close();
  writeFileSync(file, receiver.last);
  return file;
}

async function modulesOf(modules: Modules, recorder: ExportedSetup['recorder']): Promise<[string, string]> {
  const [flavour, build] = (
    {
      none: ['bare', 'plain'],
      context: ['bare', 'plain'],
      floor: ['floor', 'plain'],
      spanwright: ['instrument', 'built'],
      sdk: ['handwritten', 'plain'],
    } as const
  )[recorder];
  const path = async (shape: 'sync' | 'async') => (await modules.variant({ label: '', flavour, build }, shape)).module;
  return [await path('sync'), await path('async')];
}

export async function measureExport(modules: Modules): Promise<Outcome> {
  const tables: Table[] = [];
  const budgets: Budget[] = [];
  for (const line of LINES) {
    if (!existsSync(line.node) || !existsSync(line.sdk)) continue;
    for (const protocol of ['grpc', 'http/protobuf'] as const) {
      const rows: Row[] = [
        { label: SDK, recorder: 'sdk' },
        { label: OURS, recorder: 'spanwright' },
        { label: LEAST, recorder: 'floor' },
      ];
      const measure = async (service: Service): Promise<number> => {
        const { cpu } = await service.order('usage');
        return ((await service.order({ calls: CALLS })).cpu - cpu) / CALLS;
      };
      const { samples, profiles } = await alternate({
        modules,
        line,
        protocol,
        rows,
        warmUps: WARM_UPS,
        prepare: (service) => service.order({ calls: CALLS_BEFORE }),
        measure,
        spans: () => CALLS,
      });
      const title = `${line.name}: record and export, OTLP ${protocol === 'grpc' ? 'over gRPC' : 'over HTTP'}`;
      tables.push(timesTable(title, `${EXPORT_NOTE} ${machine(line.node)}`, samples, overFirst(samples)));
      tables.push(partsTable(`Where the time of ${title} goes`, PROFILE_NOTE, reordered(profiles, OURS)));
      const ratio = overFirst(samples)(OURS).ratio.median;
      const floor = `${factor(overFirst(samples)(LEAST).ratio.median)}: ${LEAST_SHORT}`;
      budgets.push({ what: title, limit: factor(line.limit), measured: factor(ratio), met: ratio <= line.limit, floor });
    }
  }
  return { tables, budgets };
}

/** The column whose slowest functions are named comes first. */
export function reordered<T extends { readonly label: string }>(columns: readonly T[], first: string): T[] {
  return [...columns].sort((one, other) => Number(other.label === first) - Number(one.label === first));
}

export const PROFILE_NOTE = 'CPU nanoseconds of the table above, by the samples of V8’s profiler; what waits is left out.';

const EXPORT_NOTE =
  'CPU time of the process for a recorded call of a sync method, in bursts of 1,024 that are flushed, with encoding and sending; the receiver counts that ' +
  'every span arrived. The same five attributes on both sides.';
