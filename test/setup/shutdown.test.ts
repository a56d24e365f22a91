// Signals in processes of their own: the flush happens, within its limit, and the process ends as without Spanwright.

import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';

const ROOT = join(__dirname, '..', '..');

interface End {
  code: number | null;
  signal: NodeJS.Signals | null;
  out: string;
  /** Milliseconds from the first signal to the end. */
  took: number;
}

/** Runs `script` until it prints `ready`, sends the signals, and waits for the end. */
function runScript(script: string, signals: NodeJS.Signals[] = ['SIGTERM'], between = 0): Promise<End> {
  const head = `const { onShutdownSignal } = require(${JSON.stringify(join(ROOT, 'runtime/setup/shutdown.ts'))});
    const say = (text) => require('node:fs').writeSync(1, text + '\\n');
    const later = (ms, text) => () => new Promise((done) => setTimeout(() => { say(text); done(); }, ms));
    const never = () => new Promise(() => {});
    const alive = setInterval(() => {}, 1000);`;
  return new Promise((resolve) => {
    const child = spawn(process.execPath, ['--require', 'tsx/cjs', '-e', `${head}${script}; say('ready');`], {
      cwd: ROOT,
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let out = '';
    let begun = 0;
    const guard = setTimeout(() => child.kill('SIGKILL'), 60_000);
    child.stdout.on('data', (data) => {
      out += data;
      if (begun > 0 || !out.includes('ready')) return;
      begun = performance.now();
      for (const [index, signal] of signals.entries()) setTimeout(() => child.kill(signal), index * between);
    });
    child.on('close', (code, signal) => {
      clearTimeout(guard);
      resolve({ code, signal, out: out.replace('ready\n', ''), took: performance.now() - begun });
    });
  });
}

for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP', 'SIGQUIT'] as const) {
  test(`${signal} with no other listener shuts down first and then ends the process by that signal`, async () => {
    const end = await runScript(
      `onShutdownSignal({ shutdown: later(100, 'shut down'), reportLost() {}, forceFlush: later(0, 'flushed') }, 5000)`,
      [signal],
    );
    assert.equal([end.out, end.code, end.signal], ['shut down\n', null, signal]);
  });
}

test('a shutdown that does not end is abandoned at the limit', async () => {
  const end = await runScript(`onShutdownSignal({ shutdown: never, reportLost() {}, forceFlush: never }, 200)`);
  assert.is(end.signal, 'SIGTERM');
  assert.ok(end.took >= 190 && end.took < 10_000, `${end.took}`);
});

test('a shutdown that rejects ends the process by the signal too', async () => {
  const end = await runScript(
    `onShutdownSignal({ shutdown: () => Promise.reject(new Error('x')), reportLost() {}, forceFlush: never }, 60_000)`,
  );
  assert.is(end.signal, 'SIGTERM');
  assert.ok(end.took < 10_000, `${end.took}`);
});

test('with a listener of the program the signal only flushes, and the program decides when and how to end', async () => {
  const end = await runScript(
    `onShutdownSignal({ shutdown: later(0, 'shut down'), reportLost() {}, forceFlush: later(10, 'flushed') }, 5000);
     process.on('SIGTERM', () => setTimeout(() => process.exit(7), 300))`,
  );
  assert.equal([end.out, end.code, end.signal], ['flushed\n', 7, null]);
});

test('a program that ignores the signal keeps running, as without Spanwright', async () => {
  const end = await runScript(
    `onShutdownSignal({ shutdown: never, reportLost() {}, forceFlush: later(0, 'flushed') }, 50); process.on('SIGTERM', () => {}); setTimeout(() => process.exit(3), 900)`,
  );
  assert.equal([end.out, end.code], ['flushed\n', 3]);
});

test('a second signal does not wait for the flush', async () => {
  const end = await runScript(
    `onShutdownSignal({ shutdown: never, reportLost() {}, forceFlush: never }, 60_000)`,
    ['SIGINT', 'SIGINT'],
    300,
  );
  assert.is(end.signal, 'SIGINT');
  assert.ok(end.took < 10_000, `${end.took}`);
});

test('two set-ups in one process both finish before the signal ends it', async () => {
  const end = await runScript(
    `onShutdownSignal({ shutdown: later(50, 'one'), reportLost() {}, forceFlush: never }, 5000); onShutdownSignal({ shutdown: later(300, 'two'), reportLost() {}, forceFlush: never }, 5000)`,
  );
  assert.equal([end.out, end.signal], ['one\ntwo\n', 'SIGTERM']);
});

test('a passive listener of signal-exit causes no mutual wait', async () => {
  const passive = `
    const emitter = { count: 1 };
    globalThis[Symbol.for('signal-exit emitter')] = emitter;
    const listener = () => { if (process.listeners('SIGTERM').length === emitter.count) { process.removeListener('SIGTERM', listener); say('theirs'); process.kill(process.pid, 'SIGTERM'); } };
    process.on('SIGTERM', listener);`;
  const end = await runScript(
    `${passive} onShutdownSignal({ shutdown: later(50, 'shut down'), reportLost() {}, forceFlush: later(0, 'flushed') }, 5000)`,
  );
  assert.equal([end.out, end.signal], ['shut down\ntheirs\n', 'SIGTERM']);
});

test('after removal the signal has its default effect at once, without a flush', async () => {
  const end = await runScript(
    `onShutdownSignal({ shutdown: later(0, 'shut down'), reportLost() {}, forceFlush: later(0, 'flushed') }, 5000)()`,
  );
  assert.equal([end.out, end.signal], ['', 'SIGTERM']);
});

test('the listeners do not keep a finished process alive', async () => {
  const end = await runScript(
    `onShutdownSignal({ shutdown: never, reportLost() {}, forceFlush: never }, 5000); clearInterval(alive)`,
    [],
  );
  assert.equal([end.code, end.signal], [0, null]);
});

test.run();
