// Retroactive trees: to a trace that `keep` keeps for an error or its duration, what the flight recorder still holds of it is added.

import { setTimeout as sleep } from 'node:timers/promises';
import { context, ROOT_CONTEXT, trace } from '@opentelemetry/api';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { instrument, type TracingOptions } from '../../runtime/index.js';
import { type Traced, traced } from '../gate/tracing.js';

const secret = instrument({ namespace: 'carbide::outer', name: 'secret', args: ['password'] }, (password: string) => password);
const before = instrument({ namespace: 'carbide::outer', name: 'before', args: ['machine'] }, async (machine: string) => {
  await sleep(1);
  return secret(machine);
});
const outer = instrument({ namespace: 'carbide::outer', name: 'outer' }, async (work: () => unknown) => {
  await before('m-17');
  return work();
});
const step = instrument({ namespace: 'carbide::inner', name: 'step' }, () => 1);
const third = instrument({ namespace: 'carbide::inner', name: 'third' }, () => 3);
const second = instrument({ namespace: 'carbide::inner', name: 'second' }, () => third());
const inner = instrument({ namespace: 'carbide::inner', name: 'inner' }, async (outcome: 'fails' | 'slow' | 'fine') => {
  step();
  await sleep(outcome === 'slow' ? 120 : 1);
  if (outcome === 'fails') throw new Error('refused');
});

const KEPT: TracingOptions = {
  enabled: true,
  roots: 'carbide::inner',
  flightRecorder: '30s',
  keep: { errors: true, slowerThan: '10s', ratio: 0 },
};

const flown = (work: (given: Traced) => Promise<unknown>, options: TracingOptions = {}): Promise<string[]> =>
  traced({ ...KEPT, flightErrors: false, ...options }, async (given) => {
    await work(given).catch(() => undefined);
    const spans = await given.spans();
    assert.is(new Set(spans.map((span) => span.spanContext().spanId)).size, spans.length, 'each call is sent once');
    const named = new Map(spans.map((span) => [span.spanContext().spanId, span]));
    return spans
      .map(({ name, attributes, parentSpanContext }) => {
        const parent = parentSpanContext && (named.get(parentSpanContext.spanId)?.name ?? 'unknown');
        const reason = attributes['spanwright.flight.reason'];
        return `${name}${parent === undefined ? '' : ` in ${parent}`}${reason === undefined ? '' : ` (${reason})`}`;
      })
      .sort();
  });

test('the calls around a root that fails are added, with the root below its caller and one trace id for all', async () => {
  const traces = new Set<string>();
  const spans = await flown(async ({ spans: sent }) => {
    await outer(() => inner('fails')).catch(() => undefined);
    for (const span of await sent()) traces.add(span.spanContext().traceId);
  });
  assert.equal(spans, [
    'before in outer (kept: error)',
    'inner in outer',
    'outer (kept: error)',
    'secret in before (kept: error)',
    'step in inner',
  ]);
  assert.is(traces.size, 1);
});

test('the calls around a slow root are added to its trace, with the root below its caller', async () => {
  const spans = await flown(() => outer(() => inner('slow')), { keep: { errors: true, slowerThan: '50ms', ratio: 0 } });
  assert.equal(
    spans.filter((line) => line.startsWith('outer')),
    ['outer (kept: slow)'],
  );
  assert.ok(spans.includes('inner in outer'), spans.join());
});

test('a trace that is discarded, kept by its ratio, kept at its start, or recorded without `keep` adds no calls', async () => {
  assert.equal(await flown(() => outer(() => inner('fine'))), []);
  const all = { keep: { errors: true, slowerThan: '10s', ratio: 1 } } as const;
  assert.equal(await flown(() => outer(() => inner('fine')), all), ['inner', 'step in inner']);
  assert.equal(await flown(() => outer(() => inner('fails')), { keep: undefined }), ['inner', 'step in inner']);
  const sampled = { traceId: '0a'.repeat(16), spanId: '0b'.repeat(8), traceFlags: 1, isRemote: true };
  const upstream = () => context.with(trace.setSpanContext(ROOT_CONTEXT, sampled), () => inner('fails'));
  assert.equal(await flown(() => outer(upstream)), ['inner in unknown', 'step in inner']);
});

test('without a flight recorder no calls are added to the trace', async () => {
  assert.equal(await flown(() => outer(() => inner('fails')), { flightRecorder: undefined }), ['inner', 'step in inner']);
});

test('calls of other requests, other traces and switched-off functions are not added, and secrets are redacted', async () => {
  const values: unknown[] = [];
  const spans = await flown(
    async ({ spans: sent }) => {
      await Promise.all([
        outer(() => inner('fails')).catch(() => undefined),
        outer(() => inner('fine')),
        outer(() => sleep(1)),
        before('other'),
      ]);
      for (const { attributes } of await sent()) values.push(attributes.machine, attributes.password);
    },
    { rules: 'carbide::inner::step=off' },
  );
  assert.equal(spans, [
    'before in outer (kept: error)',
    'inner in outer',
    'outer (kept: error)',
    'secret in before (kept: error)',
  ]);
  assert.equal([...new Set(values)].sort(), ['REDACTED', 'm-17', undefined]);
});

test('a call below the root that exceeded the span limit is added under its recorded caller, and no call of another trace', async () => {
  const first = instrument({ namespace: 'carbide::inner', name: 'first' }, () => {
    second();
    throw new Error('refused');
  });
  const other = instrument({ namespace: 'carbide::inner', name: 'other' }, async () => {
    await sleep(1);
    second();
    await sleep(20);
  });
  const failing = instrument({ namespace: 'carbide::inner', name: 'failing' }, async () => {
    await sleep(10);
    return first();
  });
  const spans = await flown(async () => first(), { maxOpenSpans: 1 });
  assert.equal(spans, ['first', 'second in first (kept: error)', 'third in second (kept: error)']);
  const two = await flown(() => Promise.allSettled([failing(), other()]), { maxOpenSpans: 2 });
  assert.equal(two, [
    'failing',
    'first in failing (kept: error)',
    'second in first (kept: error)',
    'third in second (kept: error)',
  ]);
});

test('the callers of a kept root are added however many calls were made since, and each added call has its parent in the trace', async () => {
  const small = instrument({ namespace: 'carbide::outer', name: 'small' }, () => 1);
  const spans = await flown(() =>
    outer(async () => {
      const failing = inner('fails');
      failing.catch(() => undefined);
      for (let call = 0; call < 25_000; call++) small();
      await failing;
    }),
  );
  assert.ok(spans.includes('inner in outer'), spans.slice(0, 3).join());
  assert.ok(spans.includes('outer (kept: error)'));
  assert.ok(spans.includes('small in outer (kept: error)'));
  assert.equal(
    spans.filter((line) => line.includes('in unknown')),
    [],
  );
});

test('a root whose trace is kept early because of an error gets its callers when it ends', async () => {
  const failing = instrument({ namespace: 'carbide::inner', name: 'failing' }, () => {
    throw new Error('refused');
  });
  const around = instrument({ namespace: 'carbide::inner', name: 'around' }, async () => {
    try {
      failing();
    } catch {
      await sleep(2);
      second();
    }
  });
  const spans = await flown(() => outer(() => around()), { maxOpenSpans: 2 });
  assert.ok(spans.includes('around in outer'), spans.join());
  assert.ok(spans.includes('outer (kept: error)'), spans.join());
  assert.ok(spans.includes('third in second (kept: error)'), 'also a call made after the error');
});

test.run();
