// Programs that tracing must not end, hang or change: rejections, proxies, recursion, faults of the recorder itself.

import { context } from '@opentelemetry/api';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { detach, instrument, startSpan, withRemoteContext } from '../../runtime/index.js';
import { state } from '../../runtime/state.js';
import { setNoticeLogger } from '../../runtime/warnings.js';
import { traced } from '../gate/tracing.js';

const turn = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 2));

async function afterTurn(work: () => unknown): Promise<unknown> {
  await null;
  return work();
}

/** Runs `work` with console.warn collected. */
async function warned(work: () => Promise<void>): Promise<string[]> {
  const lines: string[] = [];
  const { warn } = console;
  console.warn = (line: string) => void lines.push(line);
  try {
    await work();
  } finally {
    console.warn = warn;
  }
  return lines;
}

for (const [kind, taken] of [
  ['that the function has handled itself', true],
  ['that nobody handles', false],
] as const) {
  test(`never raises a rejection ${kind}, and logs one notice for its site`, async () => {
    const raised: unknown[] = [];
    const note = (error: unknown): void => void raised.push(error);
    process.on('unhandledRejection', note);
    const lines = await warned(() =>
      traced({ enabled: true }, async ({ spans }) => {
        const get = instrument({ namespace: `a::${taken}`, name: 'get' }, function get(): Promise<number> {
          const loading = Promise.resolve().then(() => Promise.reject<number>(new Error('no load')));
          if (taken) loading.catch(() => {});
          return loading;
        });
        void get();
        void get();
        await turn();
        assert.equal(
          (await spans()).map(({ status }) => status.message),
          ['no load', 'no load'],
        );
      }),
    );
    process.off('unhandledRejection', note);
    assert.equal(raised, []);
    assert.is(lines.filter((line) => line.includes('SPW026')).length, 1);
  });
}

test('logs no such notice where the caller handles the rejection', async () => {
  const lines = await warned(() =>
    traced({ enabled: true }, async () => {
      const get = instrument({ namespace: 'a', name: 'get' }, () => Promise.reject<number>(new Error('no')));
      await get().catch(() => {});
      await turn();
    }),
  );
  assert.equal(
    lines.filter((line) => line.includes('SPW026')),
    [],
  );
});

for (const [kind, isPromise, replacedBefore] of [
  ['a lazy thenable', false, true],
  ['a promise whose class has its own then()', true, true],
  ['a promise whose class gets its own then() after the call', true, false],
] as const) {
  test(`${kind} gets every argument of then(), a handler of progress too`, () =>
    traced({ enabled: true }, () => {
      const given: unknown[][] = [];
      class Own extends Promise<unknown> {}
      const made = isPromise ? new Own(() => {}) : {};
      const replace = () => Reflect.set(isPromise ? Own.prototype : made, 'then', (...args: unknown[]) => void given.push(args));
      if (replacedBefore) replace();
      const result = instrument({ namespace: 'a', name: 'result' }, () => made)();
      if (!replacedBefore) replace();
      const handlers = [() => {}, () => {}, () => {}];
      (result as { then(...handlers: unknown[]): void }).then(...handlers);
      assert.is(given[0]?.length, 3);
      assert.is(given[0]?.[2], handlers[2]);
    }));
}

test('then() of a recorded promise has the name and the length of its class', () =>
  traced({ enabled: true }, () => {
    class Own extends Promise<unknown> {}
    for (const made of [Promise.resolve(1), new Own(() => {})]) {
      const { then } = instrument({ namespace: 'a', name: 'result' }, () => made)();
      assert.equal([then.name, then.length], ['then', Promise.prototype.then.length]);
    }
  }));

