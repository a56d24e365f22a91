// The sample breakfix-pipeline, whole: eight modules over a real PostgreSQL, sending to the real Collector and, through it, to Jaeger.
// One run of all scenarios; then its traces are read as the Collector wrote them, and the investigations ask Jaeger.
// limit: 300 s

import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Client } from 'pg';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { mustSkip } from '../missing.js';
import { type Server, startPostgres } from '../propagation/servers.js';
import { JAEGER, JaegerServer } from '../real/support/jaeger-server.js';
import { CONVENTIONS, LiveCheck } from '../real/support/live-check.js';
import { BATCH, forwardTo, OTELCOL, OtelCollector } from '../real/support/otel-collector.js';
import type { FlatSpan } from '../real/support/otlp-json.js';
import { until } from '../real/support/program.js';
import { maintenanceTests } from './breakfix-pipeline-maintenance.js';
import { moduleOf, PIPELINE, type Row, type Run, runPipeline, TraceView } from './breakfix-pipeline-run.js';
import { spanTests } from './breakfix-pipeline-spans.js';

const run = promisify(execFile);
const MODULES = [
  'event-exporter',
  'fault-quarantine',
  'fault-remediation',
  'health-events-analyzer',
  'janitor',
  'janitor-provider',
  'node-drainer',
  'platform-connector',
];

const skipped =
  mustSkip(existsSync('/usr/lib/postgresql') ? [] : ['PostgreSQL']) || JAEGER === undefined || OTELCOL === undefined;
const pipeline = suite('breakfix-pipeline');
const test = skipped ? pipeline.skip : pipeline;

let postgres: Server;
let jaeger: JaegerServer;
let collector: OtelCollector;
let done: Run;
let spans: readonly FlatSpan[] = [];
let traces: ReadonlyMap<string, TraceView>;

pipeline.before(async () => {
  if (skipped) return;
  [postgres, jaeger] = await Promise.all([startPostgres(), JaegerServer.start()]);
  collector = await OtelCollector.start({ processors: BATCH, exporters: forwardTo(jaeger.url) });
  // the two variables, as the chart of the system injects them: an address without a scheme, and plaintext
  done = await runPipeline([], {
    DATABASE_URL: databaseUrl(),
    OTEL_EXPORTER_OTLP_ENDPOINT: new URL(collector.url).host,
    OTEL_EXPORTER_OTLP_INSECURE: 'true',
  });
  await until(
    async () => {
      const before = collector.spans().length;
      await new Promise((resolve) => setTimeout(resolve, 500));
      spans = collector.spans();
      const held = await Promise.all(done.rows.map(({ traceId }) => jaeger.trace(traceId)));
      const count = (traceId: string): number => spans.filter((span) => span.traceId === traceId).length;
      return spans.length === before && held.every((trace, at) => trace?.spans.length === count(done.rows[at]?.traceId ?? ''));
    },
    'every span is at the Collector and at Jaeger',
    30_000,
  );
  const byTrace = new Map<string, FlatSpan[]>();
  for (const span of spans) byTrace.set(span.traceId, [...(byTrace.get(span.traceId) ?? []), span]);
  traces = new Map([...byTrace].map(([traceId, of]) => [traceId, new TraceView(of)]));
});
pipeline.after(async () => {
  await collector?.remove();
  await jaeger?.stop();
  await postgres?.stop();
});

const databaseUrl = (): string => `postgres://postgres@127.0.0.1:${postgres.port}/postgres`;
const rowOf = (scenario: string): Row => {
  const row = done.rows.find((one) => one.scenario === scenario);
  if (row === undefined) throw new Error(`the table has no line for ${scenario}:\n${done.output}`);
  return row;
};
const traceOf = (scenario: string): TraceView => traces.get(rowOf(scenario).traceId) as TraceView;

test('the run exits with 0, leaves no process and no schema, and only tracing has logged anything', async () => {
  assert.is(done.code, 0, done.output);
  assert.is(done.leftBehind, false);
  assert.equal(
    done.otherLines.filter((line) => !/^spanwright: SPW0(?:01|23) /.test(line)), // on a busy machine detectors of the resource are late
    [],
  );
  const client = new Client({ connectionString: databaseUrl() });
  await client.connect();
  const { rows } = await client.query("SELECT nspname FROM pg_namespace WHERE nspname LIKE 'breakfix%'");
  await client.end();
  assert.equal(rows, []);
});

(CONVENTIONS === undefined ? pipeline.skip : test)(
  'every attribute is one of the conventions, of Spanwright or of telemetry.yaml, and has the type given there',
  () => {
    assert.ok(spans.length > 0);
    assert.equal(new LiveCheck([join(PIPELINE, 'telemetry.yaml')]).spans(spans), []);
  },
);

