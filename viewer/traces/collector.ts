// `spanwright traces collector [URL]`: a Collector's health from its own Prometheus metrics. With --every it looks twice and judges the
// change; with --log it reads the Collector's log. Exit code 1 when it finds a fault.

import { EXIT, type Invocation, UsageError } from '../../cli/command.js';
import { type CollectorHealth, healthOf, metricsAddress, readMetrics } from '../../cli/doctor/collector-health.js';
import { facts, styled, table } from '../../cli/table.js';
import { DEFAULT_COLLECTOR_METRICS } from '../../cli/viewer/addresses.js';
import { counted } from '../../runtime/text/counted.js';
import { durationOption } from './arguments.js';
import { type CollectorLog, faultsOf, LOG_COLUMNS, readCollectorLog } from './collector-log.js';
import { unreadLines } from './log-file.js';

export async function runCollector(invocation: Invocation): Promise<number> {
  const { arguments: words, options, out, colours } = invocation;
  const path = options.get('log') as string | undefined;
  const every = durationOption(invocation, 'every', 0);
  // Without a URL only the log is checked, because the metrics port of a Collector in a cluster is usually unreachable.
  const onlyLog = path !== undefined && words.length === 0;
  if (onlyLog && options.has('every'))
    throw new UsageError(`--every compares metrics; beside --log it needs their URL, such as ${DEFAULT_COLLECTOR_METRICS}.`);
  const log = path === undefined ? undefined : await readCollectorLog(path);
  const health = onlyLog ? undefined : await readHealth(invocation, every);
  const faults = [...(health?.faults ?? []), ...(log === undefined ? [] : faultsOf(log))];
  if (options.has('json')) out(JSON.stringify({ ...health, ...(log && { log }), faults }));
  else {
    for (const line of health === undefined ? [] : healthLines(health, colours)) out(line);
    if (faults.length === 0) out(styled('Healthy.', 'green', colours));
    for (const fault of faults) out(styled(fault, 'red', colours));
    if (log !== undefined) printLog(invocation, log);
  }
  return faults.length === 0 ? EXIT.done : EXIT.failed;
}

function printLog({ out, err, colours }: Invocation, { rows, unread }: CollectorLog): void {
  for (const line of rows.length === 0 ? [] : table(LOG_COLUMNS, rows, colours)) out(line);
  for (const line of unreadLines([
    [unread.otherForm, "in another form than a Collector's"],
    [unread.tooLong, 'too long to be read'],
  ]))
    err(line);
}

async function readHealth({ arguments: words, environment }: Invocation, every: number): Promise<CollectorHealth> {
  const address = metricsAddress(words[0] ?? DEFAULT_COLLECTOR_METRICS);
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
    ['Tail sampling', `${counted(counts.sampledOut ?? 0, 'trace')} sampled out`],
    ['Process', `${memoryMB === null ? '?' : memoryMB} MB, up ${uptimeSeconds === null ? '?' : uptimeSeconds} s`],
  ];
  return facts(rows, colours);
}
