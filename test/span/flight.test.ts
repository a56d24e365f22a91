// The flight recorder: the content of dumps, values that must not be in them, and that the program cannot observe the recorder.
// Real files and the real reader of the viewer.

import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { context, propagation, ROOT_CONTEXT, trace } from '@opentelemetry/api';
import { InMemorySpanExporter } from '@opentelemetry/sdk-trace-base';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import {
  InvalidArgumentError,
  inject,
  instrument,
  startTracing,
  type Tracing,
  type TracingOptions,
  withRemoteContext,
} from '../../runtime/index.js';
import { statusOfException } from '../../runtime/nest/http-exception.js';
import type { Site } from '../../runtime/site/site.js';
import { startInline } from '../../runtime/span/inline.js';
import { state } from '../../runtime/state.js';
import { readTraces } from '../../viewer/formats/read.js';
import type { ReceivedSpan } from '../../viewer/receiver/decode.js';

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;
const folder = mkdtempSync(join(tmpdir(), 'spanwright-flight-'));
let exporter: InMemorySpanExporter;
let tracing: Tracing;

async function fly(options: TracingOptions = {}): Promise<void> {
  exporter = new InMemorySpanExporter();
  tracing = await startTracing({ serviceName: 'flown', exporter, flightRecorder: '30s', flightDirectory: folder, ...options });
}
test.after.each(async () => {
  await tracing.shutdown();
});
test.after(() => rmSync(folder, { recursive: true }));

async function dumped(): Promise<readonly ReceivedSpan[]> {
  const { file } = await tracing.dump();
  return readTraces(readFileSync(file, 'utf8'));
}

/** `name` by depth, in the order of starts. */
function outline(spans: readonly ReceivedSpan[], parent = '', indent = ''): string[] {
  return spans
    .filter(({ parentSpanId }) => parentSpanId === parent)
    .flatMap((span) => [`${indent}${span.name}`, ...outline(spans, span.spanId, `${indent}  `)]);
}

class Power {
  constructor(private readonly bmc: Bmc) {}
  @instrument({ args: { machine: 'machine.id', password: 'bmc.password', options: 'options' } })
  async control(machine: string, password: string, options: object): Promise<string> {
    const planned = this.plan(machine);
    await sleep(5);
    const all = await Promise.all([this.bmc.send(planned, password), this.bmc.send(`${planned}.tray`, password)]);
    this.log();
    return all.join(`,${Object.keys(options).length},`);
  }
  @instrument
  plan(machine: string): string {
    return `${machine}!`;
  }
  @instrument
  log(): void {}
}
class Bmc {
  @instrument
  async send(to: string, _password: string): Promise<string> {
    await sleep(2);
    this.encode(to);
    return to;
  }
  @instrument({ attributes: { coding: 'json', token: 'constant-secret' } })
  encode(to: string): string {
    return JSON.stringify(to);
  }
}
const twice = (...lines: string[]) => [...lines, ...lines];
const power = new Power(new Bmc());
const TREE = ['Power.control', '  Power.plan', ...twice('  Bmc.send', '    Bmc.encode'), '  Power.log'];

test('a dump holds the trees of calls that were not recorded, with their callers across awaits', async () => {
  await fly();
  const results = await Promise.all([power.control('m-1', 'secret-1', {}), power.control('m-2', 'secret-2', {})]);
  assert.equal(results, ['m-1!,0,m-1!.tray', 'm-2!,0,m-2!.tray']);
  assert.equal(exporter.getFinishedSpans(), [], 'nothing is exported before a dump');
  const spans = await dumped();
  assert.equal(outline(spans), [...TREE, ...TREE]);
  assert.ok(spans.every(({ status }) => status.code === 'unset'));
  const roots = spans.filter(({ parentSpanId }) => parentSpanId === '');
  assert.is(new Set(spans.map(({ traceId }) => traceId)).size, 2);
  assert.equal(
    roots.map(({ attributes }) => attributes['machine.id']),
    ['m-1', 'm-2'],
  );
  for (const { attributes, resource, startTimeUnixNano, endTimeUnixNano } of roots) {
    assert.is(attributes['spanwright.flight.reason'], 'dump');
    assert.is(resource.attributes['service.name'], 'flown');
    const ms = Number(BigInt(endTimeUnixNano) - BigInt(startTimeUnixNano)) / 1e6;
    assert.ok(ms >= 6 && ms < 5000, `${ms} ms`);
    assert.ok(Math.abs(Number(startTimeUnixNano) / 1e6 - Date.now()) < 60_000, 'the time of day');
  }
});

