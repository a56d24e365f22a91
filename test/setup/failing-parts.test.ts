// Parts that the application gives to OpenTelemetry or to startTracing(): a meter, a span processor, a context manager. They may throw, reject, call
// instrumented code or change a span: the program gets its own results, other spans are sent, and one notice names the part.

import { context, metrics, propagation, ROOT_CONTEXT } from '@opentelemetry/api';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { instrument } from '../../runtime/index.js';
import type { SpanProcessor } from '../../runtime/sdk/contracts.js';
import { traced } from '../gate/tracing.js';

const double = instrument({ namespace: 'a', name: 'double' }, (x: number) => x * 2);
const later = instrument({ namespace: 'a', name: 'later' }, async (x: number) => x * 3);
const names = (spans: readonly { name: string }[]): string[] => spans.map(({ name }) => name);

const fails = (..._: never[]): never => {
  throw new Error('part failed');
};

/** A logger that keeps warnings. */
const collecting = (lines: string[]) => ({ info: () => {}, warn: (line: string) => void lines.push(line) });

/** A meter in which one method fails. */
function setMeter(failing: string, records: () => void = () => {}): void {
  const of = (method: string, otherwise: () => unknown) => (method === failing ? fails : otherwise);
  const shared = {
    addCallback: of('addCallback', () => {}),
    removeCallback: of('removeCallback', () => {}),
    record: of('record', records),
  };
  const meter = {
    createObservableUpDownCounter: of('createObservableUpDownCounter', () => shared),
    createObservableCounter: of('createObservableCounter', () => shared),
    createHistogram: of('createHistogram', () => shared),
  };
  metrics.setGlobalMeterProvider({ getMeter: of('getMeter', () => meter) as never });
}

test.after.each(() => metrics.disable());

const meterFaults: string[] = [];
for (const failing of [
  'getMeter',
  'createObservableUpDownCounter',
  'createObservableCounter',
  'createHistogram',
  'addCallback',
  'removeCallback',
  'record',
]) {
  test(`a meter whose ${failing}() throws costs its metrics, and neither the start, a span nor the shutdown`, async () => {
    setMeter(failing);
    await traced({ enabled: true, logger: collecting(meterFaults) }, async ({ spans, tracing }) => {
      assert.is(double(2), 4);
      assert.is(await later(2), 6);
      assert.equal(names(await spans()), ['double', 'later']);
      assert.is(tracing.openCount, 0);
    });
    await traced({ enabled: true }, ({ tracing }) => assert.is(tracing.enabled, true));
  });
}

