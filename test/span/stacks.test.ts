// When the stack of an error is read: V8 formats it at the first reading, which calls `Error.prepareStackTrace` where there is one.

import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { InMemorySpanExporter, type ReadableSpan } from '@opentelemetry/sdk-trace-base';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { instrument, startTracing, type Tracing } from '../../runtime/index.js';

let tracing: Tracing;
let exporter: InMemorySpanExporter;
let formatted = 0;

const fails = instrument({ name: 'fails' }, (error: unknown): never => {
  throw error;
});
const passes = instrument({ name: 'passes' }, (error: unknown) => fails(error));

function caught(error: unknown, call: (error: unknown) => unknown = fails): void {
  try {
    call(error);
  } catch (thrown) {
    assert.is(thrown, error);
    return;
  }
  assert.unreachable('nothing was thrown');
}

async function exported(): Promise<ReadableSpan[]> {
  await tracing.forceFlush();
  const spans = exporter.getFinishedSpans();
  exporter.reset();
  return spans;
}

const stackOf = (span: ReadableSpan | undefined): unknown => span?.events[0]?.attributes?.['exception.stacktrace'];

test.before(async () => {
  exporter = new InMemorySpanExporter();
  tracing = await startTracing({ exporter: exporter as never, enabled: true });
  Error.prepareStackTrace = (error: NodeJS.ErrnoException) => {
    // the loader of this test looks for a pipe of its own meanwhile, in vain
    if (error.syscall !== 'connect') formatted++;
    return `${error}\n    at formatted`;
  };
});
test.after(async () => {
  Error.prepareStackTrace = undefined as never;
  await tracing.shutdown();
});
test.before.each(() => {
  formatted = 0;
});

test('does not format the stack of an error while a call ends, however many frames it passes', async () => {
  caught(new Error('no', { cause: new TypeError('why') }), passes);
  caught(Object.assign(new Error('no'), { code: 'ENOENT', errno: -2 }));
  assert.is(formatted, 0);
  const spans = await exported();
  assert.is(spans.length, 3);
  assert.match(String(stackOf(spans[0])), /Error: no\n {4}at formatted\nCaused by: TypeError: why\n {4}at formatted/);
  assert.is(formatted, 2);
  assert.is(stackOf(spans[1]), undefined);
  assert.match(String(stackOf(spans[2])), /at formatted/);
  assert.is(formatted, 3);
});

test('formats it once, when the events of the span are read', async () => {
  caught(new Error('no'));
  const [span] = await exported();
  assert.is(span?.events, span?.events);
  assert.is(Object.keys(span?.events[0] ?? {}).join(), 'name,attributes,time,droppedAttributesCount');
  assert.is(formatted, 1);
});

test('lets the program change the message before the stack is formatted', async () => {
  const error = new Error('no');
  caught(error);
  error.message = 'while saving: no';
  assert.match(error.stack ?? '', /while saving: no/);
  assert.match(String(stackOf((await exported())[0])), /while saving: no/);
});

test('formats the stack at once for an error that holds an object, for example a response', async () => {
  caught(Object.assign(new Error('no'), { response: { body: 'x' } }));
  caught(new Error('no', { cause: Object.assign(new Error('why'), { response: {} }) }));
  caught(new AggregateError([new Error('one')], 'both'));
  assert.is(formatted, 1 + 2 + 2);
  await exported();
});

for (const [what, leave] of [
  ['they are read', async () => (await exported()).map(stackOf)],
  ['they are exported by an exporter that does not read them', exported],
] as const) {
  test(`at most 512 errors keep an unformatted stack; places are free again once ${what}`, async () => {
    for (let turn = 0; turn < 2; turn++) {
      formatted = 0;
      for (let count = 0; count < 600; count++) caught(new Error(`${count}`));
      assert.is(formatted, 600 - 512);
      assert.is((await leave()).length, 600);
    }
  });
}

test('errors of dropped spans do not count towards that limit', async () => {
  for (let count = 0; count < 2048; count++) caught('a string has no stack');
  for (let count = 0; count < 600; count++) caught(new Error(`${count}`));
  assert.is(formatted, 0);
  await exported();
});

test('writes every exception out in its span', async () => {
  for (let count = 0; count < 600; count++) caught(new Error(`${count}`));
  const spans = await exported();
  assert.equal(
    spans.map((span) => String(stackOf(span))),
    spans.map((_, index) => `Error: ${index}\n    at formatted`),
  );
});

test('retains no error after its span was garbage-collected', async () => {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  const fail = (): WeakRef<Error> => {
    const error = new Error('no');
    caught(error);
    return new WeakRef(error);
  };
  const error = fail();
  await exported();
  for (let turn = 0; turn < 10 && error.deref() !== undefined; turn++) {
    await new Promise((resolve) => setTimeout(resolve, 10));
    collect();
  }
  assert.is(error.deref(), undefined);
  assert.is(formatted, 0);
});

test.run();
