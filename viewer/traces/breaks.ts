// Finds the places at which a trace is broken, and the reasons: a pure analysis of its spans and of what other services recorded at that time. A trace is broken
// where a span names a parent that never came, where a call left a service and nothing on the other side joined the trace, and
// where a service that should be in it is not.

import type { ReceivedSpan } from '../receiver/decode.js';
import { endMilliseconds, failed, reasonOfFailure, serviceOf, startOf } from '../receiver/spans.js';

export interface Break {
  readonly kind: keyof typeof REASONS;
  /** The last service that is in the trace; the first, for a parent that is missing. */
  readonly service: string;
  readonly span: { readonly name: string; readonly spanId: string };
  /** The service, or the address, that should have joined; null if unknown. */
  readonly next: string | null;
  readonly cause: string;
  readonly fix: string;
  /** Traces of their own that the next service started meanwhile. */
  readonly evidence: readonly string[];
  /** Calls from the same service to the same place that ended alike. */
  readonly calls: number;
}

/** Callers and targets that may lack tracing for a good reason: a cluster's API, a cloud, a third-party service, a request by hand. */
export const isCertain = ({ kind }: Break): boolean => kind !== 'no-answer' && kind !== 'begins-elsewhere';

interface Reason {
  readonly cause: string;
  readonly fix: string;
}

/** One row a reason; `{next}`, `{service}`, `{parent}` and `{reason}` are filled in. */
const REASONS = {
  'begins-elsewhere': {
    cause: 'its caller {parent} never came: it was not recorded, its export failed, or the traceparent was created by hand',
    fix: 'if the caller uses Spanwright, check its tracing (spanwright status) and the outcome of its spans (exported, dropped, failed)',
  },
  'parent-missing': {
    cause: 'its parent {parent} never came: the process ended before it could send it, its export failed, or it is still open',
    fix: 'look at the outcome of the spans of that service (spanwright status: exported, dropped, failed) and at its restarts',
  },
  'own-trace': {
    cause: '{next} started a new trace during the call: the context was not propagated',
    fix: 'inject the context where {service} calls (headers, message or document), and extract it where {next} takes the call',
  },
  unknown: {
    cause: 'no span of {next} has ever arrived: it is not instrumented, its tracing has no endpoint, or it exports elsewhere',
    fix: 'run spanwright doctor in {next}, and compare its endpoint with that of {service}',
  },
  silent: {
    cause:
      '{next} is known, and recorded nothing then: it was not asked, its tracing was off, it was sampled out, or its spans were lost',
    fix: 'look at what {service} did instead, then at spanwright status of {next} (enabled, remoteParent, dropped) and at spanwright traces collector',
  },
  'call-failed': {
    cause: 'the call itself failed, and nothing on the other side recorded it: {reason}',
    fix: 'look at the error first: whether {next} was running and could be reached from {service}',
  },
  'no-answer': {
    cause:
      'the call left {service}, and nothing on the other side joined: {next} is not instrumented, or does not extract the context',
    fix: 'instrument the called service, and check that it extracts the context; a third-party service needs nothing',
  },
} as const satisfies Record<string, Reason>;

/** Knowledge from outside of the trace. */
export interface Surroundings {
  /** All services that the backend knows. */
  readonly services: readonly string[];
  /** Services that the trace should reach. */
  readonly expected: readonly string[];
  /** Traces of services that are not in this one, from its time. */
  readonly others: readonly (readonly ReceivedSpan[])[];
}

/** Clocks of two machines differ by so much, in milliseconds. */
const CLOCKS_MS = 100;
const MOST_EVIDENCE = 3;
/** A message may wait this long before it is taken. */
const QUEUED_MS = 60_000;

export function findBreaks(spans: readonly ReceivedSpan[], surroundings: Surroundings): Break[] {
  const orphans = orphansOf(spans);
  const ends = callsWithoutAnswer(spans);
  const breaks = [...orphans, ...ends.map((span) => unanswered(span, spans, surroundings))];
  const named = new Set(breaks.flatMap(({ next }) => (next === null ? [] : [next])));
  const present = new Set(spans.map(serviceOf));
  for (const service of surroundings.expected) {
    if (!present.has(service) && !named.has(service)) breaks.push(missing(service, spans, ends, surroundings));
  }
  return grouped(breaks);
}

/** One row for all calls that broke alike. */
function grouped(breaks: readonly Break[]): Break[] {
  const groups = new Map<string, Break>();
  for (const one of breaks) {
    const key = JSON.stringify([one.kind, one.service, one.next, one.cause]);
    const before = groups.get(key);
    if (before === undefined) groups.set(key, one);
    else {
      const evidence = [...new Set([...before.evidence, ...one.evidence])].slice(0, MOST_EVIDENCE);
      groups.set(key, { ...before, calls: before.calls + 1, evidence });
    }
  }
  return [...groups.values()];
}

function orphansOf(spans: readonly ReceivedSpan[]): Break[] {
  const present = new Set(spans.map(({ spanId }) => spanId));
  const first = Math.min(...spans.map(startOf));
  return spans
    .filter(({ parentSpanId }) => parentSpanId !== '' && !present.has(parentSpanId))
    .map((span) => explain(startOf(span) === first ? 'begins-elsewhere' : 'parent-missing', span, null, []));
}

