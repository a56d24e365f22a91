// Values and promises: what the caller gets, how many microtasks it takes, and when the span ends.

import vm from 'node:vm';
import * as assert from 'uvu/assert';
import type * as Fixture from './fixtures/results.js';
import { after, type Cases, finished, milliseconds, only, running, ticks } from './recording.js';

/** A promise class with an API of its own, as clients of web services have. */
class Response<T> extends Promise<T> {
  status = 200;
  withStatus(): Promise<[T, number]> {
    return this.then((value) => [value, this.status]);
  }
}

/** A class that cannot be constructed the way Promise is. */
class Task<T> extends Promise<T> {
  static made = 0;
  constructor(
    executor: ConstructorParameters<typeof Promise<T>>[0],
    readonly label = 'unnamed',
  ) {
    super(executor);
    Task.made++;
  }
}

/** A function that returns one of these may have handled it before, which cannot be seen: it is reported, never raised. */
const RETURNED_BY_OTHERS = ['sync', 'sync, rejected at once', 'subclass', 'extended', 'twice'];

/** The kinds that the program tries. */
const KINDS = [
  'async',
  'async, later',
  'sync',
  'sync, rejected at once',
  'subclass',
  'extended',
  'twice',
  'thenable',
  'generator',
];

export const promiseCases: Cases = (test, variant) => {
  const target = new (variant.load<typeof Fixture>('results').Results)();

  async function caught(work: () => unknown): Promise<unknown> {
    try {
      await work();
    } catch (error) {
      return { error };
    }
    return 'nothing was thrown';
  }

  test('a sync value comes back as it is, and the span has ended', async () => {
    assert.is(target.sync(1), 2);
    assert.is(running().openCount, 0);
    assert.is((await only()).status.code, 0);
    for (const value of [null, undefined, 0, '', false, Symbol.iterator, 1n, Number.NaN, () => 1, { a: 1 }, [1]]) {
      assert.ok(
        Object.is(
          target.pass(() => value as unknown),
          value,
        ),
      );
      assert.is(running().openCount, 0);
    }
    assert.is((await finished()).length, 11);
  });

  test('the span of a promise ends when it settles, not before', async () => {
    const pending = target.later(() => after(15));
    assert.is(running().openCount, 1);
    await pending;
    assert.is(running().openCount, 0);
    assert.ok(milliseconds(await only()) > 12);
  });

  test('a function that is not async and returns a promise is timed to settlement, and gives back the same promise', async () => {
    let promise: Promise<void> | undefined;
    const given = target.pass(() => {
      promise = after(20);
      return promise;
    });
    assert.is(given, promise);
    await given;
    assert.ok(milliseconds(await only()) > 12);
  });

  test('recording costs two microtasks at most, and none while off', async () => {
    const bare = async (): Promise<number> => 1;
    const plain = await ticks(bare());
    assert.ok((await ticks(target.later(() => 1))) <= plain + 2);
    assert.ok((await ticks(target.pass(() => Promise.resolve(1)))) <= (await ticks(Promise.resolve(1))) + 1);
    const off = running().setEnabled(false);
    assert.is(await ticks(target.later(() => 1)), plain);
    const promise = Promise.resolve(1);
    assert.is(
      target.pass(() => promise),
      promise,
    );
    running().endLease(off.id);
    await finished();
  });

  test('a rejection arrives as the same error, and fails the span', async () => {
    const error = new RangeError('too far');
    assert.equal(await caught(() => target.fails(error)), { error });
    const span = await only();
    assert.is(span.status.code, 2);
    assert.is(span.status.message, 'too far');
    assert.is(span.attributes['error.type'], 'RangeError');
  });

  test('a promise of another realm is timed, and its value and errors arrive', async () => {
    const context = vm.createContext({ after });
    const slow = vm.runInContext('(async () => { await after(15); return 7; })', context) as () => Promise<number>;
    assert.is(await target.pass(slow), 7);
    assert.ok(milliseconds(await only()) > 12);
    const failing = vm.runInContext('(async () => { throw "foreign"; })', context) as () => Promise<number>;
    assert.equal(await caught(() => target.pass(failing)), { error: 'foreign' });
    assert.is((await only()).status.code, 2);
  });

  test('a promise subclass comes back as the same object, with its API, and is timed', async () => {
    let response: Response<string> | undefined;
    const given = target.pass(() => {
      response = new Response<string>((resolve) => after(20).then(() => resolve('body')));
      return response;
    });
    assert.is(given, response);
    assert.instance(given, Response);
    assert.is(given.constructor, Response);
    assert.is(running().openCount, 1);
    assert.equal(await given.withStatus(), ['body', 200]);
    assert.is(await given, 'body');
    assert.equal(Object.getOwnPropertyNames(given), ['status']);
    assert.is(running().openCount, 0);
    assert.ok(milliseconds(await only()) > 12);
  });

  test('no instance of a promise subclass is made for the purpose of watching one', async () => {
    const task = new Task<number>((resolve) => resolve(1), 'label');
    const before = Task.made;
    const given = target.pass(() => task);
    assert.is(Task.made, before);
    assert.is(given.label, 'label');
    assert.is(await given, 1);
    await only();
  });

  test('a promise with properties of its own comes back as the same object and is timed', async () => {
    const make = () => Object.assign(after(20), { cancel: () => 'cancelled' });
    let promise: ReturnType<typeof make> | undefined;
    const given = target.pass(() => {
      promise = make();
      return promise;
    });
    assert.is(given, promise);
    assert.is(given.cancel(), 'cancelled');
    assert.is(given.constructor, Promise);
    await given;
    assert.ok(milliseconds(await only()) > 12);
  });

  test('watching a promise that is more than plain costs no microtask', async () => {
    const plain = Object.assign(Promise.resolve(1), { extra: true });
    const awaited = async (promise: Promise<number>): Promise<number> => await promise;
    const before = await ticks(awaited(plain));
    const watched = target.pass(() => Object.assign(Promise.resolve(1), { extra: true }));
    assert.is(await ticks(awaited(watched)), before);
    await only();
  });

  test('a promise that passes through two recorded calls is watched by both', async () => {
    let made: Response<string> | undefined;
    const make = (): Response<string> => {
      made = new Response((resolve) => after(15).then(() => resolve('body')));
      return made;
    };
    const given = target.pass(() => target.pass(make));
    assert.is(given, made);
    assert.is(await given, 'body');
    const spans = await finished();
    assert.is(spans.length, 2);
    for (const span of spans) assert.ok(milliseconds(span) > 12);
  });

  test('a frozen promise subclass comes back untouched', async () => {
    const response = Object.freeze(Response.resolve('body'));
    assert.is(
      target.pass(() => response),
      response,
    );
    assert.is(Object.getPrototypeOf(response), Response.prototype);
    assert.is(await response, 'body');
    await only();
  });

  test('an unhandled rejection surfaces once where nothing else can have handled it; a handled one does not', () => {
    const { stdout, stderr, status } = variant.execute('rejections', 'all');
    assert.is(stderr, '');
    assert.is(status, 0);
    const { unhandled, handled } = JSON.parse(stdout) as { unhandled: string[]; handled: string[] };
    assert.equal(unhandled, KINDS.filter((kind) => !RETURNED_BY_OTHERS.includes(kind)).sort());
    const late = KINDS.filter((kind) => !['subclass', 'twice', 'async, later'].includes(kind)).map((kind) => `${kind}, late`);
    assert.equal(handled, [...KINDS, ...late].sort());
  });

  test('a service whose functions handle their rejections before they return lives on, off and on', () => {
    const { status, stdout, stderr } = variant.execute('rejections', 'taken');
    assert.is(status, 0, stderr);
    assert.is(stderr, '');
    const { taken, recorded, notices } = JSON.parse(stdout) as { taken: string[]; recorded: string[]; notices: number };
    assert.is(taken.length, 34);
    assert.equal(recorded, taken);
    assert.is(notices, 2, 'one for each site');
  });

  test('an unhandled rejection ends the process as node has it', () => {
    const { status, stderr } = variant.execute('rejections', 'fatal');
    assert.is(status, 1);
    assert.is(stderr.match(/Error: fatal/g)?.length, 1);
  });
};
