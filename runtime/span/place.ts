// Decides whether a call records, and its parent. The question is asked once per call and the answer holds until the call's
// end. A call directly under a recorded span does not come here: run() records it at once.

import {
  type Context,
  createContextKey,
  isSpanContextValid,
  isValidTraceId,
  type Link,
  type Span,
  type SpanContext,
  type TraceState,
  trace,
} from '@opentelemetry/api';
import { SPAN_KEY, SpanLayer, UNSAMPLED } from '../context/layer.js';
import { isSampled } from '../context/origin.js';
import { skippedIn } from '../context/skipped.js';
import { reportFault } from '../fault.js';
import { parentOf } from '../propagation/parent.js';
import { RANDOM } from '../propagation/traceparent.js';
import type { Site } from '../site/site.js';
import { callback } from './callback.js';
import { ConditionalCall, type RootTerms } from './conditional-root.js';
import { isWithinRatio, newTraceId, withThreshold } from './identity.js';
import { isRecorded, type RecordedSpan } from './recorded.js';
import type { Recorder } from './recorder.js';
import { UnsampledSpan } from './unsampled.js';

/** Position of a new span in its trace. With `sampled` false nothing is recorded, and `context` carries that to everything below. */
export interface Placement {
  readonly sampled: boolean;
  readonly context: Context;
  readonly parent: RecordedSpan | SpanContext | undefined;
  readonly links: readonly Link[] | undefined;
  readonly traceId: string | undefined;
  /** Flags of the upstream span whose trace this span joins without a parent. */
  readonly traceFlags: number | undefined;
  readonly traceState: TraceState | undefined;
}

/** The placement of a site's call, or undefined when it is transparent. */
export function placeCall(
  recorder: Recorder,
  site: Site,
  self: unknown,
  args: ArrayLike<unknown>,
  context: Context,
  current: Span | undefined,
): Placement | undefined {
  const { options } = site;
  const terms = site.when === undefined || site.root ? site : new ConditionalCall(site, self, args, context);
  if (options.root) {
    const from = current?.spanContext();
    const links = from !== undefined && isSpanContextValid(from) ? [{ context: from }] : undefined;
    return placeRoot(recorder, terms, context.deleteValue(SPAN_KEY), undefined, links);
  }
  if (options.parent !== undefined) {
    const given = givenParent(site, self, args);
    if (given !== undefined) return placeUnder(recorder, terms, options.linked, contextUnder(context, given), given);
  }
  if (options.linked && current !== undefined) return placeBeside(recorder, terms, context.deleteValue(SPAN_KEY), current);
  return place(recorder, terms, context, current);
}

/** Takes the span object where there is one, because processors and other SDKs read more of it than its identity. */
function contextUnder(context: Context, given: Span | SpanContext): Context {
  return 'spanContext' in given ? new SpanLayer(context, given) : context.deleteValue(SPAN_KEY);
}

/** Under the parent from the option `parent`, or linked to it. A trace that upstream does not sample stays unsampled. */
function placeUnder(
  recorder: Recorder,
  terms: RootTerms,
  linked: boolean,
  context: Context,
  given: Span | SpanContext,
): Placement | undefined {
  const placement = linked ? placeBeside(recorder, terms, context, given) : place(recorder, terms, context, given);
  if (placement !== undefined) return placement;
  const upstream = contextOf(given);
  return isSpanContextValid(upstream) && !isSampled(upstream) ? unsampledUnder(context, upstream) : undefined;
}

/** In the trace of the upstream span and linked to it, without being its child: what the SDK's tracer cannot make. */
function placeBeside(recorder: Recorder, terms: RootTerms, context: Context, given: Span | SpanContext): Placement | undefined {
  const upstream = contextOf(given);
  const links = isSpanContextValid(upstream) ? [{ context: upstream }] : undefined;
  if (links === undefined && !isValidTraceId(upstream.traceId)) return placeRoot(recorder, terms, context, undefined, undefined);
  const { traceId, traceFlags, traceState } = upstream;
  const beside = { context, parent: undefined, links, traceId, traceFlags, traceState };
  if (upstream.isRemote === true && recorder.gate.ignoresRemote) {
    const root = placeRoot(recorder, terms, context, upstream, undefined);
    return root?.sampled === true ? { ...root, ...beside, traceState: root.traceState ?? traceState } : root;
  }
  return isSampled(upstream) && recorder.gate.admitsRemote(upstream) ? { ...beside, sampled: true } : undefined;
}

function contextOf(given: Span | SpanContext): SpanContext {
  return 'spanContext' in given ? given.spanContext() : given;
}

function unsampledUnder(context: Context, upstream: SpanContext): Placement {
  const inside = new SpanLayer(context, trace.wrapSpanContext({ ...upstream, traceFlags: upstream.traceFlags & RANDOM }));
  return unrecorded(inside);
}

