// Iterators and async iterables to their last item. The first iteration is the call's; later ones run unobserved.

import { apply, defineOrThrow, isExtensible } from '../../captured.js';
import { observeSteps } from '../steps.js';
import type { FollowedCall } from './followed.js';
import { endWhenUnused } from './followed.js';

export function observeIterator(call: FollowedCall, iterator: object): void {
  observeSteps(iterator, {
    span: call.span,
    context: call.context,
    enter: () => !call.span.ended,
    finished: (value) => call.succeed(value),
    failed: (error) => call.fail(error),
  });
  endWhenUnused(iterator, call.span);
}

export function isAsyncIterable(value: object): value is AsyncIterable<unknown> {
  return typeof (value as Partial<AsyncIterable<unknown>>)[Symbol.asyncIterator] === 'function' && isExtensible(value);
}

export function observeAsyncIterable(call: FollowedCall, iterable: AsyncIterable<unknown>): void {
  const open = iterable[Symbol.asyncIterator];
  const forget = endWhenUnused(iterable, call.span);
  let used = false;
  defineOrThrow(iterable, Symbol.asyncIterator, {
    configurable: true,
    writable: true,
    value: {
      [Symbol.asyncIterator](this: unknown, ...given: []): AsyncIterator<unknown> {
        if (used || this !== iterable) return apply(open, this, given);
        used = true;
        forget();
        const iterator = call.inside(open, this, given) as AsyncIterator<unknown>;
        observeIterator(call, iterator);
        return iterator;
      },
    }[Symbol.asyncIterator],
  });
}