test('meters that fail are logged once in a minute', () => {
  assert.is(meterFaults.length, 1, meterFaults.join('\n'));
  assert.match(meterFaults[0] as string, /SPW010 .*metrics of the application's meter provider: .*part failed/u);
});

const passes = (_context: unknown, work: (...args: unknown[]) => unknown, self: unknown, ...args: unknown[]) =>
  Reflect.apply(work, self, args);
const managers: Record<string, object> = {
  'with() throws': { with: fails },
  'with() throws after the call': { with: (...given: Parameters<typeof passes>) => fails(passes(...given) as never) },
  'with() calls nothing': { with() {} },
  'with() calls twice': { with: (...given: Parameters<typeof passes>) => [passes(...given), passes(...given)][0] },
  'active() throws': { active: fails },
  'active() returns nothing': { active() {} },
};
for (const [what, manager] of Object.entries(managers)) {
  test(`where ${what} in a context manager, each body and step runs once, with its own result`, async () => {
    const rest = {
      active: () => ROOT_CONTEXT,
      with: passes,
      bind: (_: unknown, bound: unknown) => bound,
      enable() {},
      disable() {},
    };
    context.setGlobalContextManager({ ...rest, ...manager } as never);
    try {
      await traced({ enabled: true }, async () => {
        let runs = 0;
        const ran = <Result>(result: Result): Result => {
          runs++;
          return result;
        };
        assert.is(instrument({ namespace: 'a', name: 'sync' }, () => ran(1))(), 1);
        assert.is(await instrument({ namespace: 'a', name: 'async' }, async () => ran(2))(), 2);
        assert.throws(
          instrument({ namespace: 'a', name: 'throws' }, () => fails(ran(3) as never)),
          'part failed',
        );
        const steps = instrument({ namespace: 'a', name: 'steps' }, function* () {
          yield ran(4);
        });
        assert.equal([...steps()], [4]);
        assert.is(runs, 4);
      });
    } finally {
      context.disable();
    }
  });
}

test('a registered propagator that throws does not fail the start', async () => {
  propagation.setGlobalPropagator({ inject: fails, extract: fails, fields: fails });
  try {
    await traced({ enabled: true }, ({ tracing }) => assert.is(tracing.enabled, true));
  } finally {
    propagation.disable();
  }
});

test('calls made by a meter or a span processor are not traced, so that they do not call each other without end', async () => {
  let calls = 0;
  const note = instrument({ namespace: 'a', name: 'note' }, () => void calls++);
  setMeter('', note);
  const processor: SpanProcessor = {
    onStart: () => note(),
    onEnding: () => note(),
    onEnd: () => note(),
    async forceFlush() {},
    async shutdown() {},
  };
  await traced({ enabled: true, spanProcessors: [processor] }, async ({ spans }) => {
    assert.is(double(2), 4);
    assert.is(calls, 4);
    assert.equal(names(await spans()), ['double']);
    note();
    assert.equal(names(await spans()), ['double', 'note']);
  });
});

test('a span processor whose methods reject is logged, and raises no unhandled rejection', async () => {
  const raised: unknown[] = [];
  const note = (error: unknown): void => void raised.push(error);
  process.on('unhandledRejection', note);
  const lines: string[] = [];
  const rejects = async (): Promise<never> => fails();
  const processor = { onStart: rejects, onEnding: rejects, onEnd: rejects, forceFlush: rejects, shutdown: rejects };
  await traced({ enabled: true, logger: collecting(lines), spanProcessors: [processor as never] }, async ({ spans }) => {
    assert.is(await later(2), 6);
    assert.equal(names(await spans()), ['later']);
  });
  await new Promise((resolve) => setTimeout(resolve, 5));
  process.off('unhandledRejection', note);
  assert.equal(raised, []);
  for (const method of ['onStart', 'onEnding', 'onEnd', 'forceFlush', 'shutdown'])
    assert.ok(
      lines.some((line) => line.includes(`SPW007`) && line.includes(`spanProcessors[0].${method}: Error: part failed`)),
      `${method}\n${lines.join('\n')}`,
    );
});

test('the watchdog ends a leaking span also where an older one cannot be ended', async () => {
  let started = 0;
  const damaging = {
    onStart: (span: object) => started++ === 0 && Reflect.set(span, 'trace', undefined),
    onEnd() {},
    async forceFlush() {},
    async shutdown() {},
  };
  await traced({ enabled: true, spanProcessors: [damaging as never], maxSpanAge: '40ms' }, async ({ spans }) => {
    const hang = instrument({ namespace: 'a', name: 'hang' }, () => new Promise<void>(() => {}));
    const hanging = [hang(), hang()];
    for (let waited = 0; waited < 200 && (await spans()).length === 0; waited++)
      await new Promise((resolve) => setTimeout(resolve, 10));
    assert.equal(names(await spans()), ['hang']);
    assert.is(hanging.length, 2);
  });
});

const PARTS = ['trace', 'site', 'status'] as const;
const damages: Record<string, (span: object) => void> = {
  ...Object.fromEntries(PARTS.map((part) => [`takes the ${part} from a span`, (span) => Reflect.set(span, part, undefined)])),
  'freezes a span': (span) => void Object.freeze(span),
};
for (const [what, damage] of Object.entries(damages)) {
  test(`a span processor that ${what} costs spans, and neither the program nor the shutdown`, async () => {
    const damaging = { onStart: damage, onEnd() {}, async forceFlush() {}, async shutdown() {} };
    await traced({ enabled: true, spanProcessors: [damaging as never] }, async () => {
      assert.is(double(2), 4);
      assert.is(await later(2), 6);
      assert.throws(instrument({ namespace: 'a', name: 'throws' }, fails), 'part failed');
    });
    await traced({ enabled: true }, () => assert.is(double(1), 2));
  });
}

test.run();
