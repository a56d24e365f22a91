// `spanwright diff`: the comparison in the terminal, over traces of a file, a running viewer, Jaeger or Tempo.

import { CommandFailure, EXIT, type Invocation, UsageError } from '../../cli/command.js';
import { getJson } from '../../cli/get-json.js';
import { styled } from '../../cli/table.js';
import { readAddress } from '../../cli/viewer/addresses.js';
import { readBoundedFile } from '../../runtime/text/bounded-file.js';
import { counted } from '../../runtime/text/counted.js';
import { printable } from '../../runtime/text/printable.js';
import { compareTraces, type Difference, type Finding } from '../analysis/diff.js';
import { MOST_FILE_BYTES, readTraces } from '../formats/read.js';
import type { ReceivedSpan } from '../receiver/decode.js';
import { durationOf } from '../receiver/spans.js';
import { groupTraces } from '../receiver/tree.js';
import { durationOption, readTraceId } from '../traces/arguments.js';
import { backendOf } from '../traces/backend.js';
import { formatMilliseconds } from './milliseconds.js';

const DEFAULT_VIEWER = 'http://127.0.0.1:4319';
const DEFAULT_LIMIT = 500;
const HOUR_MS = 3_600_000;

type Traces = readonly (readonly ReceivedSpan[])[];

export async function runDiff(invocation: Invocation): Promise<number> {
  const { arguments: words, options, out, colours } = invocation;
  if (words.length === 1)
    throw new UsageError('diff got one trace id; expected two, or none to compare slow traces with the others.');
  const given = ['file', 'jaeger', 'tempo', 'viewer'].filter((name) => options.has(name));
  if (given.length > 1) throw new UsageError(`--${given.join(' and --')} are given; expected one of them.`);
  const over = durationOption(invocation, 'over', undefined);
  const ids = words.map(readTraceId);
  const difference =
    given[0] === undefined || given[0] === 'viewer'
      ? await askViewer(invocation, ids, over)
      : await differenceBetween(invocation, ids, over);
  if (options.has('json')) out(JSON.stringify(difference));
  else for (const line of differenceLines(difference, colours)) out(line);
  return EXIT.done;
}

async function askViewer(
  { options, environment }: Invocation,
  ids: readonly string[],
  over: number | undefined,
): Promise<Difference> {
  const base = readAddress(String(options.get('viewer') ?? DEFAULT_VIEWER), '--viewer', DEFAULT_VIEWER);
  const query = new URLSearchParams();
  if (ids.length === 2) for (const [at, name] of ['a', 'b'].entries()) query.set(name, ids[at] ?? '');
  if (over !== undefined) query.set('over', String(over));
  if (options.has('service')) query.set('service', String(options.get('service')));
  const answer = await getJson<Difference>('the viewer', `${base}/api/diff?${query}`, environment);
  if (answer === undefined)
    throw new CommandFailure('The viewer has nothing to compare: no such traces, or all of them are as slow.');
  return answer;
}

async function differenceBetween(invocation: Invocation, ids: readonly string[], over: number | undefined): Promise<Difference> {
  if (ids.length === 2) {
    const [slow, normal] = await Promise.all(ids.map((id) => traceOf(invocation, id)));
    return compareTraces([slow as readonly ReceivedSpan[]], [normal as readonly ReceivedSpan[]]);
  }
  const traces = [...(await tracesOf(invocation))].sort((a, b) => durationOf(b) - durationOf(a));
  const limit = over ?? durationOf(traces[Math.max(0, Math.ceil(traces.length / 10) - 1)] ?? []);
  const groups = [
    traces.filter((spans) => durationOf(spans) >= limit),
    traces.filter((spans) => durationOf(spans) < limit),
  ] as const;
  if (groups[0].length === 0 || groups[1].length === 0) {
    throw new CommandFailure(
      `Of ${counted(traces.length, 'trace')} ${groups[0].length} slow; nothing to compare. Choose another --over.`,
    );
  }
  return compareTraces(...groups);
}

async function traceOf(invocation: Invocation, id: string): Promise<readonly ReceivedSpan[]> {
  const found = invocation.options.has('file')
    ? fileTraces(invocation).find(([span]) => span?.traceId === id)
    : await backendOf(invocation).trace(id);
  if (found === undefined) throw new CommandFailure(`There is no trace ${id}.`);
  return found;
}

async function tracesOf(invocation: Invocation): Promise<Traces> {
  const { options } = invocation;
  const service = options.get('service') as string | undefined;
  if (options.has('file')) return fileTraces(invocation);
  const to = Date.now();
  const from = to - durationOption(invocation, 'since', HOUR_MS);
  return backendOf(invocation).search({ service, from, to, limit: Number(options.get('limit') ?? DEFAULT_LIMIT) });
}

function fileTraces({ options }: Invocation): ReceivedSpan[][] {
  const path = String(options.get('file'));
  const service = options.get('service');
  try {
    const traces = groupTraces(readTraces(readBoundedFile(path, MOST_FILE_BYTES).bytes.toString('utf8')));
    return traces.filter(
      (spans) => service === undefined || spans.some(({ resource }) => resource.attributes['service.name'] === service),
    );
  } catch (error) {
    throw new CommandFailure(`--file: ${printable((error as Error).message)}`);
  }
}

function* differenceLines({ slow, normal, findings }: Difference, colours: boolean): Iterable<string> {
  const group = (name: string, { traces, meanMs }: Difference['slow']): string =>
    `${counted(traces, `${name} trace`)}, ${formatMilliseconds(meanMs)} on average`;
  yield `${group('slow', slow)}; ${group('normal', normal)}.`;
  if (findings.length === 0) yield 'Nothing separates them.';
  for (const [at, finding] of findings.entries()) yield findingLine(at + 1, finding, colours);
}

function findingLine(place: number, { attribute, service, span, text, also = [] }: Finding, colours: boolean): string {
  const where = [attribute === undefined ? '' : span, service]
    .filter(Boolean)
    .map((part) => printable(part))
    .join(', ');
  const name = styled(printable(attribute ?? span), place === 1 ? 'bold' : 'dim', colours && place === 1);
  const together = also.length === 0 ? '' : `; with ${also.map((other) => printable(other, 80)).join(', ')}`;
  return `${String(place).padStart(2)}. ${name}  (${where})  ${text}${together}`;
}
