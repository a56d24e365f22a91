// W3C Trace Context level 2 through a service: the random flag, reserved flags, and the length and order of tracestate, while tracing is
// off and on. Reading and writing are those of @opentelemetry/core.

import { context, propagation, ROOT_CONTEXT, trace } from '@opentelemetry/api';
import { isTracingSuppressed, suppressTracing } from '@opentelemetry/core';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { SILENCED } from '../../runtime/context/layer.js';
import { extract, inject, instrument, withRemoteContext } from '../../runtime/index.js';
import { setNoticeLogger } from '../../runtime/warnings.js';
import { traced } from '../gate/tracing.js';

const TRACE = '0af7651916cd43dd8448eb211c80319c';
const SPAN = 'b7ad6b7169203331';
const header = (flags: string): string => `00-${TRACE}-${SPAN}-${flags}`;
const carried = (): { traceparent?: string; tracestate?: string } => inject({});
const flagsOf = (traceparent: string | undefined): string | undefined => traceparent?.slice(-2);
const call = instrument({ name: 'call' }, carried);

for (const enabled of [false, true]) {
  for (const [received, passed] of [
    ['03', '03'],
    ['02', '02'],
    ['01', '01'],
    ['00', '00'],
    ['ff', '03'],
    ['fc', '00'],
  ] as const) {
    test(`passes on flags ${received} as ${passed} while tracing is ${enabled ? 'on' : 'off'}, at a call and outside`, () =>
      traced({ enabled }, async ({ expectSpans }) => {
        const [outside, inside] = withRemoteContext({ traceparent: header(received) }, () => [carried(), call()]);
        assert.is(outside?.traceparent, header(passed));
        assert.is(flagsOf(inside?.traceparent), passed);
        assert.is(inside?.traceparent?.slice(3, 35), TRACE);
        // a sampled parent records also while the flag is off
        const isSampled = (Number.parseInt(received, 16) & 1) === 1;
        await expectSpans(...(isSampled ? ['(remote b7ad6b7169203331)', '  call'] : []));
      }));
  }
}

test('sets the random flag of a new trace, whose id is random, also where a ratio leaves the trace out', () =>
  traced({ enabled: true }, async ({ tracing, spans }) => {
    assert.is(flagsOf(call().traceparent), '03');
    assert.is((await spans())[0]?.spanContext().traceFlags, 3);
    tracing.setRules('*=0.000001');
    assert.is(flagsOf(call().traceparent), '02');
  }));

test('passes on whole members of a long tracestate, in their order', () =>
  traced({}, () => {
    const members = Array.from({ length: 9 }, (_, index) => `vendor${index}=${String(index).repeat(60)}`);
    const tracestate = members.join(',');
    assert.ok(tracestate.length > 600);
    const sent = withRemoteContext({ traceparent: header('01'), tracestate }, carried).tracestate ?? '';
    assert.equal(sent.split(','), members.slice(0, 7));
    const short = members.slice(0, 3).join(',');
    assert.is(withRemoteContext({ traceparent: header('01'), tracestate: short }, carried).tracestate, short);
  }));

test('keeps the order of 32 members and leaves out what is malformed', () =>
  traced({ enabled: true }, () => {
    const members = Array.from({ length: 34 }, (_, index) => `v${index}=${index}`);
    const received = ['UPPER=1', 'no-value', ...members].join(',');
    assert.equal(
      withRemoteContext({ traceparent: header('01'), tracestate: received }, call).tracestate?.split(','),
      members.slice(0, 32),
    );
    for (const tracestate of ['', ' ', 'UPPER=1', '=,='])
      assert.is(withRemoteContext({ traceparent: header('01'), tracestate }, carried).tracestate, undefined);
  }));

test('reads a tracestate of many kilobytes up to its limit', () => {
  const long = Array.from({ length: 4000 }, (_, index) => `v${index}=${'x'.repeat(9)}`).join(',');
  const state = trace.getSpanContext(extract({ traceparent: header('01'), tracestate: long }))?.traceState?.serialize() ?? '';
  assert.ok(state.length > 400 && state.length <= 512, String(state.length));
});

test("shares the mark of suppression with OpenTelemetry's packages: nothing is recorded or written under it", () =>
  traced({ enabled: true }, async ({ expectSpans }) => {
    assert.ok(isTracingSuppressed(SILENCED));
    const suppressed = suppressTracing(extract({ traceparent: header('01'), baggage: 'a=1' }));
    assert.equal(context.with(suppressed, call), {});
    await expectSpans();
  }));

test('a reserved flag that another propagator has let through is not written', () => {
  const span = { traceId: TRACE, spanId: SPAN, traceFlags: 0xf1 };
  const carrier: { traceparent?: string } = {};
  inject(carrier, undefined, trace.setSpanContext(ROOT_CONTEXT, span));
  assert.is(carrier.traceparent, header('01'));
  assert.is(propagation.fields().length, 0, 'nothing is registered here');
});

test('a carrier that cannot be written is logged once a minute, and one that can is not', () => {
  const logged: string[] = [];
  const before = setNoticeLogger((_level, line) => logged.push(line));
  const context = extract({ traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01' });
  try {
    inject({}, undefined, context);
    assert.equal(logged, []);
    inject(Object.freeze({}), undefined, context);
    inject(Object.freeze({}), undefined, context);
  } finally {
    setNoticeLogger(before);
  }
  assert.is(logged.length, 1);
  assert.match(logged[0] as string, /SPW018 .*the carrier cannot be written: TypeError: Cannot add property traceparent/);
});

test.run();
