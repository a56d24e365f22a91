// Spans that the program does not end: a generator that is left half-way, a builder and a stream that are never used. None stays open.

import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { InMemorySpanExporter } from '@opentelemetry/sdk-trace-base';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { instrument, startTracing } from '../../runtime/index.js';

const exporter = new InMemorySpanExporter();
const said: string[] = [];
console.warn = (line: unknown) => said.push(String(line));

const count = instrument({ name: 'count' }, function* count() {
  yield 1;
  yield 2;
});
const watch = instrument({ name: 'watch', longRunning: true }, function* watch() {
  yield 1;
  yield 2;
});

test('the watchdog ends the span of an abandoned generator; a later end of the generator does nothing', async () => {
  const tracing = await startTracing({ exporter: exporter as never, enabled: true, maxSpanAge: 20 });
  const left = count();
  left.next();
  const kept = watch();
  kept.next();
  assert.is(tracing.openCount, 2);
  for (let round = 0; round < 100 && tracing.openCount > 1; round++) await new Promise((resolve) => setTimeout(resolve, 10));
  assert.is(tracing.openCount, 1, 'the span of a longRunning site is left alone');
  assert.equal(left.next(), { done: false, value: 2 });
  assert.equal(left.next(), { done: true, value: undefined });
  assert.equal([...kept], [2]);
  await tracing.forceFlush();
  const spans = exporter.getFinishedSpans();
  assert.equal(
    spans.map(({ name, attributes }) => [name, attributes['spanwright.leak']]),
    [
      ['count', 'age'],
      ['watch', undefined],
    ],
  );
  assert.ok(said.some((line) => line.includes('SPW013')));
  assert.is(tracing.state().spans.leaked, 1);
  await tracing.shutdown();
});

/** Leaves a generator after its first step, in a frame of its own, so that nothing refers to it any more. */
async function leave(iterator: Iterator<unknown> | AsyncIterator<unknown>): Promise<void> {
  await iterator.next();
}

test('the span of an abandoned generator ends at garbage collection, not as a leak, with the time of its last step', async () => {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  const collected = new InMemorySpanExporter();
  const tracing = await startTracing({ exporter: collected as never, enabled: true, maxSpanAge: '1h' });
  const half = instrument({ name: 'half' }, function* half() {
    yield 1;
    yield 2;
  });
  const later = instrument({ name: 'later' }, async function* later() {
    yield 1;
    yield 2;
  });
  const kept = half();
  kept.next();
  await leave(half());
  await leave(later());
  for (let round = 0; round < 200 && tracing.openCount > 1; round++) {
    collect();
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  assert.is(tracing.openCount, 1, 'the one that is referred to stays open');
  assert.equal([...kept], [2]);
  await tracing.forceFlush();
  assert.equal(
    collected
      .getFinishedSpans()
      .map(({ name, status, attributes }) => [name, status.code, attributes['spanwright.leak']])
      .sort(),
    [
      ['half', 0, undefined],
      ['half', 0, undefined],
      ['later', 0, undefined],
    ],
  );
  assert.is(tracing.state().spans.leaked, 0);
  await tracing.shutdown();
});

/** Starts calls whose promises nothing can settle, and keeps none of them. */
function forget(count: number, calls: readonly (() => unknown)[]): void {
  for (let n = 0; n < count; n++) for (const call of calls) call();
}

test('a span whose promise is garbage-collected before it settled ends as a leak; one that can still settle stays open', async () => {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  const ended = new InMemorySpanExporter();
  const tracing = await startTracing({ exporter: ended as never, enabled: true, maxSpanAge: 40, maxOpenSpans: 1000 });
  const options = { namespace: 'lost', longRunning: true };
  const asynchronous = instrument({ ...options, name: 'async' }, async function asynchronous() {
    await new Promise(() => {});
  });
  const returned = instrument({ ...options, name: 'returned' }, function returned() {
    return new Promise(() => {});
  });
  let settle: (value: unknown) => void = () => {};
  const pending = new Promise((resolve) => {
    settle = resolve;
  });
  const waits = instrument({ ...options, name: 'waits' }, async function waits() {
    await pending;
  });
  const held = waits();
  forget(1, [waits]);
  for (let round = 0; round < 3; round++) {
    forget(100, [asynchronous, returned]);
    for (let tries = 0; tries < 400 && tracing.openCount > 2; tries++) {
      await new Promise((resolve) => setTimeout(resolve, 10));
      collect();
    }
    assert.is(tracing.openCount, 2, `round ${round}: calls that wait for what can settle stay open`);
  }
  settle(1);
  await held;
  await new Promise((resolve) => setTimeout(resolve, 0));
  await tracing.forceFlush();
  const leaks = ended.getFinishedSpans().map(({ name, attributes }) => `${name} ${attributes['spanwright.leak']}`);
  const counted = Object.fromEntries([...new Set(leaks)].map((leak) => [leak, leaks.filter((one) => one === leak).length]));
  assert.equal(counted, { 'async collected': 300, 'returned collected': 300, 'waits undefined': 2 });
  assert.is(tracing.state().spans.leaked, 600);
  assert.ok(said.some((line) => line.includes('SPW013') && line.includes('can no longer end')));
  await tracing.shutdown();
});

test.run();
