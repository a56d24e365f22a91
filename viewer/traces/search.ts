// `spanwright traces slow`, `errors` and `find`, and the table of traces that `spike` prints too: what each trace was, where it spent its
// time or where its error began.

import { CommandFailure, EXIT, type Invocation, UsageError } from '../../cli/command.js';
import { type Column, shortDuration, table } from '../../cli/table.js';
import { printable } from '../../runtime/text/printable.js';
import { hasTag } from '../formats/jaeger-json.js';
import type { ReceivedSpan } from '../receiver/decode.js';
import {
  type Attribute,
  causeOf,
  durationOf,
  endMilliseconds,
  failed,
  reasonOfFailure,
  rootOf,
  serviceOf,
  servicesOf,
  startOf,
} from '../receiver/spans.js';
import { durationOption, limitOption } from './arguments.js';
import { backendOf } from './backend.js';
import type { TraceQuery } from './trace-backend.js';

/** A trace in one line; what `--json` prints. */
export interface TraceRow {
  readonly traceId: string;
  readonly startedAt: string;
  readonly durationMs: number;
  readonly root: string;
  readonly service: string;
  readonly services: readonly string[];
  readonly spans: number;
  readonly failed: number;
  /** The span that spent most time itself, not in its children. */
  readonly slowest: { readonly service: string; readonly name: string; readonly ownMs: number };
  /** Span of the first error. */
  readonly error: { readonly service: string; readonly name: string; readonly reason: string } | null;
}

export function traceRow(spans: readonly ReceivedSpan[]): TraceRow {
  const root = rootOf(spans);
  const cause = causeOf(spans);
  const slowest = slowestOf(spans);
  return {
    traceId: root.traceId,
    startedAt: new Date(startOf(root)).toISOString(),
    durationMs: durationOf(spans),
    root: root.name,
    service: serviceOf(root),
    services: servicesOf(spans),
    spans: spans.length,
    failed: spans.filter(failed).length,
    slowest: { service: serviceOf(slowest.span), name: slowest.span.name, ownMs: slowest.ownMs },
    error: cause === undefined ? null : { service: serviceOf(cause), name: cause.name, reason: reasonOfFailure(cause) },
  };
}

/** Time of a span without the part that its children cover. */
function slowestOf(spans: readonly ReceivedSpan[]): { span: ReceivedSpan; ownMs: number } {
  const children = new Map<string, ReceivedSpan[]>();
  for (const span of spans) {
    const siblings = children.get(span.parentSpanId);
    if (siblings === undefined) children.set(span.parentSpanId, [span]);
    else siblings.push(span);
  }
  const own = (span: ReceivedSpan): number => {
    let [covered, until] = [0, startOf(span)];
    for (const child of (children.get(span.spanId) ?? []).sort((a, b) => startOf(a) - startOf(b))) {
      const end = Math.min(endMilliseconds(child), endMilliseconds(span));
      covered += Math.max(0, end - Math.max(until, startOf(child)));
      until = Math.max(until, end);
    }
    return endMilliseconds(span) - startOf(span) - covered;
  };
  return spans.map((span) => ({ span, ownMs: own(span) })).reduce((most, one) => (one.ownMs > most.ownMs ? one : most));
}

const COMMON: readonly Column<TraceRow>[] = [
  { title: 'TRACE', of: ({ traceId }) => traceId },
  { title: 'STARTED', of: ({ startedAt }) => startedAt },
  { title: 'TOOK', of: ({ durationMs }) => shortDuration(durationMs), number: true },
  { title: 'SPANS', of: ({ spans }) => spans, number: true },
  { title: 'ROOT', of: ({ service, root }) => `${service}: ${root}` },
];
export const SLOW_COLUMNS: readonly Column<TraceRow>[] = [
  ...COMMON,
  {
    title: 'MOST TIME IN',
    of: ({ slowest }) => `${slowest.service}: ${slowest.name} (${shortDuration(slowest.ownMs)})`,
    most: 100,
  },
];
const ERROR_COLUMNS: readonly Column<TraceRow>[] = [
  ...COMMON,
  { title: 'ERROR', of: ({ error }) => (error === null ? '' : `${error.service}: ${error.name}: ${error.reason}`), most: 160 },
];

/** A row with the first span that meets all conditions; null if Jaeger matched a field of an event. */
interface FoundRow extends TraceRow {
  readonly match: { readonly service: string; readonly name: string } | null;
}
const FIND_COLUMNS: readonly Column<FoundRow>[] = [
  ...COMMON,
  { title: 'FOUND IN', of: ({ match }) => (match === null ? '' : `${match.service}: ${match.name}`), most: 100 },
];

