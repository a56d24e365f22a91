// Globals and intrinsics that a program replaces or deletes after the package was loaded: fake clocks, patches that throw, frozen
// prototypes. What is on the path of a call was captured at load; for the rest there is the guard, and the body runs once.

import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import type { ReadableSpan } from '@opentelemetry/sdk-trace-base';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { instrument, type Tracing } from '../../runtime/index.js';
import { expectSpans } from '../expected-spans.js';
import { traced } from '../gate/tracing.js';
import { PROJECT } from '../house/sources.js';

type Restore = () => void;

/** Puts a function that throws in the place of another. */
function breakMember(holder: object, name: PropertyKey): Restore {
  const own = Object.getOwnPropertyDescriptor(holder, name) as PropertyDescriptor;
  const { defineProperty } = Reflect;
  function broken(): never {
    throw new Error(`${String(name)} is broken`);
  }
  defineProperty(holder, name, { ...own, value: broken });
  return () => void defineProperty(holder, name, own);
}

function deleteGlobal(name: string): Restore {
  const own = Object.getOwnPropertyDescriptor(globalThis, name) as PropertyDescriptor;
  const { defineProperty, deleteProperty } = Reflect;
  deleteProperty(globalThis, name);
  return () => void defineProperty(globalThis, name, own);
}

let runs = 0;
const work = {
  sync: instrument({ namespace: 'a', name: 'sync', args: ['n'] }, (n: number) => {
    runs++;
    return n + 1;
  }),
  throws: instrument({ namespace: 'a', name: 'throws' }, () => {
    runs++;
    throw new RangeError('its own');
  }),
  later: instrument({ namespace: 'a', name: 'later' }, async (n: number) => {
    runs++;
    return n + 2;
  }),
  promise: instrument({ namespace: 'a', name: 'promise' }, (result: Promise<string>) => {
    runs++;
    return result;
  }),
  generate: instrument({ namespace: 'a', name: 'generate' }, function* () {
    runs++;
    yield 1;
  }),
  nested: instrument({ namespace: 'a', name: 'nested' }, (): number => work.sync(1)),
};
const kept = Promise.resolve('kept');

/** The calls of one round, without a turn of the loop between them. */
function callAll(): unknown[] {
  const results: unknown[] = [work.sync(1)];
  try {
    work.throws();
  } catch (error) {
    results[1] = (error as Error).message;
  }
  results[2] = work.later(1);
  results[3] = work.promise(kept);
  for (const item of work.generate()) results[4] = item;
  results[5] = work.nested();
  return results;
}

const SPANS = [
  'sync | n=0',
  'sync | n=1',
  'throws | error.type="RangeError" | error "its own" | event exception',
  'generate',
  'nested',
  '  sync | n=1',
  'later',
  'promise',
];
const RUNS = 6;

async function roundWith(
  broken: () => Restore,
): Promise<{ recorded: readonly ReadableSpan[]; warnings: string[]; tracing: Tracing }> {
  const warnings: string[] = [];
  const { warn } = console;
  console.warn = (line: string) => void (/SPW0(01|03|15)/.test(line) || warnings.push(line));
  try {
    return await traced({ enabled: true }, async ({ tracing, spans }) => {
      work.sync(0); // the queue starts with the first span, and listens to the end of the process
      runs = 0;
      let results: unknown[] = [];
      const restore = broken();
      try {
        results = callAll();
      } finally {
        restore();
      }
      assert.equal(await Promise.all(results), [2, 'its own', 3, 'kept', 1, 2]);
      assert.is(runs, RUNS);
      assert.is(tracing.openCount, 0);
      return { recorded: await spans(), warnings, tracing };
    });
  } finally {
    console.warn = warn;
  }
}

