// Faults of the recorder beside those of injected-faults.test.ts: each is logged with its place, and the program gets its own result.

import { context, INVALID_SPAN_CONTEXT, ROOT_CONTEXT, TraceFlags, trace } from '@opentelemetry/api';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { instrument, startSpan } from '../../runtime/index.js';
import { statusOfException } from '../../runtime/nest/http-exception.js';
import type { Site } from '../../runtime/site/site.js';
import { failInline, startInline } from '../../runtime/span/inline.js';
import { RecordedSpan } from '../../runtime/span/recorded.js';
import { isIterator, observeSteps } from '../../runtime/span/steps.js';
import { state } from '../../runtime/state.js';
import { noticesDuring, traced } from '../gate/tracing.js';

/** SPW010 is logged once a minute for each cause, so each call has a namespace of its own. */
let number = 0;
const at = (name: string) => ({ namespace: `faults::n${number++}`, name });

/** The texts of SPW010 while `work` runs. */
async function faultsOf(work: () => unknown): Promise<string[]> {
  const lines = await noticesDuring(work);
  return lines.flatMap((line) => /SPW010 .*?: (.*)/.exec(line)?.[1] ?? []);
}

/** Replaces a method by one that throws, while `work` runs. */
async function failing(holder: object, method: string, work: () => unknown): Promise<string[]> {
  const own = Object.getOwnPropertyDescriptor(holder, method);
  Object.defineProperty(holder, method, {
    configurable: true,
    value: () => {
      throw new Error(`fault of ${method}`);
    },
  });
  try {
    return await faultsOf(work);
  } finally {
    if (own === undefined) Reflect.deleteProperty(holder, method);
    else Object.defineProperty(holder, method, own);
  }
}

test('a start that fails runs the call unrecorded, and is logged with its site', () =>
  traced({ enabled: true }, async ({ spans, tracing }) => {
    const call = instrument(at('call'), (n: number) => n + 1);
    const [text, ...more] = await failing(state.recorder as object, 'hasRoom', () => assert.is(call(1), 2));
    assert.match(text as string, /^start of faults::n\d+.*fault of hasRoom/);
    assert.equal(more, []);
    assert.equal(await spans(), []);
    assert.is(tracing.openCount, 0);
  }));

test('a generator whose span cannot start iterates unrecorded', () =>
  traced({ enabled: true }, async ({ spans, tracing }) => {
    const steps = instrument(at('steps'), function* steps() {
      yield 1;
      yield 2;
    });
    const [text] = await failing(state.recorder as object, 'start', () => assert.equal([...steps()], [1, 2]));
    assert.match(text as string, /^start of faults::n\d+.*fault of start/);
    assert.equal(await spans(), []);
    assert.is(tracing.openCount, 0);
  }));

test('a generator that cannot be observed is returned as it is', () =>
  traced({ enabled: true }, async ({ tracing }) => {
    function* numbers(): Generator<number> {
      yield 1;
    }
    const unreadable = {
      get next(): never {
        throw new Error('no next');
      },
    };
    numbers.prototype = unreadable as never;
    const call = instrument(at('numbers'), numbers);
    let made: unknown;
    const [text] = await faultsOf(() => {
      made = call();
    });
    assert.match(text as string, /^iteration of faults::n\d+.*no next/);
    assert.is(Object.getPrototypeOf(made), unreadable);
    assert.is(tracing.openCount, 0);
  }));

test('a link that cannot be written is left out', () =>
  traced({ enabled: true }, async ({ spans }) => {
    const fresh = instrument({ ...at('fresh'), root: true }, () => 1);
    const outer = startSpan('outer', at('outer'));
    const [text] = await failing(RecordedSpan.prototype, 'addLink', () => outer.run(() => assert.is(fresh(), 1)));
    outer.end();
    assert.match(text as string, /^attributes of faults::n\d+.*fault of addLink/);
    assert.equal(
      (await spans()).map(({ name, links }) => [name, links.length]),
      [
        ['fresh', 0],
        ['outer', 0],
      ],
    );
  }));

