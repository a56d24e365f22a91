// Sampled remote callers while the flag is off: recorded whole within a rate, counted, and refused whole beyond it.

import { context, propagation, ROOT_CONTEXT, trace } from '@opentelemetry/api';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { inject, instrument, withRemoteContext } from '../../runtime/index.js';
import { traced } from './tracing.js';

const child = instrument({ namespace: 'carbide::db', name: 'child' }, () => inject({}));
const handle = instrument({ namespace: 'carbide::api', name: 'handle' }, () => {
  child();
  return child();
});
const header = (n: number) => `00-${n.toString(16).padStart(32, '0')}-b7ad6b7169203331-01`;
const request = (n: number, work: () => unknown = handle) => withRemoteContext({ traceparent: header(n) }, work);

test('a flood of sampled callers is recorded within the rate, in whole trees, and counted', () =>
  traced({ remoteRootsPerSecond: 5, maxQueueSize: 16_384 }, async ({ tracing, spans }) => {
    const began = performance.now();
    for (let n = 1; n <= 2000; n++) request(n);
    const windows = 1 + Math.floor((performance.now() - began) / 1000);
    const { remoteRoots, remoteRefused, started } = tracing.state().spans;
    assert.ok(remoteRoots >= 5 && remoteRoots <= 5 * windows, `${remoteRoots} in ${windows} s`);
    assert.is(remoteRoots + remoteRefused, 2000);
    assert.is(started, remoteRoots * 3);
    const traces = new Map<string, number>();
    for (const span of await spans()) {
      const { traceId } = span.spanContext();
      traces.set(traceId, (traces.get(traceId) ?? 0) + 1);
    }
    assert.equal([...new Set(traces.values())], [3], 'each tree whole');
    assert.match(tracing.metrics(), `spanwright_remote_roots_recorded_total ${remoteRoots}\n`);
    assert.match(tracing.metrics(), `spanwright_remote_roots_refused_total ${remoteRefused}\n`);
  }));

test('a refused tree is transparent: nothing below it is recorded, and its caller reaches the next service', () =>
  traced({ remoteRootsPerSecond: 0 }, async ({ tracing, expectSpans }) => {
    request(7, () => {
      const carrier = trace.getTracer('theirs').startActiveSpan('server', () => handle() as Record<string, string>);
      assert.is(carrier.traceparent, header(7));
    });
    await expectSpans();
    assert.is(tracing.state().spans.remoteRefused, 1, 'one tree, however many calls it has');
  }));

test('each set-up counts trees from zero, and has its own second', async () => {
  for (let round = 0; round < 2; round++) {
    await traced({ remoteRootsPerSecond: 1 }, ({ tracing }) => {
      for (let n = 1; n <= 3; n++) request(n);
      const { remoteRoots, remoteRefused } = tracing.state().spans;
      assert.ok(remoteRoots >= 1, 'the first one is recorded');
      assert.is(remoteRoots + remoteRefused, 3);
    });
  }
});

test('while tracing is on the rate does not apply', () =>
  traced({ enabled: true, remoteRootsPerSecond: 0 }, async ({ tracing, expectSpans }) => {
    request(9);
    await expectSpans('(remote b7ad6b7169203331)', '  handle', '    child', '    child');
    assert.is(tracing.state().spans.remoteRoots, 0);
  }));

test('a third-party span that starts the local tree is bounded too', () =>
  traced({ remoteRootsPerSecond: 2 }, async ({ spans }) => {
    for (let n = 1; n <= 50; n++) {
      const extracted = propagation.extract(ROOT_CONTEXT, { traceparent: header(n) });
      const server = trace.getTracer('http').startSpan('server', {}, extracted);
      context.with(trace.setSpan(extracted, server), handle);
      server.end();
    }
    const all = await spans();
    const servers = all.filter(({ name }) => name === 'server').length;
    assert.ok(servers >= 2 && servers <= 6, `${servers} trees`);
    assert.is(all.length, servers * 4);
  }));

test.run();
