// Statistics of recent calls by site: latency, samples, failures, all bounded.

import { setTimeout as sleep } from 'node:timers/promises';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { instrument, type Latency } from '../../runtime/index.js';
import { traced } from '../gate/tracing.js';

const quick = instrument({ namespace: 'stats::quick', name: 'quick' }, () => 1);
const slow = instrument({ namespace: 'stats::slow', name: 'slow' }, () => sleep(15));
const failing = instrument({ namespace: 'stats::failing', name: 'failing' }, (n: number) => {
  throw new RangeError(`no ${n}`);
});

const callsIn = (latency: Latency | undefined): number | undefined => latency?.counts.reduce((sum, count) => sum + count, 0);

test('calls are counted by latency', () =>
  traced({ enabled: true }, async ({ tracing }) => {
    for (let call = 0; call < 50; call++) quick();
    await slow();
    const [fast] = tracing.sites('stats::quick');
    assert.is(callsIn(fast?.latency), 50);
    const latency = tracing.sites('stats::slow')[0]?.latency;
    assert.is(callsIn(latency), 1);
    assert.ok((latency?.p50Ms ?? 0) > 14, `${latency?.p50Ms} ms`);
  }));

test('the last failures are kept with their error; successes are sampled', () =>
  traced({ enabled: true }, ({ tracing }) => {
    for (let call = 0; call < 30; call++) assert.throws(() => failing(call));
    for (let call = 0; call < 30; call++) quick();
    const [site] = tracing.sites('stats::failing');
    assert.is(site?.errors, 30);
    assert.is(site?.failures.length, 8);
    assert.ok(site?.failures.some((failure) => failure.error === 'RangeError: no 29'));
    assert.not(site?.failures.some((failure) => failure.error === 'RangeError: no 0'));
    assert.ok((tracing.sites('stats::quick')[0]?.samples.length ?? 0) <= 2);
    assert.is(tracing.sites('stats::quick')[0]?.failures.length, 0);
  }));

test('recent errors of the process are listed newest first, and bounded', () =>
  traced({ enabled: true }, ({ tracing }) => {
    for (let call = 0; call < 250; call++) assert.throws(() => failing(call));
    const errors = tracing.recentErrors();
    assert.is(errors.length, 100);
    assert.is(errors[0]?.error, 'RangeError: no 249');
    assert.is(errors[99]?.error, 'RangeError: no 150');
  }));

test('a failure that passes many frames is one recent error', () =>
  traced({ enabled: true }, ({ tracing }) => {
    const inner = instrument({ namespace: 'stats::inner', name: 'inner' }, (own: boolean) => {
      throw new RangeError(own ? 'first' : 'second');
    });
    const middle = instrument({ namespace: 'stats::middle', name: 'middle' }, (own: boolean) => inner(own));
    const outer = instrument({ namespace: 'stats::outer', name: 'outer' }, (own: boolean) => {
      try {
        return middle(own);
      } catch (error) {
        throw own ? new TypeError('of its own', { cause: error }) : error;
      }
    });
    const rows = () =>
      tracing
        .recentErrors()
        .filter(({ name }) => name !== 'failing')
        .map(({ name, error }) => [name, error]);
    assert.throws(() => outer(false));
    assert.equal(rows(), [['inner', 'RangeError: second']]);
    assert.is(tracing.sites('stats::middle')[0]?.errors, 1, 'each function still counts it');
    assert.throws(() => outer(true));
    assert.equal(rows(), [
      ['outer', 'TypeError: of its own'],
      ['inner', 'RangeError: first'],
      ['inner', 'RangeError: second'],
    ]);
  }));

test('a site that was never recorded has no calls', () =>
  traced({ enabled: false }, ({ tracing }) => {
    instrument({ namespace: 'stats::never', name: 'never' }, () => 1)();
    const [site] = tracing.sites('stats::never');
    assert.equal([site?.calls, callsIn(site?.latency), site?.latency.p50Ms], [0, 0, null]);
  }));

test.run();