test('a result that cannot be followed ends its call, and is logged with its site', () =>
  traced({ enabled: true }, async ({ tracing }) => {
    // biome-ignore lint/suspicious/noThenProperty: what is tried
    const lazy = { then: (done: (value: number) => void) => done(7) };
    const call = instrument(at('lazy'), () => lazy);
    const span = RecordedSpan.prototype as { nowMs: () => number };
    let calls = 0;
    const own = span.nowMs;
    span.nowMs = function nowMs(this: RecordedSpan) {
      if (calls++ === 0) throw new Error('fault of nowMs');
      return own.call(this);
    };
    try {
      const [text] = await faultsOf(() => assert.is(call(), lazy));
      assert.match(text as string, /^result of faults::n\d+.*fault of nowMs/);
    } finally {
      span.nowMs = own;
    }
    assert.is(tracing.openCount, 0);
  }));

test('a run whose result cannot be followed is logged, and its call ends with the next use', () =>
  traced({ enabled: true }, async ({ tracing }) => {
    const then = (done: (value: number) => void): void => done(7);
    const lazy = instrument(at('lazy'), () => ({ then, exec: () => ({ then }) }))();
    const [text] = await failing(RecordedSpan.prototype, 'nowMs', () => void lazy.exec());
    assert.match(text as string, /^result of faults::n\d+.*fault of nowMs/);
    assert.is(tracing.openCount, 1);
    lazy.then(() => {});
    assert.is(tracing.openCount, 0);
  }));

test('a fault at the use of a result is logged with its site, and the use does what it did', () =>
  traced({ enabled: true }, async () => {
    // biome-ignore lint/suspicious/noThenProperty: what is tried
    const lazy = instrument(at('lazy'), () => ({ then: (done: (value: number) => void) => done(7) }))();
    const results: number[] = [];
    const [text] = await failing(FinalizationRegistry.prototype, 'unregister', () => lazy.then((value) => results.push(value)));
    assert.match(text as string, /^use of the result of faults::n\d+.*fault of unregister/);
    assert.equal(results, [7]);
  }));

test('a call that is recorded inline fails with its error, and one whose start fails runs unrecorded', () =>
  traced({ enabled: true }, async ({ spans, tracing }) => {
    const options = at('inline');
    instrument(options, () => 1);
    const site = [...state.sites].find(({ namespace }) => namespace === options.namespace) as Site;
    const call = startInline(site);
    assert.throws(() => failInline(new Error('its own'), call), 'its own');
    call?.();
    assert.equal(
      (await spans()).map(({ status }) => status.message),
      ['its own'],
    );
    const [text] = await failing(state.recorder as object, 'start', () => assert.is(startInline(site), undefined));
    assert.match(text as string, /^start of faults::n\d+.*fault of start/);
    assert.is(tracing.openCount, 0);
  }));

test('an argument that the span does not take is left out, and is logged with its site', () =>
  traced({ enabled: true }, async ({ expectSpans }) => {
    const reads = instrument({ ...at('reads'), args: ['count'] }, (count: number) => count);
    const [text] = await failing(RecordedSpan.prototype, 'setAttribute', () => assert.is(reads(3), 3));
    assert.match(text as string, /^args of faults::n\d+::reads: .*fault of setAttribute/);
    await expectSpans('reads');
  }));

test('a call that fails with the HTTP status of a client error is no failure; one from 500 on is', () =>
  traced({ enabled: true }, async ({ spans }) => {
    Object.assign(state.recorder as object, { statusOf: statusOfException });
    const answer = instrument(at('answer'), (status: number): void => {
      throw Object.assign(new Error('refused'), { getStatus: () => status });
    });
    for (const status of [404, 499, 500, 503]) assert.throws(() => answer(status), 'refused');
    assert.equal(
      (await spans()).map(({ attributes, status }) => [attributes['http.response.status_code'], status.message]),
      [
        [404, undefined],
        [499, undefined],
        [500, 'refused'],
        [503, 'refused'],
      ],
    );
  }));

test('an active span without valid ids is no parent', () =>
  traced({ enabled: true }, async ({ spans }) => {
    const invalid = trace.wrapSpanContext({ ...INVALID_SPAN_CONTEXT, traceFlags: TraceFlags.SAMPLED });
    context.with(
      trace.setSpan(ROOT_CONTEXT, invalid),
      instrument(at('root'), () => {}),
    );
    const [root] = await spans();
    assert.is(root?.parentSpanContext, undefined);
    assert.is.not(root?.spanContext().traceId, INVALID_SPAN_CONTEXT.traceId);
  }));

