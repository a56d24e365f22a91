// Callbacks of the user's that call back: into instrumented code, into the set-up, into the span.

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { instrument } from '../../runtime/index.js';
import { traced } from '../gate/tracing.js';

test('calls made by a callback are not recorded, and a callback that calls its own method does not recurse without end', () =>
  traced({ enabled: true }, async ({ tracing, expectSpans }) => {
    const size = instrument({ name: 'size' }, () => 3);
    let calls = 0;
    const attributes = () => {
      calls++;
      return { size: size(), again: list() };
    };
    const list: () => number = instrument({ name: 'list', attributes, result: () => ({ after: list() }) }, () => 7);
    assert.is(list(), 7);
    assert.is(calls, 1);
    assert.is(tracing.openCount, 0);
    await expectSpans('list | after=7 | again=7 | size=3');
    assert.is(size(), 3);
    await expectSpans('list | after=7 | again=7 | size=3', 'size');
  }));

test('calls made by other callbacks are not recorded either', () =>
  traced({ enabled: true }, async ({ expectSpans }) => {
    const inner = instrument({ name: 'inner' }, () => undefined);
    const failing = instrument(
      {
        name: 'outer',
        parent: () => inner(),
        links: () => {
          inner();
          return [];
        },
        expectedErrors: () => inner() === 1,
      },
      () => {
        throw new Error('x');
      },
    );
    assert.throws(failing, 'x');
    await expectSpans('outer | error.type="Error" | error "x" | event exception');
  }));

test('after a callback that throws calls are recorded again', () =>
  traced({ enabled: true }, async ({ expectSpans }) => {
    const faulty = instrument(
      {
        name: 'faulty',
        attributes: () => {
          throw new Error('a fault');
        },
      },
      () => 1,
    );
    faulty();
    instrument({ name: 'next' }, () => 1)();
    await expectSpans('faulty', 'next');
  }));

test('a callback that shuts tracing down during the call leaves the call running and no span open', () =>
  traced({ enabled: true }, async ({ tracing }) => {
    const results: unknown[] = [];
    const call = instrument(
      {
        attributes: () => {
          void tracing.shutdown();
          return { late: true };
        },
        result: (value: number) => ({ asked: results.push(value) }),
      },
      async (value: number) => value,
    );
    assert.is(await call(5), 5);
    assert.is(tracing.openCount, 0);
    assert.equal(results, []); // the span had ended: nothing more is asked for it
  }));

test('a generator made before a shutdown and iterated after it records nothing', async () => {
  const numbers = instrument(function* numbers() {
    yield 1;
    yield 2;
  });
  let made: Generator<number> | undefined;
  const tracing = await traced({ enabled: true }, (set) => {
    made = numbers();
    return set.tracing;
  });
  assert.equal([...(made as Generator<number>)], [1, 2]);
  assert.is(tracing.openCount, 0);
});

test('a generator that calls its own next() gets the TypeError of the language, and its span stays open if it catches that', () =>
  traced({ enabled: true }, async ({ tracing, spans }) => {
    let refused = '';
    const odd: () => Generator<number> = instrument(function* odd() {
      try {
        made.next();
      } catch (error) {
        refused = (error as Error).name;
      }
      yield 1;
      yield 2;
    });
    const made = odd();
    assert.is(made.next().value, 1);
    assert.is(refused, 'TypeError');
    assert.is(tracing.openCount, 1);
    assert.equal([...made], [2]);
    assert.is((await spans())[0]?.status.code, 0);
  }));

test.run();
