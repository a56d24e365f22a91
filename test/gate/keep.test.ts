// Local tail sampling: which traces are exported whole, which are discarded, and the bounds of memory.

import { type Context, context, ROOT_CONTEXT, type Span, trace } from '@opentelemetry/api';
import { InMemorySpanExporter } from '@opentelemetry/sdk-trace-base';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import {
  ConfigurationError,
  instrument,
  sessions,
  startTracing,
  type TracingOptions,
  withRemoteContext,
} from '../../runtime/index.js';
import { noticesDuring, traced } from './tracing.js';

const at = (name: string) => ({ namespace: 'carbide::api', name });
const child = instrument(at('child'), (fails: boolean) => {
  if (fails) throw new Error('no');
});
const root = instrument(at('root'), (fails = false) => {
  child(false);
  try {
    child(fails);
  } catch {
    // handled: the root itself does not fail
  }
});
/** A root with a start time so many milliseconds ago, and a child, so that the test need not wait. */
function rootSince(name: string, milliseconds: number): { root: Span; inside: Context } {
  const begun = trace.getTracer('carbide').startSpan(name, { startTime: Date.now() - milliseconds });
  const inside = trace.setSpan(ROOT_CONTEXT, begun);
  trace.getTracer('carbide').startSpan('child', {}, inside).end();
  return { root: begun, inside };
}
/** Its spans outlive the shutdown. */
class Kept extends InMemorySpanExporter {
  names: string[] = [];
  override async shutdown(): Promise<void> {
    this.names = this.getFinishedSpans().map(({ name }) => name);
  }
}

const keeping = (keep: TracingOptions['keep']): TracingOptions => ({ enabled: true, keep, maxQueueSize: 16_384 });

test('a trace with an error is kept whole; one without is discarded and counted', () =>
  traced(keeping({ errors: true }), async ({ expectSpans, tracing }) => {
    root(false);
    await expectSpans();
    assert.is(tracing.state().spans.sampledOut, 3);
    root(true);
    await expectSpans('root', '  child', '  child | error.type="Error" | error "no" | event exception');
    assert.is(tracing.state().spans.sampledOut, 3);
  }));

test('a slow trace is kept whole; a fast one is discarded', () =>
  traced(keeping({ errors: false, slowerThan: '30m' }), async ({ expectSpans }) => {
    rootSince('fast', 1000).root.end();
    await expectSpans();
    rootSince('past', 3_600_000).root.end(Date.now() - 3_000_000);
    await expectSpans();
    rootSince('slow', 3_600_000).root.end();
    await expectSpans('slow', '  child');
  }));

test('with errors: false an error alone keeps nothing', () =>
  traced(keeping({ errors: false, slowerThan: '1h' }), async ({ expectSpans }) => {
    root(true);
    await expectSpans();
  }));

test('keeps `ratio` of the remaining traces, by trace id, each trace whole', () =>
  traced(keeping({ errors: true, ratio: 0.2 }), async ({ spans }) => {
    for (let call = 0; call < 1500; call++) root(false);
    const kept = await spans();
    const roots = kept.filter((span) => span.name === 'root');
    assert.ok(roots.length > 210 && roots.length < 400, `${roots.length} of 1500 at 0.2`);
    assert.is(kept.length, roots.length * 3);
    for (const span of roots) assert.ok(Number.parseInt(span.spanContext().traceId.slice(18), 16) / 2 ** 56 >= 0.8);
  }));

