// Changes at run time: their duration, their end, and refused changes, which change nothing.

import { setTimeout as sleep } from 'node:timers/promises';
import { trace } from '@opentelemetry/api';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import {
  InvalidArgumentError,
  instrument,
  PermissionDeniedError,
  sessions,
  startSpan,
  startTracing,
} from '../../runtime/index.js';
import type { LeaseOptions } from '../../runtime/tracing.js';
import { setNoticeLogger } from '../../runtime/warnings.js';
import { traced } from './tracing.js';

const work = instrument({ namespace: 'carbide::api', name: 'work' }, () => 1);
const query = instrument({ namespace: 'carbide::db', name: 'query' }, () => 1);

test('enabling at run time creates a lease of ten minutes by default', () =>
  traced({}, ({ tracing }) => {
    const lease = tracing.setEnabled(true, { reason: 'why is it slow', actor: 'ana' });
    assert.is(Date.parse(lease.expiresAt ?? '') - Date.parse(lease.createdAt), 600_000);
    assert.is(lease.reason, 'why is it slow');
    assert.is(lease.actor, 'ana');
    assert.is(tracing.enabled, true);
    assert.equal(
      tracing.state().leases.map(({ id }) => id),
      [lease.id],
    );
  }));

test('a lease that expires restores the configured state, and logs one line with the reason', async () => {
  const lines: string[] = [];
  setNoticeLogger((_level, line) => lines.push(line));
  await traced({}, async ({ tracing, expectSpans }) => {
    const lease = tracing.setEnabled(true, { for: '60ms' });
    work();
    await sleep(120);
    assert.is(tracing.enabled, false);
    work();
    await expectSpans('work');
    const { lastEnded, leases } = tracing.state();
    assert.is(lastEnded?.id, lease.id);
    assert.is(lastEnded?.cause, 'expired');
    assert.is(leases.length, 0);
    assert.is(lines.filter((line) => line.includes('SPW012')).length, 1);
  });
  setNoticeLogger(undefined);
});

test('a flag configured as on stays on after every lease', () =>
  traced({ enabled: true }, async ({ tracing }) => {
    tracing.setEnabled(false, { for: '40ms' });
    assert.is(tracing.enabled, false);
    await sleep(90);
    assert.is(tracing.enabled, true);
  }));

test('off without a duration holds until somebody switches on', () =>
  traced({ enabled: true }, async ({ tracing }) => {
    const off = tracing.setEnabled(false, { reason: 'spike' });
    assert.is(off.expiresAt, null);
    tracing.setEnabled(false, { for: '20ms' });
    await sleep(60);
    assert.is(tracing.enabled, false, 'the end of a later off brings nothing back');
    assert.equal(
      tracing.leases().map(({ id }) => id),
      [off.id],
    );
    const on = tracing.setEnabled(true, { for: '20ms' });
    assert.equal(on.ended, [off.id]);
    assert.is(tracing.enabled, true);
    await sleep(60);
    assert.is(tracing.enabled, true, 'the configured state is back: the off is over');
    assert.equal(tracing.leases(), []);
  }));

test('off with a duration outlasts an on that ends before it', () =>
  traced({ enabled: true }, ({ tracing }) => {
    tracing.setEnabled(false, { for: '10m' });
    const on = tracing.setEnabled(true, { for: '5m' });
    assert.equal(on.ended, []);
    tracing.endLease(on.id);
    assert.is(tracing.enabled, false);
  }));

test('an endless off ends when its lease is ended, and a second one replaces the first', () =>
  traced({ enabled: true }, ({ tracing }) => {
    const first = tracing.setEnabled(false);
    const second = tracing.setEnabled(false);
    assert.equal(second.ended, [first.id]);
    assert.is(tracing.state().lastEnded?.cause, 'replaced');
    assert.ok(tracing.endLease(second.id));
    assert.is(tracing.enabled, true);
  }));

