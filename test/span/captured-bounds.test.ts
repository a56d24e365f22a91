// Bounds of captured values: how many, how deep, how long, and which values are recorded by their type only.

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { startSpan } from '../../runtime/index.js';
import type { Capture } from '../../runtime/site/capture.js';
import type { Site } from '../../runtime/site/site.js';
import { captureCall, captureResult } from '../../runtime/span/captured-values.js';
import type { RecordedSpan } from '../../runtime/span/recorded.js';
import { noticesDuring, traced } from '../gate/tracing.js';

type Captured = Record<string, unknown>;

/** Attributes that a call leaves on its span, by key below `spanwright.`. */
async function captured(work: (span: RecordedSpan) => void, options: object = {}): Promise<Captured> {
  let found: Captured = {};
  await traced({ enabled: true, redact: 'hidden', ...options }, async ({ spans }) => {
    const span = startSpan('captured') as unknown as RecordedSpan;
    const lines = await noticesDuring(() => work(span));
    assert.equal(
      lines.filter((line) => line.includes('SPW010')),
      [],
    );
    span.end();
    const own = Object.entries((await spans())[0]?.attributes ?? {}).filter(([key]) => key.startsWith('spanwright.'));
    found = Object.fromEntries(own.map(([key, value]) => [key.slice('spanwright.'.length), value]));
  });
  return found;
}

const site = (parameters?: string[]): Site => ({ id: 'captured', parameters }) as unknown as Site;
const only = (capture: Partial<Capture>): Capture => ({ args: false, self: [], result: false, ...capture }) as Capture;
const ofArguments = (parameters: string[] | undefined, ...args: unknown[]): Promise<Captured> =>
  captured((span) => captureCall(span, site(parameters), only({ args: true }), undefined, args));
const ofThis = (self: unknown, fields: Capture['self'] = 'all'): Promise<Captured> =>
  captured((span) => captureCall(span, site(), only({ self: fields }), self, []));
const ofResult = (value: unknown, options?: object): Promise<Captured> =>
  captured((span) => captureResult(span, site(), value), options);

test('arguments have the names of their parameters, a pattern its position; those without a name are left out', async () => {
  assert.equal(await ofArguments(['a', '', 'hidden'], 1, { b: 2 }, 'secret', 'without a name'), {
    'arg.a': 1,
    'arg.1.b': 2,
    'arg.hidden': 'REDACTED',
  });
  assert.equal(await ofArguments(['a', 'b'], 1), { 'arg.a': 1 });
  assert.equal(await ofArguments(['a']), {});
  assert.equal(await ofArguments(undefined, 'secret'), { args: '[names unknown: built without the transformer]' });
});

test('fields of this: all, or those that are named', async () => {
  const self = { a: 1, hidden: 'secret', deep: { b: { c: { d: 1 } } } };
  assert.equal(await ofThis(self), { 'this.a': 1, 'this.hidden': 'REDACTED', 'this.deep.b.c': '[object]' });
  assert.equal(await ofThis(self, ['a', 'missing']), { 'this.a': 1 });
  assert.equal(await ofThis(self, []), {});
  for (const odd of [undefined, null, 7, 'text', [1]]) assert.equal([await ofThis(odd), await ofThis(odd, ['length'])], [{}, {}]);
});

test('of objects the fields are recorded two levels deep; an empty one by its type', async () => {
  assert.equal(await ofResult({ a: 1, b: { c: 2, d: { e: 3 } } }), { 'result.a': 1, 'result.b.c': 2, 'result.b.d': '[object]' });
  assert.equal(await ofResult({}), { result: '[object]' });
  assert.equal(await ofResult({ a: {} }), { 'result.a': '[object]' });
  const accessor = Object.defineProperty({}, 'a', { enumerable: true, get: () => assert.unreachable() });
  assert.equal(await ofResult(accessor), { result: '[object]' });
});

test('32 attributes are recorded at most, of each source', async () => {
  const wide = Object.fromEntries(Array.from({ length: 40 }, (_, at) => [`f${at}`, at]));
  assert.is(Object.keys(await ofResult(wide)).length, 32);
  assert.is(Object.keys(await ofResult({ a: wide, b: wide })).length, 32);
  assert.is(Object.keys(await ofThis(wide)).length, 32);
  const names = Array.from({ length: 40 }, (_, at) => `p${at}`);
  assert.equal(
    Object.keys(await ofArguments(names, ...names)),
    names.slice(0, 32).map((name) => `arg.${name}`),
  );
});

test('an object with more than a thousand fields is not listed', async () => {
  const table = (count: number) => Object.fromEntries(Array.from({ length: count }, (_, at) => [`f${at}`, at]));
  assert.is(Object.keys(await ofResult(table(1000))).length, 32);
  const wide = table(1001);
  for (let turn = 0; turn < 2; turn++) assert.equal(await ofResult(wide), { result: '[object]' });
  for (const name of Object.keys(wide).slice(1)) delete wide[name];
  assert.equal(await ofResult(wide), { result: '[object]' }, 'also later');
});

test('texts are cut to 256 characters, names of fields as well, or to the limit of attributes', async () => {
  const long = 'x'.repeat(300);
  assert.equal(await ofResult(long), { result: 'x'.repeat(256) });
  assert.equal(await ofResult([long]), { result: ['x'.repeat(256)] });
  assert.equal(await ofResult({ [long]: 1 }), { [`result.${'x'.repeat(256)}`]: 1 });
  assert.equal(await ofResult(long, { attributeValueLengthLimit: 5 }), { result: 'xxxxx' });
});

test('of a list 16 plain elements of one type are recorded, else their number', async () => {
  const list = Array.from({ length: 20 }, (_, at) => at);
  for (const [value, expected] of [
    [list, list.slice(0, 16)],
    [
      ['a', 'b'],
      ['a', 'b'],
    ],
    [
      [true, false],
      [true, false],
    ],
    [[1, 'a'], '[2 elements]'],
    [[{}], '[1 elements]'],
    [[1n, 2n], '[2 elements]'],
    [[], '[0 elements]'],
    [[undefined], '[1 elements]'],
  ] as const)
    assert.equal(await ofResult(value), { result: expected });
});

test('other values are recorded by their type', async () => {
  const { proxy, revoke } = Proxy.revocable({}, {});
  revoke();
  for (const [value, expected] of [
    [null, 'null'],
    [Symbol('s'), '[symbol]'],
    [() => 1, '[function]'],
    [new Date(0), '1970-01-01T00:00:00.000Z'],
    [proxy, '[proxy]'],
    [Promise.resolve(), '[promise]'],
    [Buffer.from('a'), '[binary]'],
    [new ArrayBuffer(1), '[binary]'],
    [new Map(), '[map]'],
    [new Set(), '[set]'],
    [Object('boxed'), '[object]'],
    [7n, '7'],
    [true, true],
    [0, 0],
  ] as const)
    assert.equal(await ofResult(value), { result: expected });
  assert.equal(await ofResult(undefined), {});
});

test('a value that cannot be read is reported, and the call goes on', () =>
  traced({ enabled: true }, async () => {
    const span = { recorder: { limits: {} }, setAttribute: () => assert.unreachable() } as unknown as RecordedSpan;
    const broken = new Proxy(span, {
      get: () => {
        throw new Error('its own');
      },
    });
    const lines = await noticesDuring(() => {
      captureCall(broken, site(['a']), only({ args: true }), undefined, [1]);
      captureResult(broken, site(), 1);
    });
    assert.equal(
      lines.map((line) => /captured (values|result) of captured/.exec(line)?.[1]),
      ['values', 'result'],
    );
  }));

test.run();
