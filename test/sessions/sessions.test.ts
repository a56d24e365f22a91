// Spans that outlive a pass of the program, by key.

import { type Context, context, createTraceState, INVALID_SPAN_CONTEXT, ROOT_CONTEXT, trace } from '@opentelemetry/api';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { carriers, extract, inject, instrument, sessions, startTracing } from '../../runtime/index.js';
import { MAX_SESSION_AGE_MS, type SessionBook } from '../../runtime/open/session-book.js';
import { state } from '../../runtime/state.js';
import { noticesDuring, traced } from '../gate/tracing.js';

const drain = { name: 'drain_session', namespace: 'nvsentinel::node-drainer' };
const pass = instrument({ namespace: 'nvsentinel::node-drainer', name: 'pass', args: ['n'] }, (n: number) => n);

test('passes of a session are children of its span, across turns of the event loop', () =>
  traced({ enabled: true }, async ({ expectSpans, tracing }) => {
    assert.is(sessions.start('event-1', { ...drain, attributes: { 'drain.scope': 'full' } }), true);
    assert.is(
      sessions.run('event-1', () => pass(1)),
      1,
    );
    await new Promise((resolve) => setTimeout(resolve, 5));
    assert.is(
      sessions.run('event-1', () => pass(2)),
      2,
    );
    assert.is(tracing.openCount, 1);
    assert.is(tracing.openSpans()[0]?.longRunning, true);
    assert.is(sessions.end('event-1'), true);
    await expectSpans(
      'drain_session | drain.scope="full" | spanwright.session.end="ended" | spanwright.session.key="event-1"',
      '  drain_session started | spanwright.session.key="event-1"',
      '  pass | n=1',
      '  pass | n=2',
    );
    assert.is(tracing.openCount, 0);
  }));

test('a marker span shows the session before it ends', () =>
  traced({ enabled: true }, async ({ spans, expectSpans }) => {
    sessions.start('event-1', drain);
    await expectSpans('(not exported)', '  drain_session started | spanwright.session.key="event-1"');
    const [marker] = await spans();
    assert.is(marker?.parentSpanContext?.spanId, sessions.list()[0]?.spanId);
    sessions.end('event-1');
  }));

test('a second start continues the session, and a second end does nothing', () =>
  traced({ enabled: true }, async ({ expectSpans, tracing }) => {
    const before = performance.now();
    assert.is(sessions.start('k', drain), true);
    assert.is(sessions.start('k', drain), true);
    assert.is(tracing.openCount, 1);
    const [{ ageMs } = { ageMs: -1 }] = sessions.list();
    assert.ok(ageMs >= 0 && ageMs <= performance.now() - before, `${ageMs} ms`);
    assert.is(sessions.end('k'), true);
    assert.is(sessions.end('k'), false);
    await expectSpans(
      'drain_session | spanwright.session.end="ended" | spanwright.session.key="k"',
      '  drain_session started | spanwright.session.key="k"',
    );
  }));

test('without a recorded start there is no session, and passes run unrecorded', () =>
  traced({ enabled: false }, async ({ expectSpans, tracing }) => {
    assert.is(sessions.start('k', drain), false);
    assert.is(
      sessions.run('k', () => pass(3)),
      3,
    );
    assert.is(sessions.end('k'), false);
    assert.equal(sessions.carrier('k'), {});
    tracing.setEnabled(true);
    assert.is(
      sessions.run('unknown', () => pass(4)),
      4,
    );
    await expectSpans('pass | n=4');
  }));

test('a session goes on while the flag is off: its trace stays whole', () =>
  traced({ enabled: true }, async ({ expectSpans, tracing }) => {
    sessions.start('k', drain);
    tracing.setEnabled(false);
    sessions.run('k', () => pass(1));
    pass(2);
    sessions.end('k');
    await expectSpans(
      'drain_session | spanwright.session.end="ended" | spanwright.session.key="k"',
      '  drain_session started | spanwright.session.key="k"',
      '  pass | n=1',
    );
  }));

test('an error marks the session as failed', () =>
  traced({ enabled: true }, async ({ expectSpans }) => {
    sessions.start('k', drain);
    sessions.end('k', new RangeError('node gone'));
    await expectSpans(
      'drain_session | error.type="RangeError" | spanwright.session.end="ended" | spanwright.session.key="k" | error "node gone" | event exception',
      '  drain_session started | spanwright.session.key="k"',
    );
  }));

test('an error in a pass reaches its caller, and the session stays open', () =>
  traced({ enabled: true }, () => {
    sessions.start('k', drain);
    assert.throws(
      () =>
        sessions.run('k', () => {
          throw new Error('requeue');
        }),
      'requeue',
    );
    assert.is(sessions.end('k'), true);
  }));

