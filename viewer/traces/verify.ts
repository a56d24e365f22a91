// `spanwright traces verify URL`: sends one request with a traceparent of our own, sampled, and waits for the spans that it makes.
// Exit code 1 when no span joined the trace, or a service of --expect is not in it.

import { randomBytes } from 'node:crypto';
import { EXIT, type Invocation, UsageError } from '../../cli/command.js';
import { unreachable } from '../../cli/get-json.js';
import { shortDuration } from '../../cli/table.js';
import { shownAddress } from '../../runtime/text/found.js';
import { printable } from '../../runtime/text/printable.js';
import type { ReceivedSpan } from '../receiver/decode.js';
import { servicesOf } from '../receiver/spans.js';
import { formatTrace } from '../receiver/tree.js';
import { durationOption, listOption } from './arguments.js';
import { backendOf } from './backend.js';
import type { TraceBackend } from './trace-backend.js';

const REQUEST_LIMIT_MS = 60_000;
const LOOK_EVERY_MS = 300;
/** No new span for so long, and the trace counts as whole. */
const QUIET_MS = 3000;

interface Sent {
  readonly traceId: string;
  readonly spanId: string;
  readonly status: number;
}

async function sendTraced(address: URL, method: string): Promise<Sent> {
  const [traceId, spanId] = [randomBytes(16).toString('hex'), randomBytes(8).toString('hex')];
  try {
    const response = await fetch(address, {
      method,
      headers: { traceparent: `00-${traceId}-${spanId}-01` },
      redirect: 'manual',
      signal: AbortSignal.timeout(REQUEST_LIMIT_MS),
    });
    await response.body?.cancel();
    return { traceId, spanId, status: response.status };
  } catch (error) {
    throw unreachable('the service', address.href, error);
  }
}

/** The spans, once no more come, all expected services are there, or the time is over. */
async function collect(
  backend: TraceBackend,
  traceId: string,
  expected: readonly string[],
  wait: number,
): Promise<readonly ReceivedSpan[]> {
  const end = performance.now() + wait;
  let [spans, grewAt]: [readonly ReceivedSpan[], number] = [[], performance.now()];
  while (performance.now() < end) {
    const now = (await backend.trace(traceId)) ?? [];
    if (now.length > spans.length) [spans, grewAt] = [now, performance.now()];
    const reached = new Set(servicesOf(spans));
    const whole = spans.length > 0 && expected.every((service) => reached.has(service));
    if (whole && performance.now() - grewAt > QUIET_MS) break;
    await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
  }
  return spans;
}

export async function runVerify(invocation: Invocation): Promise<number> {
  const { arguments: words, options, out, err } = invocation;
  const [target = ''] = words;
  const address = URL.canParse(target) ? new URL(target) : undefined;
  if (address === undefined || !/^https?:$/.test(address.protocol)) {
    throw new UsageError(`"${shownAddress(target)}" is not an address; expected one such as http://127.0.0.1:8080/health.`);
  }
  const method = String(options.get('method') ?? 'GET').toUpperCase();
  if (!/^[A-Z]{1,20}$/.test(method))
    throw new UsageError(`--method: found "${printable(method, 30)}"; expected one such as GET.`);
  const wait = durationOption(invocation, 'wait', 15_000);
  const expected = listOption(invocation, 'expect');
  const backend = backendOf(invocation);
  await backend.services(); // reports a missing back end before the request is sent
  const sent = await sendTraced(address, method);
  const spans = await collect(backend, sent.traceId, expected, wait);
  const reached = servicesOf(spans);
  const missing = expected.filter((service) => !reached.includes(service));
  const joined = spans.some(({ parentSpanId }) => parentSpanId === sent.spanId);
  const good = joined && missing.length === 0;
  if (options.has('json')) out(JSON.stringify({ ...sent, joined, services: reached, missing, spans: spans.length }));
  else {
    err(`${method} ${shownAddress(address.href)} answered ${sent.status}; trace ${sent.traceId}.`);
    for (const line of spans.length === 0 ? [] : formatTrace(spans, { services: true, attributes: [] }).split('\n')) out(line);
    out(verdict(reached, missing, joined, wait));
  }
  return good ? EXIT.done : EXIT.failed;
}

function verdict(reached: readonly string[], missing: readonly string[], joined: boolean, wait: number): string {
  if (reached.length === 0) {
    return (
      `No span within ${shortDuration(wait)}: the service does not extract the traceparent, its tracing has no endpoint, it refuses remote parents ` +
      '(remote_parent = "ignore"), or its spans go to another backend. Look at: spanwright status, spanwright doctor.'
    );
  }
  const through = `Reached ${reached.map((name) => printable(name)).join(' → ')}.`;
  if (!joined) return `${through} None of its spans has the sent traceparent as parent: another service answered the request.`;
  if (missing.length === 0) return `${through} The context crosses every hop.`;
  return `${through} Missing: ${missing.map((name) => printable(name)).join(', ')}. Where it stops and why: spanwright traces broken with this trace.`;
}
