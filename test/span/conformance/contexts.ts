// The context of a call follows the asynchronous work of the call, and nothing else.

import { trace } from '@opentelemetry/api';
import type { ReadableSpan } from '@opentelemetry/sdk-trace-base';
import * as assert from 'uvu/assert';
import type * as Fixture from './fixtures/contexts.js';
import { after, type Cases, finished, running, runtime } from './recording.js';

export const contextCases: Cases = (test, variant) => {
  const target = new (variant.load<typeof Fixture>('contexts').Contexts)();
  const named = (spans: ReadableSpan[], name: string): ReadableSpan[] => spans.filter((span) => span.name.endsWith(`.${name}`));
  const parents = (spans: ReadableSpan[]): Set<string | undefined> =>
    new Set(spans.map((span) => span.parentSpanContext?.spanId));
  const ids = (spans: ReadableSpan[]): Set<string> => new Set(spans.map((span) => span.spanContext().spanId));

  test('the active span survives awaits, timers and immediates', async () => {
    await target.awaits('a');
    const spans = await finished();
    const [root] = named(spans, 'awaits') as [ReadableSpan];
    const nested = named(spans, 'nested');
    assert.is(spans.length, 8);
    assert.equal(parents(nested), ids([root]));
    const leaves = named(spans, 'leaf');
    assert.equal(new Set([...parents(leaves)]), new Set([...ids([root]), ...ids(nested)]));
  });

  test('the active span survives events, timeouts, ticks and microtasks', async () => {
    await target.callbacks();
    const spans = await finished();
    assert.is(named(spans, 'leaf').length, 4);
    assert.equal(parents(named(spans, 'leaf')), ids(named(spans, 'callbacks')));
  });

  test('concurrent calls do not mix', async () => {
    await Promise.all(Array.from({ length: 10 }, (_, number) => target.awaits(String(number))));
    const spans = await finished();
    const roots = named(spans, 'awaits');
    assert.is(new Set(roots.map((span) => span.spanContext().traceId)).size, 10);
    for (const root of roots) {
      const traced = spans.filter((span) => span.spanContext().traceId === root.spanContext().traceId);
      assert.is(traced.length, 8);
    }
  });

  test('the span of a call is not active in its caller, before or after', async () => {
    assert.is(trace.getActiveSpan(), undefined);
    const pending = target.nested('a');
    assert.is(trace.getActiveSpan(), undefined);
    await pending;
    assert.is(trace.getActiveSpan(), undefined);
    await finished();
  });

  test('work that a call started is below it, also after its end', async () => {
    await target.forgotten();
    await after(15);
    const spans = await finished();
    assert.equal(parents(named(spans, 'leaf')), ids(named(spans, 'forgotten')));
  });

  test('recursion nests', async () => {
    assert.is(target.recursive(3), 3);
    const spans = await finished();
    assert.is(spans.length, 4);
    assert.is(new Set(spans.map((span) => span.parentSpanContext?.spanId)).size, 4);
    assert.is(new Set(spans.map((span) => span.spanContext().traceId)).size, 1);
  });

  test('the decision of a call holds until its end, also when the switch changes meanwhile', async () => {
    const pending = target.nested('a');
    const off = running().setEnabled(false);
    await pending;
    const spans = await finished();
    assert.is(spans.length, 2);
    const quiet = target.nested('b');
    running().endLease(off.id);
    await quiet;
    assert.equal(
      (await finished()).map(({ name }) => name.split('.').pop()),
      ['leaf'],
    );
  });

  test('a span by hand: ends with its block, is the parent of what runs in it, obeys the gate', async () => {
    {
      using span = runtime.startSpan('by hand', { namespace: 'by::hand', kind: 'producer', attributes: { rack: 4 } });
      span.run(() => target.leaf('in it'));
      target.leaf('beside it');
      assert.is(running().openCount, 1);
    }
    assert.is(running().openCount, 0);
    const [inside, beside, span] = (await finished()) as [ReadableSpan, ReadableSpan, ReadableSpan];
    assert.is(inside.parentSpanContext?.spanId, span.spanContext().spanId);
    assert.is(beside.parentSpanContext, undefined);
    assert.equal(span.attributes, { rack: 4, 'code.namespace': 'by::hand' });
    assert.is(span.kind, 3);
    const rules = running().setRules('by=off');
    {
      await using quiet = runtime.startSpan('by hand', { namespace: 'by::hand' });
      assert.is(quiet.isRecording(), false);
      assert.is(
        quiet.run(() => 'ran'),
        'ran',
      );
    }
    running().endLease(rules.id);
    assert.equal(await finished(), []);
  });

  test('a span by hand that is left by an error, and one that records it', async () => {
    const error = new TypeError('left');
    assert.throws(() => {
      using span = runtime.startSpan('left');
      try {
        throw error;
      } catch (thrown) {
        span.recordFailure(thrown);
        throw thrown;
      }
    }, /left/);
    const [span] = (await finished()) as [ReadableSpan];
    assert.is(span.status.code, 2);
    assert.is(span.attributes['error.type'], 'TypeError');
    assert.throws(() => runtime.startSpan(''), /option "name": found the string ""; expected a string that is not empty/);
    assert.throws(() => runtime.startSpan('x', { kind: 'severe' as never }), /option "kind"/);
  });
};
