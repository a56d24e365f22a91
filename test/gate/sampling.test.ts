// Which calls are recorded: each row of the design on the gate, with what must not be recorded beside it.

import { type Context, context, propagation, ROOT_CONTEXT, SpanKind, TraceFlags, trace } from '@opentelemetry/api';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { detach, inject, instrument, withRemoteContext } from '../../runtime/index.js';
import { callBelowRemoteTraces, DROPPED, KEPT_TRACESTATES, PASSED_ON } from './remote-ratio.js';
import { traced } from './tracing.js';

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
  traced({ enabled: true }, async ({ expectSpans }) => {
    outer();
    await expectSpans('outer', '  inner');
  }));

test('a root is not recorded when the flag is off', () =>
  traced({ enabled: false }, async ({ expectSpans, tracing }) => {
    assert.is(outer(), 1);
    await expectSpans();
    assert.is(tracing.state().spans.started, 0);
  }));

test('a root is recorded only below an allowed prefix, cut at segments', () =>
  traced({ enabled: true, roots: 'carbide' }, async ({ expectSpans }) => {
    instrument(at('carbidex::api', 'near miss'), () => 1)();
    outer();
    await expectSpans('outer', '  inner');
  }));

test('a span without parent that may not be a root is transparent: the first matching span below it is the root', () =>
  traced({ enabled: true, roots: 'carbide' }, async ({ expectSpans }) => {
    foreign();
    await expectSpans('inner');
  }));

test('roots = none starts nothing, and still follows a sampled parent', () =>
  traced({ enabled: true, roots: 'none' }, async ({ expectSpans }) => {
    outer();
    await expectSpans();
    withRemoteContext({ traceparent: SAMPLED }, outer);
    await expectSpans('(remote b7ad6b7169203331)', '  outer', '    inner');
  }));

test('children inherit: below a recorded span a namespace that may not be a root is recorded too', () =>
  traced({ enabled: true, roots: 'carbide' }, async ({ expectSpans }) => {
    instrument(at('carbide::api', 'top'), () => foreign())();
    await expectSpans('top', '  foreign', '    inner');
  }));

test('dropped spans are never created, also under a recorded parent, and their children attach to the nearest recorded ancestor', () =>
  traced({ enabled: true, drop: 'runtime::poll' }, async ({ expectSpans }) => {
    leaky();
    instrument(at('carbide::api', 'top'), () => leaky())();
    await expectSpans('inner', 'top', '  inner');
  }));

test('a site that a rule switches off is transparent under a recorded parent, whose context it propagates', () =>
  traced({ enabled: true, rules: 'carbide::db=off' }, async ({ spans, expectSpans }) => {
    let sent: Record<string, string> = {};
    const sending = instrument(at('carbide::db', 'sending'), () => {
      sent = {};
      propagation.inject(context.active(), sent);
      return inner();
    });
    instrument(at('carbide::api', 'top'), () => sending())();
    await expectSpans('top', '  inner');
    const top = (await spans())[1]?.spanContext();
    assert.is(sent.traceparent, `00-${top?.traceId}-${top?.spanId}-03`);
  }));

test('with the flag off a call inside a recorded trace still records; the one outside does not', () =>
  traced({ enabled: true }, async ({ tracing, expectSpans }) => {
    let go: () => void = () => {};
    const under = waiting(new Promise<void>((resolve) => (go = resolve)));
    tracing.setEnabled(false);
    assert.is(tracing.enabled, false);
    inner();
    await expectSpans();
    go();
    await under;
    await expectSpans('waiting', '  inner');
  }));

test('with the flag off a sampled remote parent records, an unsampled one does not', () =>
  traced({ enabled: false }, async ({ spans, expectSpans }) => {
    withRemoteContext({ traceparent: UNSAMPLED }, outer);
    await expectSpans();
    withRemoteContext({ traceparent: SAMPLED }, outer);
    await expectSpans('(remote b7ad6b7169203331)', '  outer', '    inner');
    assert.is((await spans())[0]?.spanContext().traceId, '0af7651916cd43dd8448eb211c80319c');
  }));

