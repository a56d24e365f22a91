// `spanwright traces show TRACE_ID`: the trace as a tree, each span with its service, errors with reason and place.

import { CommandFailure, EXIT, type Invocation } from '../../cli/command.js';
import { shortDuration } from '../../cli/table.js';
import { counted } from '../../runtime/text/counted.js';
import type { ReceivedSpan } from '../receiver/decode.js';
import { durationOf, failed, servicesOf, startOf } from '../receiver/spans.js';
import { formatTrace } from '../receiver/tree.js';
import { readTraceId } from './arguments.js';
import { backendOf } from './backend.js';
import type { TraceBackend } from './trace-backend.js';

/** Spans of a trace in order of their start. @throws CommandFailure that says what to look at when the backend has no span of it. */
export async function fetchTrace(backend: TraceBackend, id: string): Promise<readonly ReceivedSpan[]> {
  const spans = await backend.trace(id);
  if (spans !== undefined) return [...spans].sort((a, b) => startOf(a) - startOf(b) || (a.spanId < b.spanId ? -1 : 1));
  throw new CommandFailure(
    `${backend.title} has no span of trace ${id}. It was not recorded (tracing was off, or the trace was sampled out: its trace_flags in the log are 00), ` +
      'it has not arrived yet (batches wait some seconds), or the backend has dropped it (a restart, its retention).',
  );
}

export async function runShow(invocation: Invocation): Promise<number> {
  const { arguments: words, options, out, err } = invocation;
  const id = readTraceId(words[0] ?? '');
  const spans = await fetchTrace(backendOf(invocation), id);
  if (options.has('json')) {
    out(JSON.stringify({ traceId: id, spans }));
    return EXIT.done;
  }
  for (const line of formatTrace(spans, { services: true }).split('\n')) out(line);
  const services = servicesOf(spans);
  const failures = spans.filter(failed).length;
  err(
    `${counted(spans.length, 'span')}, ${failures} failed, ${counted(services.length, 'service')} (${services.join(', ')}), ${shortDuration(durationOf(spans))}.`,
  );
  return EXIT.done;
}
