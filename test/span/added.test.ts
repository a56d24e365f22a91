// `instrument.attributes` and `@record` without a transformer: attributes for the span in which a function is called, which has no span of
// its own.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { context, ROOT_CONTEXT, type SpanContext, TraceFlags, trace } from '@opentelemetry/api';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { instrument, record, SpanwrightError, startSpan, type TracingOptions } from '../../runtime/index.js';
import { type Traced, traced } from '../gate/tracing.js';

const select = instrument.attributes(
  { namespace: 'carbide::rack', args: ['rack', 'password'], attributes: { backend: 'nsm', api_key: 'k' } },
  (rack: unknown, password = 'p') => [rack, password],
);
const computed = { calls: 0 };
const place = instrument.attributes(
  {
    namespace: 'carbide::rack',
    attributes: (unit: unknown) => {
      computed.calls++;
      return { 'unit.id': String(unit), token: 't' };
    },
  },
  (_unit: unknown) => 1,
);
const deep = instrument.attributes({ namespace: 'carbide::rack', args: ['depth'], level: 'debug' }, (depth: number) => depth);
const control = instrument({ namespace: 'carbide::power', name: 'control' }, (work: () => unknown) => work());

const recorded = (
  work: (given: Traced) => unknown,
  options: TracingOptions = {},
): Promise<readonly (readonly [string, object])[]> =>
  traced({ enabled: true, ...options }, async (given) => {
    await work(given);
    return (await given.spans()).map(({ name, attributes }) => {
      const own = Object.entries(attributes).filter(([key]) => !key.startsWith('code.'));
      return [name, Object.fromEntries(own)] as const;
    });
  });

test('adds arguments and constants to the span in which the function is called, without one of its own', async () => {
  const spans = await recorded(() => control(() => select('r-1', 'p')));
  assert.equal(spans, [['control', { rack: 'r-1', password: 'REDACTED', backend: 'nsm', api_key: 'REDACTED' }]]);
});

test('adds the attributes that the callback returns, redacted, and calls it only where a span is recorded', async () => {
  computed.calls = 0;
  assert.equal(await recorded(() => control(() => place('u-1'))), [['control', { 'unit.id': 'u-1', token: 'REDACTED' }]]);
  assert.is(computed.calls, 1);
  await recorded(() => place('alone'));
  await recorded(() => control(() => place('off')), { enabled: false });
  assert.is(computed.calls, 1);
});

test('keeps arguments, `this`, result and errors of the function', async () => {
  const failing = instrument.attributes({ args: ['id'] }, function fail(this: unknown, id: string) {
    throw Object.assign(new Error(id), { self: this });
  });
  await recorded(() =>
    control(() => {
      assert.equal(select('r', 'q'), ['r', 'q']);
      const self = {};
      try {
        failing.call(self, 'x');
        assert.unreachable();
      } catch (error) {
        assert.is((error as { self?: unknown }).self, self);
      }
    }),
  );
});

test('without an enclosing span nothing is recorded, in any state', async () => {
  const remote: SpanContext = { traceId: '1'.repeat(32), spanId: '2'.repeat(16), traceFlags: TraceFlags.NONE, isRemote: true };
  assert.equal(await recorded(() => select('alone')), []);
  const unsampled = trace.setSpanContext(ROOT_CONTEXT, remote);
  assert.equal(await recorded(() => context.with(unsampled, select, undefined, 'r')), []);
  const sampled = trace.setSpanContext(ROOT_CONTEXT, { ...remote, traceFlags: TraceFlags.SAMPLED });
  assert.equal(
    await recorded(() => context.with(sampled, select, undefined, 'r')),
    [],
    'a remote parent is no span of this process',
  );
});

test('a lease, conditions and root marks start no trace at such a function', async () => {
  for (const lease of [{}, { only: 'carbide::rack' }, { when: 'rack=r-1' }]) {
    const spans = await recorded(({ tracing }) => [tracing.setEnabled(true, lease), select('r-1')], { enabled: false });
    assert.equal(spans, []);
  }
});

test('adds nothing to a span that has ended, nor in a trace that is not sampled', async () => {
  const late = instrument({ namespace: 'carbide::power', name: 'late' }, () => 1);
  const spans = await recorded(async () => {
    const span = startSpan('around', { namespace: 'carbide::power' });
    const inside = trace.setSpan(context.active(), span);
    span.end();
    context.with(inside, select, undefined, 'r-1');
    late();
  });
  assert.equal(
    spans.map(([, own]) => own),
    [{}, {}],
  );
  assert.equal(await recorded(() => control(() => select('r')), { rules: '*=0.0000000001' }), []);
});

