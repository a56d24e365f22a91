// Which calls are recorded: each row of the design on the gate, with what must not be recorded beside it.

import { context, propagation, ROOT_CONTEXT, SpanKind, TraceFlags, trace } from '@opentelemetry/api';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { detach, inject, instrument, withRemoteContext } from '../../runtime/index.js';
import { parentName, traced } from './tracing.js';

const at = (namespace: string, name: string) => ({ namespace, name });
const inner = instrument(at('carbide::inner', 'inner'), () => 1);
const outer = instrument(at('carbide::api', 'outer'), () => inner());
const foreign = instrument(at('other::lib', 'foreign'), () => inner());
const leaky = instrument(at('runtime::poll', 'leaky'), () => inner());
const database = instrument(at('carbide::db', 'database'), () => inner());
const waiting = instrument(at('carbide::api', 'waiting'), async (until: Promise<unknown>) => {
  await until;
  return inner();
});

const SAMPLED = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
const UNSAMPLED = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00';

test('a root is recorded when the flag is on', () =>
  traced({ enabled: true }, async ({ names }) => {
    outer();
    assert.equal(await names(), ['inner', 'outer']);
  }));

test('a root is not recorded when the flag is off', () =>
  traced({ enabled: false }, async ({ names, tracing }) => {
    assert.is(outer(), 1);
    assert.equal(await names(), []);
    assert.is(tracing.state().spans.started, 0);
  }));

test('a root is recorded only below an allowed prefix, cut at segments', () =>
  traced({ enabled: true, roots: 'carbide' }, async ({ names }) => {
    instrument(at('carbidex::api', 'near miss'), () => 1)();
    outer();
    assert.equal(await names(), ['inner', 'outer']);
  }));

test('a span without parent that may not be a root is transparent: the first matching span below it is the root', () =>
  traced({ enabled: true, roots: 'carbide' }, async ({ spans }) => {
    foreign();
    const all = await spans();
    assert.equal(
      all.map((span) => span.name),
      ['inner'],
    );
    assert.is(all[0]?.parentSpanContext, undefined);
  }));

test('roots = none starts nothing, and still follows a sampled parent', () =>
  traced({ enabled: true, roots: 'none' }, async ({ names }) => {
    outer();
    assert.equal(await names(), []);
    withRemoteContext({ traceparent: SAMPLED }, outer);
    assert.equal(await names(), ['inner', 'outer']);
  }));

test('children inherit: below a recorded span a namespace that may not be a root is recorded too', () =>
  traced({ enabled: true, roots: 'carbide' }, async ({ spans }) => {
    instrument(at('carbide::api', 'top'), () => foreign())();
    const all = await spans();
    const named = (name: string) => all.find((span) => span.name === name);
    assert.is(all.length, 3);
    assert.is(parentName(named('inner') as never, all), 'foreign');
    assert.is(parentName(named('foreign') as never, all), 'top');
    assert.is(new Set(all.map((span) => span.spanContext().traceId)).size, 1);
  }));

test('dropped spans are never made, also under a recorded parent, and their children attach to the nearest recorded ancestor', () =>
  traced({ enabled: true, drop: 'runtime::poll' }, async ({ spans }) => {
    leaky();
    instrument(at('carbide::api', 'top'), () => leaky())();
    const all = await spans();
    assert.not(all.some((span) => span.name === 'leaky'));
    const parents = all.filter((span) => span.name === 'inner').map((span) => parentName(span, all));
    assert.equal(parents, [undefined, 'top']);
  }));

test('a rule that says off is transparent under a recorded parent, and sends the parent on', () =>
  traced({ enabled: true, rules: 'carbide::db=off' }, async ({ spans }) => {
    let sent: Record<string, string> = {};
    const sending = instrument(at('carbide::db', 'sending'), () => {
      sent = {};
      propagation.inject(context.active(), sent);
      return inner();
    });
    instrument(at('carbide::api', 'top'), () => sending())();
    const all = await spans();
    assert.equal(all.map((span) => span.name).sort(), ['inner', 'top']);
    const top = all.find((span) => span.name === 'top');
    assert.is(sent.traceparent, `00-${top?.spanContext().traceId}-${top?.spanContext().spanId}-03`);
    assert.is(parentName(all.find((span) => span.name === 'inner') as never, all), 'top');
  }));

test('with the flag off a call inside a recorded trace still records; the one outside does not', () =>
  traced({ enabled: true }, async ({ tracing, names }) => {
    let go: () => void = () => {};
    const under = waiting(new Promise<void>((resolve) => (go = resolve)));
    tracing.setEnabled(false);
    assert.is(tracing.enabled, false);
    inner();
    assert.equal(await names(), []);
    go();
    await under;
    assert.equal(await names(), ['inner', 'waiting']);
  }));

test('with the flag off a sampled remote parent records, an unsampled one does not', () =>
  traced({ enabled: false }, async ({ spans }) => {
    withRemoteContext({ traceparent: UNSAMPLED }, outer);
    assert.is((await spans()).length, 0);
    withRemoteContext({ traceparent: SAMPLED }, outer);
    const all = await spans();
    assert.equal(
      all.map((span) => span.name),
      ['inner', 'outer'],
    );
    assert.is(all[1]?.spanContext().traceId, '0af7651916cd43dd8448eb211c80319c');
    assert.is(all[1]?.parentSpanContext?.spanId, 'b7ad6b7169203331');
    assert.is(all[1]?.parentSpanContext?.isRemote, true);
  }));

class Entry {
  @instrument({ name: 'entry', parent: (headers: Record<string, string>) => headers })
  async handle(_headers: Record<string, string>): Promise<Record<string, string>> {
    await Promise.resolve();
    inner();
    return inject({});
  }
}

