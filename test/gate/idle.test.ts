// The boolean that every forwarder reads must be exact. Run with gc() exposed, so that "nothing can
// record any more" can be waited for.

import { createHook } from 'node:async_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { context, createContextKey, ROOT_CONTEXT, trace } from '@opentelemetry/api';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { contexts } from '../../runtime/context/active.js';
import { TICK_MS } from '../../runtime/gate/under-way.js';
import { instrument, startTracing, withRemoteContext } from '../../runtime/index.js';
import { state } from '../../runtime/state.js';
import { traced } from './tracing.js';

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

interface Timer {
  readonly _repeat: number | null;
  readonly _destroyed: boolean;
}
/** Timers of the gate, which count the grace of finished traces. Others are not kept, because they would keep contexts. */
const ticks: Timer[] = [];
const watch = (_id: number, type: string, _trigger: number, timer: object): void => {
  if (type === 'Timeout' && (timer as Timer)._repeat === TICK_MS) ticks.push(timer as Timer);
};
createHook({ init: watch }).enable();
const ticking = () => ticks.filter((timer) => !timer._destroyed).length;

async function idleWithin(milliseconds: number): Promise<boolean> {
  for (const began = performance.now(); performance.now() - began < milliseconds; await sleep(10)) {
    if (state.gate.idle) return true;
    collect();
  }
  return state.gate.idle;
}

const work = instrument({ namespace: 'carbide::api', name: 'work' }, () => 1);

test('the gate is idle before any set-up, and calls go straight to the body', () => {
  assert.is(state.gate.idle, true);
  assert.is(work(), 1);
});

test('the gate is idle while built and off', () =>
  traced({ enabled: false }, () => {
    assert.is(state.gate.idle, true);
  }));

test('startActiveSpan() returns what its body returns, recorded or not', () =>
  traced({ enabled: false }, ({ tracing }) => {
    const result = () => trace.getTracer('theirs').startActiveSpan('span', (span) => ['result', span.isRecording()]);
    assert.is(state.gate.idle, true);
    assert.equal(result(), ['result', false]);
    tracing.setEnabled(true);
    assert.equal(result(), ['result', true]);
  }));

test('the gate is active while tracing is on', () =>
  traced({ enabled: true }, () => {
    assert.is(state.gate.idle, false);
  }));

test('with no endpoint the gate is idle, also while the flag is on', async () => {
  const tracing = await startTracing({ enabled: true, endpoint: '' });
  assert.is(state.gate.idle, true);
  await tracing.shutdown();
});

test('an unsampled remote context does not activate the gate', () =>
  traced({ enabled: false }, async () => {
    assert.ok(await idleWithin(30_000));
    withRemoteContext({ traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00' }, () => {
      assert.is(state.gate.idle, true);
    });
  }));

const discarding = {
  export: (_: unknown, done: (result: { code: number }) => void) => done({ code: 0 }),
  shutdown: async () => {},
};

test('a sampled remote context activates the gate; once it is gone, the gate is idle again', async () => {
  const tracing = await startTracing({ exporter: discarding });
  withRemoteContext({ traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01' }, () => {
    assert.is(state.gate.idle, false);
    work();
  });
  assert.is(tracing.state().spans.started, 1);
  await tracing.forceFlush();
  assert.ok(await idleWithin(30_000));
  await tracing.shutdown();
});

test('after switching off, the gate stays active while a recorded context lives, and is idle once the last is gone', async () => {
  const tracing = await startTracing({ enabled: false, exporter: discarding });
  tracing.setEnabled(true);
  let seen: string[] = [];
  let go: (() => void) | undefined;
  const inner = instrument({ namespace: 'carbide::api', name: 'inner' }, () => seen.push('inner'));
  const outer = instrument({ namespace: 'carbide::api', name: 'outer' }, async () => {
    await new Promise<void>((resolve) => (go = resolve));
    inner();
  });
  let call: Promise<void> | undefined = outer();
  tracing.setEnabled(false);
  await tracing.forceFlush();
  collect();
  await sleep(20);
  assert.is(state.gate.idle, false, 'a call under way can still record');
  assert.equal(ticking(), 1);
  tracing.setEnabled(true);
  assert.equal(ticking(), 0, 'the grace of finished traces is not counted while tracing is on');
  tracing.setEnabled(false);
  assert.equal(ticking(), 1);
  const before = tracing.state().spans.started;
  go?.();
  await call;
  assert.is(tracing.state().spans.started, before + 1);
  call = undefined;
  go = undefined;
  seen = [];
  await tracing.forceFlush();
  assert.ok(await idleWithin(30_000), 'nothing that records is left, so the gate is idle');
  assert.equal(ticking(), 0);
  await tracing.shutdown();
});

test('when the gate becomes idle, third-party contexts still propagate; without any, promises cost what they did before', async () => {
  const tracing = await startTracing({ exporter: discarding });
  const key = createContextKey('somebody else');
  let go: (() => void) | undefined;
  tracing.setEnabled(true);
  work();
  tracing.setEnabled(false);
  await tracing.forceFlush();
  assert.ok(await idleWithin(30_000));
  assert.is(contexts.storage.getStore(), undefined);
  assert.not((contexts.storage as { enabled?: boolean }).enabled, 'no hook of the storage on promises');
  const seen = context.with(ROOT_CONTEXT.setValue(key, 'theirs'), async () => {
    await new Promise<void>((resolve) => {
      go = resolve;
    });
    return context.active().getValue(key);
  });
  tracing.setEnabled(true);
  work();
  tracing.setEnabled(false);
  await tracing.forceFlush();
  assert.ok(await idleWithin(30_000));
  go?.();
  assert.is(await seen, 'theirs');
  tracing.setEnabled(true);
  const inner = instrument({ namespace: 'carbide::api', name: 'inner' }, async () => trace.getActiveSpan()?.isRecording());
  assert.is(await inner(), true, 'after a rest, spans are active again');
  await tracing.shutdown();
});

test('after shutdown the gate is idle', async () => {
  await traced({ enabled: true }, () => work());
  assert.is(state.gate.idle, true);
});

test.run();
