// End of a trace whose context lives on: a timer or a pooled connection that was made in a recorded call keeps that
// call's context for ever. With the flag off such a context neither records nor keeps the gate active; a trace under way does both.

import { AsyncResource } from 'node:async_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { context, ROOT_CONTEXT, trace } from '@opentelemetry/api';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { contexts } from '../../runtime/context/active.js';
import { TICK_MS } from '../../runtime/gate/under-way.js';
import { instrument, startSpan } from '../../runtime/index.js';
import { state } from '../../runtime/state.js';
import { traced } from './tracing.js';

const work = instrument({ namespace: 'carbide::api', name: 'work' }, () => 1);
const named = (name: string) => instrument({ namespace: 'carbide::api', name }, () => 1);

/** An object created in a call, as in a connection pool, whose callbacks run in that call's context from then on. */
const connect = instrument({ namespace: 'carbide::api', name: 'connect' }, () => new AsyncResource('CONNECTION'));

/** The grace of a trace that has just ended is at most two ticks. */
function passGrace(): void {
  state.gate.pass();
  state.gate.pass();
}

test('a context that outlives its trace keeps the gate active for the grace period only, and records nothing after it', () =>
  traced({ enabled: true }, async ({ tracing, expectSpans }) => {
    const connection = connect();
    tracing.setEnabled(false);
    assert.is(state.gate.idle, false);
    connection.runInAsyncScope(named('soon after'));
    passGrace();
    assert.is(state.gate.idle, true);
    connection.runInAsyncScope(named('long after'));
    await expectSpans('connect', '  soon after');
  }));

test('a span recorded within the grace period restarts it', () =>
  traced({ enabled: true }, async ({ tracing, expectSpans }) => {
    const connection = connect();
    tracing.setEnabled(false);
    for (let tick = 0; tick < 5; tick++) {
      state.gate.pass();
      assert.is(state.gate.idle, false);
      connection.runInAsyncScope(work);
    }
    passGrace();
    assert.is(state.gate.idle, true);
    await expectSpans('connect', ...Array<string>(5).fill('  work'));
  }));

test('a trace counts as active while one of its spans is open', () =>
  traced({ enabled: true }, async ({ tracing, expectSpans }) => {
    const span = startSpan('session', { namespace: 'carbide::api' });
    tracing.setEnabled(false);
    for (let tick = 0; tick < 100; tick++) state.gate.pass();
    assert.is(state.gate.idle, false);
    span.run(work);
    span.end();
    passGrace();
    assert.is(state.gate.idle, true);
    await expectSpans('session', '  work');
  }));

test('while one trace is active, the context of a finished one records nothing', () =>
  traced({ enabled: true }, async ({ tracing, expectSpans }) => {
    const connection = connect();
    const span = startSpan('session', { namespace: 'carbide::api' });
    tracing.setEnabled(false);
    passGrace();
    assert.is(state.gate.idle, false);
    connection.runInAsyncScope(named('long after'));
    connection.runInAsyncScope(() => trace.getTracer('theirs').startSpan('long after, theirs').end());
    span.run(work);
    span.end();
    await expectSpans('connect', 'session', '  work');
  }));

test('a finished trace is not resumed: when tracing is on again, its context starts new traces', () =>
  traced({ enabled: true }, async ({ tracing, expectSpans }) => {
    const connection = connect();
    tracing.setEnabled(false);
    const held = startSpan('nothing');
    assert.is(held.isRecording(), false);
    passGrace();
    tracing.setEnabled(true);
    connection.runInAsyncScope(work);
    connection.runInAsyncScope(() => trace.getTracer('theirs').startSpan('theirs').end());
    await expectSpans('connect', 'work', 'theirs');
  }));

test('a trace within its grace period is resumed when tracing is switched on again', () =>
  traced({ enabled: true }, async ({ tracing, expectSpans }) => {
    const connection = connect();
    tracing.setEnabled(false);
    state.gate.pass();
    tracing.setEnabled(true);
    connection.runInAsyncScope(work);
    await expectSpans('connect', '  work');
  }));

test('the gate is idle again within two ticks, without garbage collection', () =>
  traced({ enabled: true }, async ({ tracing }) => {
    const connection = connect();
    const began = performance.now();
    tracing.setEnabled(false);
    while (!state.gate.idle && performance.now() - began < 20 * TICK_MS) await sleep(20);
    assert.is(state.gate.idle, true);
    assert.ok(performance.now() - began > TICK_MS * 0.9, 'not before the grace');
    connection.emitDestroy();
  }));

/** On Node 20 and 22 an active AsyncLocalStorage slows every promise of the process, which its hooks show. */
const inUse = (): boolean => (contexts.storage as { enabled?: boolean }).enabled === true;

test('while idle, neither an export nor an empty context enables the storage again', () =>
  traced({ enabled: true }, async ({ tracing, expectSpans }) => {
    work();
    tracing.setEnabled(false);
    passGrace();
    assert.is(inUse(), false);
    await expectSpans('work');
    context.with(ROOT_CONTEXT, () => {});
    assert.is(inUse(), false);
  }));

// The tests below leave sampled third-party contexts, which keep the gate active for ten minutes unless they are collected.

const REMOTE = { traceId: '0af7651916cd43dd8448eb211c80319c', spanId: 'b7ad6b7169203331', isRemote: true };

test('a third-party sampled context counts for ten minutes after it was last seen', () =>
  traced({ enabled: false }, async ({ expectSpans }) => {
    const sampled = trace.setSpanContext(ROOT_CONTEXT, { ...REMOTE, traceFlags: 1 });
    const waiting = context.with(sampled, () => new AsyncResource('CONSUMER'));
    const tenMinutes = 600_000 / TICK_MS;
    for (let tick = 0; tick < tenMinutes; tick++) state.gate.pass();
    assert.is(state.gate.idle, false);
    waiting.runInAsyncScope(named('after ten minutes'));
    for (let tick = 0; tick < 3; tick++) state.gate.pass();
    assert.is(state.gate.idle, true);
    waiting.runInAsyncScope(named('even later'));
    context.with(sampled, named('seen again'));
    await expectSpans('(remote b7ad6b7169203331)', '  after ten minutes', '  seen again');
  }));

test('a sampled context that is set inside a recorded call counts too', () =>
  traced({ enabled: true }, async ({ tracing, spans }) => {
    const consume = instrument({ namespace: 'carbide::api', name: 'consume' }, () =>
      context.with(trace.setSpanContext(context.active(), { ...REMOTE, traceFlags: 1 }), () => new AsyncResource('CONSUMER')),
    );
    const waiting = consume();
    tracing.setEnabled(false);
    passGrace();
    assert.is(state.gate.idle, false);
    waiting.runInAsyncScope(work);
    assert.is((await spans())[1]?.spanContext().traceId, REMOTE.traceId);
  }));

test.run();