test('a dump is also exported, with the ids of the file', async () => {
  await fly();
  await power.control('m-1', 'secret-1', {});
  const spans = await dumped();
  await tracing.forceFlush();
  for (let tries = 0; exporter.getFinishedSpans().length < spans.length && tries < 100; tries++) await sleep(10);
  const ids = (list: readonly string[]) => [...list].sort();
  assert.equal(
    ids(exporter.getFinishedSpans().map((span) => `${span.name} ${span.spanContext().traceId} ${span.spanContext().spanId}`)),
    ids(spans.map(({ name, traceId, spanId }) => `${name} ${traceId} ${spanId}`)),
  );
  assert.equal(
    ids((await dumped()).map(({ spanId }) => spanId)),
    ids(spans.map(({ spanId }) => spanId)),
    'and those of a second dump',
  );
});

test('a dump whose file cannot be written is exported all the same', async () => {
  const file = join(folder, 'a file');
  writeFileSync(file, '');
  await fly({ flightDirectory: join(file, 'below') });
  await power.control('m-1', 'secret-1', {});
  const error = await tracing.dump().catch((thrown) => thrown);
  assert.match(error.code, /^E/);
  for (let tries = 0; exporter.getFinishedSpans().length === 0 && tries < 100; tries++) await sleep(10);
  assert.ok(exporter.getFinishedSpans().some(({ name }) => name.endsWith('control')));
});

test('a dump has no values that redact covers, no objects and no unnamed arguments, and only its owner can read the file', async () => {
  await fly();
  await power.control('m-1', 'secret-1', { deep: 'secret-2' });
  const { file } = await tracing.dump('a look');
  const text = readFileSync(file, 'utf8');
  assert.ok(text.includes('m-1'), 'arguments are there');
  assert.not.match(text, /secret/);
  const [root] = readTraces(text);
  assert.is(root?.attributes['bmc.password'], 'REDACTED');
  assert.is(root?.attributes['spanwright.flight.reason'], 'a look');
  assert.is(statSync(file).mode & 0o777, 0o600);
});

test('dumps that are made at once have a file each', async () => {
  await fly({ flightMaxCalls: 100 });
  instrument({ name: 'one' }, () => 1)();
  const dumps = await Promise.all(Array.from({ length: 50 }, () => tracing.dump('same')));
  assert.is(new Set(dumps.map(({ file }) => file)).size, 50);
  for (const { file } of dumps) assert.equal(outline(readTraces(readFileSync(file, 'utf8'))), ['one']);
});

test('numbers and strings without a form in JSON stay readable, and a value that cannot be read does not affect the rest of its call', async () => {
  await fly();
  const take = instrument({ name: 'take', args: ['value', 'other'] }, (value: unknown, other: string) => [value, other]);
  const { proxy, revoke } = Proxy.revocable<unknown[]>([], {});
  revoke();
  for (const value of [Number.NaN, Number.NEGATIVE_INFINITY, 'half \ud83d', proxy])
    assert.equal(take(value, 'kept').at(-1), 'kept');
  const spans = await dumped();
  assert.equal(
    spans.map(({ attributes }) => [attributes.value, attributes.other]),
    [
      ['NaN', 'kept'],
      ['-Infinity', 'kept'],
      ['half \ufffd', 'kept'],
      [undefined, 'kept'],
    ],
  );
});

for (const [what, reason] of [
  ['is no string', 7 as unknown as string],
  ['is long', 'x'.repeat(501)],
] as const)
  test(`a reason that ${what} is refused, and nothing is written`, async () => {
    await fly();
    const before = readdirSync(folder).length;
    const error = await tracing.dump(reason).catch((thrown) => thrown);
    assert.instance(error, InvalidArgumentError);
    assert.match(error.message, /^reason: /);
    assert.is(readdirSync(folder).length, before);
  });

test('an error is in the call that threw it and those that it passed; the caller gets the same error', async () => {
  await fly({ flightErrors: false });
  const error = new TypeError('no such rack');
  const inner = instrument({ name: 'inner' }, () => {
    throw error;
  });
  const outer = instrument({ name: 'outer' }, async () => {
    await sleep(1);
    return inner();
  });
  const stopped = instrument({ name: 'stopped' }, async () => {
    await sleep(1);
    throw new DOMException('stop', 'AbortError');
  });
  assert.is(await outer().catch((thrown: unknown) => thrown), error);
  await stopped().catch(() => undefined);
  const spans = await dumped();
  assert.equal(
    spans.map(({ name, status, attributes }) => [name, status.code, status.message, attributes['error.type']]),
    [
      ['outer', 'error', 'no such rack', 'TypeError'],
      ['inner', 'error', 'no such rack', 'TypeError'],
      ['stopped', 'unset', '', undefined],
    ],
  );
});

