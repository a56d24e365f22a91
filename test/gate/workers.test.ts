// The flag and the rules reach every worker thread: real workers, which run the built package.

import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { test } from 'uvu';
import * as assert from 'uvu/assert';

const PACKAGE = join(__dirname, '..', '..', 'dist', 'runtime', 'index.js');

/** Starts tracing in a worker, and answers with its effective state and with what a call recorded. */
const PROGRAM = `
const { parentPort } = require('node:worker_threads');
const { instrument, startTracing } = require(${JSON.stringify(PACKAGE)});
const work = instrument({ namespace: 'carbide::worker', name: 'work' }, () => 1);
const discard = { export: (_, done) => done({ code: 0 }), shutdown: async () => {} };
startTracing({ exporter: discard }).then((tracing) => {
  parentPort.on('message', (message) => {
    if (message === 'stop') return tracing.shutdown().then(() => parentPort.close());
    work();
    const { enabled, rules, spans } = tracing.state();
    parentPort.postMessage({ enabled, rules, started: spans.started });
  });
  parentPort.postMessage('ready');
});
`;

interface Answer {
  readonly enabled: boolean;
  readonly rules: string;
  readonly started: number;
}

async function startWorker(): Promise<{ ask(): Promise<Answer>; stop(): Promise<void> }> {
  const worker = new Worker(PROGRAM, { eval: true, stderr: true });
  const next = () =>
    new Promise<unknown>((resolve, reject) => {
      worker.once('message', resolve);
      worker.once('error', reject);
    });
  assert.is(await next(), 'ready');
  return {
    ask: () => {
      const answer = next() as Promise<Answer>;
      worker.postMessage('ask');
      return answer;
    },
    stop: async () => {
      const gone = new Promise((resolve) => worker.once('exit', resolve));
      worker.postMessage('stop');
      await gone;
    },
  };
}

async function until(ask: () => Promise<Answer>, fits: (answer: Answer) => boolean): Promise<Answer> {
  for (let tries = 0; ; tries++) {
    const answer = await ask();
    if (fits(answer) || tries > 200) return answer;
    await sleep(10);
  }
}

test('rules that are together longer than the limit of one text reach a worker whole', async () => {
  const { startTracing } = require(PACKAGE) as typeof import('../../runtime/index.js');
  const discard = {
    export: (_: unknown, done: (result: { code: number }) => void) => done({ code: 0 }),
    shutdown: async () => {},
  };
  const rulesFrom = (first: number) => Array.from({ length: 400 }, (_, index) => `n${first + index}=off`).join(',');
  const tracing = await startTracing({ exporter: discard, rules: rulesFrom(1000) });
  tracing.setRules(rulesFrom(2000), { for: '10m' });
  const worker = await startWorker();
  const { rules } = await until(worker.ask, (answer) => answer.rules.split(',').length === 800);
  assert.is(rules, tracing.state().rules);
  await worker.stop();
  await tracing.shutdown();
});

test('a change in the main thread reaches workers that run and workers that start later', async () => {
  const { startTracing } = require(PACKAGE) as typeof import('../../runtime/index.js');
  const discard = {
    export: (_: unknown, done: (result: { code: number }) => void) => done({ code: 0 }),
    shutdown: async () => {},
  };
  const tracing = await startTracing({ exporter: discard });
  const early = await startWorker();
  const before = await early.ask();
  assert.is(before.enabled, false);
  assert.is(before.started, 0, 'off: nothing is recorded in the worker');

  tracing.setEnabled(true, { for: '1m' });
  tracing.setRules('carbide::db=off');
  const on = await until(early.ask, ({ enabled, rules }) => enabled && rules !== '');
  assert.is(on.enabled, true);
  assert.is(on.rules, 'carbide::db=off');
  assert.ok((await early.ask()).started > 0, 'on: the worker records');

  const late = await startWorker();
  assert.is((await until(late.ask, ({ enabled }) => enabled)).enabled, true);

  tracing.setEnabled(false);
  assert.is((await until(early.ask, ({ enabled }) => !enabled)).enabled, false);
  assert.is((await until(late.ask, ({ enabled }) => !enabled)).enabled, false);
  await Promise.all([early.stop(), late.stop()]);
  await tracing.shutdown();
});

