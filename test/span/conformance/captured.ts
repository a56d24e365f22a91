// The recorded parts of a call, and that nothing else is recorded; callbacks run only when the call records, and their failure stays there.

import { ROOT_CONTEXT, SpanKind, TraceFlags, trace } from '@opentelemetry/api';
import * as assert from 'uvu/assert';
import type * as Fixture from './fixtures/captured.js';
import { after, type Cases, finished, only, running, runtime, spoken } from './recording.js';

const REMOTE = { traceId: '0af7651916cd43dd8448eb211c80319c', spanId: 'b7ad6b7169203331' };
const own = (attributes: Record<string, unknown>): Record<string, unknown> =>
  Object.fromEntries(Object.entries(attributes).filter(([key]) => !key.startsWith('code.')));

/** Variants whose faults were logged already. */
const told = new Set<boolean>();

export const capturedCases: Cases = (test, variant) => {
  const fixture = variant.load<typeof Fixture>('captured');
  const target = new fixture.Captured();
  const recorded = async (work: () => unknown): Promise<Record<string, unknown>> => {
    await work();
    return own((await only()).attributes);
  };

  test('records constant attributes, and those of a function of this and the arguments', async () => {
    assert.equal(await recorded(() => target.constant()), { backend: 'nsm', retries: 3, tags: ['a', 'b'] });
    assert.equal(await recorded(() => target.computed({ id: 'm1' })), { 'machine.id': 'm1', rack: 4 });
  });

  test('records named arguments, and no others', async () => {
    assert.equal(await recorded(() => target.named('hush', 'm1', [true])), { id: 'm1', flags: [true] });
    assert.equal(await recorded(() => target.named('hush', 'm1')), { id: 'm1' });
    assert.equal(await recorded(() => target.mapped('m1', 'hush')), { 'machine.id': 'm1' });
  });

  test('an argument whose name its function lacks is not recorded, and the others are', async () => {
    const call = runtime.instrument as (...given: unknown[]) => (...given: unknown[]) => unknown;
    const greet = call({ args: ['persn', 'loud'] }, function greet(person: string, loud = 'a, b') {
      return person + loud;
    });
    assert.equal(await recorded(() => greet('m', 'n')), { loud: 'n' });
    spoken();
  });

  test('redacts by parameter name, attribute key and segment of a key, in any case', async () => {
    assert.equal(await recorded(() => target.hidden('p', 'v')), { password: 'REDACTED', value: 'v' });
    assert.equal(await recorded(() => target.hiddenKeys()), {
      'user.password': 'REDACTED',
      'user.name': 'n',
      Password: 'REDACTED',
    });
  });

  test('records values with an obvious text, and no other types', async () => {
    const date = new Date(0);
    const cases: [unknown, unknown][] = [
      ['text', 'text'],
      [0, 0],
      [false, false],
      [10n, '10'],
      [date, '1970-01-01T00:00:00.000Z'],
      [
        ['a', null, 'b'],
        ['a', null, 'b'],
      ],
    ];
    for (const [value, expected] of cases) assert.equal(await recorded(() => target.value(value)), { value: expected });
    const hostile = new Proxy([], {
      get: () => {
        throw new Error('hands off');
      },
    });
    for (const value of [
      null,
      undefined,
      { a: 1 },
      () => 1,
      Symbol('s'),
      new Date(Number.NaN),
      ['a', 1],
      [[1]],
      new Map(),
      hostile,
    ])
      assert.equal(await recorded(() => void target.value(value)), {});
    spoken();
  });

  test('cuts strings and arrays, never within a character', async () => {
    const { value } = await recorded(() => target.value('x'.repeat(100_000)));
    assert.is((value as string).length, 16_384);
    const { value: pairs } = await recorded(() => target.value(`x${'😀'.repeat(50_000)}`));
    assert.not.match(pairs as string, /[\ud800-\udbff]$/);
    const { value: list } = await recorded(() => target.value(Array(5000).fill(1)));
    assert.is((list as number[]).length, 1024);
  });

  test('a sparse array of any length, and one that changes the value it gives, cost no more than their limits', async () => {
    const huge: number[] = [];
    huge.length = 4_000_000_000;
    const { value } = await recorded(() => target.value(huge));
    assert.ok(value === undefined || (value as unknown[]).length <= 1024);
  });

  test('passes the value of a promise to the option result, and records its attributes', async () => {
    assert.equal(await recorded(() => target.result()), { rows: 2 });
  });

  test('root starts a new trace and links to where it was called from', async () => {
    target.caller(() => target.root());
    const [root, caller] = await finished();
    assert.is(root?.parentSpanContext, undefined);
    assert.is.not(root?.spanContext().traceId, caller?.spanContext().traceId);
    assert.equal(
      root?.links.map(({ context }) => context.spanId),
      [caller?.spanContext().spanId],
    );
  });

  test('takes the parent from a carrier in the arguments, and keeps the active parent for an empty carrier', async () => {
    target.parent({ traceparent: `00-${REMOTE.traceId}-${REMOTE.spanId}-01` });
    const span = await only();
    assert.is(span.spanContext().traceId, REMOTE.traceId);
    assert.is(span.parentSpanContext?.spanId, REMOTE.spanId);
    target.parent({});
    assert.is((await only()).parentSpanContext, undefined);
  });

  test('records the links that the option links returns', async () => {
    const context = { ...REMOTE, traceFlags: TraceFlags.SAMPLED };
    target.links([{ context, attributes: { why: 'batch' } }]);
    const { links } = await only();
    assert.equal(
      links.map((link) => [link.context.spanId, link.attributes]),
      [[REMOTE.spanId, { why: 'batch' }]],
    );
  });

  test('records kind, name and namespace of the options', async () => {
    target.kind();
    const span = await only();
    assert.is(span.kind, SpanKind.CLIENT);
    assert.is(span.name, 'chosen name');
    target.placed();
    const { attributes } = await only();
    assert.is(attributes['code.namespace'], 'chosen::place');
    assert.is(attributes['code.function.name'], 'chosen::place::placed');
  });

  test('records the place of the code with the transformer, and none without', async () => {
    target.constant();
    const { attributes } = await only();
    assert.is(attributes['code.file.path'], variant.transformed ? 'src/captured.ts' : undefined);
    assert.is(typeof attributes['code.line.number'], variant.transformed ? 'number' : 'undefined');
    assert.is(attributes['code.namespace'], variant.transformed ? 'acme::conformance::captured::Captured' : 'Captured');
  });

  test('minDuration keeps slow calls, and quick ones that a child or a link refers to', async () => {
    await target.quick();
    assert.equal(await finished(), []);
    assert.is(running().openCount, 0);
    await target.slow(30);
    await only();
    target.quickWithChild();
    const spans = await finished();
    assert.is(spans.length, 2);
    assert.is(spans[0]?.parentSpanContext?.spanId, spans[1]?.spanContext().spanId);
  });

  test('exceptions of callbacks are swallowed and logged once', async () => {
    for (let round = 0; round < 3; round++) assert.is(target.faulty(), 'unharmed');
    assert.is((await finished()).length, 3);
    const lines = spoken().filter((line) => line.includes('SPW010') && line.includes('faulty'));
    // the same cause is logged once a minute, for any decorator
    assert.is(lines.length, told.has(variant.transformed) ? 0 : 4, lines.join('\n'));
    for (const line of lines) assert.match(line, /a callback failed/);
  });

  test('a callback that returns a promise, also a rejected one, does not affect the call', async () => {
    let surfaced = 0;
    const count = (): void => void surfaced++;
    process.on('unhandledRejection', count);
    assert.is(target.promising(), 'unharmed');
    await after(5);
    process.off('unhandledRejection', count);
    assert.is(surfaced, 0);
    await only();
    assert.is(spoken().filter((line) => line.includes('found a promise')).length, told.has(variant.transformed) ? 0 : 1);
    told.add(variant.transformed);
  });

  test('callbacks run when a call is recorded, and only then', async () => {
    const { calls } = fixture;
    const before = calls.count;
    target.counted();
    assert.is(calls.count, before + 1);
    const off = running().setEnabled(false);
    target.counted();
    running().endLease(off.id);
    const rules = running().setRules('*=0.000001');
    target.counted();
    running().endLease(rules.id);
    trace.setSpan(ROOT_CONTEXT, trace.wrapSpanContext({ ...REMOTE, traceFlags: 0 }));
    runtime.withRemoteContext({ traceparent: `00-${REMOTE.traceId}-${REMOTE.spanId}-00` }, () => target.counted());
    assert.is(calls.count, before + 1);
    await only();
  });

  test('a detached task is in a trace of its own', async () => {
    assert.is(await target.detached(), undefined);
    const spans = await finished();
    assert.is(spans.length, 2);
    assert.is.not(spans[0]?.spanContext().traceId, spans[1]?.spanContext().traceId);
    assert.is(spans[0]?.parentSpanContext, undefined);
  });
};