test('an exception with an HTTP status below 500 is no failure, as in a recorded call; one from 500 on is', async () => {
  await fly();
  Object.assign(state.recorder ?? {}, { statusOf: statusOfException });
  const answer = instrument({ name: 'answer' }, (status: number): void => {
    throw Object.assign(new Error('refused'), { getStatus: () => status });
  });
  for (const status of [404, 503]) assert.throws(() => answer(status), 'refused');
  assert.equal(
    (await dumped()).map(({ attributes }) => attributes['error.type']),
    [undefined, 'Error'],
  );
});

test('a call that has not ended is marked as open; what is off by a rule, or recorded as a span, is not in the ring', async () => {
  await fly({ rules: 'quiet=off' });
  const quiet = instrument({ name: 'quiet', namespace: 'quiet' }, () => 1);
  let release = () => {};
  const waiting = instrument({ name: 'waiting' }, () => new Promise<void>((resolve) => (release = resolve)));
  const holding = instrument({ name: 'holding' }, async () => {
    quiet();
    await waiting();
  });
  const held = holding();
  tracing.setEnabled(true, { for: '1m' });
  const seen = instrument({ name: 'seen' }, () => 1);
  seen();
  tracing.setEnabled(false);
  const spans = await dumped();
  release();
  await held;
  assert.equal(
    spans.map(({ name, attributes }) => [name, attributes['spanwright.flight.open']]),
    [
      ['holding', true],
      ['waiting', undefined],
    ],
  );
});

test('the ring overwrites the oldest calls within its bound, and keeps the trace of calls whose root is gone', async () => {
  await fly({ flightMaxCalls: 100 });
  const leaf = instrument({ name: 'leaf' }, () => 1);
  const root = instrument({ name: 'root' }, async () => {
    for (let count = 0; count < 1000; count++) leaf();
    await sleep(1);
    leaf();
  });
  await root();
  const spans = await dumped();
  assert.is(spans.length, 100);
  assert.ok(spans.every(({ name }) => name === 'leaf'));
  assert.is(new Set(spans.map(({ traceId }) => traceId)).size, 1);
  assert.is(new Set(spans.map(({ parentSpanId }) => parentSpanId)).size, 1);
});

test('arguments beyond the bytes are left out, and fit again when older ones have been overwritten', async () => {
  await fly({ flightMaxCalls: 200, flightMaxBytes: 65_536 });
  const take = instrument({ name: 'take', args: ['text'] }, (text: string) => text.length);
  for (let count = 0; count < 200; count++) take('x'.repeat(1000));
  const texts = (await dumped()).map(({ attributes }) => attributes.text as string | undefined);
  const kept = texts.filter((text) => text !== undefined);
  assert.ok(kept.length > 10 && kept.length < 120, `${kept.length} kept`);
  assert.ok(kept.every((text) => (text as string).length <= 256));
  for (let count = 0; count < 200; count++) take('short');
  assert.ok((await dumped()).every(({ attributes }) => attributes.text === 'short'));
});

test('errors beyond the bytes are left out', async () => {
  await fly({ flightMaxCalls: 200, flightMaxBytes: 65_536, flightErrors: false });
  const failing = instrument({ name: 'failing' }, (text: string) => {
    throw new Error(text);
  });
  for (let count = 0; count < 200; count++) assert.throws(() => failing('x'.repeat(256)));
  const kept = (await dumped()).filter(({ status }) => status.message === 'x'.repeat(256));
  assert.ok(kept.length > 10 && kept.length < 120, `${kept.length} kept`);
});

test('a root that the ring has overwritten counts as slow', async () => {
  const slow = () => readdirSync(folder).filter((name) => name.endsWith('-slow.json')).length;
  const before = slow();
  await fly({ flightMaxCalls: 100, flightSlowerThan: '1m' });
  const leaf = instrument({ name: 'leaf' }, () => 1);
  const root = instrument({ name: 'root' }, (calls: number) => {
    for (let count = 0; count < calls; count++) leaf();
  });
  root(50);
  assert.is(slow(), before);
  root(200);
  for (let turn = 0; turn < 200 && slow() === before; turn++) await sleep(10);
  assert.is(slow(), before + 1);
});

