// `until: 'end'`: streams, observables and iterators are returned as the same object, and the span lasts until they have ended.

import { EventEmitter, once } from 'node:events';
import { Duplex, PassThrough, Readable, Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { trace } from '@opentelemetry/api';
import {
  concat,
  defer,
  firstValueFrom,
  from,
  lastValueFrom,
  map,
  NEVER,
  Observable,
  of,
  range,
  Subject,
  take,
  throwError,
} from 'rxjs';
import * as assert from 'uvu/assert';
import type * as Fixture from './fixtures/results.js';
import { after, type Cases, collect, finished, milliseconds, only, running } from './recording.js';

const activeId = (): string | undefined => trace.getActiveSpan()?.spanContext().spanId;

/** An iterator that is no generator, with a `return` that gives no value. */
class Countdown implements AsyncIterable<number> {
  active: (string | undefined)[] = [];
  constructor(readonly from: number) {}
  [Symbol.asyncIterator](): AsyncIterator<number> {
    let left = this.from;
    return {
      next: async () => {
        this.active.push(activeId());
        return left > 0 ? { done: false, value: left-- } : { done: true, value: undefined };
      },
      return: async () => ({}) as IteratorResult<number>,
    };
  }
}

/** Has no types of its own. */
const ZenObservable = require('zen-observable') as {
  new <T>(subscriber: () => () => void): ZenObservable<T>;
  of<T>(...values: T[]): ZenObservable<T>;
};
interface ZenObservable<T> {
  forEach(take: (value: T) => void): Promise<void>;
  subscribe(observer: object): { unsubscribe(): void };
}

export const endCases: Cases = (test, variant) => {
  const target = new (variant.load<typeof Fixture>('results').Results)();
  const error = new Error('broken');

  async function caught(work: () => unknown): Promise<unknown> {
    try {
      await work();
    } catch (thrown) {
      return thrown;
    }
    return 'nothing was thrown';
  }

  test('a readable stream: the span ends when all is read, and the stream is untouched', async () => {
    const stream = Readable.from(['a', 'b', 'c']);
    assert.is(
      target.open(() => stream),
      stream,
    );
    await after(10);
    assert.is(stream.readableFlowing, null);
    assert.is(running().openCount, 1);
    const chunks: string[] = [];
    for await (const chunk of stream) chunks.push(chunk as string);
    await after(1);
    assert.equal(chunks, ['a', 'b', 'c']);
    assert.is(running().openCount, 0);
    assert.ok(milliseconds(await only()) > 8);
    const bare = Readable.from(['a']);
    for await (const _ of bare);
    await after(1);
    const listeners = (read: Readable) => ['error', 'end', 'close', 'finish'].map((event) => read.listenerCount(event));
    assert.equal(listeners(stream), listeners(bare));
    assert.is(stream.listenerCount(EventEmitter.errorMonitor), 0);
  });

  test('a readable stream without `until`: the span ends with the call', async () => {
    const stream = Readable.from(['a']);
    assert.is(
      target.pass(() => stream),
      stream,
    );
    assert.is(running().openCount, 0);
    assert.is(stream.eventNames().includes(EventEmitter.errorMonitor), false);
    stream.resume();
    await only();
  });

  test('a stream that fails: the span fails, and an error that nobody handles is still thrown', async () => {
    const stream = new PassThrough();
    target.open(() => stream);
    assert.is(stream.listenerCount('error'), 0);
    const surfaced = once(process, 'uncaughtException');
    stream.destroy(error);
    assert.is((await surfaced)[0], error);
    const span = await only();
    assert.is(span.status.code, 2);
    assert.is(span.status.message, 'broken');
  });

  test('a stream that is destroyed early ends the span', async () => {
    const stream = target.open(() => new Readable({ read() {} }));
    stream.destroy();
    await once(stream, 'close');
    assert.is((await only()).status.code, 0);
  });

  test('a writable stream ends with its finish, a duplex with both of its sides', async () => {
    const written: string[] = [];
    const sink = target.open(() => new Writable({ write: (chunk, _, done) => done(void written.push(String(chunk)) as never) }));
    await pipeline(Readable.from(['x']), sink);
    assert.equal(written, ['x']);
    await only();
    const duplex = target.open(() => new Duplex({ read() {}, write: (_chunk, _encoding, done) => done(), autoDestroy: false }));
    duplex.end('x');
    await once(duplex, 'finish');
    assert.is(running().openCount, 1);
    duplex.push(null);
    duplex.resume();
    await once(duplex, 'end');
    assert.is(running().openCount, 0);
    await only();
  });

  test('a stream that is not destroyed at its end ends the span with `end` or `finish`', async () => {
    const write = (_chunk: unknown, _encoding: string, done: () => void): void => done();
    const read = function (this: Readable): void {
      this.push(null);
    };
    const source = target.open(() => new Readable({ autoDestroy: false, read })).resume();
    await once(source, 'end');
    assert.is(running().openCount, 0);
    for (const make of [
      () => new Writable({ autoDestroy: false, write }),
      () => new Duplex({ autoDestroy: false, write, readable: false } as object),
    ]) {
      const sink = target.open(make).end();
      await once(sink, 'finish');
      assert.is(running().openCount, 0);
    }
    assert.is((await finished()).length, 3);
    target.open(() => source);
    assert.is(running().openCount, 0, 'it has ended already');
    await only();
  });

  test('a stream that has ended already ends the span at once', async () => {
    const stream = Readable.from([]);
    stream.resume();
    await once(stream, 'close');
    target.open(() => stream);
    assert.is(running().openCount, 0);
    await only();
    target.open(() => new Readable({ read() {} }).destroy());
    assert.is(running().openCount, 0, 'destroyed');
    await only();
    target.open(() => new Readable({ read() {} }).on('error', () => {}).destroy(error));
    assert.is(running().openCount, 0, 'failed');
    assert.is((await only()).status.message, 'broken');
  });

  test('a stream that a promise resolves to ends the span', async () => {
    const stream = await target.openLater(() => Readable.from(['a']));
    assert.is(running().openCount, 1);
    stream.resume();
    await once(stream, 'close');
    assert.is(running().openCount, 0);
    await only();
  });

  const web = (chunks: readonly string[]): ReadableStream<string> =>
    new ReadableStream({
      start(controller) {
        for (const chunk of chunks) controller.enqueue(chunk);
        controller.close();
      },
    });
  const READINGS: Record<string, (stream: ReadableStream<string>) => Promise<unknown>> = {
    'a reader': async (stream) => {
      const reader = stream.getReader();
      while (!(await reader.read()).done);
      reader.releaseLock();
    },
    'for await': async (stream) => {
      for await (const _ of stream as unknown as AsyncIterable<string>);
    },
    pipeTo: (stream) => stream.pipeTo(new WritableStream()),
    pipeThrough: (stream) => stream.pipeThrough(new TransformStream()).pipeTo(new WritableStream()),
    tee: (stream) => Promise.all(stream.tee().map((branch) => branch.pipeTo(new WritableStream()))),
    cancel: (stream) => stream.cancel('enough'),
    'for await, left early': async (stream) => {
      for await (const _ of stream as unknown as AsyncIterable<string>) break;
    },
    'the body of a response': (stream) => new Response(stream.pipeThrough(new TextEncoderStream())).text(),
  };
  for (const [how, read] of Object.entries(READINGS)) {
    test(`a web stream is returned unlocked, and its span ends with the reading: ${how}`, async () => {
      const stream = web(['a', 'b']);
      assert.is(
        target.open(() => stream),
        stream,
      );
      await after(10);
      assert.is(stream.locked, false);
      assert.is(running().openCount, 1);
      await read(stream);
      await after(1);
      assert.is(running().openCount, 0);
      const span = await only();
      assert.ok(milliseconds(span) > 8);
      assert.is(span.status.code, 0);
    });
  }

  test('a web stream that fails fails the span; releasing its lock does not end the span', async () => {
    const stream = target.open(() => new ReadableStream({ pull: (controller) => controller.error(error) }, { highWaterMark: 0 }));
    const first = stream.getReader();
    first.releaseLock();
    await after(1);
    assert.is(running().openCount, 1);
    assert.is(await caught(() => stream.getReader().read()), error);
    await after(1);
    assert.is((await only()).status.message, 'broken');
  });

  test('a refused lock of a web stream does not end the span', async () => {
    const stream = target.open(() => new ReadableStream({ pull: (controller) => controller.enqueue('a') }));
    const reader = stream.getReader();
    await reader.read();
    for (const refused of [() => stream.cancel(), () => stream.pipeTo(new WritableStream())])
      assert.instance(await caught(refused), TypeError);
    assert.is(running().openCount, 1);
    await reader.cancel();
    await after(1);
    assert.is((await only()).status.code, 0);
  });

  const SINKS: Record<string, [(sink: WritableStream) => Promise<unknown>, number]> = {
    'a writer that closes': [(sink) => sink.getWriter().close(), 0],
    'a stream that is piped into it': [(sink) => web(['a']).pipeTo(sink), 0],
    close: [(sink) => sink.close(), 0],
    'an abort': [(sink) => sink.abort(error), 2],
  };
  for (const [how, [write, status]] of Object.entries(SINKS)) {
    test(`a writable web stream is returned unlocked, and its span ends with ${how}`, async () => {
      const sink = new WritableStream();
      assert.is(
        target.open(() => sink),
        sink,
      );
      assert.equal(Object.getOwnPropertyNames(sink), []);
      assert.is(sink.locked, false);
      assert.is(running().openCount, 1);
      await write(sink);
      await after(1);
      assert.is((await only()).status.code, status);
    });
  }

  test('a socket that is handed out many times has one set of listeners, and ends the span of each call', async () => {
    const socket = new PassThrough();
    let warned = 0;
    const warn = (): void => void warned++;
    process.on('warning', warn);
    for (let call = 0; call < 20; call++) target.open(() => socket);
    assert.is(socket.listenerCount(EventEmitter.errorMonitor), 1);
    assert.is(running().openCount, 20);
    socket.once('error', () => {});
    socket.destroy(error);
    await new Promise((closed) => socket.once('close', closed));
    process.off('warning', warn);
    assert.is(warned, 0);
    const spans = await finished();
    assert.is(spans.length, 20);
    assert.ok(spans.every((span) => span.status.code === 2));
    target.open(() => socket);
    assert.is(running().openCount, 0, 'it has ended already');
    await only();
  });

  test('an observable: one span for its first subscription, and the same observable', async () => {
    const source = of(1, 2, 3);
    assert.is(
      target.open(() => source),
      source,
    );
    assert.is(running().openCount, 1);
    assert.is(await lastValueFrom(source.pipe(map((value) => value * 2))), 6);
    assert.is(running().openCount, 0);
    assert.is(await lastValueFrom(source), 3);
    assert.is((await only()).status.code, 0);
  });

  test('an observable lasts until it completes; its work is inside the span, its consumer is not', async () => {
    let inside: string | undefined;
    const source = target.open(() =>
      defer(() => {
        inside = activeId();
        return concat(from(after(15)), of(1));
      }),
    );
    const seen: (string | undefined)[] = [];
    await new Promise<void>((resolve) => {
      source.subscribe({ next: () => seen.push(activeId()), complete: resolve });
    });
    const span = await only();
    assert.ok(milliseconds(span) > 12);
    assert.is(inside, span.spanContext().spanId);
    assert.equal(seen, [undefined, undefined]);
  });

  test('an observable ends its span when it fails, when it is unsubscribed, and not while it runs on', async () => {
    assert.is(await caught(() => lastValueFrom(target.open(() => throwError(() => error)))), error);
    assert.is((await only()).status.message, 'broken');
    target
      .open(() => NEVER)
      .subscribe()
      .unsubscribe();
    assert.is((await only()).status.code, 0);
    assert.is(await firstValueFrom(target.open(() => range(1, Number.MAX_SAFE_INTEGER)).pipe(take(1))), 1);
    assert.is((await only()).status.code, 0);
  });

  test('a second subscription of an observable is not of the call', async () => {
    const inside: (string | undefined)[] = [];
    const source = target.open(() =>
      defer(() => {
        inside.push(activeId());
        return of(1);
      }),
    );
    await lastValueFrom(source);
    const span = await only();
    await lastValueFrom(source);
    assert.equal(inside, [span.spanContext().spanId, undefined]);
  });

  test('an observable of another library ends its span when it completes, and when it is unsubscribed', async () => {
    const completing = target.open(() => ZenObservable.of(1, 2));
    const seen: number[] = [];
    await completing.forEach((value) => void seen.push(value));
    assert.equal(seen, [1, 2]);
    assert.is((await only()).status.code, 0);
    let cleaned = 0;
    const endless = target.open(() => new ZenObservable<number>(() => () => cleaned++));
    const subscription = endless.subscribe({});
    assert.is(running().openCount, 1);
    subscription.unsubscribe();
    assert.is(cleaned, 1);
    assert.is(running().openCount, 0);
    await only();
  });

  test('an error of an observable that nobody handles is reported as rxjs does', async () => {
    const surfaced = once(process, 'uncaughtException');
    target.open(() => throwError(() => error)).subscribe();
    assert.is((await surfaced)[0], error);
    assert.is((await only()).status.code, 2);
  });

  test('a Subject is returned as a Subject, and ends the span when it completes', async () => {
    const subject = target.open(() => new Subject<number>());
    const seen: number[] = [];
    subject.subscribe((value) => seen.push(value));
    subject.next(1);
    assert.instance(subject, Subject);
    assert.is(running().openCount, 1);
    subject.complete();
    assert.equal(seen, [1]);
    await only();
  });

  test('an observable without `until` is left alone', async () => {
    const source = new Observable<number>((subscriber) => subscriber.complete());
    const { subscribe } = source;
    assert.is(target.pass(() => source).subscribe, subscribe);
    assert.is(running().openCount, 0);
    await only();
  });

  test('an async iterable that is not a generator ends the span after its last value or a break', async () => {
    const iterable = new Countdown(2);
    assert.is(
      target.open(() => iterable),
      iterable,
    );
    const got: number[] = [];
    for await (const value of iterable) got.push(value);
    assert.equal(got, [2, 1]);
    const span = await only();
    assert.equal(new Set(iterable.active), new Set([span.spanContext().spanId]));
    target.open(() => iterable);
    for await (const _ of iterable) break;
    await only();
  });

  test('a generator that a plain function returns ends the span after its last value', async () => {
    function* numbers(): Generator<number, string> {
      yield 1;
      yield 2;
      return 'end';
    }
    const generator = target.open(numbers);
    assert.is(running().openCount, 1);
    assert.equal([...generator], [1, 2]);
    assert.is(running().openCount, 0);
    await only();
  });

  test('other results end the span with the call: values, arrays, maps', async () => {
    for (const value of [1, 'text', [1], new Map([[1, 2]]), { subscribe() {} }, null]) {
      target.open(() => value);
      assert.is(running().openCount, 0);
    }
    assert.is((await finished()).length, 6);
  });

  const UNUSED: Record<string, () => unknown> = {
    'a web stream': () => new ReadableStream(),
    'a writable web stream': () => new WritableStream(),
    'a stream': () => new PassThrough(),
    'an observable': () => new Observable(),
    'an iterator': () => [1].values(),
    'an async iterable': () => new Countdown(1),
  };
  test('a result that nobody uses ends its span when it is garbage-collected', async () => {
    for (const [kind, make] of Object.entries(UNUSED)) {
      (() => void target.open(make))();
      for (let count = 0; count < 50 && running().openCount > 0; count++) await collect();
      assert.is(running().openCount, 0, kind);
      await only();
    }
  });

  test('an async iterable that is garbage-collected while it is iterated keeps its span until the end', async () => {
    async function* numbers(): AsyncGenerator<number> {
      yield 1;
    }
    const iterator = (() => target.open(() => ({ [Symbol.asyncIterator]: () => numbers() }))[Symbol.asyncIterator]())();
    for (let count = 0; count < 5; count++) await collect();
    assert.is(running().openCount, 1);
    while (!(await iterator.next()).done);
    await only();
  });

  test('an observable is known by either of its marks', async () => {
    const mark = Symbol('observable');
    Object.defineProperty(Symbol, 'observable', { value: mark, configurable: true });
    const marked: Observable<number> = Object.defineProperties(of(1), {
      '@@observable': { value: undefined },
      [mark]: { value: () => marked },
    });
    try {
      for (const source of [marked, of(1)]) {
        target.open(() => source);
        assert.is(running().openCount, 1);
        assert.is(await lastValueFrom(source), 1);
        await only();
      }
    } finally {
      Reflect.deleteProperty(Symbol, 'observable');
    }
  });
};