class Entry {
  @instrument({ name: 'entry', parent: (headers: Record<string, string>) => headers })
  async handle(_headers: Record<string, string>): Promise<Record<string, string>> {
    await Promise.resolve();
    inner();
    return inject({});
  }
}

test('with the flag off a call with a sampled `parent` from its arguments records, with all calls below; with an unsampled parent or none it does not', () =>
  traced({ enabled: false }, async ({ tracing, spans, expectSpans }) => {
    const entry = new Entry();
    assert.equal(await entry.handle({}), {}, 'nothing to propagate');
    const passed = await entry.handle({ traceparent: UNSAMPLED });
    assert.is(passed.traceparent, UNSAMPLED, 'the decision of the caller is propagated');
    await expectSpans();
    const handed = await entry.handle({ traceparent: SAMPLED });
    await expectSpans('(remote b7ad6b7169203331)', '  entry', '    inner');
    const entrySpan = (await spans())[1]?.spanContext();
    assert.is(handed.traceparent, `00-${entrySpan?.traceId}-${entrySpan?.spanId}-01`);
    assert.is(tracing.openCount, 0);
  }));

test('with the flag off and remoteParent ignore a sampled `parent` from the arguments starts no recording', () =>
  traced({ enabled: false, remoteParent: 'ignore' }, async ({ expectSpans }) => {
    assert.equal(await new Entry().handle({ traceparent: SAMPLED }), {});
    await expectSpans();
  }));

test('with the flag off a sampled context that was set by hand records', () =>
  traced({ enabled: false }, async ({ expectSpans }) => {
    const remote = trace.setSpanContext(ROOT_CONTEXT, {
      traceId: 'a'.repeat(32),
      spanId: 'b'.repeat(16),
      traceFlags: TraceFlags.SAMPLED,
    });
    context.with(remote, outer);
    await expectSpans('(not exported)', '  outer', '    inner');
  }));

test('with the flag off a sampled context passed to a tracer records, an unsampled one does not', () =>
  traced({ enabled: false }, async ({ expectSpans }) => {
    const tracer = trace.getTracer('some-http');
    const remote = (traceFlags: TraceFlags) =>
      trace.setSpanContext(ROOT_CONTEXT, { traceId: 'a'.repeat(32), spanId: 'b'.repeat(16), traceFlags, isRemote: true });
    tracer.startSpan('unsampled', {}, remote(TraceFlags.NONE)).end();
    tracer.startActiveSpan('also unsampled', {}, remote(TraceFlags.NONE), (span) => span.end());
    await expectSpans();
    tracer.startSpan('server', {}, remote(TraceFlags.SAMPLED)).end();
    await expectSpans('(remote bbbbbbbbbbbbbbbb)', '  server');
  }));

test('remoteParent: ignore refuses to let a remote flag start recording', () =>
  traced({ enabled: false, remoteParent: 'ignore' }, async ({ expectSpans }) => {
    withRemoteContext({ traceparent: SAMPLED }, outer);
    await expectSpans();
  }));

test('remoteParent: ignore lets the local decision continue the remote trace, with either flag', () =>
  traced({ enabled: true, remoteParent: 'ignore', roots: 'carbide' }, async ({ spans }) => {
    withRemoteContext({ traceparent: UNSAMPLED }, outer);
    const all = await spans();
    assert.is(all.length, 2);
    assert.is(all[1]?.spanContext().traceId, '0af7651916cd43dd8448eb211c80319c');
  }));