test('limits on spans end a lease that switches on, and never one that switches off', () =>
  traced({ enabled: true }, ({ tracing }) => {
    const session = startSpan('open', { namespace: 'carbide::api' });
    const off = tracing.setEnabled(false, { maxSpans: 1, maxOpenSpans: 1, maxSpansPerSecond: 1 });
    assert.equal(off.limits, { maxSpansPerSecond: null, maxSpans: null, maxOpenSpans: null });
    for (let call = 0; call < 5; call++) session.run(work);
    assert.is(tracing.enabled, false);
    session.end();
    assert.throws(() => tracing.setEnabled(false, { maxSpans: 0 }), /maxSpans/);
  }));

test('empty rules end every rules lease, and leave the configured ones and the other leases', () =>
  traced({ enabled: true, rules: 'carbide::db=off', drop: 'carbide::x' }, ({ tracing }) => {
    const held = [tracing.setRules('carbide=0.5'), tracing.setRules('carbide::db=on', { for: '1h' })];
    const drop = tracing.setDrop('carbide::y');
    const lease = tracing.setRules(' ', { for: '5m' });
    assert.is(lease.value, '');
    assert.equal(
      lease.ended,
      held.map(({ id }) => id),
    );
    assert.is(tracing.state().rules, 'carbide::db=off');
    assert.equal(
      tracing.leases().map(({ id }) => id),
      [drop.id],
    );
    assert.is(tracing.state().drop, 'carbide::x, carbide::y');
    assert.equal(tracing.setDrop('').ended, [drop.id]);
    assert.is(tracing.state().drop, 'carbide::x');
    assert.equal(tracing.leases(), []);
    const { revision } = tracing.state();
    assert.equal(tracing.setDrop('').ended, [], 'nothing to end');
    assert.is(tracing.state().revision, revision);
  }));

test('several leases are combined, and the end of one leaves the others in force', () =>
  traced({}, ({ tracing }) => {
    const first = tracing.setEnabled(true);
    const second = tracing.setEnabled(true);
    const rules = tracing.setRules('carbide::db=off');
    assert.ok(tracing.endLease(first.id));
    assert.is(tracing.enabled, true, 'the second lease holds');
    assert.is(tracing.state().rules, 'carbide::db=off');
    assert.ok(tracing.endLease(second.id));
    assert.is(tracing.enabled, false);
    assert.is(tracing.state().rules, 'carbide::db=off');
    assert.ok(tracing.endLease(rules.id));
    assert.is(tracing.state().rules, '');
    assert.not(tracing.endLease(rules.id), 'a lease ends once');
    assert.not(tracing.endLease('no such lease'));
  }));

test('switching off ends every lease that had switched on', () =>
  traced({}, async ({ tracing }) => {
    tracing.setEnabled(true, { for: '1h' });
    tracing.setEnabled(false, { for: '20ms' });
    assert.is(tracing.enabled, false);
    await sleep(60);
    assert.is(tracing.enabled, false, 'it does not come back on by itself');
  }));

test('switching off is never refused by the limit on leases, and its answer says that tracing is off', async () => {
  const lines: string[] = [];
  setNoticeLogger((_level, line) => lines.push(line));
  await traced({ enabled: true }, ({ tracing }) => {
    for (let made = 0; made < 50; made++) tracing.setRules('carbide::db=off');
    for (let made = 0; made < 50; made++) tracing.setEnabled(true);
    assert.throws(() => tracing.setEnabled(true), /100 leases are in force/);
    assert.is(tracing.setEnabled(false).value, false);
    assert.is(tracing.enabled, false);
    const ended = lines.filter((line) => line.includes('SPW012'));
    assert.is(ended.length, 50);
    for (const line of ended) assert.match(line, /tracing is now off$/);
    // full of leases that off does not end; a further switch off is accepted each time
    tracing.endLease(tracing.setEnabled(true).id);
    for (let made = 0; made < 50; made++) tracing.setRules('carbide::db=off');
    for (let time = 0; time < 3; time++) assert.is(tracing.setEnabled(false).value, false);
    assert.is(tracing.leases().length, 101);
    assert.throws(() => tracing.setRules('carbide::db=off'), /100 leases are in force/);
    // on ends the endless off, and takes its place
    assert.throws(() => tracing.setEnabled(true), /100 leases are in force/);
    tracing.setRules('');
    assert.is(tracing.leases().length, 1, 'an empty text is never refused for want of room');
  });
  setNoticeLogger(undefined);
});

