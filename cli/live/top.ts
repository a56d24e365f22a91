// `spanwright top [PREFIX]`: the busiest functions of a running service, shown again after every interval until interrupted.
// On a terminal each reading replaces the previous one; with --json each is one line.

import { setTimeout as wait } from 'node:timers/promises';
import { InvalidArgumentError } from '../../runtime/errors.js';
import { parseDuration } from '../../runtime/text/duration.js';
import type { SiteReport, TracingState } from '../../runtime/tracing.js';
import { EXIT, type Invocation, UsageError } from '../command.js';
import { type Column, styled, table, timeLeft } from '../table.js';
import { ask, withQuery } from './ask.js';
import { type Look, ratesBetween, type SiteRate } from './rates.js';

const USUAL_INTERVAL = 2000;
const USUAL_ROWS = 20;
const CLEAR_SCREEN = '\u001b[H\u001b[2J';

const perSecond = (rate: number) => (rate === 0 ? '' : rate < 10 ? rate.toFixed(1) : String(Math.round(rate)));
/** The histogram is exact to two digits. */
const latency = (ms: number | null) => {
  if (ms === null) return '';
  const [value, unit] = ms < 1 ? [ms * 1000, 'us'] : ms < 1000 ? [ms, 'ms'] : [ms / 1000, 's'];
  return `${Number(value.toPrecision(2))} ${unit}`;
};

const COLUMNS: readonly Column<SiteRate>[] = [
  { title: 'CALLS/S', of: (rate) => perSecond(rate.callsPerSecond), number: true },
  { title: 'ERRORS/S', of: (rate) => perSecond(rate.errorsPerSecond), number: true },
  { title: 'P50', of: (rate) => latency(rate.p50Ms), number: true },
  { title: 'P95', of: (rate) => latency(rate.p95Ms), number: true },
  { title: 'OPEN', of: (rate) => rate.open, number: true },
  { title: 'FUNCTION', of: (rate) => rate.function },
  { title: 'NAMESPACE', of: (rate) => rate.namespace, most: 80 },
];

function intervalOf({ options }: Invocation): number {
  try {
    return parseDuration(options.get('interval') ?? USUAL_INTERVAL, '--interval', { min: 100, max: 3_600_000 });
  } catch (error) {
    if (error instanceof InvalidArgumentError) throw new UsageError(error.message);
    throw error;
  }
}

async function readSample(invocation: Invocation): Promise<Look & { readonly state: TracingState }> {
  const query = { prefix: invocation.arguments[0], sort: 'calls', limit: 1000 };
  const [state, answer] = await Promise.all([
    ask<TracingState>(invocation, 'GET', 'state'),
    ask<{ sites: SiteReport[] }>(invocation, 'GET', withQuery('sites', query)),
  ]);
  return { at: performance.now(), sites: answer.sites, state };
}

function headOf({ enabled, recording, leases, spans, exportedBy }: TracingState): string {
  const lease = [...leases].reverse().find(({ kind }) => kind === 'enabled');
  const until = lease === undefined ? '' : `, ${timeLeft(lease)}`;
  const flag = `${enabled ? 'on' : 'off'}${enabled && !recording ? ' (no exporter)' : ''}${until}`;
  const { open, exported, dropped, failed } = spans;
  const sent = exportedBy === 'sdk' ? 'exported by your SDK' : `${exported} exported, ${dropped} dropped, ${failed} failed`;
  return `Tracing ${flag}; ${open} open; ${sent}`;
}

function topLines(state: TracingState, rates: readonly SiteRate[], { options, colours }: Invocation): string[] {
  if (options.has('json')) {
    const { enabled, spans } = state;
    return [JSON.stringify({ at: new Date().toISOString(), enabled, spans, functions: rates })];
  }
  const rows = rates.length === 0 ? ['No recorded calls in this interval.'] : table(COLUMNS, rates, colours);
  return [styled(headOf(state), 'bold', colours), ...rows];
}

export async function runTop(invocation: Invocation): Promise<number> {
  const { options } = invocation;
  const interval = intervalOf(invocation);
  const most = (options.get('limit') as number | undefined) ?? USUAL_ROWS;
  let left = (options.get('count') as number | undefined) ?? Number.POSITIVE_INFINITY;
  const stop = new AbortController();
  process.once('SIGINT', () => stop.abort()).once('SIGTERM', () => stop.abort());
  let before = await readSample(invocation);
  while (left > 0) {
    await wait(interval, undefined, { signal: stop.signal }).catch(() => undefined);
    if (stop.signal.aborted) break;
    const now = await readSample(invocation);
    if (invocation.colours && !options.has('json')) process.stdout.write(CLEAR_SCREEN);
    for (const line of topLines(now.state, ratesBetween(before, now).slice(0, most), invocation)) invocation.out(line);
    before = now;
    left -= 1;
  }
  return EXIT.done;
}