test('runs no trap of a proxy that is thrown, that rejects, or that is a cause', () =>
  traced({ enabled: true }, async ({ spans }) => {
    const traps: string[] = [];
    const handler = new Proxy({}, { get: (_, trap) => () => void traps.push(String(trap)) });
    const thrown = new Proxy(new Error('secret'), handler);
    const broken = instrument({ namespace: 'a', name: 'throws' }, () => {
      throw thrown;
    });
    const rejected = instrument({ namespace: 'a', name: 'rejects' }, async () => broken());
    const wrapped = instrument({ namespace: 'a', name: 'causes' }, () => {
      throw Object.assign(new AggregateError([thrown], 'outer'), { cause: thrown });
    });
    for (const call of [async () => broken(), rejected])
      assert.ok(await call().then(assert.unreachable, (error: unknown) => error === thrown));
    assert.throws(wrapped, /outer/u);
    const failed = await spans();
    assert.equal(
      failed.map(({ name, status, attributes }) => [name, status.code, attributes['error.type']]),
      [
        ['throws', 2, '_OTHER'],
        ['throws', 2, '_OTHER'],
        ['rejects', 2, '_OTHER'],
        ['causes', 2, 'AggregateError'],
      ],
    );
    for (const { events } of failed) void events;
    assert.equal(traps, []);
  }));

test('runs each getter of an error once a span at most', () =>
  traced({ enabled: true }, async ({ spans }) => {
    const ran: string[] = [];
    const observed = (name: unknown) => {
      const error = new Error('hidden');
      for (const [key, value] of Object.entries({
        name,
        message: 'seen',
        stack: 'E: seen',
        cause: 'none',
        errors: [],
        code: 'E1',
      })) {
        const get = (): unknown => {
          ran.push(key);
          return value;
        };
        Object.defineProperty(error, key, { get });
      }
      ran.length = 0; // V8 formats the stack with name and message when it is replaced
      return error;
    };
    const throws = instrument({ namespace: 'a', name: 'throws' }, (name: unknown) => {
      throw observed(name);
    });
    const rejects = instrument({ namespace: 'a', name: 'rejects' }, async (name: unknown) => {
      throw observed(name);
    });
    for (const name of ['Refused', 'AbortError', 7])
      for (const call of [async () => throws(name), () => rejects(name)]) {
        await call().catch(() => {});
        const span = (await spans()).at(-1);
        assert.is(span?.status.code, name === 'AbortError' ? 0 : 2);
        void span?.events[0]?.attributes;
        assert.equal([...new Set(ran)], ran, `${span?.name} ${name}`);
        assert.is(ran.includes('stack'), name !== 'AbortError');
      }
  }));

test('runs no trap of a returned proxy, nor of one in its prototype chain', () =>
  traced({ enabled: true }, async ({ spans }) => {
    const traps: string[] = [];
    const handler = new Proxy({}, { get: (_, trap) => () => void traps.push(String(trap)) });
    const proxy = new Proxy({}, handler) as object;
    const heir = Object.create(new Proxy({}, { has: () => Boolean(traps.push('has')) })) as object;
    assert.is(instrument({ namespace: 'a', name: 'lazy' }, () => proxy)(), proxy);
    assert.is(instrument({ namespace: 'a', name: 'heir' }, () => heir)(), heir);
    assert.equal(traps, []);
    assert.is((await spans()).length, 2);
  }));

test('records a recursion to its limit, runs deeper calls unrecorded, and counts them', () =>
  traced({ enabled: true, maxCallDepth: 5 }, async ({ tracing, spans }) => {
    const walk = instrument({ namespace: 'a', name: 'walk' }, (n: number): number => (n === 0 ? 0 : 1 + walk(n - 1)));
    assert.is(walk(20), 20);
    assert.is((await spans()).length, 5);
    assert.is(tracing.state().spans.tooDeep, 16);
    assert.is(walk(3), 3);
    assert.is((await spans()).length, 9);
  }));

