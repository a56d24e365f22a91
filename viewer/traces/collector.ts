// `spanwright traces collector [URL]`: a Collector's health from its own Prometheus metrics. With --every it looks twice and judges the
// change; with --log it reads the Collector's log. Exit code 1 when it finds a fault.

import { EXIT, type Invocation } from '../../cli/command.js';
import { type CollectorHealth, healthOf, metricsAddress, readMetrics } from '../../cli/doctor/collector-health.js';
import { facts, styled } from '../../cli/table.js';
import { DEFAULT_COLLECTOR_METRICS } from '../../cli/viewer/addresses.js';
import { durationOption } from './arguments.js';
import { logLines, readCollectorLog } from './collector-log.js';

export async function runCollector(invocation: Invocation): Promise<number> {
  const { arguments: words, options, out, colours } = invocation;
  const path = options.get('log') as string | undefined;
  const log = path === undefined ? undefined : await readCollectorLog(path);
  // A log alone is judged alone: in a cluster, the port of the metrics is mostly not reached.
  const health = path !== undefined && words.length === 0 ? undefined : await readHealth(invocation);
  const faults = [...(health?.faults ?? []), ...(log?.faults ?? [])];
  if (options.has('json')) {
    out(JSON.stringify({ ...health, ...(log && { log: { read: log.read, rows: log.rows } }), faults }));
  } else {
    for (const line of health === undefined ? [] : healthLines(health, colours)) out(line);
    for (const line of log === undefined || log.rows.length === 0 ? [] : logLines(log, colours)) out(line);
    if (faults.length === 0) out(styled('Healthy.', 'green', colours));
    for (const fault of faults) out(styled(fault, 'red', colours));
  }
  return faults.length === 0 ? EXIT.done : EXIT.failed;
}

async function readHealth(invocation: Invocation): Promise<CollectorHealth> {
  const { arguments: words, environment } = invocation;
  const address = metricsAddress(words[0] ?? DEFAULT_COLLECTOR_METRICS);
  const every = durationOption(invocation, 'every', 0);
  const metrics = await readMetrics(address, environment);
  if (every === 0) return healthOf(metrics, undefined);
  await new Promise((resolve) => setTimeout(resolve, every));
  return healthOf(await readMetrics(address, environment), metrics);
}

function healthLines({ counts, queue, memoryMB, uptimeSeconds }: CollectorHealth, colours: boolean): string[] {
  const rows: (readonly [string, string])[] = [
    ['Spans in', `${counts.accepted} accepted, ${counts.refused} refused`],
    ['Spans out', `${counts.sent} sent, ${counts.failed} failed, ${counts.notQueued} without room in the queue`],
    ['Queue', queue.capacity === 0 ? 'none' : `${queue.size} of ${queue.capacity}`],
    ['Tail sampling', `${counts.sampledOut} traces decided against`],
    ['Process', `${memoryMB === null ? '?' : memoryMB} MB, up ${uptimeSeconds === null ? '?' : uptimeSeconds} s`],
  ];
  return [...facts(rows, colours)];
}
