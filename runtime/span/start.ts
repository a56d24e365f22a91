// Starts the span of a call that is to be recorded, with what is known at its start.

import type { SpanLayer } from '../context/layer.js';
import { reportFault } from '../fault.js';
import { abandoned, endAbandoned } from '../open/abandoned.js';
import type { Site } from '../site/site.js';
import { capture } from './callback.js';
import { captureCall } from './captured-values.js';
import type { Placement } from './place.js';
import type { RecordedSpan } from './recorded.js';
import type { Recorder } from './recorder.js';

/** A local binding, because reading an imported one can be a call of a getter, for which a full stack has no room. */
const faulty = abandoned;

/** A call to record: under the recorded span of this active context, or as placed. Made by decide() for recordCall(). */
export type Decision = SpanLayer | Placement;

/** Starts the span of a call as decided. */
export function startSpan(
  recorder: Recorder,
  decision: Decision,
  site: Site,
  self: unknown,
  args: ArrayLike<unknown>,
): RecordedSpan {
  endAbandoned(recorder.open);
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
