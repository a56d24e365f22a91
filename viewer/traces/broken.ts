// `spanwright traces broken TRACE_ID`: fetches the trace and what else was recorded at its time, and prints where it stops and why.
// Exit code 1 when it finds a break that is certain, as a test command does.

import { EXIT, type Invocation } from '../../cli/command.js';
import { styled } from '../../cli/table.js';
import { counted } from '../../runtime/text/counted.js';
import { printable } from '../../runtime/text/printable.js';
import type { ReceivedSpan } from '../receiver/decode.js';
import { endMilliseconds, serviceOf, servicesOf, startOf } from '../receiver/spans.js';
import { listOption, readTraceId } from './arguments.js';
import { backendOf } from './backend.js';
import { type Break, findBreaks, isCertain } from './breaks.js';
import { fetchTrace } from './show.js';
import type { TraceBackend } from './trace-backend.js';

/** How long before and after the trace others are looked at, in milliseconds. */
const BEFORE_MS = 1000;
const AFTER_MS = 60_000;
/** Most traces that are read of each service that is not in the trace. */
const TRACES_OF_OTHERS = 50;

async function othersOf(
  backend: TraceBackend,
  spans: readonly ReceivedSpan[],
  services: readonly string[],
): Promise<(readonly ReceivedSpan[])[]> {
  const present = new Set(spans.map(serviceOf));
  const from = Math.min(...spans.map(startOf)) - BEFORE_MS;
  const to = Math.max(...spans.map(endMilliseconds)) + AFTER_MS;
  const found: (readonly ReceivedSpan[])[] = [];
  for (const service of services.filter((name) => !present.has(name))) {
    found.push(...(await backend.search({ service, from, to, limit: TRACES_OF_OTHERS })));
  }
  return found;
}

function breakLines(found: Break, colours: boolean): string[] {
  const { kind, service, span, next, cause, fix, evidence, calls } = found;
  const callerMissing = kind === 'parent-missing' || kind === 'begins-elsewhere';
  const where = `${callerMissing ? 'before' : 'after'} ${printable(service)}`;
  const at = `at ${printable(span.name)} (${span.spanId})${calls > 1 ? ` and ${calls - 1} more` : ''}`;
  const head = `${isCertain(found) ? 'It stops' : 'It may stop'} ${where}, ${at}${next === null ? '' : `; next: ${printable(next)}`}`;
  return [
    styled(head, isCertain(found) ? 'red' : 'yellow', colours),
    `  why   ${printable(cause, 500)}`,
    ...(evidence.length === 0 ? [] : [`  see   ${evidence.join(', ')}`]),
    `  do    ${printable(fix, 500)}`,
  ];
}

export async function runBroken(invocation: Invocation): Promise<number> {
  const { arguments: words, options, out, err, colours } = invocation;
  const backend = backendOf(invocation);
  const traceId = readTraceId(words[0] ?? '');
  const spans = await fetchTrace(backend, traceId);
  const services = await backend.services();
  const others = await othersOf(backend, spans, services);
  const breaks = findBreaks(spans, { services, expected: listOption(invocation, 'expect'), others });
  const reached = servicesOf(spans);
  if (options.has('json')) out(JSON.stringify({ traceId, services: reached, breaks }));
  else {
    err(`Trace ${traceId}: ${counted(spans.length, 'span')} through ${reached.map((name) => printable(name)).join(' → ')}.`);
    const certain = breaks.filter(isCertain);
    for (const found of [...breaks.filter((one) => !isCertain(one)), ...certain])
      for (const line of breakLines(found, colours)) out(line);
    if (breaks.length === 0) out('No break found: every span has its parent, and every call its answer.');
    else if (certain.length === 0) out('No break that is certain: every span has its parent.');
  }
  return breaks.some(isCertain) ? EXIT.failed : EXIT.done;
}
