// `capture`: a lease records arguments, results and fields of `this`, where the configuration allows it. Nothing is captured without.

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { parseCapture, unitedCapture } from '../../runtime/gate/capture.js';
import {
  InvalidArgumentError,
  instrument,
  type LeaseOptions,
  PermissionDeniedError,
  type TracingOptions,
} from '../../runtime/index.js';
import { wrapperFor } from '../../runtime/instrument/make.js';
import type { AnyFunction } from '../../runtime/site/site.js';
import { traced } from './tracing.js';

class Power {
  readonly rack = 'r-1';
  readonly token = 'hunter2';
  readonly watts = 5;
  get broken(): string {
    throw new Error('a getter ran');
  }
  set(request: unknown, _user?: unknown): unknown {
    return request;
  }
}
/** Instruments a function as the transformer does: with the names of its parameters. */
function described<F extends AnyFunction>(namespace: string, name: string, parameters: readonly string[], body: F): F {
  return wrapperFor({ body, record: { namespace, function: name, name, parameters }, options: {}, name }).fn as F;
}
const set = described('carbide::power', 'set', ['request', '_user'], Power.prototype.set);
const other = described('carbide::db', 'other', ['value'], (value: unknown) => value);
const later = described('carbide::power', 'later', ['value'], async (value: unknown) => value);
const login = described('carbide::auth', 'login', ['name', 'password'], (...credentials: unknown[]) => credentials.length);
const unseen = instrument({ namespace: 'carbide::power', name: 'unseen' }, (password: string) => password.length);

const ALLOWED: TracingOptions = { allowCapture: 'carbide' };

/** Attributes that were captured of the first span of the name. */
function captured(
  capture: string,
  work: () => unknown,
  { name = 'set', options = {}, setUp = ALLOWED }: { name?: string; options?: LeaseOptions; setUp?: TracingOptions } = {},
): Promise<Record<string, unknown>> {
  return traced(setUp, async ({ tracing, spans }) => {
    tracing.setEnabled(true, { capture, ...options });
    await work();
    const span = (await spans()).find((candidate) => candidate.name === name);
    const entries = Object.entries(span?.attributes ?? {}).filter(([key]) => key.startsWith('spanwright.'));
    return Object.fromEntries(entries.map(([key, value]) => [key.slice('spanwright.'.length), value]));
  });
}
const call = (request: unknown, ...rest: unknown[]) => set.call(new Power(), request, ...(rest as [unknown]));

test('arguments, result and own fields of this are recorded under the lease, with hidden names as elsewhere', async () => {
  assert.equal(await captured('args, result, this', () => call(7, { name: 'ann', password: 'hunter2' })), {
    'arg.request': 7,
    'arg._user.name': 'ann',
    'arg._user.password': 'REDACTED',
    result: 7,
    'this.rack': 'r-1',
    'this.token': 'REDACTED',
    'this.watts': 5,
  });
});

test('a parameter that redact covers is hidden, and so are the arguments of a function whose names are not known', async () => {
  assert.equal(await captured('args', () => login('ann', 'hunter2'), { name: 'login' }), {
    'arg.name': 'ann',
    'arg.password': 'REDACTED',
  });
  const attributes = await captured('args', () => unseen('hunter2'), { name: 'unseen' });
  assert.equal(attributes, { args: '[names unknown: built without the transformer]' });
});

test('named fields of this are recorded, and no others', async () => {
  assert.equal(await captured('this.rack, this.missing, this.broken', () => call(7)), { 'this.rack': 'r-1' });
  assert.equal(await captured('result', () => call('done')), { result: 'done' });
});

test('the result of an async function is captured when it has settled', async () => {
  assert.equal(await captured('result', () => later({ ok: true }), { name: 'later' }), { 'result.ok': true });
});

test('captures of several leases are united', () => {
  const united = (...texts: string[]) => unitedCapture(texts.map((text) => parseCapture(text)));
  assert.is(united(), undefined);
  assert.equal(united('args', 'result, this.a', 'this.b, this.a'), { args: true, result: true, self: ['a', 'b'] });
  assert.equal(united('result', 'this.a'), { args: false, result: true, self: ['a'] });
  assert.equal(united('this.a', 'args', 'this'), { args: true, result: false, self: 'all' });
});

function revokedProxy(): unknown {
  const { proxy, revoke } = Proxy.revocable([], {});
  revoke();
  return proxy;
}

