// Methods that Spanwright puts on results while it records: a program can replace and delete them as it could before, and sees none of
// them in a loop.

import { EventEmitter } from 'node:events';
import { PassThrough } from 'node:stream';
import { Observable } from 'rxjs';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { instrument } from '../../runtime/index.js';
import { traced } from '../gate/tracing.js';

const followed = <Result extends object>(result: Result): Result =>
  instrument({ namespace: 'shadowed', name: 'followed', until: 'end' as const }, () => result)();
const returned = <Result extends object>(result: Result): Result =>
  instrument({ namespace: 'shadowed', name: 'returned' }, () => result)();

/** Each own method of the object is one that can be replaced and deleted, and is not enumerated. */
function replaceable(holder: object, ...names: PropertyKey[]): void {
  for (const name of names) {
    const { configurable, writable, enumerable, value } = Object.getOwnPropertyDescriptor(holder, name) ?? {};
    assert.equal([configurable, writable, enumerable, typeof value], [true, true, false, 'function'], String(name));
  }
}

test('methods on streams, observables and iterators', () =>
  traced({ enabled: true }, async ({ tracing }) => {
    const web = followed(new ReadableStream<number>({ pull: (controller) => controller.close() }));
    replaceable(web, 'getReader', 'cancel', 'pipeTo', 'pipeThrough', 'tee', 'values', Symbol.asyncIterator);
    assert.is(web.getReader.name, 'getReader');
    const nameOf = Object.getOwnPropertyDescriptor(web.getReader, 'name');
    assert.is(nameOf?.configurable, true);
    const reader = web.getReader();
    replaceable(reader, 'releaseLock');
    assert.is((await reader.read()).done, true);

    const observable = followed(
      new Observable<number>((subscriber) => {
        replaceable(subscriber, 'next', 'error', 'complete');
        subscriber.complete();
      }),
    );
    replaceable(observable, 'subscribe');
    observable.subscribe();

    const generator = followed(
      (function* () {
        yield 1;
      })(),
    );
    replaceable(generator, 'next', 'return', 'throw');
    assert.equal([...generator], [1]);

    const iterable = followed({
      async *[Symbol.asyncIterator]() {
        yield 1;
      },
    });
    assert.is(Object.getOwnPropertyDescriptor(iterable, Symbol.asyncIterator)?.configurable, true);
    assert.is(Object.getOwnPropertyDescriptor(iterable, Symbol.asyncIterator)?.writable, true);
    for await (const item of iterable) assert.is(item, 1);
    assert.is(tracing.openCount, 0);
  }));

test('a Node.js stream gets four listeners, which are gone when it has ended', () =>
  traced({ enabled: true }, async ({ tracing }) => {
    const names = ['end', 'finish', 'close', EventEmitter.errorMonitor];
    const counts = (stream: EventEmitter): number[] => names.map((name) => stream.listenerCount(name));
    for (const end of ['destroy', 'end', 'fail'] as const) {
      const stream = new PassThrough();
      const before = counts(stream);
      followed(stream);
      followed(stream);
      assert.equal(
        counts(stream),
        before.map((count) => count + 1),
      );
      assert.is(tracing.openCount, 2);
      stream.on('error', () => {});
      if (end === 'end') stream.resume().end('x');
      else stream.destroy(end === 'fail' ? new Error('x') : undefined);
      await new Promise((resolve) => setTimeout(resolve, 5));
      assert.is(tracing.openCount, 0, end);
      assert.is(counts(stream)[3], 0);
      assert.is(counts(stream)[2], 0);
    }
  }));

test('methods on promises and thenables', () =>
  traced({ enabled: true }, async () => {
    const promise = returned(Promise.resolve(1));
    assert.equal(Object.getOwnPropertyNames(promise), []);
    const inserted = Object.getPrototypeOf(promise) as object;
    replaceable(inserted, 'then');
    const { configurable, enumerable } = Object.getOwnPropertyDescriptor(inserted, 'constructor') ?? {};
    assert.equal([configurable, enumerable], [true, false]);
    assert.is(promise.constructor, Promise);
    class Own extends Promise<unknown> {}
    (promise as { constructor: unknown }).constructor = Own;
    const own = Object.getOwnPropertyDescriptor(promise, 'constructor');
    assert.equal([own?.value, own?.writable, own?.configurable, own?.enumerable], [Own, true, true, true]);
    await promise;

    class Query {
      // biome-ignore lint/suspicious/noThenProperty: what is tried
      then(done: (value: number) => void): void {
        done(7);
      }
      exec(): Promise<number> {
        return Promise.resolve(8);
      }
    }
    const query = returned(new Query());
    replaceable(query, 'then', 'exec');
    assert.equal([query.then.name, query.exec.name], ['then', 'exec']);
    for (const name of ['then', 'exec'] as const)
      assert.is(Object.getOwnPropertyDescriptor(query[name], 'name')?.configurable, true);
    assert.is(await query.exec(), 8);

    // biome-ignore lint/suspicious/noThenProperty: what is tried
    const plain = returned({ then: (done: (value: number) => void) => done(9), other: 1 });
    assert.equal(Object.keys(plain), ['then', 'other'], 'an own method stays enumerable');
    assert.is(await plain, 9);
    // biome-ignore lint/suspicious/noThenProperty: what is tried
    const fixed = Object.freeze({ then: (done: (value: number) => void) => done(10) });
    assert.is(await returned(fixed), 10);
  }));

test.run();
