// Records one call. Forwarders come here only when the gate is not idle and their site is not off. The decision taken at the
// call's start holds until its end; the program sees what it would have seen without us.

import { type Context, context as contextApi, ROOT_CONTEXT, type Span } from '@opentelemetry/api';
import { SPAN_KEY, SpanLayer, SUPPRESS_KEY } from '../context/layer.js';
import { throughTransparent } from '../gate/transparent.js';
import type { AnyFunction, Site } from '../site/site.js';
import { state } from '../state.js';
import { capture } from './capture.js';
import { followGenerator } from './generators.js';
import { fail } from './outcome.js';
import { type Placement, placeCall } from './place.js';
import { RecordedSpan } from './recorded.js';
import type { Recorder } from './recorder.js';
import { settle } from './settle.js';

/** The context that is active now, read past the API where our own manager holds it. */
export function activeContext(): Context {
  return state.ownsContext ? (state.storage.getStore() ?? ROOT_CONTEXT) : contextApi.active();
}

/** Runs `body` with `context` active. */
export function withContext(context: Context, body: AnyFunction, self: unknown, args: ArrayLike<unknown>): unknown {
  return state.ownsContext
    ? state.storage.run(context, call, body, self, args)
    : contextApi.with(context, () => Reflect.apply(body, self, args));
}

function call(body: AnyFunction, self: unknown, args: ArrayLike<unknown>): unknown {
  return Reflect.apply(body, self, args);
}

export function run(site: Site, self: unknown, body: AnyFunction, args: ArrayLike<unknown>): unknown {
  const { recorder } = state;
  if (recorder === undefined || site.off) return Reflect.apply(body, self, args);
  const context = activeContext();
  let current: Span | undefined;
  if (context instanceof SpanLayer) {
    if (context.suppressed) return Reflect.apply(body, self, args);
    current = throughTransparent(context.span);
  } else if (context !== ROOT_CONTEXT) {
    if (context.getValue(SUPPRESS_KEY) === true) return Reflect.apply(body, self, args);
    current = throughTransparent(context.getValue(SPAN_KEY) as Span | undefined);
  }
  if (current instanceof RecordedSpan && !site.placed)
    return record(recorder, site, self, body, args, context, current, undefined);
  const placement = placeCall(recorder, site, self, args, context, current);
  if (placement === undefined) return Reflect.apply(body, self, args);
  if (!placement.sampled) return withContext(placement.context, body, self, args);
  return record(recorder, site, self, body, args, placement.context, placement.parent, placement);
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
    return followGenerator(generator, site, self, context, withContext, function beginIteration() {
      return begin(recorder, site, self, args, context, parent, placement);
    });
  }
  const span = begin(recorder, site, self, args, context, parent, placement);
  if (span === undefined) return Reflect.apply(body, self, args);
  let result: unknown;
  try {
    result = withContext(new SpanLayer(context, span), body, self, args);
  } catch (error) {
    fail(span, site, error);
    throw error;
  }
  return settle(span, site, self, result);
}

/** Undefined when there is no room for one more open span. */
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
  if (placement?.links !== undefined) for (const link of placement.links) span.addLink(link);
  if (site.captures) capture(span, site, self, args);
  return span;
}
