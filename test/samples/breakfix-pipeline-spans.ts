// Tests of the names and attributes of spans, of queries and API calls above all, for the run of breakfix-pipeline.test.ts.

import * as assert from 'uvu/assert';
import type { FlatSpan } from '../real/support/otlp-json.js';
import { DESIGN, DOCUMENT, LEFT_OUT } from './breakfix-pipeline-names.js';
import { callsOf, type Define, type Seen } from './breakfix-pipeline-run.js';

export function spanTests(test: Define, { spans, traceOf }: Seen): void {
  test('database spans name the store, the operation and the statement, without its values', () => {
    const queries = traceOf('healthy').spans.filter(({ attributes }) => 'db.system.name' in attributes);
    assert.equal([...new Set(queries.map(({ name }) => name))].sort(), ['HealthEvents.insert', 'HealthEvents.update']);
    for (const { attributes, kind } of queries) {
      assert.is(kind, 'client');
      assert.is(attributes['db.system.name'], 'postgresql');
      assert.is(attributes['db.collection.name'], 'HealthEvents');
      assert.is(attributes['network.peer.address'], '127.0.0.1');
      assert.not.match(String(attributes['db.query.text']), /gpu-node|XID/);
    }
  });

  test('API-call spans record the call, its resource and its outcome', () => {
    const calls = callsOf(traceOf('healthy'));
    for (const call of [
      'HTTP PATCH /api/v1/nodes/gpu-node-1/status 200',
      'HTTP PATCH /api/v1/nodes/gpu-node-1 200',
      'HTTP POST /api/v1/namespaces/training/pods/trainer-gpu-node-1/eviction 201',
      'HTTP POST /cloud/machines/gpu-node-1/reboot 202',
      'HTTP POST /events 204',
    ]) {
      assert.is(calls.filter((one) => one === call).length, 1, `${call} in\n${calls.join('\n')}`);
    }
  });

  test('the queries of the runbooks find what is slow: by `db.duration_ms`, and by the name and the duration of API calls', () => {
    const durationOf = ({ start, end }: FlatSpan): number => Number(BigInt(end) - BigInt(start)) / 1e6;
    for (const span of spans().filter(({ attributes, status }) => 'db.system.name' in attributes && status.code !== 'error')) {
      const measured = Number(span.attributes['db.duration_ms']);
      assert.ok(measured > 0 && measured <= durationOf(span) + 1, `${span.name} ${measured} of ${durationOf(span)} ms`);
    }
    const slow = spans().filter(({ attributes }) => Number(attributes['db.duration_ms']) > 50);
    const waited = traceOf('backfill').one('HealthEvents.insert');
    assert.ok(slow.some(({ spanId }) => spanId === waited.spanId));
    const calls = spans().filter(({ attributes }) => 'http.request.method' in attributes);
    for (const { name, attributes } of calls) assert.is(name, `HTTP ${attributes['http.request.method']}`);
    assert.equal([...new Set(calls.map(({ name }) => name))].sort(), [
      'HTTP DELETE',
      'HTTP GET',
      'HTTP PATCH',
      'HTTP POST',
      'HTTP PUT',
    ]);
  });

  test('every span and attribute name of the original system is recorded, except those that are left out for a reason', () => {
    const events = spans().flatMap(({ events }) => events.map(({ name }) => name));
    const recorded = new Set([
      ...spans().flatMap(({ name, attributes, resource }) => [name, ...Object.keys(attributes), ...Object.keys(resource)]),
      ...events,
    ]);
    const all = [...DOCUMENT, ...DESIGN];
    assert.is(new Set(all).size, all.length);
    const missing = all.filter((name) => !recorded.has(name));
    assert.equal(missing.sort(), Object.values(LEFT_OUT).flat().sort());
    assert.ok(all.length - missing.length >= 120, `${all.length - missing.length} of ${all.length}`);
  });
}