test('a body that fails before its prologue leaves no mark for the next call', async () => {
  await fly();
  instrument({ namespace: 'falls', name: 'falls' }, () => 1)();
  const site = [...state.sites].find(({ namespace }) => namespace === 'falls') as Site;
  const tables = { entered: undefined as unknown };
  const body = () => {
    throw new RangeError('Maximum call stack size exceeded');
  };
  assert.throws(() => state.flight.record(site, undefined, body, [], undefined, false, tables), /stack/);
  assert.is(tables.entered, undefined);
});

test('memory stays within the bytes, also with arguments, and only the kept part of a huge text is retained', async () => {
  const bytes = 8 * 2 ** 20;
  const take = instrument({ name: 'take', args: ['text'] }, (text: string) => text.length);
  const fill = (): void => {
    for (let count = 0; count < 100_000; count++) take(`machine-${count}`);
  };
  await fly({ flightMaxCalls: 100 });
  fill(); // compiled code and a ring of 100 calls are in the baseline
  const before = usedBytes();
  await tracing.shutdown();
  await fly({ flightMaxCalls: 100_000, flightMaxBytes: bytes });
  fill();
  const full = usedBytes() - before;
  assert.ok(full > bytes / 2 && full <= bytes, `${full} bytes of ${bytes}`);
  await tracing.shutdown();

  await fly();
  const empty = usedBytes();
  for (let count = 0; count < 200; count++) take(`${count}`.padEnd(2 ** 20, 'x'));
  const huge = usedBytes() - empty;
  assert.ok(huge < 20 * 2 ** 20, `${huge} bytes for 200 texts of a mebibyte`);
});

function usedBytes(): number {
  for (let turn = 0; turn < 3; turn++) collectGarbage();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}

test('a dump leaves out calls that ended longer ago than the recorder keeps calls', async () => {
  await fly({ flightRecorder: '1s' });
  const work = instrument({ name: 'work', args: ['number'] }, (number: number) => number);
  work(1);
  await sleep(1200);
  work(2);
  assert.equal(
    (await dumped()).map(({ attributes }) => attributes.number),
    [2],
  );
});

test('recorded calls do not change the outgoing context or the active span, also below an unsampled caller', async () => {
  await fly();
  const seen: unknown[] = [];
  const look = instrument({ name: 'look' }, async () => {
    await sleep(1);
    seen.push(trace.getActiveSpan(), context.active() === ROOT_CONTEXT, inject({}));
  });
  await look();
  assert.equal(seen, [undefined, true, {}]);
  const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00';
  const carried = await withRemoteContext({ traceparent }, async () => {
    await look();
    return inject({});
  });
  assert.equal(carried, { traceparent });
  assert.is((await dumped()).length, 2);
  assert.is(propagation.getActiveBaggage(), undefined);
});

test('recursion that fits the stack without it fits with it; arguments, this and results are unchanged', async () => {
  await fly();
  const down = instrument({ name: 'down' }, (count: number): number => (count === 0 ? 0 : 1 + down(count - 1)));
  assert.is(down(1200), 1200);
  assert.is((await dumped()).length, 128);
  const self = {
    kept: 7,
    take: instrument({ name: 'take' }, function take(this: { kept: number }, ...given: unknown[]) {
      return [this.kept, ...given];
    }),
  };
  assert.equal(self.take(1, undefined, null), [7, 1, undefined, null]);
});

test('calls that are recorded inline are beside each other, and below their caller', async () => {
  await fly();
  const options = { namespace: 'flown::inline', name: 'inline' };
  const outer = instrument({ name: 'outer' }, () => {
    for (const _ of [1, 2]) startInline(site)?.();
  });
  instrument(options, () => 1);
  const site = [...state.sites].find(({ namespace }) => namespace === options.namespace) as Site;
  outer();
  startInline(site)?.();
  assert.equal(outline(await dumped()), ['outer', '  inline', '  inline', 'inline']);
});

test('generators run unchanged and are not recorded', async () => {
  await fly();
  const count = instrument({ name: 'count' }, function* count() {
    yield 1;
    yield 2;
  });
  assert.equal([...count()], [1, 2]);
  assert.is((await tracing.dump()).spans, 0);
});

test('without the key nothing is recorded, the gate stays idle, and a dump is refused', async () => {
  await fly({ flightRecorder: undefined });
  assert.is(state.gate.calls.idle, true);
  const error = await tracing.dump().catch((thrown) => thrown);
  assert.match(error.message, 'flight_recorder is not set');
});

test('without an endpoint a dump is only a file', async () => {
  await fly({ exporter: undefined });
  assert.is(tracing.state().built, false);
  await power.control('m-1', 'secret-1', {});
  assert.equal(outline(await dumped()), TREE);
  await tracing.shutdown();
  assert.is(state.gate.calls.idle, true, 'and ends at shutdown');
});

test.run();
