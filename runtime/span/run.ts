// Records one call, in two steps. decide() answers whether the call is recorded, and under what; recordCall() then runs the body
// inside a span. A call that is not recorded costs the decision and nothing else, and runs in place. The decision holds until the
// call's end. One guard is between here and the body: a fault of Spanwright is logged (SPW010), and the body runs exactly once,
// with its own result.

import { type Context, ROOT_CONTEXT, type Span } from '@opentelemetry/api';
import { apply } from '../captured.js';
import { activeContext, contexts, type RunOnce, runManaged } from '../context/active.js';
import { isLayer, SPAN_KEY, SpanLayer, SUPPRESS_KEY, UNSAMPLED } from '../context/layer.js';
import { throughTransparent } from '../context/transparent.js';
import { reportFault } from '../fault.js';
import { abandon, abandoned, endAbandoned } from '../open/abandoned.js';
import type { AnyFunction, Site } from '../site/site.js';
import { state } from '../state.js';
import { addTo, applicationCode, capture } from './callback.js';
import { captureCall } from './captured-values.js';
import { carryContext, followGenerator } from './generators.js';
import { isUnsampled, type Placement, placeCall } from './place.js';
import { isRecorded, type RecordedSpan } from './recorded.js';
import type { Recorder } from './recorder.js';
import { fail, settle } from './settle.js';

/** Local bindings, because reading an imported one can be a call of a getter, which costs and for which a full stack has no room. */
const faulty = abandoned;
const application = applicationCode;
const root: Context = ROOT_CONTEXT;

/** A call to record: under the recorded span of this active context, or as placed. Made by decide() for recordCall(). */
export type Decision = SpanLayer | Placement;

/** Synchronous recorded calls that are on the stack now. */
let depth = 0;

/** Calls the body, and records the call where it is to be recorded. Entry for forwarders and wrappers. */
export function run(site: Site, self: unknown, body: AnyFunction, args: ArrayLike<unknown>): unknown {
  if (site.off) return apply(body, self, args);
  let decision: Decision | undefined;
  let context: Context | undefined;
  try {
    context = contextToDecide(site);
    if (context !== undefined) decision = decide(context, site, self, args);
  } catch (fault) {
    reportFault(`start of ${site.id}`, fault);
  }
  if (decision !== undefined) return recordCall(decision, site, self, body, args);
  const { flight } = state;
  return flight.takes(site) ? flight.record(site, self, body, args, flight.under(context)) : apply(body, self, args);
}

/**
 * The active context where it decides whether a call is recorded; undefined where the site and the kind of context exclude that.
 * Checked before anything is allocated: most unrecorded calls end here.
 */
export function contextToDecide(site: Site): Context | undefined {
  const { recorder } = state;
  if (recorder === undefined) return undefined;
  const context = activeContext();
  if (site.choosesParent) return context;
  const { gate } = recorder;
  if (context === root) return gate.enabled && site.starts ? context : undefined;
  return (context as SpanLayer)[UNSAMPLED] === true && !gate.ignoresRemote ? undefined : context;
}

/**
 * Decides whether a call is recorded, before the body is entered a second time. Undefined: the call runs unrecorded. The caller
 * reports a fault.
 */
export function decide(active: Context, site: Site, self: unknown, args: ArrayLike<unknown>): Decision | undefined {
  const { recorder } = state;
  if (recorder === undefined || application.running) return undefined;
  if (site.options.adds !== undefined) return addToCurrent(recorder, active, site, self, args);
  const decision = place(recorder, active, site, self, args);
  if (decision === undefined || site.iterates) return decision;
  // an unsampled trace needs its context, and counts towards no limit
  if ('sampled' in decision && !decision.sampled) return decision;
  return recorder.hasRoom(site, depth) ? decision : undefined;
}

/** For a site without a span of its own: adds its attributes to the recorded span above, and the call runs unrecorded. */
function addToCurrent(recorder: Recorder, active: Context, site: Site, self: unknown, args: ArrayLike<unknown>): undefined {
  const span = throughTransparent(active.getValue(SPAN_KEY) as Span | undefined);
  if (span?.isRecording() && active.getValue(SUPPRESS_KEY) !== true) addTo(span, recorder.limits, site, self, args);
}

