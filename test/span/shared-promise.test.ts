// One promise that several instrumented calls return: each call is timed, and the promise stays usable.

import { inspect } from 'node:util';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { instrument } from '../../runtime/index.js';
import { traced } from '../gate/tracing.js';

class Extended<T> extends Promise<T> {
  label = 'mine';
}

for (const [kind, make] of [
  ['plain', (run: (resolve: (value: number) => void) => void) => new Promise<number>(run)],
  ['extended', (run: (resolve: (value: number) => void) => void) => new Extended<number>(run)],
] as const) {
  test(`a ${kind} promise that three calls return ends three spans, and gives each caller its value`, () =>
    traced({ enabled: true }, async ({ spans, tracing }) => {
      let resolve: (value: number) => void = () => {};
      const shared = make((settle) => {
        resolve = settle;
      });
      const wait = instrument({ namespace: 'a', name: 'wait' }, () => shared);
      const calls = [wait(), wait(), wait()];
      assert.is(tracing.openCount, 3);
      resolve(7);
      assert.equal(await Promise.all(calls), [7, 7, 7]);
      assert.is(await shared, 7);
      assert.is(tracing.openCount, 0);
      assert.is((await spans()).length, 3);
    }));
}

test('a plain promise that a function shares comes back as the same object, without new properties', () =>
  traced({ enabled: true }, async () => {
    const promise = Promise.resolve(1);
    const returned = instrument({ namespace: 'a', name: 'wait' }, () => promise)();
    assert.is(returned, promise);
    assert.is(await returned, 1);
    assert.is(promise.constructor, Promise);
    assert.instance(promise, Promise);
    assert.equal(Object.getOwnPropertyNames(promise), []);
    assert.match(inspect(promise), /^Promise \{ 1/);
  }));

test('a rejection that one caller handles is not raised because another caller ignores its result', () =>
  traced({ enabled: true }, async ({ spans }) => {
    const surfaced: unknown[] = [];
    const note = (error: unknown): void => void surfaced.push(error);
    process.on('unhandledRejection', note);
    const error = new Error('handled elsewhere');
    const shared = new Promise<number>((_, reject) => setTimeout(reject, 1, error));
    const wait = instrument({ namespace: 'a', name: 'wait' }, () => shared);
    void wait();
    const caught = await wait().catch((thrown: unknown) => thrown);
    void wait();
    await new Promise((resolve) => setTimeout(resolve, 5));
    process.off('unhandledRejection', note);
    assert.is(caught, error);
    assert.equal(surfaced, []);
    assert.is((await spans()).length, 3);
  }));

test('a promise with a property of the program keeps it and its identity', () =>
  traced({ enabled: true }, async () => {
    const promise = Object.assign(Promise.resolve(1), { cancel: () => 'cancelled' });
    const returned = instrument({ namespace: 'a', name: 'wait' }, () => promise)();
    assert.is(returned, promise);
    assert.is(returned.cancel(), 'cancelled');
    assert.is(await returned, 1);
  }));

test.run();
