// The steps of an iterator or generator, observed on the object itself: `next`, `return` and `throw` are shadowed by own,
// non-enumerable methods of the same names. The iterator stays the same object, and every step does what it did.

import type { Context } from '@opentelemetry/api';
import { apply, defineOrThrow, isExtensible } from '../captured.js';
import { withContext } from '../context/active.js';
import { reportFault } from '../fault.js';
import { type AbandonedSpan, abandon, abandoned } from '../open/abandoned.js';
import type { RecordedSpan } from './recorded.js';

/** A local binding, because reading an imported one can be a call of a getter, for which a full stack has no room. */
const faulty = abandoned;

/** In the place of a span that has not started. */
const NO_SPAN: AbandonedSpan = { isAbandoned: false, attempts: 0, endAfterFault() {} };

export type StepName = 'next' | 'return' | 'throw';
type Step = (this: unknown, value?: unknown) => unknown;
interface StepResult {
  readonly done?: boolean;
  readonly value: unknown;
}

/** Events of an iteration. */
export interface Iteration {
  /** The span that ends with the iteration, from its start on. A plain property, because it is read where the stack is full. */
  readonly span?: RecordedSpan | undefined;
  /** The context to run each step in; undefined leaves the consumer's. */
  context: Context | undefined;
  /** Called before each step; false: this step is not observed. */
  enter(step: StepName): boolean;
  /** The iterator has finished, or was ended by its consumer. */
  finished(value: unknown): void;
  failed(error: unknown): void;
  /** Called after a step that was not the last. */
  stepped?(): void;
}

const STEPS: readonly StepName[] = ['next', 'return', 'throw'];

/** True when `value`, which may be anything at all, has steps that can be observed. */
export function isIterator(value: unknown): value is object {
  return typeof (value as { next?: unknown } | null | undefined)?.next === 'function' && isExtensible(value);
}

export function observeSteps(iterator: object, iteration: Iteration): void {
  const running = { step: false };
  for (const name of STEPS) {
    const step = (iterator as Record<string, unknown>)[name];
    if (typeof step === 'function')
      defineOrThrow(iterator, name, {
        configurable: true,
        writable: true,
        value: observedStep(name, step as Step, iteration, running),
      });
  }
}

/** @param isNested the language throws when a running generator steps itself; the generator may catch that and go on */
function endFailed(iteration: Iteration, error: unknown, isNested: boolean): void {
  try {
    if (!isNested) iteration.failed(error);
  } catch (fault) {
    abandon(iteration.span ?? NO_SPAN, 'end of an iteration', fault);
  }
}

function observedStep(name: StepName, step: Step, iteration: Iteration, running: { step: boolean }): Step {
  const finished = (result: StepResult): StepResult => {
    try {
      // after return() an iterator has finished, unless its result has `done: false`
      if (name === 'return' ? result?.done !== false : result?.done) iteration.finished(result?.value);
      else iteration.stepped?.();
    } catch (fault) {
      abandon(iteration.span ?? NO_SPAN, 'end of an iteration', fault);
    }
    return result;
  };
  const failed = (error: unknown): never => {
    endFailed(iteration, error, false);
    throw error;
  };
  const settled = (result: StepResult & { then?: unknown }): unknown => {
    const later = result?.then;
    return typeof later === 'function' ? apply(later, result, [finished, failed]) : finished(result);
  };
  return {
    [name](this: unknown, ...given: [unknown?]): unknown {
      const nested = running.step;
      let isObserved = false;
      let fault: unknown;
      try {
        let entered = false;
        try {
          entered = iteration.enter(name);
          isObserved = !entered;
        } catch (thrown) {
          // the span may have started, and no step will end it
          reportFault(`${name}() of an iterator`, thrown);
        }
        if (!entered) return apply(step, this, given);
        const { context } = iteration;
        let result: unknown;
        running.step = true;
        try {
          result = context === undefined ? apply(step, this, given) : withContext(context, step, this, given);
        } catch (error) {
          try {
            endFailed(iteration, error, nested);
            isObserved = true;
          } catch {
            // the stack is full
          }
          throw error;
        } finally {
          running.step = nested;
        }
        try {
          result = settled(result as StepResult);
          isObserved = true;
        } catch (thrown) {
          fault = thrown;
        }
        return result;
      } finally {
        try {
          if (!isObserved) {
            // nothing is called for this, because the stack may be full
            const span = iteration.span ?? NO_SPAN;
            span.isAbandoned = true;
            faulty.any = true;
            if (fault !== undefined) reportFault(`${name}() of an iterator`, fault);
          }
        } catch {
          // the stack is full, or the application has frozen the span
        }
      }
    },
  }[name] as Step;
}