function place(recorder: Recorder, active: Context, site: Site, self: unknown, args: ArrayLike<unknown>): Decision | undefined {
  let context = active;
  let current: Span | undefined;
  if (isLayer(context)) {
    if (context.suppressed) return undefined;
    current = throughTransparent(context.span);
  } else if (context !== root) {
    if (context.getValue(SUPPRESS_KEY) === true) return undefined;
    current = throughTransparent(context.getValue(SPAN_KEY) as Span | undefined);
  }
  if (isRecorded(current)) {
    if (recorder.gate.underWay.isOver(current.trace)) {
      context = context.deleteValue(SPAN_KEY);
      current = undefined;
    } else if (!site.choosesParent && isLayer(context) && context.span === current) return context;
  }
  const placement = placeCall(recorder, site, self, args, context, current);
  if (placement === undefined && !site.choosesParent && isUnsampled(context, current)) (active as SpanLayer)[UNSAMPLED] = true;
  return placement;
}

/** Outcome of a body. A plain number, so that setting it cannot fail when the stack is full. */
const NOT_RUN = 0;
const RETURNED = 1;
const THREW = 2;

/** A recorded call on the stack. Frames are reused by depth: a synchronous call allocates none. */
class Frame implements RunOnce {
  span: RecordedSpan | undefined = undefined;
  outcome: typeof NOT_RUN | typeof RETURNED | typeof THREW = NOT_RUN;
  /** The body's result, or what it threw. */
  value: unknown = undefined;
  /** For a context manager of the application, which is given `run`: the call, until it runs. */
  call: { readonly body: AnyFunction; readonly self: unknown; readonly args: ArrayLike<unknown> } | undefined = undefined;

  readonly run = (): unknown => {
    const { call } = this;
    this.call = undefined;
    return call === undefined ? this.value : callBody(this, call.body, call.self, call.args);
  };
}

const frames: Frame[] = [];

/**
 * Runs the body once and records the call as decided.
 * @param awaits the caller takes an AwaitedCall in place of a promise, and ends it
 * @returns what the body returned, or a promise that settles alike
 */
export function recordCall(
  decision: Decision,
  site: Site,
  self: unknown,
  body: AnyFunction,
  args: ArrayLike<unknown>,
  awaits = false,
): unknown {
  if (site.iterates) return recordGenerator(decision, site, self, body, args);
  const mine = depth;
  let frame: Frame | undefined;
  let inside: Context | undefined;
  let settled: unknown = UNSETTLED;
  let fault: unknown;
  try {
    frame = frames[mine] ??= new Frame();
    frame.outcome = NOT_RUN;
    depth = mine + 1;
    inside = open(frame, decision, site, self, args);
    const result = inside === undefined ? callBody(frame, body, self, args) : enter(inside, frame, body, self, args);
    const { span } = frame;
    if (span === undefined) settled = result;
    else if ((frame.outcome as number) === THREW) fail(span, site, frame.value);
    else settled = settle(span, site, self, result, inside as Context, awaits);
  } catch (thrown) {
    if (frame === undefined) return apply(body, self, args);
    fault = thrown;
    try {
      settled = recover(thrown, frame, site, self, body, args, inside ?? root, awaits);
    } catch {
      // the stack is full: from here on nothing is called
    }
    try {
      const { span } = frame;
      if (settled === UNSETTLED && span !== undefined) {
        span.isAbandoned = true;
        faulty.any = true;
      }
    } catch {
      // the application has frozen the span
    }
  }
  const { outcome, value } = frame;
  frame.span = undefined;
  frame.value = undefined;
  frame.call = undefined; // a context manager that calls later runs nothing
  depth = mine;
  if (outcome === THREW) throw value;
  if (outcome === NOT_RUN && fault !== undefined) throw fault;
  return settled === UNSETTLED ? value : settled;
}

const UNSETTLED = Symbol('unsettled');