/** Prints the rows, or what it means that there are none. */
export function printRows<Row extends TraceRow>(
  invocation: Invocation,
  columns: readonly Column<Row>[],
  rows: readonly Row[],
  none: string,
): number {
  const { options, out, err, colours } = invocation;
  if (options.has('json')) out(JSON.stringify({ traces: rows }));
  else if (rows.length === 0) err(none);
  else for (const line of table(columns, rows, colours)) out(line);
  return EXIT.done;
}

const HOUR = 3_600_000;

/** @throws CommandFailure with the known services, when the requested one has never sent a span. */
export async function searchRows(invocation: Invocation, asked: Partial<TraceQuery>): Promise<TraceRow[]> {
  return (await searchTraces(invocation, asked)).map(traceRow);
}

const serviceOption = ({ options }: Invocation): string | undefined => options.get('service') as string | undefined;
const newestFirst = (a: TraceRow, b: TraceRow): number => b.startedAt.localeCompare(a.startedAt);

/** @throws CommandFailure */
async function searchTraces(invocation: Invocation, asked: Partial<TraceQuery>): Promise<(readonly ReceivedSpan[])[]> {
  const backend = backendOf(invocation);
  const to = Date.now();
  const window = { from: to - durationOption(invocation, 'since', HOUR), to };
  const query: TraceQuery = { ...window, limit: limitOption(invocation), service: serviceOption(invocation), ...asked };
  const { service } = query;
  const traces = await backend.search(query);
  if (traces.length === 0 && service !== undefined) {
    const known = await backend.services();
    if (!known.includes(service)) {
      throw new CommandFailure(`${backend.title} knows no service "${service}". It knows ${known.join(', ') || 'none'}.`);
    }
  }
  return traces;
}

export async function runSlow(invocation: Invocation): Promise<number> {
  const minDurationMs = durationOption(invocation, 'over', 1000);
  const rows = (await searchRows(invocation, { minDurationMs })).sort((a, b) => b.durationMs - a.durationMs);
  return printRows(invocation, SLOW_COLUMNS, rows, `No trace with a span over ${shortDuration(minDurationMs)} in that time.`);
}

export async function runErrors(invocation: Invocation): Promise<number> {
  const rows = (await searchRows(invocation, { errors: true })).sort(newestFirst);
  return printRows(invocation, ERROR_COLUMNS, rows, 'No trace with an error in that time.');
}

export async function runFind(invocation: Invocation): Promise<number> {
  const { service, attributes } = findQuery(invocation);
  const minDurationMs = durationOption(invocation, 'over', undefined);
  const meetsAll = (span: ReceivedSpan): boolean =>
    (service === undefined || serviceOf(span) === service) &&
    durationOf([span]) >= (minDurationMs ?? 0) &&
    attributes.every((attribute) => hasTag(span, attribute));
  const rows = (await searchTraces(invocation, { service, attributes, minDurationMs })).map((spans): FoundRow => {
    const match = [...spans].sort((a, b) => startOf(a) - startOf(b)).find(meetsAll);
    return { ...traceRow(spans), match: match === undefined ? null : { service: serviceOf(match), name: match.name } };
  });
  return printRows(invocation, FIND_COLUMNS, rows.sort(newestFirst), 'No trace in that time has a span with these attributes.');
}

/** The words KEY=VALUE. `service.name` is the service, because Jaeger stores it separately from the tags. @throws UsageError */
function findQuery(invocation: Invocation): { readonly service: string | undefined; readonly attributes: readonly Attribute[] } {
  const attributes = new Map<string, string>();
  for (const word of invocation.arguments) {
    const at = word.indexOf('=');
    if (at <= 0)
      throw new UsageError(`"${printable(word, 80)}" is not KEY=VALUE; expected an attribute such as http.route=/orders.`);
    const key = word.slice(0, at);
    if (attributes.has(key))
      throw new UsageError(`"${printable(key, 80)}" is given more than once; expected one value for each attribute.`);
    attributes.set(key, word.slice(at + 1));
  }
  const [option, named] = [serviceOption(invocation), attributes.get('service.name')];
  if (option !== undefined && named !== undefined && option !== named)
    throw new UsageError(
      `--service is "${printable(option, 60)}", service.name is "${printable(named, 60)}"; expected one of them.`,
    );
  attributes.delete('service.name');
  return { service: named ?? option, attributes: [...attributes] };
}