test('each scenario has its expected outcome', () => {
  assert.equal(
    Object.fromEntries(done.rows.map(({ scenario, quarantine, remediated }) => [scenario, `${quarantine} ${remediated}`.trim()])),
    {
      healthy: 'Quarantined true',
      repeated: 'Quarantined true',
      'slow-drain': 'Quarantined true',
      unsupported: 'Quarantined skipped',
      'lost-machine': 'Quarantined false',
      duplicate: 'AlreadyQuarantined skipped',
      restarts: 'Quarantined true',
      backfill: 'Quarantined true',
      'gpu-reset': 'Quarantined true',
      'reset-failed': 'Quarantined false',
      terminate: 'Quarantined true',
      external: 'Quarantined true',
      uncordoned: 'Cancelled cancelled',
      'partial-recovery': 'NotQuarantined',
      'custom-drain': 'Quarantined true',
      'circuit-breaker': 'Quarantined skipped',
      stuck: 'Quarantined',
      'unknown-node': '',
    },
  );
});

test('there is one trace for each event, and one event for each trace', () => {
  const traceIdsByEvent = new Map<string, Set<string>>();
  for (const span of spans) {
    const id = span.attributes['health_event.id'];
    if (id !== undefined) traceIdsByEvent.set(String(id), (traceIdsByEvent.get(String(id)) ?? new Set()).add(span.traceId));
  }
  // one event for each scenario, and in addition: three harmless ones, the original of a duplicate, one that reports recovery, two of the
  // node that recovers in parts, and the one that trips the circuit breaker for the next
  assert.is(traceIdsByEvent.size, done.rows.length + 3 + 1 + 1 + 2 + 1);
  for (const [event, traceIds] of traceIdsByEvent) assert.is(traceIds.size, 1, event);
  assert.is(new Set([...traceIdsByEvent.values()].map(([traceId]) => traceId)).size, traceIdsByEvent.size);
});

test('all eight modules are in the trace of an event that goes the whole way', () => {
  for (const scenario of ['healthy', 'repeated', 'slow-drain', 'lost-machine', 'restarts', 'backfill']) {
    assert.equal([...new Set(traceOf(scenario).spans.map(moduleOf))].sort(), MODULES, scenario);
  }
});

test('a skipped event does not reach the janitor, and a stuck event does not reach the remediation', () => {
  const modules = (scenario: string): string[] => [...new Set(traceOf(scenario).spans.map(moduleOf))].sort();
  const toRemediation = MODULES.filter((name) => !name.startsWith('janitor'));
  assert.equal(modules('unsupported'), toRemediation);
  assert.equal(
    modules('stuck'),
    toRemediation.filter((name) => name !== 'fault-remediation'),
  );
});

test('the first span of each module is a root that links to its upstream span', () => {
  const trace = traceOf('healthy');
  assert.equal(Object.fromEntries(trace.beginnings.map((span) => [span.name, trace.linksOf(span).slice(0, 1)])), {
    // its link is to the report that it came in, which has a trace of its own
    'platform_connector.process_event': [trace.one('platform_connector.process_event').links[0]?.spanId],
    'fault_quarantine.process_event': ['platform_connector.process_event'],
    'health_events_analyzer.process_health_event': ['platform_connector.process_event'],
    'event_exporter.process_event': ['platform_connector.process_event'],
    'node_drainer.drain_session': ['fault_quarantine.db.update_status'],
    'fault_remediation.reconcile': ['node_drainer.update_user_pods_eviction_status'],
    'janitor.rebootnode.reboot_session': ['fault_remediation.create_maintenance_resource'],
    'fault_remediation.remediation_status_updated': ['fault_remediation.perform_remediation'],
  });
  const updated = trace.one('fault_remediation.remediation_status_updated');
  assert.ok(trace.linksOf(updated).includes('janitor.rebootnode.reboot_session'), String(trace.linksOf(updated)));
});

