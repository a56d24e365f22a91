// Attempts, pauses and limits of the delivery, and the batches of the queue, to the millisecond: with a clock that the test moves, which
// is in place before the modules are loaded.

import { performance } from 'node:perf_hooks';
import timers from 'node:timers';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { DeliveryOptions } from '../../runtime/export/delivery.js';
import type { ReadableSpan, SpanExporter } from '../../runtime/sdk/contracts.js';

interface Timer {
  readonly at: number;
  readonly run: () => void;
  unref(): Timer;
}

const real = {
  now: performance.now,
  setTimeout: timers.setTimeout,
  clearTimeout: timers.clearTimeout,
  setImmediate: timers.setImmediate,
};
let time = 0;
let due: Timer[] = [];
const later = (run: () => void, ms = 0): Timer => {
  const timer: Timer = { at: time + ms, run, unref: () => timer };
  due.push(timer);
  return timer;
};
const clock = {
  setTimeout: later,
  setImmediate: (run: () => void) => later(run),
  clearTimeout: (timer: Timer) => {
    due = due.filter((each) => each !== timer);
  },
};
Object.assign(timers, clock);
performance.now = () => time;
const { Delivery } = require('../../runtime/export/delivery.js') as typeof import('../../runtime/export/delivery.js');
const { ExportQueue } = require('../../runtime/export/queue.js') as typeof import('../../runtime/export/queue.js');
Object.assign(timers, real);
performance.now = real.now;

const turns = async (): Promise<void> => {
  for (let turn = 0; turn < 50; turn++) await null;
};

/** Moves the clock, and runs what is due meanwhile, in order. */
async function pass(ms: number): Promise<void> {
  const until = time + ms;
  for (;;) {
    await turns();
    const next = due.filter(({ at }) => at <= until).sort((a, b) => a.at - b.at)[0];
    if (next === undefined) break;
    time = next.at;
    clock.clearTimeout(next);
    next.run();
  }
  time = until;
}

interface Attempt {
  readonly at: number;
  readonly spans: number;
  readonly limit: number | undefined;
  readonly done: Parameters<SpanExporter['export']>[1];
}

let random = 0.5;
const ownRandom = Math.random;
test.before.each(() => {
  time = 0;
  due = [];
  random = 0.5;
  Math.random = () => random;
});
test.after.each(() => {
  Math.random = ownRandom;
});

const BUSY = { code: 429, message: 'busy' };
const REFUSED = { code: 400, message: 'no' };
const ENDPOINT = { url: 'http://c:4318' } as DeliveryOptions['endpoint'];
const resource = { attributes: {} };
const span = (change: object = {}): ReadableSpan => ({ resource, spanContext: () => ({ traceFlags: 1 }), ...change }) as never;
const spansOf = (count: number): ReadableSpan[] => Array.from({ length: count }, () => span());

type Answer = (attempt: Attempt, number: number) => unknown;

function bench(answer: Answer, change: Partial<DeliveryOptions> = {}, exporterChange: object = {}) {
  const attempts: Attempt[] = [];
  const lines: string[] = [];
  const exporter = {
    export(spans: ReadableSpan[], done: Attempt['done'], limit?: number): unknown {
      const attempt = { at: time, spans: spans.length, limit, done };
      attempts.push(attempt);
      return answer(attempt, attempts.length);
    },
    shutdown: async () => {},
    ...exporterChange,
  } as unknown as SpanExporter;
  const notice = (code: string, detail?: string): void => void lines.push(`${code} ${detail ?? ''}`);
  const delivery = new Delivery({
    exporter,
    endpoint: ENDPOINT,
    certificates: {},
    timeout: 60_000,
    notice,
    ...change,
  } as DeliveryOptions);
  return { attempts, lines, delivery };
}

async function outcome<Result>(work: Promise<Result>, ms = 120_000): Promise<Result | 'not yet'> {
  let result: Result | 'not yet' = 'not yet';
  void work.then((value) => {
    result = value;
  });
  await pass(ms);
  return result;
}

const fails: Answer = ({ done }) => done({ code: 1, error: BUSY as never });
const accepts: Answer = ({ done }) => done({ code: 0 });
const times = (attempts: readonly Attempt[]): number[] => attempts.map(({ at }) => Math.round(at));