test('leaves no span open after a stack overflow', () =>
  traced({ enabled: true, maxOpenSpans: 1_000_000 }, async ({ tracing }) => {
    const leaf = instrument({ namespace: 'a', name: 'leaf' }, (n: number): number => n);
    const fall = instrument({ namespace: 'a', name: 'fall' }, (n: number): number => fall(n + 1) + 1);
    function around(n: number): number {
      return leaf(n) + around(n + 1);
    }
    for (const overflow of [fall, around]) {
      assert.throws(() => overflow(0), RangeError);
      assert.is(tracing.openCount, 0);
    }
  }));

test('runs the body once, with its own outcome, when the recorder fails', () =>
  traced({ enabled: true }, async ({ tracing }) => {
    let runs = 0;
    const work = instrument({ namespace: 'a', name: 'work' }, (fails: boolean): number => {
      runs++;
      if (fails) throw new Error('its own');
      return 7;
    });
    const recorder = state.recorder as unknown as Record<string, unknown>;
    for (const method of ['start', 'finish', 'hasRoom']) {
      const own = recorder[method];
      recorder[method] = () => {
        throw new Error(`fault of ${method}`);
      };
      runs = 0;
      try {
        assert.is(work(false), 7);
        assert.throws(() => work(true), /its own/);
      } finally {
        if (Object.getPrototypeOf(recorder)[method] === own) delete recorder[method];
        else recorder[method] = own;
      }
      assert.is(runs, 2, method);
    }
    work(false);
    assert.is(tracing.openCount, 0);
  }));

test('runs instrumented calls in a reaction of a frozen promise, and records them', () =>
  traced({ enabled: true }, async ({ tracing, spans }) => {
    const sync = instrument({ namespace: 'a', name: 'sync' }, (n: number) => n + 1);
    const later = instrument({ namespace: 'a', name: 'later' }, async (n: number) => sync(n));
    const lazy = instrument({ namespace: 'a', name: 'lazy' }, () => ({
      // biome-ignore lint/suspicious/noThenProperty: what is tried
      then: (done: (value: number) => void) => Promise.resolve(5).then(done),
    }));
    const calls: [string, () => unknown, unknown][] = [
      ['a synchronous call', () => sync(1), 2],
      ['an asynchronous call', () => later(1), 2],
      ['a thenable', () => lazy().then(() => 7), 7],
      ['a manual span', () => startSpan('manual').run(() => sync(2)), 3],
      ['a remote context', () => withRemoteContext({}, () => sync(3)), 4],
      ['a detached task', () => detach(() => sync(4)), 5],
      ['a context of the API', () => context.with(context.active().setValue(Symbol('a'), 1), () => sync(5)), 6],
    ];
    await later(0); // the context storage is in use, and cannot write to a frozen promise
    for (const [name, call, expected] of calls) {
      assert.is(await Object.freeze(Promise.resolve().then(call)), expected, name);
      assert.is(await Object.freeze(afterTurn(call)), expected, name);
    }
    const failing = instrument({ namespace: 'a', name: 'failing' }, () => {
      throw new RangeError('its own');
    });
    const error = await Object.freeze(Promise.resolve().then(() => failing())).catch((thrown) => thrown);
    assert.is(error.message, 'its own');
    const names = (await spans()).map((span) => span.name);
    assert.equal(
      ['sync', 'later', 'lazy', 'failing'].map((name) => names.includes(name)),
      [true, true, true, true],
    );
    assert.equal(
      tracing.openSpans().map(({ name }) => name),
      calls.flatMap(([name]) => (name === 'a manual span' ? ['manual', 'manual'] : [])),
    );
  }));

test('reads clocks that were captured at load', () =>
  traced({ enabled: true }, async ({ spans }) => {
    const work = instrument({ namespace: 'a', name: 'work' }, () => 7);
    const { performance: clock, Date: date } = globalThis;
    try {
      Reflect.deleteProperty(globalThis, 'performance');
      globalThis.Date = class extends date {
        static override now(): number {
          return 0;
        }
      } as DateConstructor;
      assert.is(work(), 7);
    } finally {
      globalThis.Date = date;
      Object.defineProperty(globalThis, 'performance', { value: clock, configurable: true, writable: true });
    }
    const [span] = await spans();
    assert.ok(Math.abs((span?.startTime[0] ?? 0) - date.now() / 1000) < 10);
  }));

