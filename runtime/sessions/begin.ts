// Starts a session, loaded with the first one.

import { type Attributes, type Context, isSpanContextValid, ROOT_CONTEXT, type SpanContext, trace } from '@opentelemetry/api';
import { now } from '../captured.js';
import { activeContext } from '../context/active.js';
import { SPAN_KEY, SpanLayer } from '../context/layer.js';
import { isSampled } from '../context/origin.js';
import { throughTransparent } from '../context/transparent.js';
import { attempt } from '../fault.js';
import { makeSite } from '../instrument/make.js';
import type { InstrumentOptions } from '../instrument/options.js';
import { abandon } from '../open/abandoned.js';
import { parentOf } from '../propagation/parent.js';
import type { Site } from '../site/site.js';
import { place } from '../span/place.js';
import { isRecorded, type RecordedSpan } from '../span/recorded.js';
import type { Recorder } from '../span/recorder.js';
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

/** @returns true when the session is recorded */
export function begin(key: string, options: SessionOptions): boolean {
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
  try {
    add(span, key, placement.context, options.attributes, earlier);
  } catch (fault) {
    abandon(span, 'sessions.start()', fault);
    return false;
  }
  attempt('sessions.start()', () => mark(recorder, site, span, key));
  return true;
}

function add(
  span: RecordedSpan,
  key: string,
  context: Context,
  attributes: Attributes | undefined,
  earlier: SpanContext | undefined,
): void {
  span.setAttribute('spanwright.session.key', key.slice(0, 256));
  if (attributes !== undefined) span.setAttributes(attributes);
  if (earlier !== undefined) span.addLink({ context: earlier });
  state.sessions.add({ key, span, context: new SpanLayer(context, span.active), startedAt: now() });
}

/** Records a span that ends at once: a backend shows a span only after its end, so that this one shows that the session runs. */
function mark(recorder: Recorder, site: Site, session: RecordedSpan, key: string): void {
  const context = state.sessions.get(key)?.context ?? ROOT_CONTEXT;
  const marker = recorder.start(site, { name: `${site.spanName} started`, context, parent: session });
  try {
    marker.setAttribute('spanwright.session.key', key.slice(0, 256));
    marker.end();
  } catch (fault) {
    abandon(marker, 'sessions.start()', fault);
  }
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
