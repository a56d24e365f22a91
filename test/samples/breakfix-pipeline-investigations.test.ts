// The investigations of breakfix-pipeline on small traces that are made here: every cause they can name, and beside each a trace
// that differs in the one thing that makes it the cause, for which they name none.

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { investigateDatabase } from '../../samples/breakfix-pipeline/src/investigate/database.js';
import type { Span, Trace } from '../../samples/breakfix-pipeline/src/investigate/jaeger.js';
import { investigateNotRemediated } from '../../samples/breakfix-pipeline/src/investigate/not-remediated.js';
import { investigateSlow } from '../../samples/breakfix-pipeline/src/investigate/slow.js';

type Tags = Record<string, string | number | boolean>;

/** A span from `start` for so many milliseconds; those below it name it by its id. */
function span(
  service: string,
  name: string,
  start: number,
  milliseconds: number,
  more: Partial<Span> & { tagged?: Tags } = {},
): Span {
  const { tagged = {}, ...rest } = more;
  return {
    traceId: '',
    spanId: `${service}/${name}/${start}`,
    name,
    service,
    parentId: undefined,
    start,
    end: start + milliseconds,
    tags: new Map(Object.entries(tagged)),
    failed: false,
    ...rest,
  };
}

function trace(traceId: string, spans: Span[]): Trace {
  return { traceId, spans: spans.map((one) => ({ ...one, traceId })).sort((a, b) => a.start - b.start) };
}

const query = (
  service: string,
  start: number,
  milliseconds: number,
  parent: Span,
  text = 'UPDATE "HealthEvents" SET document = $1',
): Span =>
  span(service, text.startsWith('UPDATE') ? 'HealthEvents.update' : (text.split(' ')[0] as string), start, milliseconds, {
    parentId: parent.spanId,
    tagged: { 'db.system.name': 'postgresql', 'db.query.text': text },
  });

const slow = suite('slow');

/** An event whose node-drainer takes so long. */
function drained(traceId: string, milliseconds: number, below: (session: Span) => Span[] = () => []): Trace {
  const session = span('node-drainer', 'node_drainer.drain_session', 100, milliseconds);
  return trace(traceId, [span('platform-connector', 'platform_connector.process_event', 0, 50), session, ...below(session)]);
}
const OTHERS = [drained('a', 800), drained('b', 1000), drained('c', 1200)];

slow('a module that takes what it usually takes is not a cause, nor is one that takes long only beside a short one', () => {
  assert.is(investigateSlow(drained('d', 1100), OTHERS).cause, null);
  assert.is(investigateSlow(drained('d', 2900), OTHERS).cause, null);
  assert.is(investigateSlow(drained('d', 5000), [drained('a', 4000)]).cause, null);
});

slow('a query that takes most of it is the cause', () => {
  const finding = investigateSlow(
    drained('d', 8000, (session) => [query('node-drainer', 200, 6000, session)]),
    OTHERS,
  );
  assert.is(finding.cause, 'slow_query');
  assert.is(finding.subject.module, 'node-drainer');
  assert.match(String(finding.subject.what), /^UPDATE/);
});

slow('a call of an API that takes most of it is the cause', () => {
  const tagged = { 'http.request.method': 'GET', 'url.full': 'http://kube/api/v1/pods' };
  const below = (session: Span): Span[] => [span('node-drainer', 'GET', 200, 6000, { parentId: session.spanId, tagged })];
  const finding = investigateSlow(drained('d', 8000, below), OTHERS);
  assert.is(finding.cause, 'slow_api_call');
  assert.is(finding.subject.what, 'GET http://kube/api/v1/pods');
});

slow('waiting between passes is the cause, for what the last pass that waited still waited for', () => {
  const pass = (session: Span, start: number, remaining: string[]): Span =>
    span('node-drainer', 'node_drainer.process_event', start, 20, {
      parentId: session.spanId,
      tagged: { 'node_drainer.pods.remaining': JSON.stringify(remaining) },
    });
  const finding = investigateSlow(
    drained('d', 8000, (session) => [
      pass(session, 200, ['quick', 'late']),
      pass(session, 4000, ['late']),
      pass(session, 8000, []),
    ]),
    OTHERS,
  );
  assert.is(finding.cause, 'waiting');
  assert.equal(finding.subject.waitedFor, ['late']);
});

slow('of waits of several kinds the last one is the cause; passes that waited for nothing are none', () => {
  const waited = (...passes: [name: string, tagged: Tags][]): ReturnType<typeof investigateSlow> =>
    investigateSlow(
      drained('d', 8000, (session) =>
        passes.map(([name, tagged], at) => span('node-drainer', name, 200 + at * 1000, 20, { parentId: session.spanId, tagged })),
      ),
      OTHERS,
    );
  const lock = (acquired: boolean): [string, Tags] => ['janitor.node_lock', { 'janitor.node_lock.acquired': acquired }];
  const reboot = (progress: string): [string, Tags] => ['janitor.rebootnode.reconcile', { 'janitor.reboot.progress': progress }];
  const external = (branch: string): [string, Tags] => [
    'janitor.externalremediationrequest.reconcile',
    { 'extrr.branch': branch },
  ];
  for (const [passes, waitedFor] of [
    [[lock(false), lock(true), reboot('waiting'), reboot('succeeded')], ['the machine to come back']],
    [[reboot('waiting'), lock(false)], ['the lock of the node']],
    [[lock(false), external('apply'), external('wait'), external('cleanup')], ['the external system']],
  ] as const) {
    const finding = waited(...passes);
    assert.equal([finding.cause, finding.subject.waitedFor], ['waiting', waitedFor], finding.says);
  }
  assert.is(waited(lock(true), reboot('succeeded'), external('apply'), external('cleanup')).cause, 'own_time');
});

