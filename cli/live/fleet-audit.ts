// `spanwright audit --fleet URLS`: for each process started = open + ended and ended = exported + failed + dropped + sampled out + queued, reconciled with
// the spans that Collectors received and sent and that Jaeger stored. Exit code 1 when a hop lost spans or cannot explain them.

import { setTimeout as wait } from 'node:timers/promises';
import { InvalidArgumentError } from '../../runtime/errors.js';
import { parseDuration } from '../../runtime/text/duration.js';
import { printable } from '../../runtime/text/printable.js';
import type { TracingState } from '../../runtime/tracing.js';
import { EXIT, type Invocation, UsageError } from '../command.js';
import { metricsAddress, parseMetrics, readMetrics } from '../doctor/collector-health.js';
import { get } from '../get-json.js';
import { type Column, styled, table } from '../table.js';
import { ask } from './ask.js';
import { accountOf, type Hop, type Look } from './fleet-account.js';

/** Milliseconds that spans under way get to arrive, before they count as unexplained. */
const SETTLE = 5000;

const parts = (found: Hop['lost']): string => found.map(({ why, spans }) => `${spans} ${why}`).join(', ');
const COLUMNS: readonly Column<Hop>[] = [
  { title: 'HOP', of: ({ name }) => name, most: 60 },
  { title: 'IN', of: ({ entered }) => String(entered) },
  { title: 'OUT', of: ({ left }) => String(left) },
  { title: 'KEPT', of: ({ kept }) => parts(kept) },
  { title: 'LOST', of: ({ lost }) => parts(lost) },
  { title: 'UNEXPLAINED', of: ({ unexplained }) => String(unexplained) },
  { title: 'REMARK', of: ({ remark }) => remark, most: 160 },
];

export async function runFleetAudit(invocation: Invocation): Promise<number> {
  const every = everyOf(invocation);
  const count = (invocation.options.get('count') as number | undefined) ?? Number.POSITIVE_INFINITY;
  if (every === undefined) return printAccount(invocation, accountOf(await settledLook(invocation, undefined), undefined));
  let code: number = EXIT.done;
  let before = await settledLook(invocation, undefined);
  for (let interval = 0; interval < count; interval++) {
    await wait(every);
    const now = await settledLook(invocation, before);
    if (!invocation.options.has('json')) invocation.out(`Until ${new Date().toISOString()}:`);
    code = Math.max(code, printAccount(invocation, accountOf(now, before)));
    before = now;
  }
  return code;
}

function everyOf({ options }: Invocation): number | undefined {
  const given = options.get('every') as string | undefined;
  if (given === undefined) {
    if (options.has('count')) throw new UsageError('--count needs --every.');
    return undefined;
  }
  try {
    return parseDuration(given, '--every', { min: 1000, max: 3_600_000 });
  } catch (error) {
    if (error instanceof InvalidArgumentError) throw new UsageError(error.message);
    throw error;
  }
}

/** Reads the counts again until no span is under way, or for a while, because spans move while the parts are read one after the other. */
async function settledLook(invocation: Invocation, before: Look | undefined): Promise<Look> {
  const end = performance.now() + SETTLE;
  for (;;) {
    const now = await look(invocation);
    const settled =
      now.processes.every(({ counts }) => counts.queued === 0) && accountOf(now, before).every((hop) => hop.unexplained === 0);
    if (settled || performance.now() > end) return now;
    await wait(250);
  }
}

async function look(invocation: Invocation): Promise<Look> {
  const { environment } = invocation;
  const processes = addresses(invocation, 'fleet').map(async (url) => {
    const options = new Map([...invocation.options, ['url', url] as const]);
    options.delete('json');
    const { serviceName, pid, startedAt, spans, exportedBy } = await ask<TracingState>(
      { ...invocation, options },
      'GET',
      'state',
    );
    return {
      name: `${printable(serviceName ?? 'unnamed', 40)}, pid ${pid}`,
      startedAt,
      counts: spans,
      bySdk: exportedBy === 'sdk',
    };
  });
  const collectors = addresses(invocation, 'collector-metrics').map(async (url) => {
    const address = metricsAddress(url);
    return { name: `Collector ${new URL(address).host}`, metrics: await readMetrics(address, environment) };
  });
  const [jaeger] = addresses(invocation, 'jaeger-metrics').map(async (url) => {
    const address = metricsAddress(url);
    return { name: `Jaeger ${new URL(address).host}`, metrics: parseMetrics((await get('Jaeger', address, environment)).text) };
  });
  return { processes: await Promise.all(processes), collectors: await Promise.all(collectors), jaeger: await jaeger };
}

function addresses({ options }: Invocation, name: string): string[] {
  const given = (options.get(name) as string | undefined) ?? '';
  return given
    .split(',')
    .map((one) => one.trim())
    .filter((one) => one !== '');
}

function printAccount({ out, options, colours }: Invocation, hops: readonly Hop[]): number {
  const faults = hops.filter(({ lost, unexplained }) => lost.length > 0 || unexplained !== 0);
  if (options.has('json')) out(JSON.stringify({ hops, accounted: faults.length === 0 }));
  else {
    for (const line of table(COLUMNS, hops, colours)) out(line);
    if (faults.length === 0) out(styled('Every span is accounted for.', 'green', colours));
    for (const { name, lost, unexplained, remark } of faults) {
      const what = [parts(lost), ...(unexplained === 0 ? [] : [`${unexplained} unexplained`])].filter(Boolean).join(', ');
      out(styled(`${name}: ${what}.${remark === '' ? '' : ` ${remark}.`}`, 'red', colours));
    }
  }
  return faults.length === 0 ? EXIT.done : EXIT.failed;
}