/** The placement of a span under the given context, or undefined when it is transparent. */
export function place(
  recorder: Recorder,
  terms: RootTerms,
  context: Context,
  current: Span | SpanContext | undefined,
): Placement | undefined {
  if (isRecorded(current)) return placement(context, current);
  const parent = current === undefined ? undefined : 'spanContext' in current ? current.spanContext() : current;
  if (parent === undefined || !isValid(parent)) return placeRoot(recorder, terms, context, undefined, undefined);
  if (parent.isRemote === true && recorder.gate.ignoresRemote) return placeRoot(recorder, terms, context, parent, undefined);
  // the flags of some providers' spans decide the sampling when they are read
  if (recorder.defersRatio && (current as Span).isRecording?.()) return placement(context, parent);
  if (isSampled(parent)) return recorder.gate.admitsRemote(parent) ? placement(context, parent) : undefined;
  if (recorder.defersRatio && isUndecided(context, parent)) return placeRoot(recorder, terms, context, parent, undefined);
  const skipped = skippedIn(parent);
  if (skipped === undefined)
    return recorder.gate.signedRequests.admits(context, terms.path) ? placement(context, parent) : undefined;
  const { ancestor } = skipped;
  return place(
    recorder,
    terms,
    ancestor === undefined ? context.deleteValue(SPAN_KEY) : new SpanLayer(context, ancestor),
    ancestor,
  );
}

/**
 * The last valid parent. Two regular expressions cost more than the rest of the decision, and consecutive calls often share
 * their parent.
 */
let valid: SpanContext | undefined;

function isValid(parent: SpanContext): boolean {
  if (parent === valid) return true;
  if (!isSpanContextValid(parent)) return false;
  valid = parent;
  return true;
}

/** True for a parent whose trace is not kept: nothing below it is. */
export function isUnsampled(context: Context, current: Span | undefined): boolean {
  if (current === undefined || current.isRecording()) return false;
  const parent = current.spanContext();
  return isValid(parent) && !isSampled(parent) && skippedIn(parent) === undefined && !isUndecided(context, parent);
}

const SENTRY_SCOPES = createContextKey('sentry_scopes');

/**
 * True for a trace that Sentry continues or starts without a span (`continueTrace()`, `startNewTrace()`): its flag is not set, and its
 * sampler decides at the first span here.
 */
function isUndecided(context: Context, parent: SpanContext): boolean {
  return (
    parent.isRemote === true &&
    context.getValue(SENTRY_SCOPES) !== undefined &&
    parent.traceState?.get('sentry.sampled_not_recording') !== '1'
  );
}

function placement(
  context: Context,
  parent: RecordedSpan | SpanContext | undefined,
  links?: readonly Link[],
  traceId?: string,
  traceState?: TraceState,
): Placement {
  return { sampled: true, context, parent, links, traceId, traceFlags: undefined, traceState };
}

function unrecorded(context: Context): Placement {
  return {
    sampled: false,
    context,
    parent: undefined,
    links: undefined,
    traceId: undefined,
    traceFlags: undefined,
    traceState: undefined,
  };
}

/**
 * A root records when the flag is on, its namespace (or scope, or kind) may start traces, and its trace id falls within the
 * ratio in force. `remote` is a parent whose trace continues but whose sampled flag is ignored.
 */
function placeRoot(
  recorder: Recorder,
  terms: RootTerms,
  context: Context,
  remote: SpanContext | undefined,
  links: readonly Link[] | undefined,
): Placement | undefined {
  if (terms.never) return undefined;
  const { gate } = recorder;
  if (gate.signedRequests.admits(context, terms.path)) return placement(context, remote);
  const { revision } = gate;
  if (!gate.enabled || terms.ratio === 0 || !(gate.rootKinds.includes(terms.kind) || terms.root)) return undefined;
  recorder.meter.passTime(); // a blocked event loop runs no timer: the lease may be over
  if (gate.revision !== revision) return placeRoot(recorder, terms, context, remote, links);
  if (recorder.defersRatio) return placement(context, remote, links);
  if (terms.ratio >= 1)
    return placement(context, remote, links, undefined, remote?.traceState && withThreshold(remote.traceState, 1));
  const traceId = remote?.traceId ?? newTraceId();
  if (isWithinRatio(traceId, remote?.traceState, terms.ratio))
    return placement(context, remote, links, traceId, withThreshold(remote?.traceState, terms.ratio));
  const inside = new SpanLayer(context, new UnsampledSpan(traceId, remote));
  // a signed request may be recorded once its path is known
  inside[UNSAMPLED] = !gate.signedRequests.marks(context);
  return unrecorded(inside);
}

function givenParent(site: Site, self: unknown, args: ArrayLike<unknown>): Span | SpanContext | undefined {
  const given = callback('parent', site, site.options.parent as (...args: unknown[]) => unknown, self, args);
  try {
    return parentOf(given);
  } catch (error) {
    reportFault(`parent of ${site.id}`, error);
    return undefined;
  }
}