slow('where nothing below explains it, it is the module itself', () => {
  const finding = investigateSlow(drained('d', 8000), OTHERS);
  assert.equal([finding.cause, finding.subject.span], ['own_time', 'node_drainer.drain_session']);
});

slow.run();

const stuck = suite('not-remediated');

const verdict = (value: string): Span =>
  span('fault-quarantine', 'fault_quarantine.evaluate_rulesets', 10, 1, { tagged: { 'fault_quarantine.verdict': value } });
const session = (end: string): Span[] => {
  const drain = span('node-drainer', 'node_drainer.drain_session', 100, 900, { tagged: { 'spanwright.session.end': end } });
  const marker = span('node-drainer', 'node_drainer.drain_session started', 100, 0, { parentId: drain.spanId });
  const tagged = { 'node_drainer.pods.remaining': '["trainer"]' };
  const pass = span('node-drainer', 'node_drainer.process_event', 200, 10, { parentId: drain.spanId, tagged });
  return end === 'open' ? [marker, pass] : [drain, marker, pass];
};
const updated = (remediated: boolean): Span =>
  span('fault-remediation', 'fault_remediation.remediation_status_updated', 2000, 5, {
    tagged: { 'health_event_status.fault_remediated': String(remediated) },
  });

stuck('a node that was remediated is not reported, even after failures', () => {
  const failed = span('janitor', 'janitor.rebootnode.signal_sent', 1500, 5, { failed: true, tagged: { 'error.type': 'x' } });
  assert.is(
    investigateNotRemediated(trace('t', [verdict('quarantine'), ...session('ended'), failed, updated(true)])).cause,
    null,
  );
});

stuck('an event that no rule takes up is one; a healthy event is none', () => {
  assert.is(investigateNotRemediated(trace('t', [verdict('leave')])).cause, 'not_quarantined');
  assert.is(investigateNotRemediated(trace('t', [verdict('uncordon')])).cause, null);
});

stuck('an event is halted while the circuit breaker is tripped, and no longer when it was worked on later', () => {
  const decided = (start: number, tripped: boolean): Span =>
    span('fault-quarantine', 'fault_quarantine.process_event', start, 5, {
      tagged: tripped ? { 'fault_quarantine.circuit_breaker.tripped': true } : {},
    });
  assert.is(investigateNotRemediated(trace('t', [verdict('quarantine'), decided(5, true)])).cause, 'halted');
  assert.is(investigateNotRemediated(trace('t', [verdict('quarantine'), decided(5, true), decided(500, false)])).cause, null);
});

stuck('a cancelled event is reported with its reason, also when its drain is under way', () => {
  const cancel = span('fault-quarantine', 'fault_quarantine.cancel_latest_quarantining_events', 300, 5, {
    tagged: { 'fault_quarantine.cancel.reason': 'manual_uncordon' },
  });
  const finding = investigateNotRemediated(trace('t', [verdict('quarantine'), ...session('open'), cancel]));
  assert.equal([finding.cause, finding.subject.reason], ['cancelled', 'manual_uncordon']);
});

stuck(
  'a drain is still under way while its session has not come, and when it ended with its process; not when it has ended',
  () => {
    for (const end of ['open', 'shutdown', 'age']) {
      const finding = investigateNotRemediated(trace('t', [verdict('quarantine'), ...session(end)]));
      assert.equal([finding.cause, finding.subject.waitedFor], ['still_draining', ['trainer']], end);
    }
    assert.is(investigateNotRemediated(trace('t', [verdict('quarantine'), ...session('ended')])).cause, null);
  },
);

stuck('a drain that went on after a restart is judged by its last session', () => {
  const later = session('ended').map((one) => ({
    ...one,
    spanId: `later/${one.spanId}`,
    parentId: one.parentId && `later/${one.parentId}`,
    start: one.start + 2000,
    end: one.end + 2000,
  }));
  assert.is(investigateNotRemediated(trace('t', [verdict('quarantine'), ...session('shutdown'), ...later])).cause, null);
});

stuck('a skip is reported with its reason', () => {
  const skip = span('fault-remediation', 'fault_remediation.skip_event', 1200, 5, {
    tagged: { 'fault_remediation.skip.reason': 'recommended_action_none' },
  });
  const finding = investigateNotRemediated(trace('t', [verdict('quarantine'), ...session('ended'), skip]));
  assert.equal([finding.cause, finding.subject.reason], ['skipped', 'recommended_action_none']);
});