test('spans within a module are below the call that caused them, over gRPC too', () => {
  const trace = traceOf('healthy');
  const path = (name: string): string[] => {
    const names: string[] = [];
    for (let span: FlatSpan | undefined = trace.one(name); span !== undefined; span = trace.parentOf(span)) {
      names.push(`${moduleOf(span)} ${span.kind} ${span.name}`);
    }
    return names;
  };
  assert.equal(path('janitor_provider.SendRebootSignal'), [
    'janitor-provider internal janitor_provider.SendRebootSignal',
    'janitor-provider server nvsentinel.v1.JanitorProvider/SendRebootSignal',
    'janitor client nvsentinel.v1.JanitorProvider/SendRebootSignal',
    'janitor internal janitor.rebootnode.signal_sent',
    'janitor internal janitor.rebootnode.reconcile',
    'janitor internal janitor.rebootnode.reboot_session',
  ]);
  assert.equal(path('node_drainer.evict_pods'), [
    'node-drainer internal node_drainer.evict_pods',
    'node-drainer internal node_drainer.process_event',
    'node-drainer internal node_drainer.drain_session',
  ]);
});

test('events of one report have a trace each, linked to the report; an event that the analyzer creates links to its cause', () => {
  const reports = spans.filter(
    ({ name, attributes }) => name.endsWith('health_events_received') && attributes['platform_connector.grpc.events_count'] === 3,
  );
  assert.is(reports.length, 1);
  const events = spans.filter(
    ({ name, links }) => name === 'platform_connector.process_event' && links[0]?.spanId === reports[0]?.spanId,
  );
  assert.is(new Set(events.map(({ traceId }) => traceId)).size, 3);

  const found = traceOf('repeated').one('platform_connector.process_event');
  const from = spans.find(({ spanId }) => spanId === found.links[0]?.spanId) as FlatSpan;
  assert.is(from.name, 'platform_connector.health_events_received');
  assert.ok(
    events.some(({ traceId }) => traceId === from.traceId),
    'the link leads into the trace of one of the three',
  );
  const origin = traces.get(from.traceId) as TraceView;
  assert.is(origin.named('health_events_analyzer.publish_matched_event').length, 1);
});

test('an orderly restart: the drain session ends with the process, and a new session continues it, linked to the first', () => {
  const trace = traceOf('restarts');
  const drains = trace.named('node_drainer.drain_session');
  assert.equal(
    drains.map(({ attributes }) => attributes['spanwright.session.end']),
    ['shutdown', 'ended'],
  );
  assert.equal(
    drains[1]?.links.map(({ spanId }) => spanId),
    [drains[0]?.spanId],
  );
  assert.is(new Set(drains.map(({ resource }) => resource['process.pid'] ?? resource['service.instance.id'])).size, 2);
});

test('a kill: the session of the dead process is lost, the next one links to it, and the machine was rebooted once', () => {
  const trace = traceOf('restarts');
  const reboot = trace.one('janitor.rebootnode.reboot_session');
  assert.is(reboot.attributes['spanwright.session.end'], 'ended');
  assert.is(reboot.links.length, 1);
  assert.is(reboot.links[0]?.traceId, reboot.traceId);
  assert.is.not(reboot.links[0]?.spanId, trace.one('fault_remediation.create_maintenance_resource').spanId);
  assert.is(
    trace.spans.find(({ spanId }) => spanId === reboot.links[0]?.spanId),
    undefined,
  );
  assert.is(trace.named('janitor_provider.SendRebootSignal').length, 1);
});

test('without a restart each drain has one session, from its first pass to its last, which a marker shows at its start', () => {
  for (const [scenario, name] of [
    ['healthy', 'node_drainer.drain_session'],
    ['healthy', 'janitor.rebootnode.reboot_session'],
    ['slow-drain', 'node_drainer.drain_session'],
  ] as const) {
    const trace = traceOf(scenario);
    const session = trace.one(name);
    const below = trace.spans.filter(({ parentSpanId }) => parentSpanId === session.spanId);
    assert.ok(below.length > 2, `${scenario} ${name} has ${below.length} spans below it`);
    for (const { start, end } of below) assert.ok(BigInt(start) >= BigInt(session.start) && BigInt(end) <= BigInt(session.end));
    assert.is(trace.one(`${name} started`).parentSpanId, session.spanId);
    assert.is(session.status.code, 'unset');
  }
});

test('a failed span has type and reason where the failure arose; an operation that succeeds on the second attempt does not fail the spans above', () => {
  const lost = traceOf('lost-machine');
  const failed = lost.spans.filter(({ status }) => status.code === 'error');
  assert.equal(failed.map(({ name }) => name).sort(), [
    'fault_remediation.remediation_status_updated',
    'janitor.rebootnode.reboot_session',
  ]);
  const { attributes, status } = lost.one('janitor.rebootnode.reboot_session');
  assert.is(attributes['error.type'], 'reboot_timeout');
  assert.is(attributes['janitor.error.type'], 'reboot_timeout');
  assert.match(String(attributes['error.message']), /^gpu-node-6 was not ready \d+ s after the reboot signal$/);
  assert.is(status.message, attributes['error.message']);
  assert.is(lost.one('fault_remediation.remediation_status_updated').attributes['error.type'], 'remediation_failed');

  const refused = spans.filter(({ name, status }) => name === 'event_exporter.publish' && status.code === 'error');
  assert.is(refused.length, 1);
  const trace = traces.get(refused[0]?.traceId ?? '') as TraceView;
  assert.is(refused[0]?.attributes['error.type'], 'publish_error');
  assert.equal(
    trace.named('event_exporter.publish').map(({ attributes }) => attributes['event_exporter.attempt']),
    [1, 2],
  );
  assert.is(trace.one('event_exporter.publish_with_retry').status.code, 'unset');
});

