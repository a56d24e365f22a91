// `spanwright traces spike`: from a peak of a metric to the traces of that moment. The moment is given, or it is the maximum of a Prometheus
// query; the traces are the slowest of the window round it.

import { CommandFailure, type Invocation, UsageError } from '../../cli/command.js';
import { getJson } from '../../cli/get-json.js';
import { shortDuration } from '../../cli/table.js';
import { readAddress } from '../../cli/viewer/addresses.js';
import { printable } from '../../runtime/text/printable.js';
import { durationOption } from './arguments.js';
import { printRows, SLOW_COLUMNS, searchRows } from './search.js';

const HOUR = 3_600_000;
const MINUTE = 60_000;
/** Points of the series: as close as a graph on a screen is. */
const POINTS = 500;

interface RangeAnswer {
  readonly data?: { readonly result?: readonly { readonly values?: readonly (readonly [number, string])[] }[] };
}

/** Milliseconds of the highest point of `query`. */
async function peakOf(
  prometheus: string,
  query: string,
  since: number,
  environment: NodeJS.ProcessEnv,
): Promise<{ at: number; value: number }> {
  const end = Date.now() / 1000;
  const start = end - since / 1000;
  const step = Math.max(1, Math.ceil((end - start) / POINTS));
  const parameters = new URLSearchParams({ query, start: String(start), end: String(end), step: String(step) });
  const answer = await getJson<RangeAnswer>('Prometheus', `${prometheus}/api/v1/query_range?${parameters}`, environment);
  let peak: { at: number; value: number } | undefined;
  for (const { values = [] } of answer?.data?.result ?? []) {
    for (const [seconds, text] of values) {
      const value = Number(text);
      if (Number.isFinite(value) && (peak === undefined || value > peak.value)) peak = { at: seconds * 1000, value };
    }
  }
  if (peak === undefined)
    throw new CommandFailure(`Prometheus has no value of "${printable(query, 200)}" in the last ${shortDuration(since)}.`);
  return peak;
}

async function momentOf(invocation: Invocation): Promise<{ at: number; shown: string }> {
  const { options, environment } = invocation;
  const [at, prometheus, query] = ['at', 'prometheus', 'query'].map((name) => options.get(name) as string | undefined);
  if (at !== undefined) {
    if (prometheus !== undefined || query !== undefined)
      throw new UsageError('--at and --query both name the moment; expected one of them.');
    const moment = Date.parse(at);
    if (Number.isNaN(moment))
      throw new UsageError(`--at: found "${printable(at, 60)}"; expected a time such as 2026-11-21T08:30:00Z.`);
    return { at: moment, shown: new Date(moment).toISOString() };
  }
  if (prometheus === undefined || query === undefined)
    throw new UsageError('spike needs --at TIME, or --prometheus URL and --query PROMQL.');
  const base = readAddress(prometheus, '--prometheus', 'http://127.0.0.1:9090');
  const peak = await peakOf(base, query, durationOption(invocation, 'since', HOUR), environment);
  return { at: peak.at, shown: `${new Date(peak.at).toISOString()}, when it was ${peak.value}` };
}

export async function runSpike(invocation: Invocation): Promise<number> {
  const { at, shown } = await momentOf(invocation);
  const window = durationOption(invocation, 'window', MINUTE);
  const minDurationMs = durationOption(invocation, 'over', undefined);
  const rows = await searchRows(invocation, { from: at - window / 2, to: at + window / 2, minDurationMs });
  rows.sort((a, b) => b.durationMs - a.durationMs);
  if (!invocation.options.has('json'))
    invocation.err(`Traces within ${shortDuration(window / 2)} of ${shown}, the slowest first.`);
  return printRows(invocation, SLOW_COLUMNS, rows, 'No trace in that window: was tracing on then?');
}