for (const [what, drawn, expected] of [
  ['without jitter', 0.5, [0, 1000, 2500, 4750, 8125, 13_125]],
  ['a fifth earlier', 0, [0, 800, 2000, 3800, 6500, 10_500]],
  ['a fifth later', 1, [0, 1200, 3000, 5700, 9750, 15_750]],
] as const)
  test(`six attempts, with pauses from one second to five, ${what}`, async () => {
    random = drawn;
    const { attempts, delivery, lines } = bench(fails);
    assert.equal(await outcome(delivery.send(spansOf(3))), { spans: 3, accepted: 0 });
    assert.equal(times(attempts), expected);
    assert.equal(
      attempts.map(({ limit }) => Math.round(limit ?? 0)),
      expected.map((at) => 60_000 - at),
    );
    assert.match(lines[0] ?? '', /^SPW003 to http:\/\/c:4318: HTTP 429: busy; .*\. The service continues\.$/);
  });

test('no attempt starts at or after the limit of the batch', async () => {
  for (const [timeout, expected] of [
    [2501, [0, 1000, 2500]],
    [2500, [0, 1000]],
    [1, [0]],
  ] as const) {
    time = 0;
    const { attempts, delivery } = bench(fails, { timeout });
    assert.equal(await outcome(delivery.send(spansOf(1))), { spans: 1, accepted: 0 });
    assert.equal(times(attempts), expected);
  }
});

test('a longer wait that the server asks for is kept', async () => {
  const { attempts, delivery } = bench(({ done }, number) =>
    done(number < 3 ? { code: 1, error: { ...BUSY, retryAfterMillis: number === 1 ? 4000 : 10 } as never } : { code: 0 }),
  );
  assert.equal(await outcome(delivery.send(spansOf(1))), { spans: 1, accepted: 1 });
  assert.equal(times(attempts), [0, 4000, 5500]);
});

test('what is refused for good, and an exporter given in code, get one attempt', async () => {
  const refused = bench(({ done }) => done({ code: 1, error: REFUSED as never }));
  await outcome(refused.delivery.send(spansOf(1)));
  const own = bench(fails, { endpoint: null });
  await outcome(own.delivery.send(spansOf(1)));
  assert.equal([refused.attempts.length, own.attempts.length], [1, 1]);
  assert.match(own.lines[0] ?? '', /^SPW003 through the exporter given in code: /);
});

test('a hurried delivery makes one attempt, also in the middle of a pause, and a relaxed one makes more', async () => {
  const { attempts, delivery } = bench(fails);
  const sent = outcome(delivery.send(spansOf(1)), 500);
  await sent;
  delivery.hurry();
  await pass(0);
  assert.equal(times(attempts), [0, 500]);
  await pass(60_000);
  assert.is(attempts.length, 2);
  await outcome(delivery.send(spansOf(1)));
  assert.is(attempts.length, 3);
  delivery.relax();
  await outcome(delivery.send(spansOf(1)));
  assert.is(attempts.length, 9);
});

test('a nudge ends the pause', async () => {
  const { attempts, delivery } = bench(fails);
  await outcome(delivery.send(spansOf(1)), 300);
  delivery.nudge();
  await pass(0);
  assert.equal(times(attempts), [0, 300]);
});

test('an attempt without an answer ends at the limit', async () => {
  const { attempts, lines, delivery } = bench(() => {}, { timeout: 700, endpoint: null });
  assert.is(await outcome(delivery.send(spansOf(1)), 699), 'not yet');
  await pass(1);
  assert.is(attempts.length, 1);
  assert.match(lines[0] ?? '', /TIMEOUT: no answer within 700 ms/);
  attempts[0]?.done({ code: 0 });
});

test('faults of an exporter are failures: it may throw or return any value', async () => {
  const unreadable = Object.defineProperty({}, 'code', {
    get: () => {
      throw new Error('x');
    },
  });
  for (const [answer, text] of [
    [({ done }: Attempt) => done({ code: 1 }), /a failure without an error/],
    [({ done }: Attempt) => done(unreadable as never), /a result that cannot be read/],
    [({ done }: Attempt) => done(undefined as never), /a result that cannot be read/],
    [() => Promise.reject(new Error('its own')), /its own/],
    [() => Promise.reject(undefined), /the exporter rejected/],
    [
      () => {
        throw new Error('thrown');
      },
      /thrown/,
    ],
    [
      () => {
        throw undefined;
      },
      /the exporter threw/,
    ],
  ] as const) {
    const { lines, delivery } = bench(answer as Answer, { endpoint: null });
    assert.equal(await outcome(delivery.send(spansOf(2))), { spans: 2, accepted: 0 });
    assert.match(lines.join(), text);
  }
});

