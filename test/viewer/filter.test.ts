// The search over the stored traces: order, limit and filters that match nothing.

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { findTraces, ORDERS } from '../../viewer/store/filter.js';
import { TraceStore } from '../../viewer/store/trace-store.js';
import { traceOf } from './example-traces.js';

test('the first traces of each order equal those of a full sort, and all matching traces are counted', () => {
  const store = new TraceStore();
  const traces = Array.from({ length: 7000 }, (_, at) => {
    const [start, ms] = [Date.now() + ((at * 7919) % 6007) * 1000, (at * 104_729) % 997];
    const parts = Array.from({ length: at % 4 }, () => ({ service: 'web', name: 'part', start: 0, ms: 1 }));
    const failed = at % 13 === 0 ? { error: 'failed' } : {};
    store.add(traceOf(at + 1, start, { service: 'web', name: 'root', start: 0, ms, parts, ...failed }));
    return { start, ms: Math.max(ms, parts.length > 0 ? 1 : 0), spans: 1 + parts.length, errors: 'error' in failed ? 1 : 0 };
  });
  const rank = {
    newest: ({ start }: (typeof traces)[number]) => start,
    slowest: ({ ms }: (typeof traces)[number]) => ms,
    errors: ({ errors }: (typeof traces)[number]) => errors,
    spans: ({ spans }: (typeof traces)[number]) => spans,
  };
  for (const order of ORDERS) {
    const expected = traces.sort((a, b) => rank[order](b) - rank[order](a) || b.start - a.start).slice(0, 150);
    const { traces: found, matched } = findTraces(store, {}, order, 150);
    assert.is(matched, 7000);
    assert.equal(
      found.map(({ summary: { start, end, spans, errors } }) => ({ start, ms: Math.round(end - start), spans, errors })),
      expected,
      order,
    );
  }
});

test('a service or a namespace that is only the name of a span matches nothing', () => {
  const store = new TraceStore();
  store.add(traceOf(1, Date.now(), { service: 'web', name: 'shop::pay', namespace: 'shop::orders', start: 0, ms: 1 }));
  assert.equal(findTraces(store, { namespace: 'shop::pay' }).unmatched, ['namespace']);
  assert.equal(findTraces(store, { service: 'shop::orders' }).unmatched, ['service']);
  const { matched, unmatched } = findTraces(store, { service: 'web', namespace: 'shop' });
  assert.equal([matched, unmatched], [1, []]);
});

test('a trace that takes exactly the shortest or the longest duration matches, and one a microsecond beyond does not', () => {
  const store = new TraceStore();
  const times = [0.1, 0.3, 1.001, 33.333].entries();
  for (const [at, ms] of times) store.add(traceOf(at + 1, Date.now() + at, { service: 'web', name: 'a', start: 0, ms }));
  const matched = (filter: Parameters<typeof findTraces>[1]): number => findTraces(store, filter).matched;
  for (const ms of [0.1, 0.3, 1.001, 33.333]) {
    assert.is(matched({ minMs: ms, maxMs: ms }), 1, String(ms));
    assert.is(matched({ minMs: ms + 0.001, maxMs: ms + 0.002 }), 0, String(ms));
  }
});

test('words of a released trace are no longer suggested', () => {
  const store = new TraceStore({ traces: 1 });
  store.add(traceOf(1, Date.now(), { service: 'old', name: 'a', namespace: 'old::b', start: 0, ms: 1 }));
  store.add(traceOf(2, Date.now(), { service: 'new', name: 'a', namespace: 'new::b', start: 0, ms: 1 }));
  assert.equal([store.words.services.texts(), store.words.namespaces.texts()], [['new'], ['new::b']]);
});

test.run();
