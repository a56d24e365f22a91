// What is kept of recent calls by site: latency, samples, failures, all bounded.

import { setTimeout as sleep } from 'node:timers/promises';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { instrument } from '../../runtime/index.js';
import { traced } from '../gate/tracing.js';

const quick = instrument({ namespace: 'stats::quick', name: 'quick' }, () => 1);
const slow = instrument({ namespace: 'stats::slow', name: 'slow' }, () => sleep(15));
const failing = instrument({ namespace: 'stats::failing', name: 'failing' }, (n: number) => {
  throw new RangeError(`no ${n}`);
});

test('calls are counted by latency', () =>
  traced({ enabled: true }, async ({ tracing }) => {
    for (let call = 0; call < 50; call++) quick();
    await slow();
    const [fast] = tracing.sites('stats::quick');
    assert.is(
      fast?.latency.reduce((sum, count) => sum + count, 0),
      50,
    );
    const latency = tracing.sites('stats::slow')[0]?.latency ?? [];
    assert.equal(latency.slice(0, 4), [0, 0, 0, 0], 'not below 10 ms');
    assert.is(
      latency.slice(4).reduce((sum, count) => sum + count, 0),
      1,
      '10 ms or more, however busy the machine is',
    );
  }));

test('failures are kept with their error, the last ones only; successes are sampled', () =>
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

test('the recent errors of the process are newest first, and bounded', () =>
  traced({ enabled: true }, ({ tracing }) => {
    for (let call = 0; call < 250; call++) assert.throws(() => failing(call));
    const errors = tracing.recentErrors();
    assert.is(errors.length, 100);
    assert.is(errors[0]?.error, 'RangeError: no 249');
    assert.is(errors[99]?.error, 'RangeError: no 150');
  }));

test('a site that was never recorded has no calls', () =>
  traced({ enabled: false }, ({ tracing }) => {
    instrument({ namespace: 'stats::never', name: 'never' }, () => 1)();
    const [site] = tracing.sites('stats::never');
    assert.equal([site?.calls, ...(site?.latency ?? [])], [0, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
  }));

test.run();