test('a call that the cluster refuses fails from the call up to the module, and its log line leads to its span', () => {
  const trace = traceOf('unknown-node');
  const failed = trace.spans.filter(({ status }) => status.code === 'error');
  assert.equal([...new Set(failed.map(moduleOf))].sort(), ['fault-quarantine', 'platform-connector']);
  const [call] = trace.named('fault_quarantine.apply_quarantine');
  assert.is(call?.attributes['error.type'], 'k8s_api_error');
  assert.match(String(call?.attributes['error.message']), /GET \/api\/v1\/nodes\/gpu-node-9: 404 nodes "gpu-node-9" not found/);
  const [get] = failed.filter(({ parentSpanId }) => parentSpanId === call?.spanId);
  assert.is(get?.attributes['http.response.status_code'], 404);
  assert.ok(trace.named('fault_quarantine.process_event').every(({ status }) => status.code === 'error'));
  const lines = done.log.filter(({ span_id }) => span_id === call?.spanId);
  assert.equal(
    lines.map(({ module, level, trace_id }) => [module, level, trace_id]),
    [['fault-quarantine', 'error', call?.traceId]],
  );
});

test('nothing failed in the trace of a healthy run', () => {
  assert.equal(
    traceOf('healthy').spans.filter(({ status }) => status.code === 'error'),
    [],
  );
});

test('queries and API calls are below their caller, in its module, and polling has made none', () => {
  const calls = spans.filter(({ attributes }) => 'db.system.name' in attributes || 'http.request.method' in attributes);
  assert.ok(calls.length > 100, String(calls.length));
  const byId = new Map(spans.map((span) => [span.spanId, span]));
  const orphans = calls.filter((span) => {
    const parent = byId.get(span.parentSpanId);
    return parent === undefined || moduleOf(parent) !== moduleOf(span);
  });
  // children of the span that was lost with the killed janitor
  const lost = traceOf('restarts').one('janitor.rebootnode.reboot_session').links[0]?.spanId;
  const names = orphans.filter(
    ({ parentSpanId, traceId }) => parentSpanId === '' || traceId !== rowOf('restarts').traceId || lost === undefined,
  );
  assert.equal(
    names.map(({ name }) => name),
    [],
  );
});

test('every trace begins with a report, an event, a manual uncordon, or the backfill, and nothing else', () => {
  const roots = [...traces.values()].map(({ beginnings }) => beginnings[0]?.name);
  assert.equal([...new Set(roots)].sort(), [
    'event_exporter.backfill',
    'fault_quarantine.manual_uncordon',
    'nvsentinel.v1.PlatformConnector/HealthEventOccurred',
    'platform_connector.process_event',
  ]);
});

test('the ids in log lines are those of spans of the same module; lines outside an event have none', () => {
  const byId = new Map(spans.map((span) => [span.spanId, span]));
  const correlated = done.log.filter(({ trace_id }) => trace_id !== undefined);
  assert.equal([...new Set(correlated.map(({ module }) => module))].sort(), MODULES);
  const lost: string[] = [];
  for (const { module, trace_id, span_id, msg } of correlated) {
    assert.ok(traces.has(trace_id ?? ''), msg);
    const span = byId.get(span_id ?? '');
    if (span === undefined) lost.push(`${module} ${trace_id}`);
    else assert.equal([moduleOf(span), span.traceId], [module, trace_id], msg);
  }
  // the killed janitor has logged in spans that it could not send any more
  assert.equal(
    lost.filter((one) => one !== `janitor ${rowOf('restarts').traceId}`),
    [],
  );
  const serving = done.log.filter(({ msg }) => msg === 'serving');
  assert.ok(serving.length >= MODULES.length);
  assert.equal(
    serving.filter(({ trace_id }) => trace_id !== undefined),
    [],
  );
});

spanTests(test, { spans: () => spans, traceOf });
maintenanceTests(test, { spans: () => spans, traceOf });

