// within(): the wait that does not last longer than its limit.

import { InMemorySpanExporter } from '@opentelemetry/sdk-trace-base';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { startTracing } from '../../runtime/index.js';
import { state } from '../../runtime/state.js';
import { within } from '../../runtime/within.js';

const never = new Promise<string>(() => {});
const timers = (): number => process.getActiveResourcesInfo().filter((resource) => resource === 'Timeout').length;
const rejection = (waiting: Promise<unknown>): Promise<string> =>
  waiting.then(
    () => assert.unreachable('was resolved') as never,
    (error: Error) => error.message,
  );

test('settles like the work that ends within the limit, and leaves no timer', async () => {
  await new Promise((resolve) => setImmediate(resolve)); // the timer that started this test
  const before = timers();
  const late = () => assert.unreachable('late was called') as never;
  assert.is(await within(60_000, Promise.resolve('done'), late), 'done');
  assert.is(await rejection(within(60_000, Promise.reject(new Error('broken')), late)), 'broken');
  assert.is(timers(), before);
});

test('settles as `late` does after the limit', async () => {
  assert.is(await within(5, never, () => 'late'), 'late');
  const message = await rejection(
    within(5, never, () => {
      throw new Error('too late');
    }),
  );
  assert.is(message, 'too late');
});

test('a rejection after the limit is not an unhandled one', async () => {
  const unhandled: unknown[] = [];
  const note = (reason: unknown) => unhandled.push(reason);
  process.on('unhandledRejection', note);
  await within(5, new Promise<void>((_, reject) => setTimeout(() => reject(new Error('later')), 20)), () => {});
  await new Promise((resolve) => setTimeout(resolve, 60));
  process.off('unhandledRejection', note);
  assert.equal(unhandled, []);
});

test('keeps the process alive until the limit, except with an unreferenced timer', async () => {
  const before = timers();
  const idle = within(200, never, () => 'late', { holds: false });
  assert.is(timers(), before);
  const holding = within(20, never, () => 'late');
  assert.is(timers(), before + 1);
  assert.is(await holding, 'late');
  void idle;
});

test('a shutdown that fails ends tracing all the same', async () => {
  const tracing = await startTracing({ exporter: new InMemorySpanExporter() });
  (state.recorder as { shutdown(): Promise<void> }).shutdown = () => Promise.reject(new Error('no'));
  await tracing.shutdown().catch(() => {});
  assert.is(state.recorder, undefined);
  assert.is(state.tracing, undefined);
  // and the next set-up starts
  await (await startTracing({ exporter: new InMemorySpanExporter() })).shutdown();
});

test.run();