test('an exporter that has the spans when export() returns need not report', async () => {
  const { delivery } = bench(() => {}, { endpoint: null }, { getFinishedSpans: () => [] });
  assert.equal(await outcome(delivery.send(spansOf(2)), 0), { spans: 2, accepted: 2 });
});

test('spans that a Collector rejects are not accepted, and are reported with their number', async () => {
  for (const [rejected, accepted, line] of [
    [2, 3, 'SPW009 http://c:4318 rejected 2 of 5 spans: why'],
    [1.9, 4, 'SPW009 http://c:4318 rejected 1 of 5 spans: why'],
    [9, 0, 'SPW009 http://c:4318 rejected 5 of 5 spans: why'],
    [-1, 5, 'SPW009 http://c:4318 accepted 5 spans: why'],
    [0, 5, 'SPW009 http://c:4318 accepted 5 spans: why'],
    [Number.NaN, 5, 'SPW009 http://c:4318 accepted 5 spans: why'],
  ] as const) {
    const { lines, delivery } = bench(({ done }) => done({ code: 0, remark: { rejected, message: 'why' } }));
    assert.equal(await outcome(delivery.send(spansOf(5))), { spans: 5, accepted });
    assert.equal(lines, [line]);
  }
  const silent = bench(({ done }) => done({ code: 0, remark: { rejected: 1, message: '' } }), { endpoint: null });
  await outcome(silent.delivery.send(spansOf(1)));
  assert.equal(silent.lines, ['SPW009 the exporter given in code rejected 1 of 1 span: no message']);
});

test('recovery is logged once after failures', async () => {
  const { lines, delivery } = bench((attempt, number) => (number === 2 ? fails : accepts)(attempt, number));
  for (let turn = 0; turn < 4; turn++) await outcome(delivery.send(spansOf(1)));
  assert.equal(
    lines.map((line) => line.slice(0, 20)),
    ['SPW003 to http://c:4', 'SPW004 http://c:4318'],
  );
});

test('as many spans are sent as one request holds, and all where the exporter cannot say', async () => {
  for (const [fit, spans] of [
    [() => 2, 2],
    [() => 5, 5],
    [
      () => {
        throw new Error('x');
      },
      5,
    ],
    [undefined, 5],
  ] as const) {
    const { attempts, delivery } = bench(accepts, {}, { fit });
    assert.equal(await outcome(delivery.send(spansOf(5))), { spans, accepted: spans });
    assert.is(attempts[0]?.spans, spans);
  }
});

test('attributes that detectors look up are waited for once; 200 ms when the process is about to end', async () => {
  let found = (): void => {};
  const slow = { attributes: {}, waitForAsyncAttributes: () => new Promise<void>((resolve) => (found = resolve)) };
  const { attempts, delivery } = bench(accepts);
  const send = () => delivery.send([span({ resource: slow }), span({ resource: slow }), span({ resource: undefined })]);
  assert.is(await outcome(send(), 5000), 'not yet');
  found();
  await pass(0);
  assert.equal(times(attempts), [5000]);
  assert.is.not(await outcome(send(), 0), 'not yet');

  const other = bench(accepts);
  const waiting = () => span({ resource: { attributes: {}, waitForAsyncAttributes: () => new Promise(() => {}) } });
  const before = time;
  await outcome(other.delivery.send([waiting()]), 1000);
  other.delivery.hurry();
  await pass(199);
  assert.is(other.attempts.length, 0);
  await pass(1);
  assert.is(other.attempts[0]?.limit, 58_800, 'what is left of the limit');
  await outcome(other.delivery.send([waiting()]), 1000);
  assert.equal(times(other.attempts), [before + 1200, before + 1400]);
});

test('an attempt has a millisecond at least', async () => {
  const slow = { attributes: {}, waitForAsyncAttributes: () => new Promise<void>((resolve) => later(resolve, 900)) };
  const { attempts, delivery } = bench(() => {}, { timeout: 500, endpoint: null });
  await outcome(delivery.send([span({ resource: slow })]));
  assert.is(attempts[0]?.limit, 1);
});

interface QueueChange {
  maxQueueSize?: number;
  maxExportBatchSize?: number;
  scheduleDelay?: number;
  flushTimeout?: number;
  shutdownTimeout?: number;
}