test('spans that started before a lease do not count towards its limits', () =>
  traced({ enabled: true }, ({ tracing }) => {
    tracing.setRules('carbide::db=off', { maxSpansPerSecond: 1000 });
    for (let call = 0; call < 100; call++) work();
    const lease = tracing.setEnabled(true, { maxSpansPerSecond: 20 });
    for (let call = 0; call < 20; call++) work();
    assert.ok(tracing.leases().some(({ id }) => id === lease.id));
    for (let call = 0; call < 50; call++) work();
    assert.is(tracing.state().lastEnded?.id, lease.id);
  }));

test('a handle of a set-up that was shut down does not change the running set-up', async () => {
  const old = await traced({ enabled: true, rules: 'carbide=off' }, ({ tracing }) => tracing);
  await traced({}, ({ tracing }) => {
    const { revision } = tracing.state();
    for (const change of [() => old.setEnabled(true), () => old.setRules('*=off'), () => old.endLease('1')])
      assert.throws(change, (error: unknown) => error instanceof PermissionDeniedError && /shut down/.test(error.message));
    assert.is(tracing.enabled, false);
    assert.is(tracing.state().revision, revision);
  });
});

test('rules of leases take precedence over the configured ones, and both are printed in normal form', () =>
  traced({ enabled: true, rules: 'carbide=off' }, async ({ tracing, expectSpans }) => {
    work();
    await expectSpans();
    const lease = tracing.setRules(' carbide::db = 1 ');
    assert.is(lease.value, 'carbide::db=on');
    work();
    query();
    await expectSpans('query');
    tracing.endLease(lease.id);
    query();
    await expectSpans('query');
    const same = tracing.setRules('carbide=on');
    work();
    await expectSpans('query', 'work');
    tracing.endLease(same.id);
    work();
    await expectSpans('query', 'work');
  }));

test('a rule that matches no known site is a warning, and holds for sites that are loaded later', () =>
  traced({ enabled: true }, async ({ tracing, expectSpans }) => {
    assert.equal(tracing.setRules('carbide::api=on').warnings, []);
    const { warnings } = tracing.setRules('carbide::later=off');
    assert.is(warnings.length, 1);
    assert.ok(warnings[0]?.includes('carbide::later'));
    instrument({ namespace: 'carbide::later', name: 'late' }, () => 1)();
    work();
    await expectSpans('work');
  }));

test('a flag that is not a boolean, rules that are not a string, and options that are unknown or not an object change nothing', () =>
  traced({ enabled: true }, ({ tracing }) => {
    const before = tracing.state();
    const untyped = tracing as unknown as Record<'setEnabled' | 'setRules' | 'setDrop', (...args: unknown[]) => unknown>;
    const circular: unknown[] = [];
    circular.push(circular);
    const { proxy: revoked, revoke } = Proxy.revocable({}, {});
    revoke();
    const refused: [string, () => unknown][] = [
      ...[undefined, null, 0, 1, 'true', 'false', '', {}, []].map(
        (value) => ['enabled', () => untyped.setEnabled(value)] as [string, () => unknown],
      ),
      ['rules', () => untyped.setRules(undefined)],
      ['rules', () => untyped.setRules({ 'carbide::db': 'off' })],
      ['rules', () => untyped.setRules([null])],
      ['rules', () => untyped.setRules([Symbol('carbide=on')])],
      ['drop', () => untyped.setDrop(1)],
      ['drop', () => untyped.setDrop(['carbide', { toString: () => 'carbide' }])],
      ['options', () => untyped.setEnabled(true, null)],
      ['options', () => untyped.setRules('carbide::db=off', '10m')],
      ...[new Map([['for', '1h']]), new Date(), [], Promise.resolve({ for: '1h' })].map(
        (options) => ['options', () => untyped.setEnabled(true, options)] as [string, () => unknown],
      ),
      ['for', () => untyped.setEnabled(true, { for: new Date() })],
      ['fro', () => untyped.setEnabled(true, { fro: '1m' })],
      ['duration', () => untyped.setDrop('carbide', { duration: '1m' })],
      ['only', () => untyped.setEnabled(true, { only: 5 })],
      ['maxSpans', () => untyped.setEnabled(true, { maxSpans: 10n })],
      ['maxOpenSpans', () => untyped.setEnabled(true, { maxOpenSpans: circular })],
      ['enabled', () => untyped.setEnabled(revoked)],
      ['reason', () => untyped.setEnabled(true, { reason: revoked })],
    ];
    for (const [field, change] of refused) {
      try {
        change();
        assert.unreachable(`${field} was accepted`);
      } catch (error) {
        assert.instance(error, InvalidArgumentError);
        assert.is((error as InvalidArgumentError).field, field);
      }
    }
    assert.is(tracing.state().revision, before.revision);
    assert.equal(tracing.leases(), []);
  }));

