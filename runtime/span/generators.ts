// Calls of generator functions. The span starts with the first step and ends with the last, however that comes about; the
// context is active inside the body and never in the consumer. The generator is returned as the same object, its three steps
// shadowed by own, non-enumerable ones; a generator that is never iterated makes no span.

import type { Context } from '@opentelemetry/api';
import { SpanLayer } from '../context/layer.js';
import type { AnyFunction, Site } from '../site/site.js';
import { fail, succeed } from './outcome.js';
import type { RecordedSpan } from './recorded.js';

type Step = (this: unknown, value?: unknown) => unknown;
type Enter = (context: Context, body: AnyFunction, self: unknown, args: ArrayLike<unknown>) => unknown;
interface StepResult {
  readonly done?: boolean;
  readonly value: unknown;
}

const STEPS = ['next', 'return', 'throw'] as const;

/** @param begin starts the span, or says with undefined that there is no room for it */
export function followGenerator(
  generator: object,
  site: Site,
  self: unknown,
  context: Context,
  enter: Enter,
  begin: () => RecordedSpan | undefined,
): object {
  let span: RecordedSpan | undefined;
  let layer: SpanLayer | undefined;
  let begun = false;

  const finished = (result: StepResult): StepResult => {
    if (result.done && span !== undefined && !span.ended) succeed(span, site, self, result.value);
    return result;
  };
  const failed = (error: unknown): never => {
    if (span !== undefined && !span.ended) fail(span, site, error);
    throw error;
  };

  for (const name of STEPS) {
    const step = (generator as Record<string, Step>)[name] as Step;
    Object.defineProperty(generator, name, {
      configurable: true,
      writable: true,
      value: {
        [name](this: unknown, value?: unknown): unknown {
          // return() and throw() before the first step run nothing of the body
          if (!begun && name === 'next') {
            begun = true;
            span = begin();
            if (span !== undefined) layer = new SpanLayer(context, span);
          }
          begun = true;
          if (span === undefined || span.ended) return Reflect.apply(step, this, [value]);
          try {
            const result = enter(layer as SpanLayer, step, this, [value]);
            if (site.shape !== 'async generator') return finished(result as StepResult);
            return (result as Promise<StepResult>).then(finished, failed);
          } catch (error) {
            return failed(error);
          }
        },
      }[name],
    });
  }
  return generator;
}
