// The steps of an iterator or generator, observed on the object itself: `next`, `return` and `throw` are shadowed by own,
// non-enumerable methods of the same names. The iterator stays the same object, and every step does what it did.

import type { Context } from '@opentelemetry/api';
import { apply, defineOrThrow, isExtensible } from '../captured.js';
import { withContext } from '../context/active.js';
import { reportFault } from '../fault.js';

type StepName = 'next' | 'return' | 'throw';
type Step = (this: unknown, value?: unknown) => unknown;
interface StepResult {
  readonly done?: boolean;
  readonly value: unknown;
}

/** Events of an iteration. */
interface Iteration {
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

function observedStep(name: StepName, step: Step, iteration: Iteration, running: { step: boolean }): Step {
  const finished = (result: StepResult): StepResult => {
    try {
      // after return() an iterator has finished, unless its result has `done: false`
      if (name === 'return' ? result?.done !== false : result?.done) iteration.finished(result?.value);
      else iteration.stepped?.();
    } catch (fault) {
      reportFault('end of an iteration', fault);
    }
    return result;
  };
  const failed = (error: unknown): never => {
    try {
      iteration.failed(error);
    } catch (fault) {
      reportFault('end of an iteration', fault);
    }
    throw error;
  };
  return {
    [name](this: unknown, ...given: [unknown?]): unknown {
      let entered = false;
      try {
        entered = iteration.enter(name);
      } catch (fault) {
        reportFault(`${name}() of an iterator`, fault);
      }
      if (!entered) return apply(step, this, given);
      const { context } = iteration;
      const nested = running.step;
      let result: unknown;
      running.step = true;
      try {
        result = context === undefined ? apply(step, this, given) : withContext(context, step, this, given);
      } catch (error) {
        // the language throws when a running generator steps itself; the generator may catch that and go on
        if (nested) throw error;
        return failed(error);
      } finally {
        running.step = nested;
      }
      try {
        const later = (result as { then?: unknown } | undefined)?.then;
        if (typeof later === 'function') return apply(later, result, [finished, failed]);
        finished(result as StepResult);
      } catch (fault) {
        reportFault(`${name}() of an iterator`, fault);
      }
      return result;
    },
  }[name] as Step;
}