test('a bad rule, duration, limit or reason changes nothing', () =>
  traced({ rules: 'carbide::db=off' }, ({ tracing }) => {
    const before = tracing.state();
    const refused: [string, () => unknown][] = [
      ['rules', () => tracing.setRules('carbide=on, oops')],
      ['for', () => tracing.setEnabled(true, { for: '25h' })],
      ['for', () => tracing.setEnabled(true, { for: 0 })],
      ['for', () => tracing.setEnabled(true, { for: '-5m' })],
      ['for', () => tracing.setEnabled(true, { for: 'soon' })],
      ['for', () => tracing.setEnabled(false, { for: 'never' })],
      ['maxSpans', () => tracing.setEnabled(true, { maxSpans: 0 })],
      ['maxOpenSpans', () => tracing.setEnabled(true, { maxOpenSpans: 1.5 })],
      ['maxSpansPerSecond', () => tracing.setEnabled(true, { maxSpansPerSecond: Number.NaN })],
      ['reason', () => tracing.setEnabled(true, { reason: 'x'.repeat(501) })],
    ];
    assert.throws(() => tracing.setEnabled(true, { maxSpans: Number.NaN }), /found the number NaN/);
    assert.throws(() => tracing.setEnabled(true, new Map([['for', '1h']]) as object), /found an object of the kind Map/);
    for (const [field, change] of refused) {
      try {
        change();
        assert.unreachable(`${field} was accepted`);
      } catch (error) {
        assert.instance(error, InvalidArgumentError);
        assert.is((error as InvalidArgumentError).field, field);
      }
    }
    const after = tracing.state();
    assert.is(after.revision, before.revision);
    assert.equal(after.leases, []);
    assert.is(after.rules, before.rules);
  }));

test('null is an option that is absent', () =>
  traced({}, ({ tracing }) => {
    const nothing = { for: null, reason: null, only: null, when: null, maxSpans: null } as unknown as LeaseOptions;
    const { expiresAt, reason } = tracing.setEnabled(true, nothing);
    assert.is(reason, null);
    const seconds = (Date.parse(String(expiresAt)) - Date.now()) / 1000;
    assert.ok(seconds > 590 && seconds <= 601, `${seconds} s`);
  }));

/** Holds the event loop, so that no timer runs. */
function block(milliseconds: number): void {
  const until = performance.now() + milliseconds;
  while (performance.now() < until);
}

test('a lease that has run out records nothing more, also while the event loop is blocked over its end', () =>
  traced({ rules: 'carbide::db=off' }, async ({ tracing, expectSpans }) => {
    const theirs = (name: string) => trace.getTracer('theirs').startSpan(name).end();
    tracing.setRules('carbide::db=on', { for: '1h' });
    tracing.setEnabled(true, { for: 20 });
    work();
    theirs('early');
    block(30);
    work();
    query();
    theirs('late');
    sessions.start('late', { namespace: 'carbide::api' });
    assert.is(tracing.enabled, false);
    assert.is(tracing.state().lastEnded?.cause, 'expired');
    await expectSpans('work', 'early');
  }));

