// `sessions`, the API for users. Without a recorded start there is no session, and passes run without one.

import { type Attributes, isSpanContextValid, type SpanContext, trace } from '@opentelemetry/api';
import { now } from '../captured.js';
import { activeContext, withContext } from '../context/active.js';
import { SPAN_KEY, SpanLayer } from '../context/layer.js';
import { isSampled } from '../context/origin.js';
import { throughTransparent } from '../context/transparent.js';
import { SpanwrightError } from '../errors.js';
import { makeSite } from '../instrument/make.js';
import type { InstrumentOptions } from '../instrument/options.js';
import type { Session } from '../open/session-book.js';
import { inject } from '../propagation/carrier.js';
import { parentOf } from '../propagation/parent.js';
import type { AnyFunction, Site } from '../site/site.js';
import { place } from '../span/place.js';
import { isRecorded } from '../span/recorded.js';
import { state } from '../state.js';
import { notice } from '../warnings.js';

/** Options of `sessions.start()`. */
export interface SessionOptions {
  /** Span name. Default `session`. */
  name?: string;
  /** Namespace that rules match. Give it, because no default can be derived from a key: `carbide::node-drainer`. */
  namespace?: string;
  /** Attributes at the start. Default: none. */
  attributes?: Attributes;
  /** Kind of the span. Default `internal`. */
  kind?: InstrumentOptions['kind'];
  /**
   * The carrier that `sessions.carrier(key)` returned before a restart: the session goes on in the same trace, as a span of its own that links to
   * the earlier one. Also, as in `parent` of `@instrument`, a context, a span context or a span: `extract(document, kind)` for a
   * session that begins where another module left off. What is absent or malformed starts a new trace.
   */
  resume?: unknown;
}

/** Distinct names and namespaces of sessions; the last one serves the rest, so that a generated name cannot grow memory. */
const MAX_SITES = 200;
const sites = new Map<string, Site>();

function siteOf(options: SessionOptions): Site {
  const { name = 'session', namespace = '', kind } = options;
  const key = JSON.stringify([namespace, name, kind]);
  let site = sites.get(key);
  if (site === undefined) {
    const record = { namespace, function: name, name };
    site = makeSite(record, { longRunning: true, ...(kind === undefined ? undefined : { kind }) }, () => undefined);
    site.shownEarly = true;
    if (sites.size < MAX_SITES) sites.set(key, site);
  }
  return site;
}

/**
 * Starts the session `key`, or leaves it as it is when it runs already.
 * @returns true when the session is recorded: the flag is on (or the context is recorded) and there is room
 * @example
 * sessions.start(event.id, { name: 'node_drainer.drain_session', namespace: 'nvsentinel::node-drainer' });
 */
function startSession(key: string, options: SessionOptions = {}): boolean {
  if (typeof key !== 'string' || key === '') {
    throw new SpanwrightError(
      'MISUSE',
      `sessions.start(): found ${JSON.stringify(key) ?? typeof key} as key; expected a string that is not empty.`,
    );
  }
  const { recorder, gate, sessions: book } = state;
  if (recorder === undefined || !gate.built) return false;
  if (book.get(key) !== undefined) return true;
  const site = siteOf(options);
  if (site.off) return false;
  const active = activeContext();
  const earlier = resumed(options.resume);
  const above = throughTransparent(trace.getSpan(active));
  // a timer created in a call keeps the span of that call active
  const over = isRecorded(above) && gate.underWay.isOver(above.trace);
  const context = over || earlier !== undefined ? active.deleteValue(SPAN_KEY) : active;
  const current = over || earlier !== undefined ? undefined : above;
  // the sampling of a continued trace was decided where it started
  const terms = earlier !== undefined && isSampled(earlier) ? { root: site.root, ratio: 1, kind: site.kind } : site;
  const placement = place(recorder, terms, context, current);
  if (placement === undefined || !placement.sampled || !hasRoom(site) || !recorder.hasRoom(site)) return false;
  const span = recorder.start(site, {
    context: placement.context,
    parent: placement.parent,
    traceId: earlier?.traceId ?? placement.traceId,
    traceFlags: earlier?.traceFlags,
    traceState: placement.traceState ?? earlier?.traceState,
  });
  if (span.ended) return false; // the user's SDK does not record it
  span.setAttribute('spanwright.session.key', key.slice(0, 256));
  if (options.attributes !== undefined) span.setAttributes(options.attributes);
  if (earlier !== undefined) span.addLink({ context: earlier });
  const session: Session = { key, span, context: new SpanLayer(placement.context, span.active), startedAt: now() };
  book.add(session);
  // a backend shows a span only after its end, so this marker span shows at once that the session runs
  const marker = recorder.start(site, { name: `${site.spanName} started`, context: session.context, parent: span });
  marker.setAttribute('spanwright.session.key', key.slice(0, 256));
  marker.end();
  return true;
}

/** False when the most sessions run; the refusal is counted and logged. */
function hasRoom(site: Site): boolean {
  if (state.sessions.hasRoom()) return true;
  site.refused++;
  state.open.refused++;
  notice('SPW044', '10,000 run. End those that are done with sessions.end()');
  return false;
}

function resumed(given: unknown): SpanContext | undefined {
  const span = parentOf(given);
  const context = span !== undefined && 'spanContext' in span ? span.spanContext() : span;
  return context !== undefined && isSpanContextValid(context) ? context : undefined;
}

/** Runs one pass: spans recorded in `fn` are children of the session. Without such a session `fn` just runs. */
function runInSession<Result>(key: string, fn: () => Result): Result {
  const session = state.sessions.get(key);
  return session === undefined ? fn() : (withContext(session.context, fn as AnyFunction, undefined, []) as Result);
}

/** Ends the session. False without an open one: ending twice is harmless. With an error the span is marked as failed. */
function end(key: string, error?: unknown): boolean {
  const session = state.sessions.get(key);
  if (session === undefined) return false;
  if (error !== undefined) session.span.recordFailure(error);
  return state.sessions.end(key, 'ended');
}

/** Attributes that become known later. */
function annotate(key: string, attributes: Attributes): void {
  state.sessions.get(key)?.span.setAttributes(attributes);
}

/** Trace context of the session, to be stored with its work item, so that it can be resumed after a restart. */
function carrier(key: string): Record<string, string> {
  const session = state.sessions.get(key);
  return session === undefined ? {} : inject({}, undefined, session.context);
}

/** Sessions that run, oldest first. */
function list(): { key: string; traceId: string; spanId: string; ageMs: number }[] {
  return state.sessions.list().map(({ key, spanContext, ageMs }) => ({
    key,
    traceId: spanContext.traceId,
    spanId: spanContext.spanId,
    ageMs,
  }));
}

/** Long-lived spans by key, over many passes of a program. */
export const sessions = { start: startSession, run: runInSession, end, annotate, carrier, list } as const;