test('a function that is off, dropped or below the level adds nothing', async () => {
  const work = () => control(() => [select('r-1', 'p'), deep(3)]);
  const rack = { rack: 'r-1', password: 'REDACTED', backend: 'nsm', api_key: 'REDACTED' };
  assert.equal(await recorded(work), [['control', rack]]);
  assert.equal(await recorded(work, { rules: 'carbide::rack=off' }), [['control', {}]]);
  assert.equal(await recorded(work, { drop: 'carbide::rack' }), [['control', {}]]);
  assert.equal(await recorded(work, { rules: 'carbide::rack=debug' }), [['control', { ...rack, depth: 3 }]]);
});

test('below a transparent function it adds to the nearest span above', async () => {
  const middle = instrument({ namespace: 'carbide::mid', name: 'middle' }, () => place('u'));
  const spans = await recorded(() => control(() => middle()), { rules: 'carbide::mid=off' });
  assert.equal(spans, [['control', { 'unit.id': 'u', token: 'REDACTED' }]]);
});

test('the flight recorder does not record calls of a function without a span of its own', async () => {
  const flightDirectory = mkdtempSync(join(tmpdir(), 'spanwright-added-'));
  try {
    await recorded(
      async ({ tracing }) => {
        control(() => select('r-1'));
        assert.is((await tracing.dump('test')).spans, 1);
      },
      { enabled: false, flightRecorder: '10s', flightDirectory },
    );
  } finally {
    rmSync(flightDirectory, { recursive: true });
  }
});

test('a callback that throws, or returns a promise, does not affect the program', async () => {
  const fails = instrument.attributes(
    {
      attributes: (): never => {
        throw new Error('of the callback');
      },
    },
    () => 'result',
  );
  const promises = instrument.attributes({ attributes: (() => Promise.reject(new Error('late'))) as never }, () => 'result');
  const spans = await recorded(() => control(() => assert.equal([fails(), promises()], ['result', 'result'])));
  assert.equal(spans, [['control', {}]]);
});

const MISUSE: readonly (readonly [what: string, act: () => unknown, says: RegExp])[] = [
  ['nothing', () => (instrument.attributes as unknown as () => void)(), /instrument\.attributes\(\): found undefined/],
  [
    'an option of spans',
    () => instrument.attributes({ name: 'x' } as never, () => 1),
    /unknown option "name".*Known: args, attributes, level, namespace/,
  ],
  ['nothing to add', () => instrument.attributes({}, () => 1), /names nothing to add/],
  [
    'a class',
    () => (instrument.attributes({ args: [] }) as unknown as (value: unknown) => void)(class {}),
    /found a class; expected a method/,
  ],
  ['an unknown level', () => instrument.attributes({ args: [], level: 'all' as never }, () => 1), /option "level"/],
  ['@record with an empty key', () => record(''), /found ""; expected an attribute key/],
  ['@record on a constructor', () => record(class {}, undefined as never, 0), /parameter of a constructor/],
  [
    '@record on a property',
    () => record('key')({}, 'field', undefined as never),
    /found a property or a method; expected a parameter/,
  ],
];

for (const [what, act, says] of MISUSE) {
  test(`${what} is refused`, () => {
    try {
      act();
    } catch (error) {
      assert.instance(error, SpanwrightError);
      assert.match((error as Error).message, says);
      return;
    }
    assert.unreachable('nothing was refused');
  });
}

test('@record without a key takes the name of the parameter, and needs one', async () => {
  class Power {
    on(machineId: string, { action }: { action: string }, level = 1) {
      return [machineId, action, level];
    }
    set limit(watts: number) {
      void watts;
    }
  }
  const mark = (method: string, index: number, decorator: ParameterDecorator) => decorator(Power.prototype, method, index);
  const decorate = (method: string, decorator: unknown) => {
    const own = Object.getOwnPropertyDescriptor(Power.prototype, method) as PropertyDescriptor;
    const made = (decorator as (...all: unknown[]) => PropertyDescriptor)(Power.prototype, method, own);
    Object.defineProperty(Power.prototype, method, made);
  };
  mark('on', 0, record);
  mark('on', 2, record());
  mark('limit', 0, record('watts'));
  decorate('on', instrument);
  decorate('limit', instrument.attributes);
  const spans = await recorded(() => {
    const power = new Power();
    control(() => {
      power.limit = 7;
    });
    power.on('m-1', { action: 'on' }, 3);
  });
  assert.equal(spans, [
    ['control', { watts: 7 }],
    ['Power.on', { machineId: 'm-1', level: 3 }],
  ]);
  class Nameless {
    list(_page: { page: number }) {}
  }
  record(Nameless.prototype, 'list', 0);
  const list = Object.getOwnPropertyDescriptor(Nameless.prototype, 'list') as PropertyDescriptor;
  (instrument as unknown as (...all: unknown[]) => unknown)(Nameless.prototype, 'list', list);
});

test.run();
