// Lazy thenables, such as query builders: never run by Spanwright, chained unchanged, timed from the call to settlement.

import { type HrTime, trace } from '@opentelemetry/api';
import type { ReadableSpan } from '@opentelemetry/sdk-trace-base';
import knex from 'knex';
import * as assert from 'uvu/assert';
import type * as Fixture from './fixtures/results.js';
import { after, type Cases, collect, finished, milliseconds, only, running, runtime, spoken } from './recording.js';

const time = ([seconds, nanoseconds]: HrTime): number => seconds * 1e3 + nanoseconds / 1e6;

const activeId = (): string | undefined => trace.getActiveSpan()?.spanContext().spanId;

/** A builder as those of databases: it runs each time that it is awaited. */
class Query {
  runs = 0;
  parts: string[] = [];
  activeIn: (string | undefined)[] = [];
  constructor(readonly outcome: () => Promise<unknown> = () => Promise.resolve('rows')) {}
  where(part: string): this {
    this.parts.push(part);
    return this;
  }
  // biome-ignore lint/suspicious/noThenProperty: what is tried
  then(onFulfilled?: (value: unknown) => unknown, onRejected?: (error: unknown) => unknown): Promise<unknown> {
    this.runs++;
    this.activeIn.push(activeId());
    return this.outcome().then(onFulfilled, onRejected);
  }
}

