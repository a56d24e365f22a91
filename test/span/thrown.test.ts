// The description of thrown values and its bounds, and the events of a span: how many errors wait for their stack to be read, and which.

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { describeThrown, exceptionAttributes, isCancellation, stackOfThrown } from '../../runtime/span/errors.js';
import { SpanEvents } from '../../runtime/span/events.js';
import { withoutOwnFrames } from '../../runtime/span/own-frames.js';

const stackOf = (error: unknown): string => stackOfThrown(describeThrown(error)) ?? 'none';
/** An error whose stack is one short line. */
const short = (stack: string, more: object = {}): Error => Object.assign(new Error('m'), { stack }, more);

test('type and message of any thrown value', () => {
  class Own extends Error {}
  class Named extends Error {
    override name = 'NamedError';
  }
  const nameless = Object.assign(Object.create(null) as object, { message: 'm' });
  for (const [value, type, message] of [
    ['text', 'string', 'text'],
    ['x'.repeat(2000), 'string', 'x'.repeat(1024)],
    [7, 'number', '7'],
    [undefined, 'undefined', 'undefined'],
    [null, 'null', 'null'],
    [Symbol('s'), 'symbol', 'Symbol(s)'],
    [new TypeError('t'), 'TypeError', 't'],
    [new Own('o'), 'Own', 'o'],
    [new Named('n'), 'NamedError', 'n'],
    [Object.assign(new Error('e'), { name: '' }), 'Error', 'e'],
    [{ message: 'plain' }, 'Object', 'plain'],
    [{ message: 7 }, 'Object', ''],
    [nameless, '_OTHER', 'm'],
    [Object.assign(Object.create(null) as object, { name: 'Error' }), 'Error', ''],
    [Object.assign(new Error('x'.repeat(20_000))), 'Error', 'x'.repeat(16_384)],
    [function thrown() {}, 'thrown', ''],
  ] as const) {
    const described = describeThrown(value);
    assert.equal([described.type, described.message], [type, message]);
    assert.is(described.error, value);
  }
});

test('a value without a stack has none; a function that is thrown has none either', () => {
  for (const value of ['text', null, undefined, {}, () => 1, { stack: 7 }]) assert.is(stackOf(value), 'none');
  const described = describeThrown({ message: 'm' });
  assert.equal(exceptionAttributes(described), { 'exception.type': 'Object', 'exception.message': 'm' });
  assert.is(exceptionAttributes(describeThrown(short('s')))['exception.stacktrace'], 's');
});

test('causes are described five deep, each once, and a cause that is no error by its text', () => {
  const chain = (depth: number): Error => short(`e${depth}`, { cause: depth === 8 ? undefined : chain(depth + 1) });
  assert.is(stackOf(chain(0)), ['e0', 'e1', 'e2', 'e3', 'e4', 'e5'].join('\nCaused by: '));
  const circular = short('c');
  circular.cause = circular;
  assert.is(stackOf(circular), 'c');
  const fn = function named() {};
  for (const [cause, text] of [
    ['text', 'text'],
    [null, 'null'],
    [0, '0'],
    [fn, '[function named]'],
    [{ message: 'plain' }, 'Object: plain'],
    [{}, 'Object: '],
    [Object.defineProperty(() => 1, 'name', { value: 7 }), '[function ]'],
  ] as const)
    assert.is(stackOf(short('e', { cause })), `e\nCaused by: ${text}`);
});

test('ten members of an AggregateError are described, each with its own causes', () => {
  const errors = Array.from({ length: 12 }, (_, index) => short(`m${index}`));
  errors[0] = short('m0', { cause: short('c0') });
  const text = stackOf(short('e', { errors }));
  assert.equal(text.split('\n'), [
    'e',
    'Includes: m0',
    'Caused by: c0',
    ...Array.from({ length: 9 }, (_, index) => `Includes: m${index + 1}`),
  ]);
  assert.is(stackOf(short('e', { errors: 'none' })), 'e');
  assert.is(stackOf(short('e', { errors: new Proxy([short('m')], {}) })), 'e');
});

test('the text has 16,384 characters at most, and what would come behind them is not read', () => {
  let reads = 0;
  const late = Object.defineProperty(short('late'), 'stack', { get: () => `late ${++reads}` });
  const errors = [short('x'.repeat(16_384)), late];
  assert.is(stackOf(short('e', { errors })).length, 16_384);
  assert.is(reads, 0);
  assert.match(stackOf(short('e', { errors: [late] })), 'late 1');
});

test('an AbortError is a cancellation, unless a cause within five names a time-out', () => {
  const aborted = (cause?: unknown): boolean =>
    isCancellation(describeThrown(Object.assign(new Error('aborted', { cause }), { name: 'AbortError' })));
  const chain = (depth: number): unknown =>
    depth === 0 ? new DOMException('late', 'TimeoutError') : new Error('e', { cause: chain(depth - 1) });
  assert.ok(aborted());
  assert.not(aborted(chain(0)));
  assert.not(aborted(chain(4)));
  assert.ok(aborted(chain(5)));
  assert.not(aborted(`${' '.repeat(1014)}timed out`));
  assert.ok(aborted(`${' '.repeat(1020)}timed out`));
  assert.not(aborted({ code: 'ETIMEDOUT' }));
  assert.not(isCancellation(describeThrown(new Error('no'))));
});