/** Calls to other services that no span of another service answered. Databases and caches do not trace: they do not count. */
function callsWithoutAnswer(spans: readonly ReceivedSpan[]): ReceivedSpan[] {
  const answered = new Set<string>();
  const byId = new Map(spans.map((span) => [span.spanId, span]));
  for (const span of spans) {
    const parent = byId.get(span.parentSpanId);
    if (parent !== undefined && serviceOf(parent) !== serviceOf(span)) answered.add(parent.spanId);
    for (const link of span.links) answered.add(link.spanId);
  }
  return spans.filter(
    ({ kind, spanId, attributes }) =>
      (kind === 'client' || kind === 'producer') &&
      !answered.has(spanId) &&
      attributes['db.system.name'] === undefined &&
      attributes['db.system'] === undefined,
  );
}

/** Target of a call, as far as its span names it: a service's name, a host, a queue. */
function addressee({ attributes }: ReceivedSpan): string | null {
  const port = attributes['server.port'];
  const host = attributes['server.address'];
  const found =
    attributes['peer.service'] ??
    attributes['messaging.destination.name'] ??
    (host === undefined
      ? (attributes['rpc.service'] ?? attributes['rpc.method'])
      : `${host}${port === undefined ? '' : `:${port}`}`);
  return found === undefined ? null : String(found);
}

/** Spans without a parent that began while `call` was under way: what should have been its continuation. */
function startedMeanwhile(call: ReceivedSpan, others: Surroundings['others'], only?: string): ReceivedSpan[] {
  const until = endMilliseconds(call) + (call.kind === 'producer' ? QUEUED_MS : CLOCKS_MS);
  return others
    .flatMap((spans) => spans.filter(({ parentSpanId }) => parentSpanId === ''))
    .filter((root) => only === undefined || serviceOf(root) === only)
    .filter((root) => startOf(root) >= startOf(call) - CLOCKS_MS && startOf(root) <= until)
    .filter((root) => samePlace(call, root))
    .sort((a, b) => Math.abs(startOf(a) - startOf(call)) - Math.abs(startOf(b) - startOf(call)));
}

/** False only when both name a port, and the ports differ: the call had another target. */
function samePlace(call: ReceivedSpan, root: ReceivedSpan): boolean {
  const [asked, answered] = [call.attributes['server.port'], root.attributes['server.port']];
  return asked === undefined || answered === undefined || String(asked) === String(answered);
}

function unanswered(call: ReceivedSpan, spans: readonly ReceivedSpan[], { services, expected, others }: Surroundings): Break {
  const present = new Set(spans.map(serviceOf));
  const next = addressee(call);
  const started = startedMeanwhile(call, others).filter((root) => !present.has(serviceOf(root)));
  const named = [...expected, ...services].find((service) => !present.has(service) && isNamed(next, service));
  const joined = named === undefined ? started[0] : started.find((root) => serviceOf(root) === named);
  if (joined !== undefined) return explain('own-trace', call, serviceOf(joined), [joined.traceId]);
  if (failed(call)) return explain('call-failed', call, named ?? next, []);
  if (named === undefined) return explain('no-answer', call, next, []);
  return explain(services.includes(named) ? 'silent' : 'unknown', call, named, []);
}

/** `payment` is named by `payment`, `payment:8080` and `payment.shop.svc`. */
const isNamed = (next: string | null, service: string): boolean =>
  next !== null && [':', '.', ''].some((after) => (after === '' ? next === service : next.startsWith(`${service}${after}`)));

/** A service that should be there: after the last unanswered call, else after the last span that had begun before it. */
function missing(
  service: string,
  spans: readonly ReceivedSpan[],
  ends: readonly ReceivedSpan[],
  { services, others }: Surroundings,
): Break {
  const byStart = [...(ends.length > 0 ? ends : spans)].sort((a, b) => startOf(a) - startOf(b));
  const last = byStart[byStart.length - 1] as ReceivedSpan;
  if (!services.includes(service)) return explain('unknown', last, service, []);
  const [from, to] = [Math.min(...spans.map(startOf)) - CLOCKS_MS, Math.max(...spans.map(endMilliseconds)) + QUEUED_MS];
  const roots = others
    .flatMap((trace) => trace.filter((span) => span.parentSpanId === '' && serviceOf(span) === service))
    .filter((root) => startOf(root) >= from && startOf(root) <= to)
    .sort((a, b) => startOf(a) - startOf(b));
  const root = roots[0];
  if (root === undefined) return explain('silent', last, service, []);
  const before = byStart.filter((span) => startOf(span) <= startOf(root) + CLOCKS_MS);
  const evidence = roots.slice(0, MOST_EVIDENCE).map(({ traceId }) => traceId);
  return explain('own-trace', before[before.length - 1] ?? last, service, evidence);
}

function explain(kind: Break['kind'], span: ReceivedSpan, next: string | null, evidence: string[]): Break {
  const words: Readonly<Record<string, string>> = {
    service: serviceOf(span),
    next: next ?? 'what was called',
    parent: span.parentSpanId,
    reason: failed(span) ? reasonOfFailure(span) : '',
  };
  const fill = (text: string): string => text.replace(/\{(\w+)\}/g, (_, word: string) => words[word] ?? '');
  const { cause, fix } = REASONS[kind];
  return {
    kind,
    service: serviceOf(span),
    span: { name: span.name, spanId: span.spanId },
    next,
    cause: fill(cause),
    fix: fill(fix),
    evidence,
    calls: 1,
  };
}