/** Calls with one machine and another, and answers with what was recorded. */
const CONDITIONAL = `
const { parentPort } = require('node:worker_threads');
const { instrument, startTracing } = require(${JSON.stringify(PACKAGE)});
const firmware = instrument({ namespace: 'carbide::bmc', name: 'firmware' }, (machine) => machine);
const power = instrument({ namespace: 'carbide::power', name: 'power', args: { machineId: 'machine' } }, (machineId) => firmware(machineId));
const recorded = [];
const processor = {
  onStart: () => {},
  onEnd: ({ name, attributes }) => recorded.push(name + ' ' + (attributes.machine ?? '')),
  forceFlush: async () => {}, shutdown: async () => {},
};
startTracing({ spanProcessors: [processor] }).then((tracing) => {
  parentPort.on('message', () => {
    recorded.length = 0;
    for (const machine of ['m-1', 'm-2', 'm-3']) power(machine);
    firmware('m-2');
    const { enabled, conditionalRoots } = tracing.state();
    parentPort.postMessage({ enabled, when: conditionalRoots[0]?.when, recorded });
  });
  parentPort.postMessage('ready');
});
`;

interface Conditional {
  readonly enabled: boolean;
  readonly when: string | undefined;
  readonly recorded: readonly string[];
}

test('a lease with a condition records the calls that fulfil it in workers too, and no others', async () => {
  const { startTracing } = require(PACKAGE) as typeof import('../../runtime/index.js');
  const tracing = await startTracing({ exporter: { export: (_, done) => done({ code: 0 }), shutdown: async () => {} } });
  const start = async () => {
    const worker = new Worker(CONDITIONAL, { eval: true, stderr: true });
    const next = () => new Promise<unknown>((resolve) => worker.once('message', resolve));
    await next();
    const ask = async (fits: (answer: Conditional) => boolean): Promise<Conditional> => {
      for (let tries = 0; ; tries++) {
        const answer = next();
        worker.postMessage('ask');
        const found = (await answer) as Conditional;
        if (fits(found) || tries > 200) return found;
        await sleep(10);
      }
    };
    return { ask, worker };
  };
  const early = await start();
  tracing.setEnabled(true, { for: '1m', when: 'machineId=m-2' });
  const late = await start();
  for (const { ask } of [early, late]) {
    const { when, recorded } = await ask(({ enabled }) => enabled);
    assert.is(when, 'machineId=m-2');
    assert.equal(recorded, ['firmware ', 'power m-2']);
  }
  tracing.setEnabled(false);
  for (const { ask, worker } of [early, late]) {
    assert.equal((await ask(({ enabled }) => !enabled)).recorded, []);
    await worker.terminate();
  }
  await tracing.shutdown();
});

/** Makes its calls in the turn in which startTracing() returns, and starts a worker of its own that does the same. */
const FIRST_TURN = `
const { parentPort, Worker, workerData } = require('node:worker_threads');
const { instrument, startTracing } = require(${JSON.stringify(PACKAGE)});
const work = instrument({ namespace: 'carbide::worker', name: 'work' }, () => 1);
const discard = { export: (_, done) => done({ code: 0 }), shutdown: async () => {} };
startTracing({ exporter: discard }).then((tracing) => {
  for (let call = 0; call < 100; call++) work();
  const started = tracing.state().spans.started;
  if (workerData.depth === 0) parentPort.postMessage([started]);
  else new Worker(workerData.program, { eval: true, workerData: { ...workerData, depth: workerData.depth - 1 }, stderr: true })
    .once('message', (below) => parentPort.postMessage([started, ...below]));
});
`;