type Iteration = Parameters<typeof observeSteps>[1];
const broken = (): never => {
  throw new Error('of the iteration');
};
const quiet: Iteration = { context: undefined, enter: () => true, finished() {}, failed() {} };

test('faults of an observed iteration are logged, and its steps do what they did', async () => {
  const steps = (): IterableIterator<number> => {
    let left = 2;
    return {
      next: () => (left-- > 0 ? { done: false, value: left } : { done: true, value: undefined }),
      throw(error: unknown): never {
        throw error;
      },
      [Symbol.iterator]() {
        return this;
      },
    };
  };
  for (const [change, expected] of [
    [{ enter: broken }, /^next\(\) of an iterator.*of the iteration/],
    [{ finished: broken }, /^end of an iteration.*of the iteration/],
    [{ stepped: broken }, /^end of an iteration.*of the iteration/],
  ] as const) {
    const iterator = steps();
    observeSteps(iterator, { ...quiet, ...change });
    const lines = await faultsOf(() => assert.equal([...iterator], [1, 0]));
    // the same cause is logged once a minute
    assert.is(lines.length, 'stepped' in change ? 0 : 1);
    for (const line of lines) assert.match(line, expected);
  }
  const iterator = steps();
  observeSteps(iterator, { ...quiet, failed: broken });
  await faultsOf(() => assert.throws(() => iterator.throw?.(new Error('its own')), 'its own'));
});

test('a step is observed by its end: its result, its error, or the promise of either', async () => {
  const events: unknown[] = [];
  const iteration: Iteration = {
    context: undefined,
    enter: (step) => events.push(step) > 0,
    finished: (value) => void events.push(['finished', value]),
    failed: (error) => void events.push(['failed', error]),
    stepped: () => void events.push('stepped'),
  };
  const results: Record<string, unknown> = {};
  const iterator = Object.fromEntries(['next', 'return', 'throw'].map((name) => [name, () => results[name]]));
  observeSteps(iterator, iteration);
  const step = async (name: string, result: unknown): Promise<unknown[]> => {
    events.length = 0;
    results[name] = result;
    await (iterator[name] as () => unknown)();
    return events.slice(1);
  };
  assert.equal(await step('next', { done: false, value: 1 }), ['stepped']);
  assert.equal(await step('next', { done: true, value: 1 }), [['finished', 1]]);
  assert.equal(await step('next', Promise.resolve({ done: true, value: 2 })), [['finished', 2]]);
  assert.equal(await step('next', undefined), ['stepped']);
  assert.equal(await step('return', { done: true, value: 3 }), [['finished', 3]]);
  assert.equal(await step('return', {}), [['finished', undefined]]);
  assert.equal(await step('return', undefined), [['finished', undefined]]);
  assert.equal(await step('return', { done: false, value: 4 }), ['stepped']);
  assert.equal(await step('throw', { done: true }), [['finished', undefined]]);
  const error = new Error('x');
  assert.equal(await step('throw', Promise.reject(error)).catch(() => events.slice(1)), [['failed', error]]);
  assert.equal(Object.keys(iterator), ['next', 'return', 'throw']);
  assert.equal(
    [iterator.next?.name, isIterator(iterator), isIterator(null), isIterator({ next: 1 })],
    ['next', true, false, false],
  );
  assert.not(isIterator(Object.freeze({ next() {} })));
});

test('a step that is not observed, and a step within a step that fails, end nothing', () => {
  const events: unknown[] = [];
  let entered = false;
  const error = new Error('x');
  const iterator = {
    depth: 0,
    next(value?: unknown): unknown {
      if (value !== 'nested') return { done: true, value };
      if (this.depth++ > 0) throw error;
      assert.throws(() => iterator.next('nested'), 'x');
      return { done: false, value: 'caught' };
    },
  };
  observeSteps(iterator, {
    ...quiet,
    enter: () => entered,
    finished: (value) => void events.push(value),
    failed: (thrown) => void events.push(thrown),
  });
  assert.equal(iterator.next(5), { done: true, value: 5 });
  assert.equal(events, []);
  entered = true;
  assert.equal(iterator.next('nested'), { done: false, value: 'caught' });
  assert.equal(events, []);
  assert.throws(() => iterator.next('nested'), 'x');
  assert.equal(events, [error]);
  assert.is(trace.getActiveSpan(), undefined);
});

test.run();
