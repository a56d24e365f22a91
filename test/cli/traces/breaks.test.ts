// The analysis of broken traces, over spans written out here: each reason, and the case beside it that is no break.

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { ReceivedSpan, Values } from '../../../viewer/receiver/decode.js';
import { startQueryServer } from '../../../viewer/receiver/query.js';
import { findBreaks, isCertain, type Surroundings } from '../../../viewer/traces/breaks.js';
import { runBroken } from '../../../viewer/traces/broken.js';

let spanIds = 0;
type Parts = Partial<Pick<ReceivedSpan, 'kind' | 'parentSpanId' | 'links' | 'status'>> & {
  attributes?: Values;
  at?: number;
  for?: number;
  trace?: string;
};

function span(service: string, { at = 0, for: took = 10, trace = 'a', attributes = {}, ...parts }: Parts = {}): ReceivedSpan {
  const nanos = (milliseconds: number): string => String(BigInt(1_700_000_000_000 + milliseconds) * 1_000_000n);
  return {
    resource: { attributes: { 'service.name': service } },
    scope: { name: 't', version: '', attributes: {} },
    traceId: trace.repeat(32),
    spanId: String(++spanIds).padStart(16, '0'),
    parentSpanId: '',
    traceState: '',
    flags: 1,
    name: 'work',
    kind: 'internal',
    startTimeUnixNano: nanos(at),
    endTimeUnixNano: nanos(at + took),
    attributes,
    events: [],
    links: [],
    status: { code: 'unset', message: '' },
    dropped: { attributes: 0, events: 0, links: 0 },
    ...parts,
  };
}

const around = (parts: Partial<Surroundings> = {}): Surroundings => ({ services: [], expected: [], others: [], ...parts });
const found = (spans: ReceivedSpan[], surroundings = around()): [string, string | null][] =>
  findBreaks(spans, surroundings).map(({ kind, next }) => [kind, next]);

test('a call with a span in the called service, child or linked, is no break', () => {
  const root = span('a');
  const call = span('a', { kind: 'client', parentSpanId: root.spanId });
  assert.equal(found([root, call, span('b', { kind: 'server', parentSpanId: call.spanId })]), []);
  const sent = span('a', { kind: 'producer', parentSpanId: root.spanId });
  const linked = span('b', {
    links: [{ traceId: 'a'.repeat(32), spanId: sent.spanId, traceState: '', attributes: {}, flags: 1 }],
  });
  assert.equal(found([root, sent, linked]), []);
});

test('a client call without a span in another service is a break; a call to a database is not', () => {
  const root = span('a');
  const call = span('a', {
    kind: 'client',
    parentSpanId: root.spanId,
    attributes: { 'server.address': 'b.example', 'server.port': 80 },
  });
  const inner = span('a', { parentSpanId: call.spanId });
  assert.equal(found([root, call, inner]), [['no-answer', 'b.example:80']]);
  for (const key of ['db.system', 'db.system.name']) {
    assert.equal(found([root, { ...call, attributes: { [key]: 'redis' } }]), []);
  }
});

test('a failed call is reported as failed, not as a service without instrumentation', () => {
  const root = span('a');
  const status = { code: 'error' as const, message: 'connect ECONNREFUSED' };
  const call = span('a', { kind: 'client', parentSpanId: root.spanId, attributes: { 'peer.service': 'b' }, status });
  const [found] = findBreaks([root, call], around({ services: ['a', 'b'] }));
  assert.is(found?.kind, 'call-failed');
  assert.match(found?.cause ?? '', /ECONNREFUSED/);
});

