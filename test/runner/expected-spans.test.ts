// The script of expected spans fails on everything that it does not state.

import { SpanKind, SpanStatusCode } from '@opentelemetry/api';
import type { ReadableSpan } from '@opentelemetry/sdk-trace-base';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { expectSpans } from '../expected-spans.js';

const TRACE = '0af7651916cd43dd8448eb211c80319c';
const ids = (spanId: string, isRemote = false) => ({ traceId: TRACE, spanId, traceFlags: 1, isRemote });

function span(name: string, parent?: string, given: Partial<ReadableSpan> = {}): ReadableSpan {
  const blank = { kind: SpanKind.INTERNAL, attributes: {}, status: { code: SpanStatusCode.UNSET }, events: [], links: [] };
  const parentSpanContext = parent === undefined ? undefined : ids(parent);
  return { ...blank, name, parentSpanContext, spanContext: () => ids(name), ...given } as unknown as ReadableSpan;
}

const TREE = [span('first', 'root'), span('leaf', 'second'), span('second', 'root'), span('root')];
const SCRIPT = ['root', '  first', '  second', '    leaf'];

test('a tree is described with children below their parents, in the order in which they ended', () => {
  expectSpans(TREE, ...SCRIPT);
  expectSpans([]);
});

const WRONG: Readonly<Record<string, readonly ReadableSpan[]>> = {
  'a span more': [...TREE, span('third', 'root')],
  'a root more': [...TREE, span('other', undefined, { spanContext: () => ({ ...ids('other'), traceId: 'f'.repeat(32) }) })],
  'a span less': TREE.slice(1),
  'another order': [TREE[1], TREE[2], TREE[0], TREE[3]] as ReadableSpan[],
  'another parent': [span('first', 'second'), ...TREE.slice(1)],
  'a parent that is missing': [span('first', 'lost'), ...TREE.slice(1)],
  'a parent in another trace': [
    span('first', 'root', { spanContext: () => ({ ...ids('first'), traceId: 'f'.repeat(32) }) }),
    ...TREE.slice(1),
  ],
  'a root of the same trace': [...TREE, span('second root')],
  'an attribute': [span('first', 'root', { attributes: { id: 1 } }), ...TREE.slice(1)],
  'a kind': [span('first', 'root', { kind: SpanKind.SERVER }), ...TREE.slice(1)],
  'a status': [span('first', 'root', { status: { code: SpanStatusCode.OK } }), ...TREE.slice(1)],
  'an event': [span('first', 'root', { events: [{ name: 'exception', time: [0, 0] }] }), ...TREE.slice(1)],
  'a link': [span('first', 'root', { links: [{ context: ids('root') }] }), ...TREE.slice(1)],
};
for (const [what, spans] of Object.entries(WRONG))
  test(`${what} fails`, () => {
    let failure: unknown;
    try {
      expectSpans(spans, ...SCRIPT);
    } catch (error) {
      failure = error;
    }
    assert.instance(failure, assert.Assertion);
  });

test('everything of a span has its place in the line', () => {
  const whole = span('handle', undefined, {
    kind: SpanKind.SERVER,
    attributes: { 'http.route': '/orders', count: 2, 'code.namespace': 'shop' },
    status: { code: SpanStatusCode.ERROR, message: 'no stock' },
    events: [{ name: 'exception', time: [0, 0] }],
    links: [{ context: ids('handle') }, { context: ids('b7ad6b7169203331') }],
  });
  const remote = span('consume', undefined, { parentSpanContext: ids('b7ad6b7169203331', true) });
  expectSpans(
    [whole, span('resumed'), remote, span('orphan', 'lost')],
    'handle | server | count=2 | http.route="/orders" | error "no stock" | event exception | link handle | link b7ad6b7169203331',
    'resumed | trace of handle',
    '(remote b7ad6b7169203331)',
    '  consume',
    '(not exported)',
    '  orphan',
  );
});

test.run();