test('records a time-out as a failure, and an abort as a cancellation', () =>
  traced({ enabled: true }, async ({ spans }) => {
    const timeOut = new DOMException('aborted', 'AbortError');
    Object.defineProperty(timeOut, 'cause', { value: new DOMException('too late', 'TimeoutError') });
    const give = instrument({ namespace: 'a', name: 'give' }, (error: unknown) => {
      throw error;
    });
    const aborted = (cause: unknown): Error => Object.assign(new Error('aborted', { cause }), { name: 'AbortError' });
    const late = Object.assign(new Error('slow'), { code: 'UND_ERR_HEADERS_TIMEOUT' });
    const failures = [
      timeOut,
      aborted('timed out after 5 s'),
      aborted(late),
      aborted(new Error('gave up', { cause: late })),
      aborted(Object.assign(new Error('too late'), { name: 'LockTimeoutError' })),
      Object.assign(new Error('late'), { name: 'TimeoutError' }),
    ];
    const circular = aborted(undefined);
    circular.cause = circular;
    const cancellations = [
      new DOMException('stop', 'AbortError'),
      circular,
      ...[
        'the user left',
        new Error('closed'),
        null,
        1,
        Symbol('timeout'),
        new Proxy({}, { get: () => assert.unreachable() }),
      ].map(aborted),
    ];
    for (const error of [...failures, ...cancellations]) assert.throws(() => give(error));
    const all = await spans();
    assert.equal(
      all.map(({ status, attributes }) => [status.code, attributes['spanwright.cancelled']]),
      [...failures.map(() => [2, undefined]), ...cancellations.map(() => [0, true])],
    );
  }));

test('names the callback that failed, and no callback otherwise', () =>
  traced({ enabled: true }, async ({ spans }) => {
    const failingAttributes = (): Record<string, string> => {
      throw new Error('boom');
    };
    const odd = instrument({ namespace: 'a', name: 'odd' }, () => Object.assign(Promise.resolve(5), { constructor: null }));
    const faulty = instrument({ namespace: 'a', name: 'faulty', attributes: failingAttributes }, () => 6);
    const lines: string[] = [];
    const before = setNoticeLogger((_level, line) => lines.push(line));
    let given: Promise<number>;
    try {
      given = odd();
      assert.is(faulty(), 6);
    } finally {
      setNoticeLogger(before);
    }
    assert.is(given.constructor, null);
    assert.is((await spans()).length, 2);
    const about = (site: string) => lines.filter((line) => line.includes('SPW010') && line.includes(site));
    assert.match(about('a::faulty').join(), /: the callback "attributes" of a::faulty failed: .*boom/);
    for (const line of about('a::odd')) assert.not.match(line, 'callback');
    assert.is(about('a::odd').length, 1);
  }));

test('a step of an async generator takes no additional microtask while off, and one while it is recorded', async () => {
  async function* bare(): AsyncGenerator<number> {
    yield 1;
    yield 2;
  }
  const steps = instrument({ namespace: 'a', name: 'steps' }, bare);
  /** Turns until the reactions of each step run. */
  const turnsOf = async (generator: () => AsyncGenerator<number>): Promise<number[]> => {
    const iterator = generator();
    const turns: number[] = [];
    for (const step of ['next', 'next', 'return'] as const) {
      let settled = false;
      let turn = 0;
      void iterator[step](0).then(() => (settled = true));
      for (; !settled; turn++) await null;
      turns.push(turn);
    }
    return turns;
  };
  const own = await turnsOf(bare);
  await traced({ enabled: false }, async () => assert.equal(await turnsOf(steps), own));
  await traced({ enabled: true }, async () => {
    assert.equal(
      await turnsOf(steps),
      own.map((turn) => turn + 1),
    );
  });
});

test.run();