test('rules whose lease expires while the event loop is blocked end in time too', () =>
  traced({ enabled: true, rules: 'carbide::db=off, scope:theirs=off' }, async ({ tracing, expectSpans }) => {
    tracing.setRules('carbide::db=on, scope:theirs=on', { for: 20 });
    query();
    trace.getTracer('theirs').startSpan('early').end();
    block(30);
    query();
    trace.getTracer('theirs').startSpan('late').end();
    work();
    await expectSpans('query', 'early', 'work');
    assert.is(tracing.state().rules, 'carbide::db=off, scope:theirs=off');
  }));

test('flag, leases and state are current, also while the event loop is blocked over the end of a lease', () =>
  traced({}, ({ tracing }) => {
    const past = (read: () => unknown): unknown => {
      tracing.setEnabled(true, { for: 10 });
      block(15);
      return read();
    };
    assert.is(
      past(() => tracing.enabled),
      false,
    );
    assert.equal(
      past(() => tracing.leases()),
      [],
    );
    assert.is(
      past(() => tracing.state().enabled),
      false,
    );
  }));

test('24 hours is the longest lease', () =>
  traced({}, ({ tracing }) => {
    const lease = tracing.setEnabled(true, { for: '24h' });
    assert.is(Date.parse(lease.expiresAt ?? '') - Date.parse(lease.createdAt), 86_400_000);
  }));

test('a lease ends after its number of spans', () =>
  traced({}, async ({ tracing, spans }) => {
    tracing.setEnabled(true, { maxSpans: 5 });
    for (let call = 0; call < 20; call++) work();
    assert.is((await spans()).length, 5);
    assert.is(tracing.enabled, false);
    assert.is(tracing.state().lastEnded?.cause, 'maxSpans');
  }));

test('a lease ends when more spans start in a second than it allows', () =>
  traced({}, async ({ tracing, spans }) => {
    tracing.setEnabled(true, { maxSpansPerSecond: 10 });
    for (let call = 0; call < 50; call++) work();
    assert.is(tracing.state().lastEnded?.cause, 'maxSpansPerSecond');
    assert.ok((await spans()).length < 50);
  }));

test('a lease ends when more spans are open than it allows, and the open ones still end', () =>
  traced({}, async ({ tracing, spans }) => {
    tracing.setEnabled(true, { maxOpenSpans: 2 });
    let go: () => void = () => {};
    const until = new Promise<void>((resolve) => (go = resolve));
    const wait = instrument({ namespace: 'carbide::api', name: 'wait' }, () => until);
    const calls = [wait(), wait(), wait(), wait()];
    assert.is(tracing.state().lastEnded?.cause, 'maxOpenSpans');
    go();
    await Promise.all(calls);
    assert.is((await spans()).length, 3);
    assert.is(tracing.openCount, 0);
  }));

test('a lease without limits ends at its expiry only', () =>
  traced({ maxQueueSize: 16_384 }, ({ tracing }) => {
    const lease = tracing.setEnabled(true);
    for (let call = 0; call < 5000; call++) work();
    assert.is(tracing.enabled, true);
    assert.is(tracing.leases()[0]?.spans, 5000);
    assert.is(tracing.leases()[0]?.id, lease.id);
  }));

test('with allowRuntimeChanges false every change is refused and the state stays', async () => {
  for (const enabled of [true, false]) {
    await traced({ enabled, allowRuntimeChanges: false }, ({ tracing }) => {
      const before = tracing.state();
      for (const change of [
        () => tracing.setEnabled(!enabled),
        () => tracing.setRules('carbide=off'),
        () => tracing.setDrop('carbide'),
        () => tracing.endLease('1'),
      ]) {
        assert.throws(change, (error: unknown) => error instanceof PermissionDeniedError && error.status === 403);
      }
      assert.is(tracing.enabled, enabled);
      assert.is(tracing.state().revision, before.revision);
    });
  }
});

test('enabling without an endpoint is reported, and records nothing', async () => {
  const tracing = await startTracing({ endpoint: '' });
  try {
    const lease = tracing.setEnabled(true);
    assert.is(lease.warnings.length, 1);
    assert.ok(lease.warnings[0]?.includes('otlp_endpoint'));
    work();
    assert.is(tracing.state().spans.started, 0);
    assert.is(tracing.state().recording, false);
    assert.is(tracing.state().enabled, true);
  } finally {
    await tracing.shutdown();
  }
});

test.run();