test('after a restart the session of the same key continues in the same trace, with a link and without a parent', () =>
  traced({ enabled: true }, async ({ expectSpans }) => {
    sessions.start('k', drain);
    const stored = JSON.parse(JSON.stringify(sessions.carrier('k')));
    sessions.end('k');
    assert.is(sessions.start('k', { ...drain, name: 'resumed', resume: stored }), true);
    sessions.run('k', () => pass(1));
    sessions.end('k');
    const ended = 'spanwright.session.end="ended" | spanwright.session.key="k"';
    await expectSpans(
      `drain_session | ${ended}`,
      '  drain_session started | spanwright.session.key="k"',
      `resumed | ${ended} | trace of drain_session | link drain_session`,
      '  resumed started | spanwright.session.key="k"',
      '  pass | n=1',
    );
  }));

test('a continued session keeps the sampling decision of its trace, and propagates the trace state', () =>
  traced({ enabled: true, rules: 'nvsentinel=0.000001' }, async ({ spans }) => {
    const ids = { traceId: '0af7651916cd43dd8448eb211c80319c', spanId: 'b7ad6b7169203331' };
    const traceState = createTraceState('vendor=1,ot=th:8');
    for (let round = 0; round < 20; round++) {
      const key = `k${round}`;
      assert.is(sessions.start(key, { ...drain, resume: { ...ids, traceFlags: 1, traceState } }), true);
      sessions.end(key);
    }
    for (const span of await spans()) {
      assert.is(span.spanContext().traceId, ids.traceId);
      assert.is(span.spanContext().traceState?.serialize(), 'vendor=1,ot=th:8');
    }
  }));

test('a session that is started in the context of a finished trace starts a new trace', () =>
  traced({ enabled: true }, async ({ expectSpans }) => {
    let left: Context = ROOT_CONTEXT;
    instrument({ namespace: 'nvsentinel::old', name: 'old' }, () => {
      left = context.active();
    })();
    state.gate.underWay.close(); // as after the grace period with the flag off
    context.with(left, () => sessions.start('k', drain));
    sessions.end('k');
    await expectSpans(
      'old',
      'drain_session | spanwright.session.end="ended" | spanwright.session.key="k"',
      '  drain_session started | spanwright.session.key="k"',
    );
  }));

test('while tracing shuts down no session starts', async () => {
  let finish: () => void = () => {};
  const closed = new Promise<void>((done) => {
    finish = done;
  });
  const processor = { onStart() {}, onEnd() {}, forceFlush: async () => {}, shutdown: () => closed };
  const tracing = await startTracing({ enabled: true, spanProcessors: [processor as never] });
  const ended = tracing.shutdown();
  assert.is(sessions.start('k', drain), false);
  assert.is(tracing.openCount, 0);
  finish();
  await ended;
});

test('a session resumes from anything that names a span: a carrier of any kind by its context, a span context, a span', () =>
  traced({ enabled: true }, async ({ spans }) => {
    const events = carriers.document({ module: 'quarantine' });
    const found = instrument({ name: 'quarantine' }, () => [inject({}, events), trace.getActiveSpan()] as const)();
    const [document, span] = found;
    for (const [kind, resume] of [
      ['context', extract(document, events)],
      ['span context', span?.spanContext()],
      ['span', span],
      ['carrier', inject({}, undefined, extract(document, events))],
    ] as const) {
      sessions.start(kind, { ...drain, name: kind, resume });
      sessions.end(kind);
      const session = (await spans()).find(({ name }) => name === kind);
      assert.is(session?.spanContext().traceId, span?.spanContext().traceId, kind);
      assert.is(session?.parentSpanContext, undefined, kind);
      assert.equal(
        session?.links.map(({ context }) => context.spanId),
        [span?.spanContext().spanId],
        kind,
      );
    }
  }));

test('a context, a span context, a span or a document without a valid span starts a new trace', () =>
  traced({ enabled: true }, async ({ spans }) => {
    const invalid = trace.wrapSpanContext(INVALID_SPAN_CONTEXT);
    const inContext = trace.setSpan(ROOT_CONTEXT, invalid);
    for (const resume of [ROOT_CONTEXT, inContext, invalid, INVALID_SPAN_CONTEXT, {}, '', null, 7, () => 1]) {
      sessions.start('k', { ...drain, resume });
      sessions.end('k');
    }
    const started = (await spans()).filter(({ name }) => name === 'drain_session');
    assert.is(new Set(started.map((span) => span.spanContext().traceId)).size, 9);
    for (const span of started) assert.equal(span.links, []);
  }));