test('a trace that an upstream service sampled is always kept', () =>
  traced(keeping({ errors: true }), async ({ expectSpans, tracing }) => {
    withRemoteContext({ traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01' }, () => root(false));
    await expectSpans('(remote b7ad6b7169203331)', '  root', '    child', '    child');
    assert.is(tracing.state().spans.sampledOut, 0);
  }));

/** Remote parents, with the tracestate that the root of a kept trace has at the ratio 0.5. */
const BELOW_CALLERS: readonly (readonly [last: string, flags: string, tracestate: string, kept: string | undefined])[] = [
  ['f', '02', 'a=1', 'ot=th:8,a=1'],
  ['0', '03', 'a=1', undefined],
  ['0', '02', 'ot=rv:ffffffffffffff;th:c;x:1,a=1', 'ot=th:8;rv:ffffffffffffff;x:1,a=1'],
  ['f', '03', 'ot=rv:00000000000000;th:c', undefined],
  ['f', '03', 'ot=rv:short', 'ot=th:8;rv:short'],
];

test('with remoteParent ignore the ratio decides below every caller, by the explicit randomness where there is one, and shows its threshold', () =>
  traced({ ...keeping({ errors: true, ratio: 0.5 }), remoteParent: 'ignore' }, async ({ spans }) => {
    for (const [last, flags, tracestate, expected] of BELOW_CALLERS) {
      const before = (await spans()).length;
      const traceparent = `00-${'1f'.repeat(9)}${last.repeat(14)}-${'2e'.repeat(8)}-${flags}`;
      withRemoteContext({ traceparent, tracestate }, () => root(false));
      const kept = (await spans()).slice(before).map((span) => span.spanContext().traceState?.serialize());
      assert.equal(kept, expected === undefined ? [] : [expected, expected, expected], tracestate);
    }
    withRemoteContext(
      { traceparent: `00-${'1f'.repeat(16)}-${'2e'.repeat(8)}-02`, tracestate: 'ot=rv:00000000000000;th:c' },
      () => root(true),
    );
    assert.is(
      (await spans()).at(-1)?.spanContext().traceState?.get('ot'),
      'th:0;rv:00000000000000',
      'an error is kept at any randomness',
    );
  }));

test('of the thresholds of a rule and of the ratio the higher one is sent', async () => {
  for (const [rule, ratio, threshold] of [
    [0.5, 0.25, 'th:c'],
    [0.25, 0.5, 'th:c'],
    [1, 0.25, 'th:c'],
  ] as const)
    await traced({ ...keeping({ errors: true, ratio }), rules: `*=${rule}` }, async ({ spans }) => {
      for (let call = 0; call < 60; call++) root(false);
      const states = new Set((await spans()).map((span) => span.spanContext().traceState?.get('ot')));
      assert.equal([...states], [threshold], `${rule}, ${ratio}`);
    });
});

test('a span that ends after its root is sent or dropped with the root', () =>
  traced(keeping({ errors: true, slowerThan: '30m' }), async ({ expectSpans, tracing }) => {
    for (const age of [3_600_000, 1000]) {
      const { root: parent, inside } = rootSince('parent', age);
      const late = trace.getTracer('carbide').startSpan('late', {}, inside);
      parent.end();
      late.end();
      await expectSpans('parent', '  child', '  late');
    }
    assert.is(tracing.state().spans.sampledOut, 3);
  }));

test('a session is visible while it runs and always kept; other traces are still judged by `keep`', () =>
  traced(keeping({ errors: true }), async ({ expectSpans, tracing }) => {
    sessions.start('k', { name: 'drain', namespace: 'carbide::drain' });
    sessions.run('k', () => child(false));
    await expectSpans('(not exported)', '  drain started | spanwright.session.key="k"', '  child');
    root(false);
    assert.is(tracing.state().spans.sampledOut, 3);
    sessions.end('k');
    await expectSpans(
      'drain | spanwright.session.end="ended" | spanwright.session.key="k"',
      '  drain started | spanwright.session.key="k"',
      '  child',
    );
  }));

test("third-party spans of the trace wait with Spanwright's", () =>
  traced(keeping({ errors: true }), async ({ expectSpans }) => {
    const outer = instrument(at('outer'), (fails: boolean) => {
      trace.getTracer('db').startSpan('query').end();
      child(fails);
    });
    outer(false);
    await expectSpans();
    assert.throws(() => outer(true), 'no');
    await expectSpans(
      'outer | error.type="Error" | error "no"',
      '  query',
      '  child | error.type="Error" | error "no" | event exception',
    );
  }));

// before the tests that exceed the bounds, because a notice is printed once a minute
test('traces that fit the bounds of keep are not reported', async () => {
  const fits = { errors: true, maxTraces: 2, maxSpans: 2 };
  const lines = await noticesDuring(() => traced(keeping(fits), () => void [rootSince('one', 1), rootSince('two', 1)]));
  assert.equal(
    lines.filter((line) => line.includes('SPW043')),
    [],
  );
});

for (const [bound, named] of [
  [{ maxTraces: 2 }, 'max_traces is 2'],
  [{ maxSpans: 2 }, 'max_spans is 2'],
] as const)
  test(`a full table of traces that wait is reported once: ${named}`, async () => {
    const lines = await noticesDuring(() =>
      traced(keeping({ errors: true, ...bound }), () => {
        const roots = Array.from({ length: 2 }, () => rootSince('waiting', 1000));
        assert.is(roots.length, 2);
        for (let more = 0; more < 3; more++) rootSince('waiting', 1000);
      }),
    );
    const full = lines.filter((line) => line.includes('SPW043'));
    assert.is(full.length, 1, lines.join('\n'));
    assert.match(full[0] ?? '', named);
  });

test('beyond maxTraces the oldest trace is decided first, and memory stays bounded', () =>
  traced(keeping({ errors: true, maxTraces: 10 }), async ({ tracing, expectSpans }) => {
    const opens: (() => void)[] = [];
    const outer = instrument(at('wait'), () => {
      child(false);
      return new Promise<void>((resolve) => opens.push(resolve));
    });
    const before = Array.from({ length: 10 }, () => outer());
    assert.is(tracing.state().spans.sampledOut, 0, 'ten may wait');
    const calls = [...before, ...Array.from({ length: 20 }, () => outer())];
    assert.is(tracing.state().spans.sampledOut, 20, 'the children of the twenty oldest, while their roots are open');
    for (const open of opens) open();
    await Promise.all(calls);
    await expectSpans();
    assert.is(tracing.state().spans.sampledOut, 60);
  }));

test('beyond maxSpans the oldest trace is decided before its root ends', () =>
  traced(keeping({ errors: true, maxSpans: 50 }), async ({ tracing }) => {
    let counted = 0;
    const many = instrument(at('many'), () => {
      for (let call = 0; call < 200; call++) child(false);
      counted = tracing.state().spans.sampledOut;
    });
    many();
    assert.ok(counted >= 150, `${counted} spans were decided while the root was open`);
    assert.is(tracing.state().spans.sampledOut, 201);
  }));

test('a trace that is decided early is slow by the age of its root', () =>
  traced(keeping({ errors: false, slowerThan: '30m', maxTraces: 1 }), async ({ expectSpans }) => {
    for (const [name, age] of [
      ['slow', 3_600_000],
      ['fast', 1000],
      ['last', 1000],
    ] as const)
      rootSince(name, age);
    await expectSpans('(not exported)', '  child');
  }));

test('maxSpans spans wait; one more decides the oldest trace', () =>
  traced(keeping({ errors: true, maxSpans: 50 }), ({ tracing }) => {
    for (let call = 0; call < 20; call++) root(false); // finished traces hold no spans
    const before = tracing.state().spans.sampledOut;
    assert.is(before, 60);
    const waiting: number[] = [];
    const many = instrument(at('many'), () => {
      for (let call = 0; call < 51; call++) {
        waiting.push(tracing.state().spans.sampledOut - before);
        child(false);
      }
      waiting.push(tracing.state().spans.sampledOut - before);
    });
    many();
    assert.equal(waiting, [...Array(51).fill(0), 51]);
  }));

test('a span processor of the application sees each start and ending, and the end of what is kept', async () => {
  const seen: Record<string, string[]> = { starts: [], endings: [], ends: [] };
  const processor = {
    onStart: ({ name }: { name: string }) => seen.starts?.push(name),
    onEnding: ({ name }: { name: string }) => seen.endings?.push(name),
    onEnd: ({ name }: { name: string }) => seen.ends?.push(name),
    forceFlush: async () => {},
    shutdown: async () => {},
  };
  await traced({ ...keeping({ errors: true }), spanProcessors: [processor as never] }, () => {
    root(false);
    assert.equal(seen, { starts: ['root', 'child', 'child'], endings: ['child', 'child', 'root'], ends: [] });
    root(true);
    assert.equal(seen.ends, ['child', 'child', 'root']);
  });
});

test('a root that minDuration discards holds no place of a trace; a child that it discards decides nothing', () =>
  traced(keeping({ errors: true, maxTraces: 3 }), async ({ tracing, expectSpans }) => {
    const short = instrument({ ...at('short'), minDuration: '1h' }, () => 1);
    const outer = instrument(at('outer'), () => {
      child(false);
      short();
      for (let call = 0; call < 5; call++) context.with(ROOT_CONTEXT, () => short());
      assert.is(tracing.state().spans.sampledOut, 0, 'the trace still waits');
      throw new Error('no');
    });
    assert.throws(outer);
    await expectSpans('outer | error.type="Error" | error "no" | event exception', '  child');
  }));

test('a shutdown decides the traces that wait', async () => {
  const exporter = new Kept();
  const tracing = await startTracing({ ...keeping({ errors: false, slowerThan: '30m' }), exporter: exporter as never });
  rootSince('slow', 3_600_000);
  rootSince('fast', 1000);
  await tracing.shutdown();
  assert.equal(exporter.names.sort(), ['child', 'slow']);
});

test('ended spans are accounted for: exported + discarded + queued = ended', () =>
  traced(keeping({ errors: true, ratio: 0.5 }), async ({ tracing, spans }) => {
    for (let call = 0; call < 200; call++) root(call % 3 === 0);
    const sum = (): number => {
      const { exported, failed, dropped, sampledOut, queued } = tracing.state().spans;
      return exported + failed + dropped + sampledOut + queued;
    };
    // the children of an open root wait for its end
    const inside = rootSince('open', 1000);
    assert.is(tracing.state().spans.ended, 601);
    assert.ok(tracing.state().spans.queued > 0);
    assert.is(sum(), 601);
    inside.root.end();
    await spans();
    assert.is(tracing.state().spans.queued, 0);
    assert.is(sum(), 602);
    assert.is(tracing.state().spans.ended, 602);
  }));

test('an invalid keep is an error that names the field', async () => {
  for (const keep of [{ ratio: 2 }, { slowerThan: 'soon' }, { error: true }, { maxSpans: 0 }]) {
    try {
      await (await startTracing({ keep: keep as never, endpoint: '' })).shutdown();
      assert.unreachable(JSON.stringify(keep));
    } catch (error) {
      assert.instance(error, ConfigurationError);
      assert.match((error as Error).message, new RegExp(Object.keys(keep)[0] as string));
    }
  }
});

test.run();