function queueBench(
  answer: Answer,
  change: QueueChange = {},
  exporterChange: object = {},
  endpoint: DeliveryOptions['endpoint'] = null,
) {
  const { attempts, lines, delivery } = bench(answer, { endpoint }, exporterChange);
  const queue = new ExportQueue({
    ...{ delivery, notice: delivery.options.notice, maxQueueSize: 1000, maxExportBatchSize: 100 },
    ...{ scheduleDelay: 5000, flushTimeout: 2000, shutdownTimeout: 3000, ...change },
  });
  const end = (count: number): void => {
    for (const each of spansOf(count)) queue.onEnd(each);
  };
  return { attempts, lines, queue, end, shown: () => attempts.map(({ at, spans }) => [at, spans]) };
}

test('spans are sent after the delay, in one batch, and at once when a batch is full', async () => {
  const { end, shown, queue } = queueBench(accepts);
  end(2);
  await pass(3000);
  end(3);
  await pass(1999);
  assert.equal(shown(), []);
  await pass(1);
  assert.equal(shown(), [[5000, 5]]);
  end(63);
  await pass(0);
  assert.equal(shown().length, 1);
  end(1);
  await pass(0);
  assert.equal(shown().slice(1), [[5000, 64]]);
  end(10);
  await pass(4999);
  assert.is(shown().length, 2);
  await pass(1);
  assert.equal(shown().slice(2), [[10_000, 10]]);
  assert.equal(queue.counts, { ended: 79, exported: 79, failed: 0, dropped: 0, queued: 0 });
});

test('batches start with 32 spans and double up to the limit', async () => {
  const { end, shown } = queueBench(accepts, { scheduleDelay: 0 });
  end(500);
  await pass(0);
  assert.equal(
    shown().map(([, spans]) => spans),
    [32, 64, 100, 100, 100, 100, 4],
  );
  const small = queueBench(accepts, { maxExportBatchSize: 10 });
  small.end(25);
  await pass(0);
  assert.equal(
    small.shown().map(([, spans]) => spans),
    [10, 10],
  );
});

test('one batch is under way at a time; what ends meanwhile waits for its own delay', async () => {
  const { attempts, end, shown, queue } = queueBench(() => {});
  end(32);
  await pass(0);
  end(5);
  assert.equal(queue.counts, { ended: 37, exported: 0, failed: 0, dropped: 0, queued: 37 });
  await pass(6000);
  assert.is(attempts.length, 1);
  attempts[0]?.done({ code: 0 });
  await pass(0);
  assert.equal(shown(), [
    [0, 32],
    [6000, 5],
  ]);
  attempts[1]?.done({ code: 0 });
  await pass(0);
  assert.equal(queue.counts, { ended: 37, exported: 37, failed: 0, dropped: 0, queued: 0 });
});

test('after a batch of which nothing was accepted the queue rests for ten milliseconds', async () => {
  const { end, shown, queue } = queueBench(({ done }) => done({ code: 1, error: REFUSED as never }));
  end(100);
  await pass(5000);
  assert.equal(shown(), [
    [0, 32],
    [10, 64],
    [5000, 4],
  ]);
  assert.equal(queue.counts, { ended: 100, exported: 0, failed: 100, dropped: 0, queued: 0 });
});

test('spans beyond the queue are dropped, counted, and reported once until something has left it', async () => {
  const { attempts, end, lines, queue } = queueBench(() => {}, { maxQueueSize: 10, maxExportBatchSize: 10 });
  end(10);
  await pass(0);
  end(13);
  assert.is(queue.counts.dropped, 3);
  const dropped = () => lines.filter((line) => line.startsWith('SPW005'));
  assert.equal(dropped().length, 1);
  assert.match(dropped()[0] as string, /^SPW005 1 dropped so far, max_queue_size is 10;/);
  attempts[0]?.done({ code: 0 });
  await pass(0);
  end(12);
  assert.is(dropped().length, 2);
  assert.match(dropped()[1] as string, /^SPW005 4 dropped so far/);
  assert.is(queue.counts.dropped, 5);
});

test('a span that is not sampled is not counted', async () => {
  const { queue } = queueBench(accepts);
  queue.onEnd(span({ spanContext: () => ({ traceFlags: 2 }) }));
  assert.is(queue.counts.ended, 0);
});