const VALUES: readonly (readonly [what: string, value: unknown, expected: Record<string, unknown>])[] = [
  ['null', null, { 'arg.request': 'null' }],
  ['undefined', undefined, {}],
  ['a bigint', 7n, { 'arg.request': '7' }],
  ['a symbol', Symbol('s'), { 'arg.request': '[symbol]' }],
  ['a date', new Date(0), { 'arg.request': '1970-01-01T00:00:00.000Z' }],
  ['a function', () => 1, { 'arg.request': '[function]' }],
  ['a buffer', Buffer.from('hunter2'), { 'arg.request': '[binary]' }],
  ['a map', new Map([['a', 1]]), { 'arg.request': '[map]' }],
  ['a promise', Promise.resolve(1), { 'arg.request': '[promise]' }],
  ['a list of texts', ['a', 'b'], { 'arg.request': ['a', 'b'] }],
  ['a mixed list', ['a', 1], { 'arg.request': '[2 elements]' }],
  ['a long text', 'x'.repeat(10_000), { 'arg.request': 'x'.repeat(256) }],
  ['a long list', Array(1000).fill(1), { 'arg.request': Array(16).fill(1) }],
  ['a deep object', { a: { b: { c: { d: 1 } } } }, { 'arg.request.a.b': '[object]' }],
  ['a revoked proxy', revokedProxy(), { 'arg.request': '[proxy]' }],
  ['a boxed text', new String('hunter2'), { 'arg.request': '[object]' }],
  ['an object without fields', {}, { 'arg.request': '[object]' }],
  ['a regular expression', /hunter2/u, { 'arg.request': '[object]' }],
  ['a list with holes', Object.assign([], { 999999: 1 }), { 'arg.request': '[1000000 elements]' }],
  ['a table', Object.fromEntries(Array.from({ length: 5000 }, (_, at) => [`k${at}`, at])), { 'arg.request': '[object]' }],
  ['a long name', { ['x'.repeat(5000)]: 1 }, { [`arg.request.${'x'.repeat(256)}`]: 1 }],
  ['a class instance', new Power(), { 'arg.request.rack': 'r-1', 'arg.request.token': 'REDACTED', 'arg.request.watts': 5 }],
];

for (const [what, value, expected] of VALUES) {
  test(`${what} is captured within bounds`, async () => {
    assert.equal(await captured('args', () => void call(value)), expected);
  });
}

test('a cyclic value is captured once, and at most 32 attributes of the arguments are kept', async () => {
  const cycle: Record<string, unknown> = { name: 'n' };
  cycle.self = cycle;
  assert.equal(await captured('args', () => call(cycle)), {
    'arg.request.name': 'n',
    'arg.request.self.name': 'n',
    'arg.request.self.self': '[object]',
  });
  const wide = Object.fromEntries(Array.from({ length: 100 }, (_, at) => [`k${at}`, at]));
  assert.is(Object.keys(await captured('args', () => call(wide))).length, 32);
});

test('capture runs no code of a value: no proxy traps, getters or iterators', async () => {
  const fail = (): never => {
    throw new Error('code of the value ran');
  };
  const proxy = new Proxy({}, { get: fail, ownKeys: fail, getOwnPropertyDescriptor: fail, getPrototypeOf: fail });
  const accessors = Object.defineProperty({ plain: 1 }, 'broken', { get: fail, enumerable: true });
  const list = Object.defineProperty([1, 2], Symbol.iterator, { value: fail });
  class Odd extends Array {
    static override get [Symbol.species](): never {
      return fail();
    }
  }
  const values = { proxy, accessors, list, odd: Odd.from([1]), toJSON: fail };
  assert.equal(await captured('args', () => call(values)), {
    'arg.request.proxy': '[proxy]',
    'arg.request.accessors.plain': 1,
    'arg.request.list': [1, 2],
    'arg.request.odd': [1],
    'arg.request.toJSON': '[function]',
  });
});

test('only the sites that both the lease and the configuration name are captured', async () => {
  const both = () => [call(1), other(2)];
  const options = { only: 'carbide::power, carbide::db' };
  assert.equal(await captured('args', both, { name: 'other', options }), { 'arg.value': 2 });
  assert.equal(await captured('args', both, { name: 'other', options, setUp: { allowCapture: 'carbide::power' } }), {});
  assert.equal(await captured('args', () => [call(1)], { name: 'set', options: { only: 'carbide::power' } }), {
    'arg.request': 1,
  });
});

test('the end of the lease ends the capture, also where tracing stays on', () =>
  traced({ ...ALLOWED, enabled: true }, async ({ tracing, spans }) => {
    const lease = tracing.setEnabled(true, { capture: 'args' });
    assert.is(lease.capture, 'args');
    call(1);
    tracing.endLease(lease.id);
    call(2);
    assert.equal(
      (await spans()).map(({ attributes }) => attributes['spanwright.arg.request']),
      [1, undefined],
    );
  }));

test('a lease captures nothing unless the configuration allows it', () =>
  traced({}, ({ tracing }) => {
    assert.throws(
      () => tracing.setEnabled(true, { capture: 'args' }),
      (error: unknown) => error instanceof PermissionDeniedError && /allow_capture/.test(error.message),
    );
    assert.equal(tracing.leases(), []);
  }));

for (const capture of ['', 'everything', 'args,', 'this.', 'this.a.b', 7 as never]) {
  test(`"capture" of ${JSON.stringify(capture)} is refused`, () =>
    traced(ALLOWED, ({ tracing }) => {
      assert.throws(
        () => tracing.setEnabled(true, { capture }),
        (error: unknown) => error instanceof InvalidArgumentError && error.field === 'capture',
      );
      assert.throws(() => tracing.setEnabled(false, { capture: 'args' }), /valid only when tracing is switched on/);
    }));
}

test.run();