const statics = suite('static functions');
const STATICS: Record<string, object> = {
  Reflect,
  Object,
  Promise,
  Math,
  Number,
  Array,
  Date,
  JSON,
  String,
  Symbol,
  Buffer,
  performance,
};
for (const [name, holder] of Object.entries(STATICS)) {
  statics(`records calls while every function of ${name} throws`, async () => {
    for (const key of Object.getOwnPropertyNames(holder)) {
      const own = Object.getOwnPropertyDescriptor(holder, key);
      if (typeof own?.value !== 'function' || !own.configurable) continue;
      const { recorded, warnings } = await roundWith(() => breakMember(holder, key));
      assert.equal(warnings, [], `${name}.${key}`);
      expectSpans(recorded, ...SPANS);
    }
  });
}
statics.run();

const globals = suite('globals');
const DELETED = ['performance', 'Date', 'setTimeout', 'setInterval', 'setImmediate', 'clearTimeout', 'queueMicrotask', 'Promise'];
for (const name of [
  ...DELETED,
  'Reflect',
  'Object',
  'Map',
  'WeakMap',
  'WeakRef',
  'FinalizationRegistry',
  'Math',
  'Symbol',
  'Error',
]) {
  globals(`records calls after globalThis.${name} was deleted`, async () => {
    const { recorded, warnings } = await roundWith(() => deleteGlobal(name));
    assert.equal(warnings, []);
    expectSpans(recorded, ...SPANS);
  });
}
globals('instruments a function after WeakRef was deleted', () => {
  const restore = deleteGlobal('WeakRef');
  try {
    assert.is(instrument({ namespace: 'a', name: 'new' }, () => 1)(), 1);
  } finally {
    restore();
  }
});
globals.run();

const methods = suite('methods of prototypes');
const PROTOTYPES: Record<string, object> = { Promise, Map, WeakMap, Set, WeakSet, Array, String, Number, RegExp, Function };
for (const [name, holder] of Object.entries(PROTOTYPES)) {
  methods(`runs each body once, with its own outcome, while a method of ${name} throws`, async () => {
    const { prototype } = holder as { prototype: object };
    for (const key of Reflect.ownKeys(prototype)) {
      const own = Object.getOwnPropertyDescriptor(prototype, key);
      if (key === 'constructor' || typeof own?.value !== 'function' || !own.configurable) continue;
      await roundWith(() => breakMember(prototype, key));
    }
  });
}
methods.run();

const background = suite('faults in the background');
/** Each is on the path of an export, a report or a check at exit, and not on that of a call. */
const NEEDED_LATER = [
  'Set',
  'Map',
  'Math',
  'Array.prototype.splice',
  'Array.prototype.map',
  'Array.prototype.includes',
  'Object.keys',
];
const PROGRAM = `
  const http = require('node:http');
  const { instrument, startTracing } = require(${JSON.stringify(join(PROJECT, 'dist/runtime/index.js'))});
  const server = http.createServer((request, response) => request.resume().on('end', () => response.end('{}')));
  server.listen(0, '127.0.0.1', async () => {
    const endpoint = 'http://127.0.0.1:' + server.address().port;
    const tracing = await startTracing({ endpoint, otlpProtocol: 'http/protobuf', enabled: true, scheduleDelay: 10 });
    const work = instrument({ name: 'work' }, async (n) => n + 1);
    const names = process.argv[1].split('.');
    const last = names.pop();
    delete names.reduce((holder, name) => holder[name], globalThis)[last];
    process.stdout.write('result ' + (await work(1)));
    await tracing.forceFlush({ timeout: 500 });
    server.closeAllConnections();
    server.close();
  });`;
for (const name of NEEDED_LATER) {
  background(`a program that deletes ${name} exits 0, with its own result`, () => {
    const { status, stdout, stderr } = spawnSync(process.execPath, ['-e', PROGRAM, name], { encoding: 'utf8', timeout: 60_000 });
    assert.is(status, 0, stderr);
    assert.match(stdout, 'result 2');
  });
}
background.run();