test('a malformed carrier to resume from starts a new trace', () =>
  traced({ enabled: true }, async ({ spans }) => {
    sessions.start('k', { ...drain, resume: { traceparent: '00-00000000000000000000000000000000-b7ad6b7169203331-01' } });
    sessions.end('k');
    const span = (await spans()).find(({ name }) => name === 'drain_session');
    assert.equal(span?.links, []);
    assert.not.match(span?.spanContext().traceId ?? '', /^0+$/);
  }));

test('a session in a recorded context is its child; several keys do not mix', () =>
  traced({ enabled: true }, async ({ expectSpans }) => {
    instrument({ namespace: 'a', name: 'outer' }, () => sessions.start('inside', drain))();
    sessions.start('other', { ...drain, name: 'other' });
    sessions.run('other', () => pass(1));
    sessions.run('inside', () => pass(2));
    sessions.end('inside');
    sessions.end('other');
    await expectSpans(
      'outer',
      '  drain_session | spanwright.session.end="ended" | spanwright.session.key="inside"',
      '    drain_session started | spanwright.session.key="inside"',
      '    pass | n=2',
      'other | spanwright.session.end="ended" | spanwright.session.key="other"',
      '  other started | spanwright.session.key="other"',
      '  pass | n=1',
    );
  }));

test('shutdown ends sessions and marks their spans', async () => {
  let ends: unknown[] = [];
  await traced(
    {
      enabled: true,
      spanProcessors: [
        {
          onStart() {},
          onEnd: (span: { name: string; attributes?: Record<string, unknown> }) => {
            if (span.name === 'drain_session') ends = [...ends, span.attributes?.['spanwright.session.end']];
          },
          forceFlush: async () => {},
          shutdown: async () => {},
        } as never,
      ],
    },
    () => {
      sessions.start('k', drain);
    },
  );
  assert.equal(ends, ['shutdown']);
  assert.is(sessions.end('k'), false);
});

test('a session beyond the age limit is ended and marked, but not a younger one', () =>
  traced({ enabled: true }, async ({ spans }) => {
    assert.is(MAX_SESSION_AGE_MS, 86_400_000);
    sessions.start('old', drain);
    const book = state.sessions as SessionBook;
    Object.assign(book.get('old') as object, { startedAt: 0 });
    book.endOld(MAX_SESSION_AGE_MS - 1);
    assert.is(sessions.list().length, 1, 'a younger one stays');
    book.endOld(MAX_SESSION_AGE_MS);
    assert.is(sessions.list().length, 0);
    const span = (await spans()).find(({ name }) => name === 'drain_session');
    assert.is(span?.attributes['spanwright.session.end'], 'age');
  }));

test('the start of a session ends those that are older than the limit', () =>
  traced({ enabled: true }, async ({ spans }) => {
    for (const key of ['old', 'young']) sessions.start(key, drain);
    const old = (state.sessions as SessionBook).get('old') as { startedAt: number };
    old.startedAt -= MAX_SESSION_AGE_MS;
    sessions.start('next', drain);
    assert.equal(
      sessions.list().map(({ key }) => key),
      ['young', 'next'],
    );
    const ended = (await spans()).filter(({ name }) => name === 'drain_session');
    assert.equal(
      ended.map(({ attributes }) => attributes['spanwright.session.end']),
      ['age'],
    );
  }));

test('the number of sessions is bounded by the table of open spans', () =>
  traced({ enabled: true, maxOpenSpans: 5 }, ({ tracing }) => {
    const started = Array.from({ length: 8 }, (_, n) => sessions.start(`k${n}`, drain));
    assert.is(started.filter(Boolean).length, 5);
    assert.is(tracing.openCount, 5);
    for (let n = 0; n < 8; n++) sessions.end(`k${n}`);
    assert.is(tracing.openCount, 0);
  }));

test('at most 10,000 sessions run at once, however many spans may be open; the rest is counted and reported', () =>
  traced({ enabled: true, maxOpenSpans: 20_000 }, async ({ tracing }) => {
    let started: boolean[] = [];
    const lines = await noticesDuring(() => {
      started = Array.from({ length: 10_002 }, (_, n) => sessions.start(`k${n}`, drain));
    });
    assert.equal([started.indexOf(false), started.lastIndexOf(true)], [10_000, 9_999]);
    assert.is(tracing.state().spans.refused, 2);
    assert.is(lines.filter((line) => /SPW044 .*10,000/u.test(line)).length, 1, lines.join('\n'));
    sessions.end('k0');
    assert.is(sessions.start('again', drain), true);
    assert.is(sessions.start('one more', drain), false);
    sessions.run('k1', () => trace.getActiveSpan()?.end());
    assert.is(sessions.end('k1'), false, 'its span has ended before');
    assert.is(sessions.start('one more', drain), true);
  }));

test('an empty key is refused', () => {
  assert.throws(() => sessions.start(''), /key; expected a string/);
});

test.run();
