// Thrown values of any kind: the same value reaches the caller, and the span describes it as far as possible.

import * as assert from 'uvu/assert';
import type * as Fixture from './fixtures/results.js';
import { type Cases, finished, only, spoken } from './recording.js';

class HttpError extends Error {
  constructor(readonly code: number) {
    super(`status ${code}`);
  }
}

const hostile = (): object =>
  new Proxy(
    {},
    {
      get: () => {
        throw new Error('hands off');
      },
      getPrototypeOf: () => {
        throw new Error('hands off');
      },
      has: () => {
        throw new Error('hands off');
      },
    },
  );

class Bristly extends Error {
  override get message(): string {
    throw new Error('not telling');
  }
  override get name(): string {
    throw new Error('not telling');
  }
  override get stack(): string {
    throw new Error('not telling');
  }
  override get cause(): unknown {
    throw new Error('not telling');
  }
}

/** Values to throw, with the type that the span gives them; undefined if any will do. */
const THROWN: Record<string, { make: () => unknown; type?: string }> = {
  null: { make: () => null, type: 'null' },
  undefined: { make: () => undefined, type: 'undefined' },
  'a string': { make: () => 'text', type: 'string' },
  'an empty string': { make: () => '', type: 'string' },
  zero: { make: () => 0, type: 'number' },
  'a big integer': { make: () => 1n, type: 'bigint' },
  'a symbol': { make: () => Symbol('thrown'), type: 'symbol' },
  'a function': { make: () => () => 1 },
  'a plain object': { make: () => ({ message: 'odd', code: 7 }), type: 'Object' },
  'an object without prototype': { make: () => Object.create(null), type: '_OTHER' },
  'a frozen error': { make: () => Object.freeze(new TypeError('frozen')), type: 'TypeError' },
  'an error of a class': { make: () => new HttpError(500), type: 'HttpError' },
  'an error whose getters throw': { make: () => new Bristly() },
  'a proxy whose traps throw': { make: hostile },
  'a revoked proxy': {
    make: () => {
      const { proxy, revoke } = Proxy.revocable({}, {});
      revoke();
      return proxy;
    },
  },
  'a promise': { make: () => Promise.resolve(1), type: 'Promise' },
};

export const errorCases: Cases = (test, variant) => {
  const target = new (variant.load<typeof Fixture>('results').Results)();

  async function caught(work: () => unknown): Promise<{ thrown: unknown }> {
    try {
      await work();
    } catch (thrown) {
      return { thrown };
    }
    throw new Error('nothing was thrown');
  }

  for (const [what, { make, type }] of Object.entries(THROWN)) {
    for (const how of ['throws', 'fails', 'expectsClass', 'expectsPredicate'] as const) {
      test(`${what} reaches the caller as it is, and fails the span: ${how}`, async () => {
        const value = make();
        const { thrown } = await caught(() => target[how](value));
        assert.ok(Object.is(thrown, value));
        const span = await only();
        assert.is(span.status.code, 2);
        assert.type(span.attributes['error.type'], 'string');
        if (type !== undefined) assert.is(span.attributes['error.type'], type);
        assert.is(span.events.length, 1);
        assert.is(span.events[0]?.attributes?.['exception.type'], span.attributes['error.type']);
      });
    }
  }

  test('an error is recorded once in a trace, however many calls it passes; each fails', async () => {
    const error = new Error('deep');
    assert.is((await caught(() => target.outer(error))).thrown, error);
    const spans = await finished();
    assert.equal(
      spans.map(({ name, status, events }) => [name.split('.').pop(), status.code, events.length]),
      [
        ['fails', 2, 1],
        ['outer', 2, 0],
      ],
    );
  });

  test('the same error in another trace is recorded there too', async () => {
    const error = new Error('again');
    await caught(() => target.fails(error));
    await caught(() => target.fails(error));
    assert.equal(
      (await finished()).map(({ events }) => events.length),
      [1, 1],
    );
  });

  test('causes and the members of an AggregateError are recorded, also when they are circular', async () => {
    const inner: Error = new RangeError('inner');
    const middle = new TypeError('middle', { cause: inner });
    inner.cause = middle;
    await caught(() => target.fails(new AggregateError([middle, 'a string', null], 'several', { cause: 'root' })));
    const { events, attributes } = await only();
    assert.is(attributes['error.type'], 'AggregateError');
    const stack = String(events[0]?.attributes?.['exception.stacktrace']);
    assert.match(stack, /Includes: TypeError: middle/);
    assert.match(stack, /Caused by: RangeError: inner/);
    assert.match(stack, /Includes: a string/);
    assert.match(stack, /Includes: null/);
    assert.match(stack, /Caused by: root/);
    assert.is(stack.match(/TypeError: middle/g)?.length, 1);
  });

  test('an expected error does not fail the span: by class', async () => {
    await caught(() => target.expectsClass(new RangeError('expected')));
    await caught(() => target.expectsClass(new TypeError('not expected')));
    assert.equal(
      (await finished()).map(({ status, events }) => [status.code, events.length]),
      [
        [0, 0],
        [2, 1],
      ],
    );
  });

  test('an expected error does not fail the span: by predicate', async () => {
    await caught(() => target.expectsPredicate(new HttpError(404)));
    await caught(() => target.expectsPredicate(new HttpError(500)));
    assert.equal(
      (await finished()).map(({ status }) => status.code),
      [0, 2],
    );
  });

  test('a predicate that throws expects nothing, and is logged', async () => {
    assert.is((await caught(() => target.expectsPredicate(null))).thrown, null);
    assert.is((await only()).status.code, 2);
  });

  test('an aborted call is marked as cancelled, not failed', async () => {
    const controller = new AbortController();
    controller.abort();
    await caught(() => target.fails(controller.signal.reason));
    const cancelled = await only();
    assert.is(cancelled.status.code, 0);
    assert.is(cancelled.attributes['spanwright.cancelled'], true);
    assert.is(cancelled.events.length, 0);
    await caught(() => target.fails(new DOMException('too slow', 'TimeoutError')));
    assert.is((await only()).status.code, 2);
  });

  test('status OK is never set', async () => {
    target.sync(1);
    await target.later(() => 1);
    assert.equal(
      (await finished()).map(({ status }) => status.code),
      [0, 0],
    );
  });

  test('messages and stacks are bounded', async () => {
    await caught(() => target.fails(new Error('x'.repeat(1_000_000))));
    const { events } = await only();
    assert.ok(String(events[0]?.attributes?.['exception.stacktrace']).length <= 16_384);
    assert.ok(String(events[0]?.attributes?.['exception.message']).length <= 16_384);
    spoken();
  });
};
