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
import { type Iteration, isIterator, observeSteps, type StepName } from './steps.js';

/** The steps of one generator. */
class RecordedIteration implements Iteration {
  span: RecordedSpan | undefined = undefined;
  context: Context | undefined = undefined;
  stepped?: () => void;
  #begun = false;
  /** The user's SDK does not record the span; the steps still run in its context. */
  #refused = false;

  constructor(
    readonly generator: object,
    readonly site: Site,
    readonly self: unknown,
    readonly around: Context,
    readonly begin: () => RecordedSpan | undefined,
  ) {}

  enter(step: StepName): boolean {
    if (!this.#begun) {
      this.#begun = true;
      // return() and throw() before the first step run nothing of the body
      if (step === 'next') this.span = guarded(this.site, this.begin);
      const { span } = this;
      if (span !== undefined) this.context = new SpanLayer(this.around, span.active);
      this.#refused = span?.ended === true;
      if (span !== undefined && !this.#refused) this.stepped = endWhenLeft(this.generator, span);
    }
    return this.span !== undefined && (!this.span.ended || this.#refused);
  }

  finished(value: unknown): void {
    if (this.span !== undefined && !this.span.ended) succeed(this.span, this.site, this.self, value);
  }

  failed(error: unknown): void {
    if (this.span !== undefined && !this.span.ended) fail(this.span, this.site, error);
  }
}

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
  if (isIterator(generator)) observeSteps(generator, new RecordedIteration(generator, site, self, context, begin));
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
