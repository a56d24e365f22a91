// Records one call. Forwarders come here only when the gate is not idle and their site is not off. The decision taken at the
// call's start holds until its end; the program sees what it would have seen without us.

import { type Context, ROOT_CONTEXT, type Span } from '@opentelemetry/api';
import { activeContext, withContext } from '../context/active.js';
import { SPAN_KEY, SpanLayer, SUPPRESS_KEY } from '../context/layer.js';
import type { AnyFunction, Site } from '../site/site.js';
import { state } from '../state.js';
import { calling } from './callback.js';
import { capture } from './capture.js';
import { carryContext, followGenerator } from './generators.js';
import { fail } from './outcome.js';
import { isUnsampled, type Placement, placeCall } from './place.js';
import { RecordedSpan } from './recorded.js';
import type { Recorder } from './recorder.js';
import { settle } from './settle.js';
import { throughTransparent } from './transparent.js';

export { activeContext, withContext } from '../context/active.js';

/** The context in which the last call was found to be below an unsampled parent: most calls have that of the call before. */
let unsampled: Context | undefined;

export function run(site: Site, self: unknown, body: AnyFunction, args: ArrayLike<unknown>): unknown {
  const { recorder } = state;
  if (recorder === undefined || site.off) return Reflect.apply(body, self, args);
  const context = activeContext();
  const { gate } = recorder;
  // small enough for the engine to put it into each forwarder, where the arguments of what is not recorded need no array
  return !site.choosesParent && ((context === ROOT_CONTEXT && !gate.enabled) || (context === unsampled && !gate.ignoresRemote))
    ? Reflect.apply(body, self, args)
    : runWithin(recorder, context, site, self, body, args);
}

function runWithin(
  recorder: Recorder,
  active: Context,
  site: Site,
  self: unknown,
  body: AnyFunction,
  args: ArrayLike<unknown>,
): unknown {
  if (calling) return Reflect.apply(body, self, args);
  let context = active;
  let current: Span | undefined;
  if (context instanceof SpanLayer) {
    if (context.suppressed) return Reflect.apply(body, self, args);
    current = throughTransparent(context.span);
  } else if (context !== ROOT_CONTEXT) {
    if (context.getValue(SUPPRESS_KEY) === true) return Reflect.apply(body, self, args);
    current = throughTransparent(context.getValue(SPAN_KEY) as Span | undefined);
  }
  if (current instanceof RecordedSpan) {
    if (recorder.gate.underWay.isOver(current.trace)) {
      context = context.deleteValue(SPAN_KEY);
      current = undefined;
    } else if (!site.choosesParent) return record(recorder, site, self, body, args, context, current, undefined);
  }
  const placement = placeCall(recorder, site, self, args, context, current);
  if (placement === undefined) {
    if (!site.choosesParent && isUnsampled(current)) unsampled = active;
    return Reflect.apply(body, self, args);
  }
  if (!placement.sampled) return runUnsampled(site, self, body, args, placement.context);
  return record(recorder, site, self, body, args, placement.context, placement.parent, placement);
}

/** A trace that is not kept: nothing is recorded, and what is called from here does not start a trace of its own. */
function runUnsampled(site: Site, self: unknown, body: AnyFunction, args: ArrayLike<unknown>, context: Context): unknown {
  const result = withContext(context, body, self, args);
  return site.iterates ? carryContext(result, context) : result;
}

function record(
  recorder: Recorder,
  site: Site,
  self: unknown,
  body: AnyFunction,
  args: ArrayLike<unknown>,
  context: Context,
  parent: Placement['parent'],
  placement: Placement | undefined,
): unknown {
  if (site.iterates) {
    const generator = Reflect.apply(body, self, args);
    return followGenerator(generator, site, self, context, function beginIteration() {
      // between the call and the first step tracing may have been shut down
      return state.recorder === recorder ? begin(recorder, site, self, args, context, parent, placement) : undefined;
    });
  }
  const span = begin(recorder, site, self, args, context, parent, placement);
  if (span === undefined) return Reflect.apply(body, self, args);
  const inside = new SpanLayer(context, span.active);
  if (span.ended) return runUnsampled(site, self, body, args, inside);
  let result: unknown;
  try {
    result = withContext(inside, body, self, args);
  } catch (error) {
    fail(span, site, error);
    throw error;
  }
  return settle(span, site, self, result, inside);
}

/** Undefined when there is no room for one more open span; ended when the user's SDK does not record it. */
function begin(
  recorder: Recorder,
  site: Site,
  self: unknown,
  args: ArrayLike<unknown>,
  context: Context,
  parent: Placement['parent'],
  placement: Placement | undefined,
): RecordedSpan | undefined {
  if (!recorder.hasRoom(site)) return undefined;
  const span = recorder.start(
    site,
    site.spanName,
    site.kind,
    recorder.scope,
    context,
    parent,
    undefined,
    placement?.traceId,
    placement?.traceState,
  );
  if (span.ended) return span;
  if (placement?.links !== undefined) for (const link of placement.links) span.addLink(link);
  if (site.captures) capture(span, site, self, args);
  return span;
}
