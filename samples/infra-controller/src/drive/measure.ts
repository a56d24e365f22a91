// `npm run measure`: cost of each state of tracing for this service, in processor time a request, which other work on the machine blurs
// less than the time on the clock, in requests a second and in memory. The states take turns, so that all see the same machine; ratios are medians
// over the turns.
// Arguments: turns (default 6) and requests a turn (default 300).

import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Child } from '@spanwright/stage';
import { startReceiverProcess, startService } from './processes.js';
import { ServiceClient } from './service-client.js';

const STATES = [
  { name: 'endpoint unset', endpoint: false, enabled: false },
  { name: 'endpoint set, tracing off', endpoint: true, enabled: false },
  { name: 'endpoint set, tracing on', endpoint: true, enabled: true },
] as const;

/** A request of the kind that the service is asked most: reads, with queries and calls of a BMC below it. */
const REQUEST = '/v1/firmware?component=rack-1';
const SPANS_A_REQUEST = 7;
/** Ticks of the kernel's clock a second, which /proc counts in: 100 on every Linux that Node runs on. */
const TICKS_PER_SECOND = 100;

interface Runner {
  name: string;
  enabled: boolean;
  client: ServiceClient;
  pid: number;
  /** Milliseconds of processor time a request, one a turn. */
  cost: number[];
  bytes: number[];
  /** Requests a second, one a turn: one client that waits for each answer. */
  rate: number[];
  /** Megabytes of memory, one a turn: the resident set when the turn has ended. */
  memory: number[];
  spans: number;
}

function processorMs(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
  return ((Number(fields[11]) + Number(fields[12])) * 1000) / TICKS_PER_SECOND; // utime, stime
}

/** Bytes that the service has written to sockets and pipes. */
function written(pid: number): number {
  return Number(/^wchar: (\d+)/m.exec(readFileSync(`/proc/${pid}/io`, 'utf8'))?.[1]);
}

function residentMb(pid: number): number {
  return Number(/^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1024;
}

async function turn(runner: Runner, requests: number): Promise<void> {
  const [cpu, bytes, begin] = [processorMs(runner.pid), written(runner.pid), performance.now()];
  for (let made = 0; made < requests; made++) {
    const { status } = await runner.client.call('GET', REQUEST);
    if (status !== 200) throw new Error(`${REQUEST} answered ${status}`);
  }
  runner.rate.push((requests * 1000) / (performance.now() - begin));
  runner.cost.push((processorMs(runner.pid) - cpu) / requests);
  runner.bytes.push((written(runner.pid) - bytes) / requests);
  runner.memory.push(residentMb(runner.pid));
}

const median = (values: readonly number[]): number =>
  [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;

async function main(): Promise<void> {
  if (process.platform !== 'linux') throw new Error(`reads /proc, which only Linux has; this is ${process.platform}`);
  const [turns = 6, requests = 300] = process.argv.slice(2).map(Number);
  const children: Child[] = [];
  const folder = mkdtempSync(join(tmpdir(), 'carbide-measure-'));
  try {
    const receiver = await startReceiverProcess(() => undefined);
    children.push(receiver);
    const runners: Runner[] = [];
    for (const { name, endpoint, enabled } of STATES) {
      const env = {
        OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: endpoint ? receiver.address : '',
        OTEL_BSP_SCHEDULE_DELAY: '1000',
        ADMIN_TOKEN_FILE: join(folder, `token-${runners.length}`),
      };
      const service = await startService(env, () => undefined);
      children.push(service);
      const client = new ServiceClient(service.address, String(service.ready.adminTokenFile));
      if (enabled) await client.setEnabled(true);
      runners.push({ name, enabled, client, pid: service.pid, cost: [], bytes: [], rate: [], memory: [], spans: 0 });
    }
    for (const runner of runners) await turn(runner, requests); // warm-up, which is not counted
    for (const runner of runners) Object.assign(runner, { cost: [], bytes: [], rate: [], memory: [] });
    for (let made = 0; made < turns; made++) {
      for (const runner of made % 2 === 0 ? runners : [...runners].reverse()) await turn(runner, requests);
    }
    for (const runner of runners) runner.spans = (await runner.client.state()).spans.started;
    print(runners, requests * (turns + 1));
  } finally {
    for (const child of children.reverse()) await child.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

function print(runners: readonly Runner[], requests: number): void {
  const [first] = runners;
  const rows = runners.map(({ name, cost, bytes, rate, memory, spans }) => {
    const ratio = median(cost.map((value, at) => value / (first?.cost[at] ?? Number.NaN)));
    return [
      name,
      `${median(cost).toFixed(2)} ms`,
      `${ratio.toFixed(2)}x`,
      (spans / requests).toFixed(1),
      `${Math.round(median(bytes))}`,
      `${Math.round(median(rate))}`,
      `${Math.round(median(memory))} MB`,
    ];
  });
  const head = [
    'state',
    'processor a request',
    'ratio',
    'spans a request',
    'bytes written a request',
    'requests a second',
    'memory',
  ];
  for (const row of [head, head.map(() => '---'), ...rows]) process.stdout.write(`| ${row.join(' | ')} |\n`);
  const on = runners.find(({ enabled }) => enabled);
  if (on?.spans !== requests * SPANS_A_REQUEST) throw new Error(`${on?.spans} spans, not ${SPANS_A_REQUEST} a request`);
}

main().catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.message : error}\n`);
  process.exitCode = 1;
});