test('a flush sends at once and ends with what had ended before it, at the latest at its limit', async () => {
  const { attempts, end, queue } = queueBench(() => {});
  assert.is(await outcome(queue.forceFlush(), 0), undefined);
  end(2);
  const flush = outcome(queue.forceFlush(), 1999);
  await flush;
  assert.is(attempts.length, 1);
  end(1);
  const first = outcome(queue.forceFlush(100), 100);
  assert.is(await first, undefined);
  attempts[0]?.done({ code: 0 });
  await pass(0);
  assert.is(attempts.length, 1, 'a flush that timed out sends nothing more');
  const next = outcome(queue.forceFlush(), 0);
  assert.is(await next, 'not yet');
  assert.is(attempts.length, 2);
  attempts[1]?.done({ code: 0 });
  await pass(0);
  assert.is(queue.counts.exported, 3);
});

test('a flush ends when an attempt fails, and the spans are sent later', async () => {
  const { attempts, end, queue } = queueBench(
    (attempt, number) => (number === 1 ? fails : accepts)(attempt, number),
    {},
    {},
    ENDPOINT,
  );
  end(2);
  assert.is(await outcome(queue.forceFlush(), 0), undefined);
  assert.equal(queue.counts, { ended: 2, exported: 0, failed: 0, dropped: 0, queued: 2 });
  await pass(1000);
  assert.equal(times(attempts), [0, 1000]);
  assert.is(queue.counts.exported, 2);
});

test('spans that do not fit into one request are sent in the next ones, before those that ended later', async () => {
  const sent: ReadableSpan[] = [];
  const { end, queue } = queueBench(
    accepts,
    {},
    {
      fit: () => 3,
      export(spans: ReadableSpan[], done: Attempt['done']) {
        sent.push(...spans);
        done({ code: 0 });
      },
    },
  );
  const given = spansOf(10);
  for (const each of given) queue.onEnd(each);
  assert.is(await outcome(queue.forceFlush(), 0), undefined);
  end(1);
  assert.ok(given.every((each, at) => sent[at] === each));
  assert.is(sent.length, 10);
});

test('a shutdown sends all in full batches, reports what is lost, and closes the exporter', async () => {
  let closed = 0;
  const shutdown = async () => void closed++;
  const { end, lines, queue, shown } = queueBench(accepts, {}, { shutdown });
  end(250);
  assert.is(await outcome(queue.shutdown(), 0), undefined);
  await queue.shutdown();
  assert.equal(
    shown().map(([, spans]) => spans),
    [100, 100, 50],
  );
  assert.equal([closed, lines], [1, []]);
  end(1);
  assert.equal(queue.counts, { ended: 251, exported: 250, failed: 0, dropped: 1, queued: 0 });
  assert.equal(lines, [], 'spans after a shutdown are not reported');
});

test('a shutdown ends at its limit, with the number of spans that were lost', async () => {
  const { end, lines, queue } = queueBench(() => {}, {}, { shutdown: () => new Promise(() => {}) });
  end(40);
  const closing = outcome(queue.shutdown(), 2999);
  assert.is(await closing, 'not yet');
  await pass(1);
  assert.equal(lines, [
    'SPW006 40 spans after 3000 ms (shutdown_timeout); no answer from the exporter given in code for 3000 ms',
  ]);
  assert.equal(queue.counts, { ended: 40, exported: 0, failed: 40, dropped: 0, queued: 0 });
});

test('spans that fail during a shutdown are reported, those before it are not', async () => {
  const { end, lines, queue } = queueBench(({ done }) => done({ code: 1, error: REFUSED as never }));
  end(3);
  await outcome(queue.forceFlush(), 100);
  end(2);
  await outcome(queue.shutdown(), 5000);
  assert.equal(
    lines.filter((line) => line.startsWith('SPW006')),
    ['SPW006 2 spans at shutdown'],
  );
  queue.reportLost();
  assert.is(lines.filter((line) => line.startsWith('SPW006')).length, 1);
});

test('a flush of the end gives up what is under way at its limit, and the queue goes on', async () => {
  let cut = 0;
  const { attempts, end, queue } = queueBench(() => {}, {}, { disconnect: () => cut++ }, ENDPOINT);
  end(2);
  assert.is(await outcome(queue.flushWithin(300), 299), 'not yet');
  await pass(1);
  assert.is(cut, 1);
  attempts[0]?.done({ code: 1, error: BUSY as never });
  await pass(10);
  assert.equal(queue.counts, { ended: 2, exported: 0, failed: 2, dropped: 0, queued: 0 });
  end(1);
  await pass(5000);
  attempts[1]?.done({ code: 0 });
  await pass(0);
  assert.is(await outcome(queue.flushWithin(300), 0), undefined);
  assert.is(cut, 1, 'nothing is under way');
  assert.is(queue.counts.exported, 1);
});

test.run();