test('with the flag off a sampled caller in the arguments records, with all that is below; an unsampled one and none do not', () =>
  traced({ enabled: false }, async ({ tracing, spans, names }) => {
    const entry = new Entry();
    assert.equal(await entry.handle({}), {}, 'nothing to hand on');
    const passed = await entry.handle({ traceparent: UNSAMPLED });
    assert.is(passed.traceparent, UNSAMPLED, 'what the caller decided is handed on');
    assert.equal(await names(), []);
    const handed = await entry.handle({ traceparent: SAMPLED });
    const all = await spans();
    assert.equal(
      all.map((span) => span.name),
      ['inner', 'entry'],
    );
    assert.is(all[1]?.parentSpanContext?.spanId, 'b7ad6b7169203331');
    assert.ok(handed.traceparent?.includes(all[1]?.spanContext().spanId ?? '?'));
    assert.is(tracing.openCount, 0);
  }));

test('with the flag off and remoteParent ignore a caller in the arguments is not asked', () =>
  traced({ enabled: false, remoteParent: 'ignore' }, async ({ names }) => {
    assert.equal(await new Entry().handle({ traceparent: SAMPLED }), {});
    assert.equal(await names(), []);
  }));

test('with the flag off a sampled context that was set by hand records', () =>
  traced({ enabled: false }, async ({ names }) => {
    const remote = trace.setSpanContext(ROOT_CONTEXT, {
      traceId: 'a'.repeat(32),
      spanId: 'b'.repeat(16),
      traceFlags: TraceFlags.SAMPLED,
    });
    context.with(remote, outer);
    assert.equal(await names(), ['inner', 'outer']);
  }));

test('with the flag off a sampled context that is handed to a tracer records, an unsampled one does not', () =>
  traced({ enabled: false }, async ({ names }) => {
    const tracer = trace.getTracer('some-http');
    const remote = (traceFlags: TraceFlags) =>
      trace.setSpanContext(ROOT_CONTEXT, { traceId: 'a'.repeat(32), spanId: 'b'.repeat(16), traceFlags, isRemote: true });
    tracer.startSpan('unsampled', {}, remote(TraceFlags.NONE)).end();
    tracer.startActiveSpan('also unsampled', {}, remote(TraceFlags.NONE), (span) => span.end());
    assert.equal(await names(), []);
    tracer.startSpan('server', {}, remote(TraceFlags.SAMPLED)).end();
    assert.equal(await names(), ['server']);
  }));

test('remoteParent: ignore refuses to let a remote flag start recording', () =>
  traced({ enabled: false, remoteParent: 'ignore' }, async ({ names }) => {
    withRemoteContext({ traceparent: SAMPLED }, outer);
    assert.equal(await names(), []);
  }));

test('remoteParent: ignore lets our own decision continue the remote trace, whatever its flag', () =>
  traced({ enabled: true, remoteParent: 'ignore', roots: 'carbide' }, async ({ spans }) => {
    withRemoteContext({ traceparent: UNSAMPLED }, outer);
    const all = await spans();
    assert.is(all.length, 2);
    assert.is(all[1]?.spanContext().traceId, '0af7651916cd43dd8448eb211c80319c');
  }));

test('with the flag on an unsampled remote parent is obeyed', () =>
  traced({ enabled: true }, async ({ names }) => {
    withRemoteContext({ traceparent: UNSAMPLED }, outer);
    assert.equal(await names(), []);
  }));

test('a ratio is decided at the root on the trace id and inherited by the whole trace', () =>
  traced({ enabled: true, rules: 'carbide::api=0.25', maxQueueSize: 16_384 }, async ({ spans }) => {
    for (let call = 0; call < 4000; call++) outer();
    const all = await spans();
    const roots = all.filter((span) => span.name === 'outer');
    assert.ok(roots.length > 850 && roots.length < 1150, `${roots.length} of 4000 at 0.25`);
    assert.is(all.length, roots.length * 2, 'children follow their root, both ways');
    for (const root of roots) {
      assert.ok(Number.parseInt(root.spanContext().traceId.slice(18), 16) / 2 ** 56 >= 0.75);
      assert.is(root.spanContext().traceState?.get('ot'), 'th:c');
    }
  }));

test('a ratio does not thin out what is below a recorded root', () =>
  traced({ enabled: true, rules: 'carbide::db=0.01' }, async ({ spans }) => {
    const top = instrument(at('carbide::api', 'top'), () => database());
    for (let call = 0; call < 100; call++) top();
    assert.is((await spans()).filter((span) => span.name === 'database').length, 100);
  }));

test('kind:server may start a trace whatever its namespace; another kind may not', () =>
  traced({ enabled: true, roots: 'kind:server' }, async ({ names }) => {
    instrument({ ...at('other::http', 'server'), kind: 'server' }, () => 1)();
    instrument({ ...at('other::http', 'client'), kind: 'client' }, () => 1)();
    const tracer = trace.getTracer('some-http');
    tracer.startSpan('third-party server', { kind: SpanKind.SERVER }).end();
    tracer.startSpan('third-party client', { kind: SpanKind.CLIENT }).end();
    assert.equal(await names(), ['server', 'third-party server']);
  }));

test('a detached task starts a trace of its own', () =>
  traced({ enabled: true }, async ({ spans }) => {
    instrument(at('carbide::api', 'top'), () => detach(() => inner()))();
    const all = await spans();
    assert.is(new Set(all.map((span) => span.spanContext().traceId)).size, 2);
    assert.is(all.find((span) => span.name === 'inner')?.parentSpanContext, undefined);
  }));

test.run();