stuck('of failures, the janitor tells its own; else the last one below which nothing failed', () => {
  const before = [verdict('quarantine'), ...session('ended')];
  const tagged = { 'janitor.error.type': 'reboot_timeout', 'janitor.error.message': 'not ready' };
  const reboot = span('janitor', 'janitor.rebootnode.reboot_session', 1300, 5, { failed: true, tagged });
  assert.is(investigateNotRemediated(trace('t', [...before, reboot, updated(false)])).cause, 'action_failed');

  assert.not.ok(investigateNotRemediated(trace('t', [...before, reboot])).evidence.includes('janitor.reset_job.failed = true'));
  const job = span('janitor', 'janitor.gpureset.checkJobStatus', 1290, 5, { tagged: { 'janitor.reset_job.failed': true } });
  const evidence = investigateNotRemediated(trace('t', [...before, job, reboot])).evidence;
  assert.ok(evidence.includes('janitor.reset_job.failed = true'), evidence.join('\n'));

  const outer = span('fault-remediation', 'fault_remediation.reconcile', 1200, 50, { failed: true });
  const inner = span('fault-remediation', 'fault_remediation.create_maintenance_resource', 1210, 20, {
    failed: true,
    parentId: outer.spanId,
    tagged: { 'error.type': 'cr_create_error', 'error.message': 'no such resource' },
  });
  const finding = investigateNotRemediated(trace('t', [...before, outer, inner]));
  assert.equal(
    [finding.cause, finding.subject.span, finding.subject.errorType],
    ['failed', 'fault_remediation.create_maintenance_resource', 'cr_create_error'],
  );

  const tagged404 = { 'url.full': 'http://kube/apis/x', 'http.response.status_code': 404 };
  const post = span('fault-remediation', 'POST', 1215, 5, { failed: true, parentId: inner.spanId, tagged: tagged404 });
  const withCall = investigateNotRemediated(trace('t', [...before, outer, inner, post]));
  assert.is(withCall.subject.span, 'fault_remediation.create_maintenance_resource');
  assert.ok(withCall.evidence.includes('POST http://kube/apis/x: 404'), withCall.evidence.join('\n'));
  assert.is(investigateNotRemediated(trace('t', [...before, post])).subject.span, 'POST');
});

stuck.run();

const database = suite('database');

/** Somebody holds a lock from 1000 to 4000. */
function holding(text = 'LOCK TABLE "HealthEvents" IN EXCLUSIVE MODE'): Trace {
  const backfill = span('event-exporter', 'event_exporter.backfill', 990, 3020);
  const queries = [query('event-exporter', 1000, 1, backfill, text), query('event-exporter', 4000, 5, backfill, 'COMMIT')];
  const post = span('event-exporter', 'POST', 1100, 2800, { parentId: backfill.spanId });
  return trace('holder', [backfill, ...queries, post]);
}
function asking(start: number, milliseconds: number): Trace {
  const work = span('platform-connector', 'platform_connector.process_event', start - 1, milliseconds + 2);
  return trace('asker', [work, query('platform-connector', start, milliseconds, work)]);
}
const BEFORE = [asking(10, 5), asking(20, 5), asking(30, 5)];

database('a query that ended when a lock was free again has waited for it', () => {
  const finding = investigateDatabase([...BEFORE, holding(), asking(1500, 2520)]);
  assert.is(finding.cause, 'lock_held', finding.says);
  assert.equal(
    [finding.subject.module, finding.subject.operation, finding.subject.holder, finding.subject.holderModule],
    ['platform-connector', 'HealthEvents.update', 'event_exporter.backfill', 'event-exporter'],
  );
  assert.match(finding.says, /1 × POST/);
});

database('a lock on rows counts as one; a transaction without a lock does not', () => {
  const asked = asking(1500, 2520);
  assert.is(investigateDatabase([...BEFORE, holding('SELECT id FROM "HealthEvents" FOR UPDATE'), asked]).cause, 'lock_held');
  assert.is(investigateDatabase([...BEFORE, holding('SELECT id FROM "HealthEvents"'), asked]).cause, null);
});

database('a slow query that the lock does not explain is reported as such', () => {
  for (const [why, asked] of [
    ['it began long before the lock', asking(10, 4000)],
    ['it ended while the lock was held', asking(1500, 2000)],
    ['it went on long after', asking(3500, 5000)],
  ] as const) {
    const finding = investigateDatabase([...BEFORE, holding(), asked]);
    assert.is(finding.cause, null, why);
    assert.ok(
      finding.evidence.some((line) => line.includes('no transaction explains it')),
      why,
    );
  }
});

database('without a slow query, and where another event is asked about, a lock is no cause', () => {
  assert.is(investigateDatabase([...BEFORE, holding()]).cause, null);
  const healthy = trace('healthy', asking(5000, 5).spans);
  assert.is(investigateDatabase([...BEFORE, holding(), asking(1500, 2520), healthy], [healthy]).cause, null);
});

database.run();
