// Observables (RxJS, and others after the TC39 proposal): the first subscription is the call's and ends with it; `subscribe` is
// observed on the observable itself. The producer runs inside the span, the consumer's callbacks in the consumer's context.

import type { Context } from '@opentelemetry/api';
import { apply, defineOrThrow, getPrototypeOf, isExtensible } from '../../captured.js';
import { activeContext, withContext } from '../../context/active.js';
import type { FollowedCall } from './followed.js';
import { endWhenUnused } from './followed.js';

type Method = (this: unknown, ...args: unknown[]) => unknown;
interface Subscriber {
  next?: Method;
  error?: Method;
  complete?: Method;
  add?(teardown: () => void): void;
}
type Subscription = { unsubscribe?(): void } | undefined;
interface Observable {
  subscribe: Method;
}
type ObservableClass = new (producer: (subscriber: Subscriber) => unknown) => Observable;

export function isObservable(value: object): value is Observable {
  const candidate = value as { subscribe?: unknown; [key: string | symbol]: unknown };
  const marked = candidate[(Symbol as { observable?: symbol }).observable ?? '@@observable'] ?? candidate['@@observable'];
  return typeof candidate.subscribe === 'function' && typeof marked === 'function' && isExtensible(value);
}

export function observeObservable(call: FollowedCall, observable: Observable): void {
  const { subscribe } = observable;
  const forget = endWhenUnused(observable, call.span);
  let used = false;
  defineOrThrow(observable, 'subscribe', {
    configurable: true,
    writable: true,
    value: {
      subscribe(this: unknown, ...given: unknown[]): unknown {
        if (used || this !== observable) return apply(subscribe, this, given);
        used = true;
        forget();
        const consumer = activeContext();
        // The class of the observable creates the subscriber from the arguments, so that its treatment of unhandled errors and of
        // cancellation does not change.
        const Base = baseClass(observable);
        const outer = new Base((subscriber) => {
          observeSubscriber(call, subscriber, consumer, observable);
          const subscription = call.inside(subscribe, observable, [subscriber]) as Subscription;
          return subscription === subscriber ? subscription : cancelling(call, subscription, observable);
        });
        return apply(outer.subscribe, outer, given);
      },
    }.subscribe,
  });
}

/** The class below a Subject or an operator's observable: the one whose constructor takes a producer. */
function baseClass(observable: object): ObservableClass {
  let prototype = getPrototypeOf(observable) as object;
  for (let next = getPrototypeOf(prototype); next !== null && 'subscribe' in next; next = getPrototypeOf(next)) prototype = next;
  return (prototype as { constructor: ObservableClass }).constructor;
}

/** For a subscriber that takes no teardown: the end of the subscription, also before its time. */
function cancelling(call: FollowedCall, subscription: Subscription, observable: Observable): () => void {
  return function cancel() {
    call.succeed(observable);
    subscription?.unsubscribe?.();
  };
}

function observeSubscriber(call: FollowedCall, subscriber: Subscriber, consumer: Context, observable: Observable): void {
  outside('next', () => {});
  outside('error', (error) => call.fail(error));
  outside('complete', () => call.succeed(observable));
  // unsubscribed before the end: the consumer had enough
  subscriber.add?.(() => call.succeed(observable));

  function outside(name: 'next' | 'error' | 'complete', tell: (value: unknown) => void): void {
    const method = subscriber[name];
    if (typeof method !== 'function') return;
    const observed = function observed(this: unknown, ...args: unknown[]): unknown {
      tell(args[0]);
      return withContext(consumer, method, this, args);
    };
    defineOrThrow(subscriber, name, { configurable: true, writable: true, value: observed });
  }
}
