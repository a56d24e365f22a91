// `spanwright traces collector [URL]`: a Collector's health from its own Prometheus metrics. With --every it looks twice and judges the
// change. Exit code 1 when it finds a fault.

import { EXIT, type Invocation } from '../../cli/command.js';
import { type CollectorHealth, healthOf, type Metrics, metricsAddress, readMetrics } from '../../cli/doctor/collector-health.js';
import { facts, styled } from '../../cli/table.js';
import { DEFAULT_COLLECTOR_METRICS } from '../../cli/viewer/addresses.js';
import { durationOption } from './arguments.js';

export async function runCollector(invocation: Invocation): Promise<number> {
  const { arguments: words, options, environment, out, colours } = invocation;
  const address = metricsAddress(words[0] ?? DEFAULT_COLLECTOR_METRICS);
  const every = durationOption(invocation, 'every', 0);
  let metrics = await readMetrics(address, environment);
  let before: Metrics | undefined;
  if (every > 0) {
    before = metrics;
    await new Promise((resolve) => setTimeout(resolve, every));
    metrics = await readMetrics(address, environment);
  }
  const health = healthOf(metrics, before);
  if (options.has('json')) out(JSON.stringify(health));
  else for (const line of healthLines(health, colours)) out(line);
  return health.faults.length === 0 ? EXIT.done : EXIT.failed;
}

function healthLines({ counts, queue, memoryMB, uptimeSeconds, faults }: CollectorHealth, colours: boolean): string[] {
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