test('of a failed call the command prints that the trace stops after its caller, and the called service if it is known', async () => {
  const root = span('carbide-api');
  const status = { code: 'error' as const, message: 'connect ECONNREFUSED' };
  const call = (attributes: Values) => span('carbide-api', { kind: 'client', parentSpanId: root.spanId, attributes, status });
  const orphan = span('carbide-api', { at: 5, parentSpanId: 'f'.repeat(16) });
  let trace: ReceivedSpan[] = [];
  /** The lines on standard output. */
  const broken = async (...options: [string, string | true][]): Promise<string[]> => {
    const lines: string[] = [];
    const given = { arguments: [root.traceId], environment: {}, colours: false, err: () => undefined };
    const code = await runBroken({ ...given, options: new Map(options), out: (line) => lines.push(line) });
    assert.is(code, 1, lines.join('\n'));
    return lines;
  };
  const query = await startQueryServer(() => trace, '127.0.0.1', 0);
  try {
    for (const [last, where, kind, next] of [
      [call({ 'server.address': 'payment', 'server.port': 8081 }), 'after', 'call-failed', 'payment:8081'],
      [call({}), 'after', 'call-failed', null],
      [orphan, 'before', 'parent-missing', null],
    ] as const) {
      trace = [root, last];
      const [head, why = ''] = await broken(['jaeger', query.url]);
      assert.is(head, `It stops ${where} carbide-api, at work (${last.spanId})${next === null ? '' : `; next: ${next}`}`);
      assert.is(why.includes('the call itself failed'), kind === 'call-failed');
      assert.is(why.endsWith(': connect ECONNREFUSED'), kind === 'call-failed');
      const [text = ''] = await broken(['jaeger', query.url], ['json', true]);
      const { breaks } = JSON.parse(text);
      assert.equal([breaks.length, breaks[0].kind, breaks[0].next], [1, kind, next]);
    }
  } finally {
    await query.close();
  }
});

test('a separate trace that starts during the call is reported as its missing part; one before, after, or at another port is not', () => {
  const root = span('a', { for: 1000 });
  const call = span('a', { kind: 'client', at: 200, for: 100, parentSpanId: root.spanId, attributes: { 'server.port': 80 } });
  const other = (parts: Parts): ReceivedSpan[] => [span('b', { kind: 'server', trace: 'b', ...parts })];
  const look = (parts: Parts): [string, string | null][] =>
    found([root, call], around({ services: ['a', 'b'], others: [other(parts)] }));
  assert.equal(look({ at: 250 }), [['own-trace', 'b']]);
  assert.equal(look({ at: 250, attributes: { 'server.port': 80 } }), [['own-trace', 'b']]);
  assert.equal(look({ at: 250, attributes: { 'server.port': 81 } }), [['no-answer', null]]);
  assert.equal(look({ at: 0 }), [['no-answer', null]]);
  assert.equal(look({ at: 900 }), [['no-answer', null]]);
  assert.equal(look({ at: 250, parentSpanId: 'f'.repeat(16) }), [['no-answer', null]], 'it has a parent elsewhere');
});

test('an expected service is reported as in the trace, in a trace of its own, silent, or never seen', () => {
  const spans = [span('a', { for: 100 })];
  assert.equal(found(spans, around({ services: ['a'], expected: ['a'] })), []);
  const own = [span('b', { at: 50, trace: 'b' })];
  assert.equal(found(spans, around({ services: ['a', 'b'], expected: ['b'], others: [own] })), [['own-trace', 'b']]);
  assert.equal(found(spans, around({ services: ['a', 'b'], expected: ['b'] })), [['silent', 'b']]);
  assert.equal(found(spans, around({ services: ['a'], expected: ['b'] })), [['unknown', 'b']]);
});

test('breaks of one kind, service and place are one row with their count', () => {
  const root = span('a');
  const call = (host: string): ReceivedSpan =>
    span('a', { kind: 'client', parentSpanId: root.spanId, attributes: { 'server.address': host } });
  const breaks = findBreaks([root, call('x'), call('x'), call('y')], around());
  assert.equal(
    breaks.map(({ next, calls }) => [next, calls]),
    [
      ['x', 2],
      ['y', 1],
    ],
  );
  assert.not.ok(breaks.some(isCertain), 'what answers there may not be ours');
  const [missing] = findBreaks([root], around({ expected: ['b'] }));
  assert.ok(missing !== undefined && isCertain(missing));
});

test('a missing parent is a break within a trace; at its start it may be a third-party caller', () => {
  const unsent = 'f'.repeat(16);
  const entry = span('a', { parentSpanId: unsent });
  assert.equal(found([entry]), [['begins-elsewhere', null]]);
  assert.not.ok(findBreaks([entry], around()).some(isCertain));
  assert.equal(found([span('a'), span('b', { at: 5, parentSpanId: unsent })]), [['parent-missing', null]]);
});

test('a service name is matched as a whole', () => {
  const root = span('a');
  const call = (host: string): ReceivedSpan =>
    span('a', { kind: 'client', parentSpanId: root.spanId, attributes: { 'server.address': host } });
  const look = (host: string): [string, string | null][] => found([root, call(host)], around({ services: ['a', 'pay'] }));
  assert.equal(look('pay'), [['silent', 'pay']]);
  assert.equal(look('pay.shop.svc'), [['silent', 'pay']]);
  assert.equal(look('payments'), [['no-answer', 'payments']]);
});

test.run();