test('a decision about a remote trace uses the randomness of its tracestate, and keeps the other fields', () =>
  traced({ enabled: true, remoteParent: 'ignore', rules: 'carbide::api=0.5' }, async ({ spans }) => {
    await callBelowRemoteTraces(outer);
    const states = (await spans())
      .filter(({ name }) => name === 'outer')
      .map((span) => span.spanContext().traceState?.serialize());
    assert.equal(states, KEPT_TRACESTATES);
  }));

test('a root at the ratio 1 below a caller that is ignored shows its own threshold', () =>
  traced({ enabled: true, remoteParent: 'ignore' }, async ({ spans }) => {
    withRemoteContext({ traceparent: UNSAMPLED, tracestate: 'a=1,ot=th:c;rv:ffffffffffffff' }, outer);
    withRemoteContext({ traceparent: UNSAMPLED }, outer);
    const states = (await spans())
      .filter(({ name }) => name === 'outer')
      .map((span) => span.spanContext().traceState?.serialize());
    assert.equal(states, ['ot=th:0;rv:ffffffffffffff,a=1', undefined]);
  }));

test('a remote trace that is dropped here keeps its randomness and other members of tracestate, without a threshold', () =>
  traced({ enabled: true, remoteParent: 'ignore', rules: 'carbide::api=0.5' }, ({ spans }) => {
    const passOn = instrument(at('carbide::api', 'passOn'), () => inject({}));
    assert.equal(withRemoteContext(DROPPED, passOn), PASSED_ON);
    return spans().then((all) => assert.equal(all, []));
  }));

test('with the flag on an unsampled remote parent records nothing', () =>
  traced({ enabled: true }, async ({ expectSpans }) => {
    withRemoteContext({ traceparent: UNSAMPLED }, outer);
    await expectSpans();
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

test('kind:server may start a trace in any namespace; another kind may not', () =>
  traced({ enabled: true, roots: 'kind:server' }, async ({ expectSpans }) => {
    instrument({ ...at('other::http', 'server'), kind: 'server' }, () => 1)();
    instrument({ ...at('other::http', 'client'), kind: 'client' }, () => 1)();
    const tracer = trace.getTracer('some-http');
    tracer.startSpan('third-party server', { kind: SpanKind.SERVER }).end();
    tracer.startSpan('third-party client', { kind: SpanKind.CLIENT }).end();
    await expectSpans('server | server', 'third-party server | server');
  }));

test('processors get the parent of a third-party span with its context, and none for one that starts a new trace', async () => {
  const parents: (string | undefined)[] = [];
  const processor = {
    onStart: (_: unknown, parent: Context) => void parents.push(trace.getSpanContext(parent)?.spanId),
    onEnd: () => undefined,
    forceFlush: async () => undefined,
    shutdown: async () => undefined,
  };
  await traced({ enabled: true, spanProcessors: [processor as never] }, () => {
    const tracer = trace.getTracer('some-http');
    tracer.startActiveSpan('above', (above) => {
      tracer.startSpan('child').end();
      tracer.startSpan('new trace', { root: true }).end();
      above.end();
      assert.equal(parents, [undefined, above.spanContext().spanId, undefined]);
    });
  });
});

test('a tracer is listed as a site by its scope, and by each namespace that its spans have', () =>
  traced({ enabled: true }, ({ tracing }) => {
    const tracer = trace.getTracer('listed-library', '1.2');
    for (const namespace of [undefined, 'listed-library', 'carbide::http'])
      tracer.startSpan('request', { attributes: { 'code.namespace': namespace } }).end();
    assert.equal(
      [tracing.sites('listed-library'), tracing.sites('carbide::http')].map((sites) => sites.map(({ id }) => id)),
      [['scope:listed-library@1.2'], ['scope:listed-library@1.2 carbide::http']],
    );
  }));

test('a detached task starts a trace of its own', () =>
  traced({ enabled: true }, async ({ expectSpans }) => {
    instrument(at('carbide::api', 'top'), () => detach(() => inner()))();
    await expectSpans('inner', 'top');
  }));

test.run();