const frozen = suite('node --frozen-intrinsics');
const FROZEN = `
  'use strict';
  const http = require('node:http');
  const { instrument, startTracing } = require(${JSON.stringify(join(PROJECT, 'dist/runtime/index.js'))});
  const names = [];
  const noted = { onStart() {}, onEnd: (span) => names.push(span.name + ' ' + span.status.code), forceFlush: async () => {}, shutdown: async () => {} };
  const work = {
    sync: instrument({ namespace: 'a', name: 'sync', args: ['n'] }, (n) => n + 1),
    throws: instrument({ namespace: 'a', name: 'throws' }, () => { throw new RangeError('its own'); }),
    later: instrument({ namespace: 'a', name: 'later' }, async (n) => work.sync(n)),
    rejects: instrument({ namespace: 'a', name: 'rejects' }, async () => { throw new TypeError('rejected'); }),
    promise: instrument({ namespace: 'a', name: 'promise' }, () => Promise.resolve(4)),
    lazy: instrument({ namespace: 'a', name: 'lazy' }, () => ({ then: (done) => Promise.resolve(5).then(done) })),
    steps: instrument({ namespace: 'a', name: 'steps' }, function* () { yield 6; }),
    pages: instrument({ namespace: 'a', name: 'pages' }, async function* () { yield 7; }),
  };
  let received = 0;
  const server = http.createServer((request, response) => {
    request.on('data', ({ length }) => (received += length)).on('end', () => response.end());
  });
  server.listen(0, '127.0.0.1', async () => {
    const endpoint = 'http://127.0.0.1:' + server.address().port;
    const tracing = await startTracing({ endpoint, otlpProtocol: 'http/protobuf', enabled: true, spanProcessors: [noted] });
    const results = [work.sync(1)];
    try { work.throws(); } catch (error) { results.push(error.message); }
    results.push(await work.later(2), await work.rejects().catch(({ message }) => message), await work.promise(), await work.lazy());
    results.push(...work.steps());
    for await (const page of work.pages()) results.push(page);
    await tracing.forceFlush({ timeout: 5000 });
    const { exported } = tracing.state().spans;
    const isFrozen = [Array.prototype, Promise.prototype, Reflect].every(Object.isFrozen);
    console.log(JSON.stringify({ isFrozen, results, names, open: tracing.openCount, exported, isReceived: received > 0 }));
    await tracing.shutdown();
    server.close();
    server.closeAllConnections();
  });`;
frozen('a program records calls of every kind and exports them', () => {
  const { status, stdout, stderr } = spawnSync(process.execPath, ['--frozen-intrinsics', '-e', FROZEN], {
    encoding: 'utf8',
    timeout: 60_000,
  });
  assert.is(status, 0, stderr);
  assert.not.match(stderr, /SPW0(?!01|15)/u);
  const names = ['sync 0', 'throws 2', 'sync 0', 'later 0', 'rejects 2', 'promise 0', 'lazy 0', 'steps 0', 'pages 0'];
  assert.equal(JSON.parse(stdout), {
    isFrozen: true,
    results: [2, 'its own', 3, 'rejected', 4, 5, 6, 7],
    names,
    open: 0,
    exported: names.length,
    isReceived: true,
  });
});
frozen.run();

const loading = suite('stacks of the program while the package is loaded');
const PREPARED: Record<string, string> = {
  throws: "() => { throw new TypeError('no stacks'); }",
  'returns an object without a text': '() => Object.create(null)',
  'returns a symbol': "() => Symbol('stack')",
};
for (const [what, prepare] of Object.entries(PREPARED)) {
  loading(`the package loads, and records a failed call, where Error.prepareStackTrace ${what}`, () => {
    const program = `
      Error.prepareStackTrace = ${prepare};
      const { instrument, startTracing } = require(${JSON.stringify(join(PROJECT, 'dist/runtime/index.js'))});
      const exporter = { export: ([span], done) => { console.log(span.events[0].attributes['exception.type']); done({ code: 0 }); }, shutdown: async () => {} };
      startTracing({ exporter, enabled: true }).then(async (tracing) => {
        try { instrument({ name: 'work' }, () => { throw new RangeError('no'); })(); } catch {}
        await tracing.shutdown();
      });`;
    const { status, stdout, stderr } = spawnSync(process.execPath, ['-e', program], { encoding: 'utf8', timeout: 60_000 });
    assert.is(status, 0, stderr);
    assert.is(stdout, 'RangeError\n');
  });
}
loading.run();