/** Ends a call whose body threw, or in which a fault of Spanwright arose; runs the body where it has not run. */
function recover(
  thrown: unknown,
  frame: Frame,
  site: Site,
  self: unknown,
  body: AnyFunction,
  args: ArrayLike<unknown>,
  inside: Context,
  awaits: boolean,
): unknown {
  if (frame.outcome !== NOT_RUN) reportFault(`call of ${site.id}`, thrown);
  if (frame.outcome === RETURNED) {
    if (frame.span !== undefined) abandon(frame.span, `end of ${site.id}`, thrown);
    return frame.value;
  }
  if (frame.outcome === NOT_RUN) {
    reportFault(`start of ${site.id}`, thrown);
    callBody(frame, body, self, args);
  }
  const { span, value } = frame;
  if (span === undefined) return value;
  if ((frame.outcome as number) === RETURNED) return settle(span, site, self, value, inside, awaits);
  fail(span, site, value);
  return value;
}

/** Starts the span. @returns the context for the body; undefined: the caller's */
function open(frame: Frame, decision: Decision, site: Site, self: unknown, args: ArrayLike<unknown>): Context | undefined {
  const { recorder } = state;
  if (recorder === undefined) return undefined;
  if ('sampled' in decision && !decision.sampled) return decision.context;
  const span = startSpan(recorder, decision, site, self, args);
  const context = 'sampled' in decision ? decision.context : decision;
  // ended: the user's SDK does not record it, but its identity is the parent of what the call starts
  if (!span.ended) frame.span = span;
  return new SpanLayer(context, span.active);
}

/** Starts the span of a call as decided. */
export function startSpan(
  recorder: Recorder,
  decision: Decision,
  site: Site,
  self: unknown,
  args: ArrayLike<unknown>,
): RecordedSpan {
  if (faulty.any) endAbandoned(recorder.open);
  const isPlacement = 'sampled' in decision;
  const span = isPlacement ? recorder.start(site, decision) : recorder.startChild(site, decision.span as RecordedSpan, decision);
  try {
    if (!span.ended && (site.captures || (isPlacement && decision.links !== undefined)))
      describe(span, decision, site, self, args);
    if (site.capture !== undefined && !span.ended) captureCall(span, site, site.capture, self, args);
  } catch (fault) {
    // nothing is called here, because the stack is full
    span.isAbandoned = true;
    faulty.any = true;
    throw fault;
  }
  return span;
}

/** Writes what is known at the start. A fault leaves the span without it. */
function describe(span: RecordedSpan, decision: Decision, site: Site, self: unknown, args: ArrayLike<unknown>): void {
  try {
    if ('sampled' in decision && decision.links !== undefined) for (const link of decision.links) span.addLink(link);
    if (site.captures) capture(span, site, self, args);
  } catch (fault) {
    reportFault(`attributes of ${site.id}`, fault);
  }
}

/** Runs the body with `inside` active. */
function enter(inside: Context, frame: Frame, body: AnyFunction, self: unknown, args: ArrayLike<unknown>): unknown {
  if (contexts.owned) return contexts.storage.run(inside, callBody, frame, body, self, args);
  frame.call = { body, self, args };
  runManaged(inside, frame);
  return frame.value;
}

/**
 * The last function before the body. Stores the outcome first, so that no later fault can change it. An error is noted and not thrown
 * again: V8 describes the place of each throw, which takes longer than a span.
 */
function callBody(frame: Frame, body: AnyFunction, self: unknown, args: ArrayLike<unknown>): unknown {
  try {
    frame.value = apply(body, self, args);
    frame.outcome = RETURNED;
  } catch (error) {
    frame.value = error;
    frame.outcome = THREW;
  }
  return frame.value;
}

/** Calls a generator function: the span starts with the first step. */
function recordGenerator(decision: Decision, site: Site, self: unknown, body: AnyFunction, args: ArrayLike<unknown>): unknown {
  const generator = apply(body, self, args);
  const { recorder } = state;
  const context = 'sampled' in decision ? decision.context : decision;
  try {
    if ('sampled' in decision && !decision.sampled) return carryContext(generator, context);
    return followGenerator(generator, site, self, context, function beginIteration() {
      // tracing may have been shut down between the call and the first step
      if (recorder === undefined || state.recorder !== recorder || !recorder.hasRoom(site, 0)) return undefined;
      return startSpan(recorder, decision, site, self, args);
    });
  } catch (fault) {
    reportFault(`iteration of ${site.id}`, fault);
    return generator;
  }
}
