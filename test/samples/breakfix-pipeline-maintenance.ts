// Tests of the traces of maintenance beside reboots, and of actions of people and other systems meanwhile, for the run of
// breakfix-pipeline.test.ts.

import * as assert from 'uvu/assert';
import type { Plain } from '../real/support/otlp-json.js';
import { callsOf, type Define, type Seen, type TraceView } from './breakfix-pipeline-run.js';

const values = (trace: TraceView, name: string, key: string): (Plain | undefined)[] =>
  trace.named(name).map(({ attributes }) => attributes[key]);
const distinct = <Value>(list: readonly Value[]): Value[] => list.filter((value, at) => at === 0 || value !== list[at - 1]);

export function maintenanceTests(test: Define, { spans, traceOf }: Seen): void {
  test('a GPU reset: the node is locked, services are stopped, a job runs, services are started, all below one session', () => {
    const trace = traceOf('gpu-reset');
    const session = trace.one('janitor.gpureset.reset_session');
    assert.is(session.status.code, 'unset');
    assert.is(session.attributes['janitor.gpureset.status'], 'succeeded');
    assert.ok(Number(session.attributes['janitor.gpureset.duration_seconds']) > 0);
    assert.equal(distinct(values(trace, 'janitor.gpureset.reconcile', 'janitor.gpureset.condition')), [
      'Pending',
      'Ready',
      'ServicesTornDown',
      'ResetJobCreated',
      'ResetJobCompleted',
      'ServicesRestored',
    ]);
    for (const reconcile of trace.named('janitor.gpureset.reconcile')) assert.is(reconcile.parentSpanId, session.spanId);
    assert.equal(distinct(values(trace, 'janitor.gpureset.tearDownServices', 'janitor.services.teardown.success')), [
      false,
      true,
    ]);
    assert.is(trace.one('create_job').attributes['janitor.reset_job.created'], true);
    assert.is(values(trace, 'janitor.gpureset.checkJobStatus', 'janitor.reset_job.completed').at(-1), true);
    assert.ok(values(trace, 'janitor.gpureset.checkJobStatus', 'janitor.reset_job.failed').every((failed) => failed === false));
    assert.is(values(trace, 'janitor.gpureset.restoreServices', 'janitor.services.restore.success').at(-1), true);
  });

  test('while an operator holds the lock of a node the reset does not begin, and afterwards the lock is released', () => {
    const trace = traceOf('gpu-reset');
    const locks = trace.named('janitor.node_lock');
    assert.equal(distinct(locks.map(({ attributes }) => attributes['janitor.node_lock.acquired'])), [false, true]);
    const [first] = trace.named('janitor.gpureset.reconcile');
    assert.ok(BigInt(first?.start ?? 0) >= BigInt(locks.at(-1)?.end ?? 0));
    const lease = '/apis/coordination.k8s.io/v1/namespaces/nvsentinel/leases/gpu-node-11';
    const calls = callsOf(trace).filter((call) => call.includes(lease));
    assert.equal(distinct(calls), [`HTTP PUT ${lease} 409`, `HTTP PUT ${lease} 200`, `HTTP DELETE ${lease} 200`]);
    assert.equal(values(traceOf('healthy'), 'janitor.node_lock', 'janitor.node_lock.acquired'), [true]);
  });

  test('a drain for one GPU leaves the pods of the others; a drain for a reboot is of the whole node', () => {
    const partial = traceOf('gpu-reset');
    const { attributes } = partial.one('node_drainer.drain_session');
    assert.is(attributes['node_drainer.drain.scope'], 'partial');
    assert.is(attributes['node_drainer.partial_drain.entity_value'], '0');
    const evicted = partial.one('node_drainer.evict_pods').attributes['node_drainer.immediate_eviction_pods'];
    assert.equal(evicted, ['trainer-gpu-node-11']);
    assert.is(traceOf('healthy').one('node_drainer.drain_session').attributes['node_drainer.drain.scope'], 'full');
  });

  test('a reset whose job fails records that, starts the services again, and fails the remediation', () => {
    const trace = traceOf('reset-failed');
    assert.is(values(trace, 'janitor.gpureset.checkJobStatus', 'janitor.reset_job.failed').at(-1), true);
    assert.is(values(trace, 'janitor.gpureset.restoreServices', 'janitor.services.restore.success').at(-1), true);
    const session = trace.one('janitor.gpureset.reset_session');
    assert.is(session.status.code, 'error');
    assert.is(session.attributes['janitor.error.type'], 'reset_job_failed');
    assert.is(session.attributes['janitor.gpureset.failure_reason'], 'reset_job_failed');
    const updated = trace.one('fault_remediation.remediation_status_updated');
    assert.is(updated.attributes['health_event_status.fault_remediated'], 'false');
    assert.equal(updated.events.map(({ name, attributes }) => [name, attributes.remediated]).slice(0, 1), [
      ['fault_remediation.remediation_finished', false],
    ]);
    const failed = spans().filter(({ attributes }) => attributes['janitor.reset_job.failed'] === true);
    assert.equal([...new Set(failed.map(({ traceId }) => traceId))], [session.traceId]);
  });

  test('a termination: signal sent, node terminated, node deleted', () => {
    const trace = traceOf('terminate');
    const reconciles = trace.named('janitor.terminatenode.reconcile');
    const last = reconciles.at(-1)?.attributes ?? {};
    assert.is(reconciles[0]?.attributes['janitor.terminatenode.signal_sent'], true);
    assert.is(reconciles[0]?.attributes['janitor.terminatenode.node_terminated'], undefined);
    assert.is(last['janitor.terminatenode.node_terminated'], true);
    assert.is(last['janitor.terminatenode.node_deleted'], true);
    assert.is(trace.one('janitor.terminatenode.terminate_session').attributes['janitor.terminatenode.status'], 'succeeded');
    const signal = trace.one('janitor_provider.SendTerminateSignal');
    assert.is(signal.attributes['janitor_provider.terminate.request_ref'], 'gpu-node-13-termination');
    const calls = callsOf(trace);
    assert.is(calls.filter((call) => call === 'HTTP POST /cloud/machines/gpu-node-13/terminate 202').length, 1);
    assert.is(calls.filter((call) => call === 'HTTP DELETE /api/v1/nodes/gpu-node-13 200').length, 1);
    assert.is(callsOf(traceOf('healthy')).filter((call) => call.startsWith('HTTP DELETE /api/v1/nodes/')).length, 0);
  });

  test('the log collector succeeds, fails or takes too long, and the remediation goes on in each case', () => {
    const outcomes = { healthy: 'success', 'reset-failed': 'failure', terminate: 'timeout' };
    for (const [scenario, outcome] of Object.entries(outcomes)) {
      const trace = traceOf(scenario);
      const { attributes } = trace.one('fault_remediation.log_collector');
      assert.is(attributes['fault_remediation.log_collector.outcome'], outcome);
      assert.is(trace.named('fault_remediation.create_maintenance_resource').length, 1, scenario);
    }
  });

  test('a manual uncordon has a trace of its own; it cancels the drain and the remediation in the trace of the event', () => {
    const trace = traceOf('uncordoned');
    const cancel = trace.one('fault_quarantine.cancel_latest_quarantining_events');
    const uncordon = spans().filter(({ name }) => name === 'fault_quarantine.manual_uncordon');
    assert.equal(
      uncordon.map(({ attributes }) => attributes['fault_quarantine.node_name']),
      ['gpu-node-15'],
    );
    assert.equal([uncordon[0]?.parentSpanId, cancel.parentSpanId], ['', '']);
    assert.equal(
      cancel.links.map(({ spanId }) => spanId).sort(),
      [uncordon[0]?.spanId, trace.one('platform_connector.process_event').spanId].sort(),
    );
    const session = trace.one('node_drainer.drain_session');
    assert.is(trace.one('node_drainer.execute_cancel_status').parentSpanId, session.spanId);
    assert.is(session.attributes['spanwright.session.end'], 'ended');
    const status = trace.one('node_drainer.update_user_pods_eviction_status').attributes;
    assert.is(status['health_event_status.user_pod_eviction.status'], 'Cancelled');
    assert.is(trace.named('fault_remediation.cancellation_event').length, 1);
    assert.is(trace.named('fault_remediation.reconcile').length, 0);
    assert.is(traceOf('slow-drain').named('node_drainer.execute_cancel_status').length, 0);
  });

  test('a node that has recovered in part stays quarantined, and is released when its last fault is gone', () => {
    const healthy = spans()
      .filter(
        ({ name, attributes }) => name === 'fault_quarantine.process_event' && attributes['health_event.is_healthy'] === true,
      )
      .filter(({ attributes }) => attributes['health_event.node_name'] === 'gpu-node-16')
      .sort((a, b) => Number(BigInt(a.start) - BigInt(b.start)));
    assert.equal(
      healthy.map(({ attributes }) => attributes['fault_quarantine.event.processing_status']),
      ['Skipped', 'UnQuarantined'],
    );
    const partial = traceOf('partial-recovery').one('fault_quarantine.perform_uncordon');
    assert.is(partial.attributes['fault_quarantine.skip.reason'], 'Node is partially recovered');
    assert.is(traceOf('partial-recovery').named('node_drainer.drain_session').length, 0);
  });

  test('a tripped circuit breaker halts the event, and after a restart the event is worked on', () => {
    const trace = traceOf('circuit-breaker');
    const key = 'fault_quarantine.circuit_breaker.tripped';
    assert.equal(
      trace
        .named('fault_quarantine.process_event')
        .map(({ attributes }) => [attributes['fault_quarantine.event.processing_status'], attributes[key]]),
      [
        ['Halted', true],
        ['Quarantined', undefined],
      ],
    );
    assert.equal(
      new Set(
        spans()
          .filter(({ attributes }) => attributes[key])
          .map(({ traceId }) => traceId),
      ).size,
      1,
    );
  });

  test('pods of another scheduler are drained by a resource, which is removed with the drain', () => {
    const trace = traceOf('custom-drain');
    const created = trace.one('node_drainer.execute_custom_drain').attributes;
    const deleted = trace.one('node_drainer.delete_custom_drain_cr').attributes;
    assert.is(created['node_drainer.custom_cr.created'], true);
    assert.is(deleted['node_drainer.custom_cr.deleted'], true);
    assert.is(deleted['node_drainer.custom_cr.name'], created['node_drainer.custom_cr.name']);
    assert.equal(trace.one('node_drainer.evict_pods').attributes['node_drainer.immediate_eviction_pods'], [
      'trainer-gpu-node-17',
    ]);
    assert.is(traceOf('healthy').named('node_drainer.execute_custom_drain').length, 0);
  });

  test('an external remediation hands the node over, waits, and takes it back', () => {
    const trace = traceOf('external');
    const branches = distinct(values(trace, 'janitor.externalremediationrequest.reconcile', 'extrr.branch'));
    assert.equal(
      branches.filter((branch) => branch !== 'wait'),
      ['apply', 'cleanup'],
    );
    const { attributes } = trace.one('janitor.externalremediationrequest.session');
    assert.is(attributes['janitor.externalremediationrequest.status'], 'succeeded');
    assert.is(trace.named('janitor_provider.SendRebootSignal').length, 0);
  });
}
