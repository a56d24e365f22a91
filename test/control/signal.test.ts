// SIGUSR2 as a switch: a real signal, sent to this process.

import { setTimeout as wait } from 'node:timers/promises';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { toggleOnSignal } from '../../runtime/control/index.js';
import type { Tracing } from '../../runtime/index.js';
import { setNoticeLogger } from '../../runtime/warnings.js';
import { startService } from '../admin/service.js';

let tracing: Tracing;
let stop = (): void => undefined;
const lines: string[] = [];
test.before(() => void setNoticeLogger((_level, line) => lines.push(line)));
test.before.each(() => {
  lines.length = 0;
});
test.after.each(async () => {
  stop();
  await tracing.shutdown();
});
test.after(() => void setNoticeLogger(undefined));

async function until(is: () => boolean): Promise<void> {
  for (let at = 0; at < 4000 && !is(); at += 1) await wait(5);
  assert.ok(is(), lines.join('\n'));
}

async function signal(wanted: boolean): Promise<void> {
  process.kill(process.pid, 'SIGUSR2');
  await until(() => tracing.enabled === wanted);
}

test('a signal switches tracing on under a lease, and the next one switches it off', async () => {
  tracing = await startService();
  stop = toggleOnSignal(tracing, { for: '5m', only: 'carbide::api', maxSpans: 100 });
  await signal(true);
  const [lease] = tracing.leases();
  assert.is(lease?.actor, 'signal SIGUSR2');
  assert.is(lease?.only, 'carbide::api');
  assert.is(lease?.limits.maxSpans, 100);
  assert.ok(Date.parse(lease?.expiresAt ?? '') - Date.now() <= 300_000);
  await signal(false);
  await signal(true);
});

test('where tracing is configured on, a signal switches it off until the next one', async () => {
  tracing = await startService({ enabled: true });
  stop = toggleOnSignal(tracing, { for: '50ms', maxSpans: 1, only: 'carbide::api' });
  await signal(false);
  assert.is(tracing.leases()[0]?.expiresAt, null);
  await wait(150);
  assert.is(tracing.enabled, false, 'the duration belongs to switching on');
  assert.match(lines.join('\n'), /SPW021 .*signal SIGUSR2: enabled false, until tracing is switched on/);
  await signal(true);
  assert.is(tracing.leases().length, 1);
});

test('where changes are refused, a signal changes nothing and is logged', async () => {
  tracing = await startService({ allowRuntimeChanges: false });
  stop = toggleOnSignal(tracing);
  process.kill(process.pid, 'SIGUSR2');
  await until(() => lines.some((line) => line.includes('SPW022')));
  assert.match(lines.join('\n'), /SPW022 .*signal SIGUSR2: Changes while the service runs are refused/);
  assert.is(tracing.enabled, false);
});

test('after stop() the signal has no effect', async () => {
  tracing = await startService();
  const before = process.listenerCount('SIGUSR2');
  const end = toggleOnSignal(tracing);
  assert.is(process.listenerCount('SIGUSR2'), before + 1);
  end();
  assert.is(process.listenerCount('SIGUSR2'), before);
});

test.run();