export const thenableCases: Cases = (test, variant) => {
  const target = new (variant.load<typeof Fixture>('results').Results)();

  test('a lazy thenable is not run by Spanwright, and comes back as the same object', async () => {
    const query = new Query();
    assert.is(
      target.pass(() => query),
      query,
    );
    await after(5);
    assert.is(query.runs, 0);
    assert.is(running().openCount, 1);
    assert.is(await query.where('a').where('b'), 'rows');
    assert.is(query.runs, 1);
    assert.equal(query.parts, ['a', 'b']);
    assert.is(running().openCount, 0);
    await only();
  });

  test('a thenable is timed from the call to settlement', async () => {
    const query = target.pass(() => new Query(() => after(15)));
    await after(10);
    await query;
    assert.ok(milliseconds(await only()) > 22);
  });

  test('the work of the thenable runs inside the span; the reactions of its user do not', async () => {
    const query = target.pass(() => new Query());
    let inCallback: unknown = 'not called';
    await query.then(() => {
      inCallback = trace.getActiveSpan();
    });
    const span = await only();
    assert.equal(query.activeIn, [span.spanContext().spanId]);
    assert.is(inCallback, undefined);
  });

  test('an error fails the span and arrives', async () => {
    const error = new Error('no such table');
    const query = target.pass(() => new Query(() => Promise.reject(error)));
    let caught: unknown;
    try {
      await query;
    } catch (thrown) {
      caught = thrown;
    }
    assert.is(caught, error);
    assert.is((await only()).status.code, 2);
  });

  test('a second use runs the thenable again, as without recording, without a span', async () => {
    const query = target.pass(() => new Query());
    await query;
    await query;
    assert.is(query.runs, 2);
    await only();
  });

  test('an async function that returns a thenable settles with its outcome', async () => {
    assert.is(await target.later(() => new Query() as unknown as Promise<string>), 'rows');
    await only();
  });

  test('the thenable has no additional enumerable key, and the same class', () => {
    const query = target.pass(() => new Query());
    assert.equal(Object.keys(query).sort(), ['activeIn', 'outcome', 'parts', 'runs']);
    assert.instance(query, Query);
    void query.then();
  });

  /** Runs its work in a closure, as Prisma does: its methods do not call each other. */
  class Closed extends Query {
    readonly #work = (): Promise<unknown> => super.then();
    catch(onRejected: (error: unknown) => unknown): Promise<unknown> {
      return this.#work().catch(onRejected);
    }
    finally(onFinally: () => void): Promise<unknown> {
      return this.#work().finally(onFinally);
    }
    exec(done?: (error: unknown, value?: unknown) => void): Promise<unknown> | undefined {
      const running = this.#work();
      if (done === undefined) return running;
      running.then((value) => done(null, value), done);
      return undefined;
    }
    async *[Symbol.asyncIterator](): AsyncGenerator<unknown> {
      yield await this.#work();
    }
  }

  const WAYS: [string, (query: Closed, inHandler: () => void) => Promise<unknown>][] = [
    ['catch()', (query, inHandler) => query.catch(inHandler)],
    ['finally()', (query, inHandler) => query.finally(inHandler).catch(() => {})],
    ['exec()', (query) => (query.exec() as Promise<unknown>).catch(() => {})],
    ['exec(callback)', (query, inHandler) => new Promise((resolve) => query.exec(() => resolve(inHandler())))],
    [
      'for await',
      async (query) => {
        try {
          for await (const rows of query) assert.is(rows, 'rows');
        } catch {
          // the outcome that is tried
        }
      },
    ],
  ];
  for (const [way, use] of WAYS) {
    for (const fails of [false, true]) {
      test(`${way} of a thenable that ${fails ? 'fails' : 'succeeds'} ends the span`, async () => {
        const query = target.pass(() => new Closed(() => (fails ? Promise.reject(new Error('no')) : Promise.resolve('rows'))));
        const consumer = runtime.startSpan('consumer');
        const seen: unknown[] = [];
        await consumer.run(() => use(query as Closed, () => void seen.push(activeId())));
        consumer.end();
        assert.is(query.runs, 1);
        assert.is(running().openCount, 0);
        const [span, outer] = await finished();
        assert.is(span?.status.code, fails ? 2 : 0);
        assert.equal(query.activeIn, [span?.spanContext().spanId]);
        for (const active of seen) assert.is(active, outer?.spanContext().spanId);
        await use(query as Closed, () => {});
        assert.is(query.runs, 2);
        assert.is(query.activeIn[1], undefined);
        assert.is((await finished()).length, 0);
      });
    }
  }

  test('a run of a thenable that throws ends the span as failed, the error arrives, and a second run is not in the span', async () => {
    const error = new Error('no connection');
    const activeIn: unknown[] = [];
    const query = Object.assign(new Query(), {
      execute: () => {
        activeIn.push(activeId());
        throw error;
      },
    });
    const returned = target.pass(() => query);
    for (let run = 0; run < 2; run++)
      assert.throws(
        () => returned.execute(),
        (thrown: unknown) => thrown === error,
      );
    assert.is(running().openCount, 0);
    const span = await only();
    assert.equal([span.status.code, span.status.message], [2, 'no connection']);
    assert.equal(activeIn, [span.spanContext().spanId, undefined]);
  });

  test('a then() that throws ends the span as failed, and the error arrives', async () => {
    const error = new Error('no connection');
    const query = target.pass(
      () =>
        new Query(() => {
          throw error;
        }),
    );
    assert.throws(
      () => query.then(),
      (thrown: unknown) => thrown === error,
    );
    assert.is(running().openCount, 0);
    assert.is((await only()).status.message, 'no connection');
  });

  test('a query that is garbage-collected while it runs keeps its span until it has settled', async () => {
    let settle = (_rows: string): void => {};
    const outcome = new Promise<string>((resolve) => (settle = resolve));
    let rows: Promise<unknown> | undefined;
    (() => {
      rows = target.pass(() => Object.assign(new Query(), { exec: () => outcome })).exec();
    })();
    for (let count = 0; count < 5; count++) await collect();
    assert.is(running().openCount, 1);
    settle('rows');
    assert.is(await rows, 'rows');
    assert.is(running().openCount, 0);
    await only();
  });

  test('a query made from one that was returned runs outside its span', async () => {
    const query = target.pass(() => new Query());
    const derived: Query = Object.create(query);
    derived.activeIn = [];
    await derived;
    assert.equal(derived.activeIn, [undefined]);
    assert.is(running().openCount, 1);
    await query;
    const span = await only();
    assert.equal(query.activeIn, [span.spanContext().spanId]);
  });

  test('a run whose result cannot settle leaves the span to the next use, and logs nothing', async () => {
    const hands = {
      get: () => () => {
        throw new Error('hands off');
      },
    };
    for (const result of [undefined, null, 7, new Proxy({}, new Proxy({}, hands))]) {
      const query = target.pass(() => Object.assign(new Query(), { execute: () => result }));
      assert.ok(query.execute() === result);
      assert.is(running().openCount, 1);
      await query;
      await only();
    }
    assert.equal(spoken(), []);
  });

  test('methods that do not run a thenable are not replaced', async () => {
    const query = new Query();
    const methods = { get: () => 'header', all: () => 'all', end: () => 'chunk' };
    const returned = target.pass(() => Object.assign(query, methods));
    assert.equal([returned.get(), returned.all(), returned.end()], ['header', 'all', 'chunk']);
    assert.is(running().openCount, 1);
    await returned;
    await only();
  });

  test('a frozen thenable is left alone', async () => {
    const query = Object.freeze(new Query());
    assert.is(
      target.pass(() => query),
      query,
    );
    assert.is(running().openCount, 0);
    await only();
  });

  test('a getter named then is not run', async () => {
    let read = 0;
    const odd = {
      // biome-ignore lint/suspicious/noThenProperty: what is tried
      get then() {
        read++;
        return undefined;
      },
    };
    assert.is(
      target.pass(() => odd),
      odd,
    );
    assert.is(read, 0);
    await only();
  });

  test('a proxy that is a thenable is observed, and one that throws is left alone', async () => {
    const query = new Proxy(new Query(), {});
    assert.is(
      target.pass(() => query),
      query,
    );
    assert.is(await query, 'rows');
    assert.is(running().openCount, 0);
    const hostile = new Proxy(
      {},
      {
        get: () => {
          throw new Error('hands off');
        },
        has: () => {
          throw new Error('hands off');
        },
      },
    );
    assert.is(
      target.pass(() => hostile),
      hostile,
    );
    assert.is((await finished()).length, 2);
  });

  test('a promise subclass with its own then() is not run, and is timed by it', async () => {
    let parsed = 0;
    class ApiPromise extends Promise<string> {
      // biome-ignore lint/suspicious/noThenProperty: what is tried
      override then<A, B>(onFulfilled?: ((value: string) => A) | null, onRejected?: ((error: unknown) => B) | null) {
        parsed++;
        return after(15)
          .then(() => 'parsed')
          .then(onFulfilled, onRejected) as never;
      }
    }
    const promise = new ApiPromise((resolve) => resolve('raw'));
    assert.is(
      target.pass(() => promise),
      promise,
    );
    await after(5);
    assert.is(parsed, 0);
    assert.is(await promise, 'parsed');
    assert.is(parsed, 1);
    assert.ok(milliseconds(await only()) > 12);
  });

  test('a promise with a then() of its own is not run, and ends its span at its first use', async () => {
    let used = 0;
    const then = (onFulfilled: (value: string) => unknown, onRejected: (error: unknown) => unknown) => {
      used++;
      return after(15)
        .then(() => 'parsed')
        .then(onFulfilled, onRejected);
    };
    // biome-ignore lint/suspicious/noThenProperty: what is tried
    const promise = Object.assign(Promise.resolve('raw'), { then: then as Promise<string>['then'] });
    const returned = target.pass(() => promise);
    await after(5);
    assert.is(used, 0);
    assert.is(running().openCount, 1);
    // `await` would take the value of the promise itself
    assert.is(await new Promise((resolve, reject) => returned.then(resolve, reject)), 'parsed');
    assert.is(used, 1);
    assert.is(running().openCount, 0);
    assert.ok(milliseconds(await only()) > 12);
  });

  test('a builder of knex is not run by Spanwright, stays chainable, and its error reaches the user', async () => {
    const database = knex({ client: 'pg' });
    const builder = target.pass(() => database('machines').select('id'));
    assert.is(builder.where({ rack: 4 }).toString(), `select "id" from "machines" where "rack" = 4`);
    assert.is(running().openCount, 1);
    let caught: unknown;
    try {
      await builder;
    } catch (error) {
      caught = error;
    }
    assert.match((caught as Error).message, /acquire a connection|connection/i);
    const span = await only();
    assert.is(span.status.code, 2);
  });

  test('an unused builder ends its span with the time of the call when it is garbage-collected', async () => {
    const outer = runtime.startSpan('outer');
    outer.run(() => {
      for (let count = 0; count < 20; count++) target.pass(() => new Query());
    });
    outer.end();
    for (let count = 0; count < 200 && running().openCount > 0; count++) await collect();
    assert.is(running().openCount, 0);
    const all = await finished();
    const caller = all.find(({ name }) => name === 'outer') as ReadableSpan;
    const spans = all.filter(({ name }) => name.endsWith('pass'));
    assert.is(spans.length, 20);
    // with the time of the return, not that of the collection
    for (const span of spans) assert.ok(time(span.endTime) <= time(caller.endTime));
  });
};