const thrown = (error: unknown) => describeThrown(error);
const events = (eventCount = 128) =>
  new SpanEvents({ eventCount, eventAttributeCount: 128, attributeLength: 1000, hides: undefined } as never);

/** An error that notes when its stack is read. */
function observed(more: object = {}): { readonly error: Error; readonly reads: () => number } {
  let reads = 0;
  const error = new Error('m');
  Object.defineProperty(error, 'stack', { get: () => `read ${++reads}`, enumerable: false });
  return { error: Object.assign(error, more), reads: () => reads };
}

test('beyond the limit the oldest event is dropped and counted; with a limit of none each is', () => {
  for (const [limit, kept, dropped] of [
    [2, ['b', 'c'], 1],
    [3, ['a', 'b', 'c'], 0],
    [0, [], 3],
  ] as const) {
    const list = events(limit);
    for (const name of ['a', 'b', 'c']) list.add({ name, time: [0, 0] });
    assert.equal(
      list.list().map(({ name }) => name),
      kept,
    );
    assert.is(list.dropped, dropped);
  }
});

test('the stack of an error is read when the events are read; of one that holds an object, at once', () => {
  const chain = (depth: number): unknown => (depth === 0 ? undefined : new Error('c', { cause: chain(depth - 1) }));
  for (const [more, isLate] of [
    [{}, true],
    [{ code: 'E', status: 7, nothing: null, text: undefined }, true],
    [{ response: {} }, false],
    [{ errors: [] }, false],
    [{ cause: 'text' }, true],
    [{ cause: {} }, false],
  ] as const) {
    const { error, reads } = observed(more);
    const list = events();
    list.addException(thrown(error), [0, 0]);
    assert.is(reads(), isLate ? 0 : 1, JSON.stringify(more));
    assert.match(String(list.list()[0]?.attributes?.['exception.stacktrace']), /^read 1\b/);
    assert.match(String(list.list()[0]?.attributes?.['exception.stacktrace']), /^read 1\b/);
    list.release();
  }
  for (const [depth, isLate] of [
    [3, true],
    [4, false],
  ] as const) {
    const { error, reads } = observed();
    Object.defineProperty(error, 'cause', { value: chain(depth), configurable: true });
    const list = events();
    list.addException(thrown(error), [0, 0]);
    assert.is(reads(), isLate ? 0 : 1, `${depth} causes`);
    list.release();
  }
  const plain = { message: 'no error', stack: 'its own' };
  const list = events();
  list.addException(thrown(plain), [0, 0]);
  plain.stack = 'changed';
  assert.is(list.list()[0]?.attributes?.['exception.stacktrace'], 'its own');
});

test('512 errors wait for their stacks at most, until they are read or their span is released', () => {
  const waits = (): SpanEvents[] => {
    const lists: SpanEvents[] = [];
    for (;;) {
      const { error, reads } = observed();
      const list = events();
      list.addException(thrown(error), [0, 0]);
      if (reads() > 0) return lists;
      lists.push(list);
    }
  };
  const first = waits();
  assert.is(first.length, 512);
  assert.is(waits().length, 0);
  first[0]?.list();
  first[0]?.release();
  first[1]?.release();
  assert.is(waits().length, 2);
  const two = observed();
  for (const list of first) list.release();
  const list = events();
  for (let turn = 0; turn < 2; turn++) list.addException(thrown(two.error), [0, 0]);
  assert.is(waits().length, 510 - 2);
});

test('frames of this package are taken out of a stack, and a function that it enters again is one frame', () => {
  const own =
    /\(?([^\s(]*[\\/]runtime[\\/]span[\\/])/u.exec(new Error().stack ?? '')?.[1] ?? __dirname.replace('test', 'runtime');
  const ours = `    at run (${own}/run.ts:1:1)`;
  const context = '    at AsyncLocalStorage.run (node:async_hooks:346:14)';
  const frames = (...lines: string[]): string => ['Error: m', ...lines].join('\n');
  const at = (name: string, line: number): string => `    at ${name} (/srv/app.js:${line}:1)`;
  for (const [given, expected] of [
    [
      [at('A.a', 2), ours, context, ours, at('A.a', 1), at('main', 9)],
      [at('A.a', 2), at('main', 9)],
    ],
    [
      [at('A.a', 2), ours, at('B.b', 1)],
      [at('A.a', 2), at('B.b', 1)],
    ],
    [
      [ours, '    at /srv/app.js:1:1', ours, '    at /srv/app.js:2:1'],
      ['    at /srv/app.js:1:1', '    at /srv/app.js:2:1'],
    ],
    [
      [at('A.a', 2), at('A.a', 1), context, ours],
      [at('A.a', 2), at('A.a', 1), context],
    ],
    [[at('async A.a', 2), ours, at('A.a', 1)], [at('async A.a', 2)]],
  ] as const)
    assert.is(withoutOwnFrames(frames(...given)), frames(...expected));
  const foreign = frames(at('A.a', 2), context, at('A.a', 1));
  assert.is(withoutOwnFrames(foreign), foreign);
});

test.run();