interface Finding {
  cause: string | null;
  subject: Record<string, string | string[]>;
  says: string;
  evidence: string[];
}

/** As its user calls it; Jaeger's traces are all that it gets. */
async function investigate(...args: string[]): Promise<Finding> {
  const entry = join(PIPELINE, 'build', 'investigate', 'main.js');
  const { stdout } = await run(process.execPath, [entry, ...args, '--json', '--jaeger', jaeger.api.replace(/\/api$/, '')]);
  return JSON.parse(stdout) as Finding;
}

test('investigation "slow" names the module, its span and the pod that it waited for; for a healthy event it names nothing', async () => {
  const { cause, subject, says } = await investigate('slow', '--node', 'gpu-node-4');
  assert.is(cause, 'waiting', says);
  assert.equal([subject.module, subject.span], ['node-drainer', 'node_drainer.drain_session']);
  // on a busy machine the last pass that waited may have waited for the other pod too
  assert.is(subject.waitedFor?.at(-1), 'checkpointer-gpu-node-4');
  assert.is((await investigate('slow', '--trace', rowOf('healthy').traceId)).cause, null);
});

test('investigation "not-remediated" distinguishes a skip, a failed reboot, an ongoing drain and a refused call; a healthy node was remediated', async () => {
  const skipped = await investigate('not-remediated', '--node', 'gpu-node-5');
  assert.equal([skipped.cause, skipped.subject.reason], ['skipped', 'unsupported_action'], skipped.says);
  const duplicate = String(traceOf('duplicate').one('fault_remediation.reconcile').attributes['health_event.id']);
  const second = await investigate('not-remediated', '--event', duplicate);
  assert.is(second.cause, 'skipped', second.says);
  assert.match(String(second.subject.reason), /^(?:existing_cr_in_progress|already_remediated)$/);
  const failed = await investigate('not-remediated', '--node', 'gpu-node-6');
  assert.equal(
    [failed.cause, failed.subject.errorType, failed.subject.module],
    ['action_failed', 'reboot_timeout', 'janitor'],
    failed.says,
  );
  const draining = await investigate('not-remediated', '--node', 'gpu-node-8');
  assert.equal([draining.cause, draining.subject.waitedFor], ['still_draining', ['stuck-gpu-node-8']], draining.says);
  const reset = await investigate('not-remediated', '--node', 'gpu-node-12');
  assert.equal([reset.cause, reset.subject.errorType], ['action_failed', 'reset_job_failed'], reset.says);
  assert.ok(reset.evidence.includes('janitor.reset_job.failed = true'), reset.says);
  const cancelled = await investigate('not-remediated', '--node', 'gpu-node-15');
  assert.equal([cancelled.cause, cancelled.subject.reason], ['cancelled', 'manual_uncordon'], cancelled.says);
  const refused = await investigate('not-remediated', '--node', 'gpu-node-9');
  assert.equal([refused.cause, refused.subject.span], ['failed', 'fault_quarantine.apply_quarantine'], refused.says);
  for (const node of ['gpu-node-1', 'gpu-node-3', 'gpu-node-11', 'gpu-node-13', 'gpu-node-14']) {
    const healthy = await investigate('not-remediated', '--node', node);
    assert.is(healthy.cause, null, healthy.says);
    assert.match(healthy.says, /was remediated/);
  }
});

test('investigation "database" names the query that waited and the transaction that held the lock; for a healthy event nothing', async () => {
  for (const args of [[], ['--node', 'gpu-node-7']]) {
    const { cause, subject, says } = await investigate('database', ...args);
    assert.is(cause, 'lock_held', says);
    assert.equal(
      { ...subject },
      {
        module: 'platform-connector',
        operation: 'HealthEvents.insert',
        holder: 'event_exporter.backfill',
        holderModule: 'event-exporter',
        lock: 'LOCK TABLE "HealthEvents" IN EXCLUSIVE MODE',
      },
    );
  }
  assert.is((await investigate('database', '--trace', rowOf('healthy').traceId)).cause, null);
});

test('an investigation reports a trace that Jaeger does not have, and prints the usage for an unknown name', async () => {
  const failure = (...args: string[]): Promise<string> =>
    investigate(...args).then(
      () => 'no failure',
      (error: { code: number; stderr: string }) => `${error.code} ${error.stderr}`,
    );
  assert.match(await failure('slow', '--trace', 'ab'.repeat(16)), /^2 Jaeger has no trace of (?:ab){16}/);
  assert.match(await failure('fast'), /^2 Usage: /);
});

pipeline.run();