/** Recorded calls of a worker's first turn, and of a worker that it starts. */
async function firstTurns(): Promise<readonly number[]> {
  const worker = new Worker(FIRST_TURN, { eval: true, workerData: { program: FIRST_TURN, depth: 1 }, stderr: true });
  const started = await new Promise<readonly number[]>((resolve, reject) => {
    worker.once('message', resolve);
    worker.once('error', reject);
  });
  await worker.terminate();
  return started;
}

/** Holds the event loop of this thread, so that it neither runs a timer nor posts to its workers. */
function block(milliseconds: number): void {
  const until = performance.now() + milliseconds;
  while (performance.now() < until);
}

/** Counts what it records before and after `until`, in milliseconds since the epoch. */
const OVER_THE_END = `
const { workerData } = require('node:worker_threads');
const { instrument, startTracing } = require(${JSON.stringify(PACKAGE)});
const work = instrument({ namespace: 'carbide::worker', name: 'work' }, () => 1);
const discard = { export: (_, done) => done({ code: 0 }), shutdown: async () => {} };
const counts = new Int32Array(workerData.counts);
startTracing({ exporter: discard }).then((tracing) => {
  const started = () => (work(), tracing.state().spans.started);
  counts[0] = started();
  Atomics.notify(counts, 0);
  setTimeout(() => { counts[2] = started() - counts[0]; counts[1] = 1; }, workerData.until - Date.now() + 30);
});
`;

test('a worker ends a lease in time while the main thread is blocked over its end, and one that starts after it records nothing', async () => {
  const { startTracing } = require(PACKAGE) as typeof import('../../runtime/index.js');
  const tracing = await startTracing({ exporter: { export: (_, done) => done({ code: 0 }), shutdown: async () => {} } });
  const counts = new Int32Array(new SharedArrayBuffer(12));
  const until = Date.now() + 5000;
  tracing.setEnabled(true, { for: 5000 });
  const worker = new Worker(OVER_THE_END, { eval: true, workerData: { counts: counts.buffer, until }, stderr: true });
  Atomics.wait(counts, 0, 0, 4500);
  assert.is(counts[0], 1, 'the worker records under the lease');
  block(until - Date.now() + 10);
  const deadline = performance.now() + 5000;
  while (Atomics.load(counts, 1) === 0 && performance.now() < deadline);
  assert.equal([...counts], [1, 1, 0], 'and nothing after it');
  await worker.terminate();
  tracing.setEnabled(true, { for: 10 });
  block(20);
  assert.equal(await firstTurns(), [0, 0]);
  await tracing.shutdown();
});

/** The first line that a new worker logs. */
async function firstLine(): Promise<string> {
  const worker = new Worker(PROGRAM, { eval: true, stderr: true });
  let text = '';
  for await (const part of worker.stderr) {
    text += part;
    if (text.includes('\n')) break;
  }
  await worker.terminate();
  return text.split('\n')[0] as string;
}

test('a worker starts with what is in force, in its first turn', async () => {
  const { startTracing } = require(PACKAGE) as typeof import('../../runtime/index.js');
  const discard = {
    export: (_: unknown, done: (result: { code: number }) => void) => done({ code: 0 }),
    shutdown: async () => {},
  };
  const tracing = await startTracing({ exporter: discard });
  assert.equal(await firstTurns(), [0, 0]);
  tracing.setEnabled(true, { for: '60s' });
  assert.equal(await firstTurns(), [100, 100]);
  assert.match(await firstLine(), /SPW001 .* tracing is on$/);
  const rules = tracing.setRules('carbide::worker=off');
  assert.equal(await firstTurns(), [0, 0]);
  tracing.endLease(rules.id);
  await tracing.shutdown();
  assert.equal(await firstTurns(), [0, 0], 'after a shutdown a worker starts as it is configured');
});

test.run();
