// Calls of generator functions. The span starts with the first step and ends with the last, however that comes about; the
// context is active inside the body and never in the consumer. A generator that is never iterated makes no span; the
// span of one that is left half-way ends when garbage collection takes it, or the watchdog finds it.

import type { Context } from '@opentelemetry/api';
import { SpanLayer } from '../context/layer.js';
import { reportFault } from '../fault.js';
import type { Site } from '../site/site.js';
import { endWhenLeft } from './end/followed.js';
import type { RecordedSpan } from './recorded.js';
import { fail, succeed } from './settle.js';
import { isIterator, observeSteps } from './steps.js';

/**
 * Returns a value that is not a generator as it is: another decorator may be in between.
 * @param begin starts the span; undefined: refused by a limit on open spans
 */
export function followGenerator(
  generator: unknown,
  site: Site,
  self: unknown,
  context: Context,
  begin: () => RecordedSpan | undefined,
): unknown {
  if (!isIterator(generator)) return generator;
  let span: RecordedSpan | undefined;
  let begun = false;
  /** The user's SDK does not record the span; the steps still run in its context. */
  let refused = false;
  observeSteps(generator, {
    context: undefined,
    enter(step) {
      if (!begun) {
        begun = true;
        // return() and throw() before the first step run nothing of the body
        if (step === 'next') span = guarded(site, begin);
        if (span !== undefined) this.context = new SpanLayer(context, span.active);
        refused = span?.ended === true;
        if (span !== undefined && !refused) this.stepped = endWhenLeft(generator, span);
      }
      return span !== undefined && (!span.ended || refused);
    },
    finished(value) {
      if (span !== undefined && !span.ended) succeed(span, site, self, value);
    },
    failed(error) {
      if (span !== undefined && !span.ended) fail(span, site, error);
    },
  });
  return generator;
}

function guarded(site: Site, begin: () => RecordedSpan | undefined): RecordedSpan | undefined {
  try {
    return begin();
  } catch (fault) {
    reportFault(`start of ${site.id}`, fault);
    return undefined;
  }
}

/** The body of a generator whose trace is not kept: its calls must not start traces of their own. */
export function carryContext(generator: unknown, context: Context): unknown {
  if (isIterator(generator)) observeSteps(generator, { context, enter: () => true, finished() {}, failed() {} });
  return generator;
}
