// The flight recorder in real processes, compiled with the transformer: each trigger leaves a file that the viewer opens, with the calls
// before it, and the process ends or goes on as it would have without.
// limit: 240 s

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { readTraces } from '../../viewer/formats/read.js';
import type { TraceList } from '../../viewer/server/shapes.js';
import { start } from '../cli/program.js';
import { type Compiled, compile } from '../transformer/compile.js';

const PROGRAM = `import { instrument, startTracing, type Tracing } from 'spanwright';
import { Worker } from 'node:worker_threads';
const tick = (ms = 2) => new Promise<void>((resolve) => setTimeout(resolve, ms));
class Rack {
  @instrument({ args: ['machine'] })
  async power(machine: string): Promise<string> { await tick(); return this.read(machine); }
  @instrument read(machine: string): string { return machine.toUpperCase(); }
  @instrument async fails(): Promise<void> { await tick(); this.refuse(); }
  @instrument refuse(): void { throw new Error('refused'); }
  @instrument async slow(): Promise<void> { await tick(300); }
  @instrument block(ms: number): void { const until = Date.now() + ms; while (Date.now() < until); }
}
const rack = new Rack();
const { plain, ...options } = JSON.parse(process.argv[2] ?? '{}');
const ACTS: Record<string, (tracing: Tracing) => unknown> = {
  exception: () => setTimeout(() => rack.refuse(), 5),
  rejection: () => void rack.fails(),
  error: () => rack.fails().catch(() => undefined),
  twice: async () => { await rack.fails().catch(() => undefined); await tick(100); await rack.fails().catch(() => undefined); },
  slow: () => rack.slow(),
  block: () => { rack.block(400); },
  many: (tracing) => { for (let at = 0; at < 20_000; at++) rack.read('m'); return ACTS.wait!(tracing); },
  wait: () => { console.log('ready'); setTimeout(() => undefined, 20_000); },
  nothing: () => undefined,
  worker: () => {
    const worker = new Worker(__filename, { argv: [process.argv[2]!, 'exception'] });
    worker.on('error', (error) => console.log('of the worker:', error.message));
  },
  full: async (tracing) => {
    await tracing.dump('asked').catch((error) => console.log('not written:', error.code));
    rack.refuse();
  },
  // every trigger, twice
  every: async (tracing) => {
    process.on('uncaughtException', () => undefined);
    for (let turn = 0; turn < 2; turn++) {
      await rack.fails().catch(() => undefined);
      await rack.slow();
      for (const until = Date.now() + 400; Date.now() < until; );
      await tick(500);
      setTimeout(() => rack.refuse(), 5);
      void rack.fails();
      await tick(100);
      process.kill(process.pid, 'SIGUSR2');
      await tracing.dump('asked').catch((error) => console.log('not written:', error.code));
      await tick(100);
    }
    console.log('still here');
    process.kill(process.pid, 'SIGTERM');
    await tick(20_000);
  },
};
async function main(): Promise<void> {
  const tracing = await startTracing({ serviceName: 'rack', ...(plain ? {} : { flightRecorder: '30s' }), ...options });
  console.log(await rack.power('m-1'));
  await ACTS[process.argv[3] ?? 'nothing']!(tracing);
  if (process.argv[4] === 'then') { await tick(800); console.log('still here'); await tracing.shutdown(); }
}
void main();
`;

let compiled: Compiled;
test.before(() => {
  compiled = compile({ files: { 'src/main.ts': PROGRAM }, compilerOptions: { experimentalDecorators: true } });
  assert.equal(compiled.diagnostics, []);
});

interface Run {
  readonly code: number | null;
  readonly signal: string | null;
  readonly out: string;
  readonly err: string;
  /** Names of all files in the folder. */
  readonly files: readonly string[];
  /** Causes in the names of the files, and the spans that they hold. */
  readonly dumps: { cause: string; path: string; spans: ReturnType<typeof readTraces> }[];
}

async function run(
  act: string,
  options: object = {},
  /** `patient`: the next signal is sent once the file of the one before is whole; otherwise once it is begun. */
  { goesOn = false, patient = true, signals = [] as NodeJS.Signals[], mostKibibytes = 0 } = {},
): Promise<Run> {
  const folder = join(compiled.directory, 'flight');
  rmSync(folder, { recursive: true, force: true });
  const given = JSON.stringify({ flightDirectory: folder, ...options });
  const limited = mostKibibytes > 0 ? ['bash', '-c', `ulimit -f ${mostKibibytes} && exec "$0" "$@"`] : [];
  const [command, ...args] = [...limited, process.execPath, 'out/main.js', given, act, ...(goesOn ? ['then'] : [])];
  const child = spawn(command as string, args, { cwd: compiled.directory });
  let [out, err] = ['', ''];
  child.stderr.on('data', (part) => (err += part));
  child.stdout.on('data', (part) => {
    out += part;
    if (/ready\n$/.test(out)) void send();
  });
  async function send(): Promise<void> {
    for (const signal of signals) {
      child.kill(signal);
      // the next one may end the process
      const isDue = () => (patient ? err.includes(`-${signal}.json`) : existsSync(folder) && readdirSync(folder).length > 0);
      while (child.exitCode === null && child.signalCode === null && !isDue())
        await new Promise((resolve) => setTimeout(resolve, patient ? 50 : 2));
    }
  }
  const force = setTimeout(() => child.kill('SIGKILL'), 30_000);
  const [code, signal] = await new Promise<[number | null, string | null]>((resolve) =>
    child.once('close', (...end) => resolve(end)),
  );
  clearTimeout(force);
  const files = existsSync(folder) ? readdirSync(folder).sort() : [];
  const complete = files.filter((name) => name.endsWith('.json'));
  const dumps = complete.map((name) => {
    const cause = /Z-[\d.]+-(.+)\.json$/.exec(name)?.[1] ?? name;
    const path = join(folder, name);
    return { cause, path, spans: readTraces(readFileSync(path, 'utf8')) };
  });
  return { code, signal, out, err, files, dumps };
}

/** Ids of the traces that `spanwright view` shows of the files. */
async function viewed(files: readonly string[]): Promise<string[]> {
  const ports = ['--port', '0', '--grpc-port', '0', '--http-port', '0'];
  const viewer = start(['view', '--json', ...ports, ...files]);
  try {
    const [line] = (await once(viewer.stdout as Readable, 'data')) as [Buffer];
    const answer = await fetch(`${JSON.parse(String(line)).view}/api/traces`);
    return ((await answer.json()) as TraceList).traces.map(({ id }) => id).sort();
  } finally {
    viewer.kill();
  }
}

const names = (spans: Run['dumps'][number]['spans']) => spans.map(({ name }) => name);
const BEFORE = ['Rack.power', 'Rack.read'];

for (const [act, cause, calls, text] of [
  ['exception', 'uncaughtException', [...BEFORE, 'Rack.refuse'], /Error: refused/],
  ['rejection', 'unhandledRejection', [...BEFORE, 'Rack.fails', 'Rack.refuse'], /Error: refused/],
] as const)
  test(`a crash by an ${act} leaves a file with the calls before it, and is the same crash`, async () => {
    const { code, err, out, dumps } = await run(act, { flightErrors: false });
    assert.match(out, 'M-1');
    assert.is(code, 1);
    assert.match(err, text);
    assert.equal(
      dumps.map((dump) => dump.cause),
      [cause],
    );
    const [{ spans } = { spans: [] }] = dumps;
    assert.equal(names(spans), calls);
    const [root, read] = spans;
    assert.is(root?.attributes['spanwright.flight.reason'], cause);
    assert.is(root?.attributes.machine, 'm-1');
    assert.is(root?.attributes['code.file.path'], 'src/main.ts');
    assert.is(read?.parentSpanId, root?.spanId, 'across the await');
    assert.is(spans.at(-1)?.status.message, 'refused');
    const without = await run(act, { plain: true });
    assert.is(without.code, code);
    assert.equal(without.dumps, []);
  });

test('an error at a root writes a file, once within the interval, and the process goes on', async () => {
  const { code, out, dumps } = await run('twice', {}, { goesOn: true });
  assert.is(code, 0);
  assert.match(out, 'still here');
  assert.equal(
    dumps.map(({ cause, spans }) => [cause, names(spans)]),
    [['error', [...BEFORE, 'Rack.fails', 'Rack.refuse']]],
  );
  const often = await run('twice', { flightInterval: 0 }, { goesOn: true });
  assert.is(often.dumps.length, 2);
  const never = await run('twice', { flightErrors: false }, { goesOn: true });
  assert.equal(never.dumps, []);
});

test('a root that is slower than the limit writes a file, and one that is not writes none', async () => {
  const { dumps } = await run('slow', { flightSlowerThan: '200ms' }, { goesOn: true });
  assert.equal(
    dumps.map(({ cause, spans }) => [cause, names(spans)]),
    [['slow', [...BEFORE, 'Rack.slow']]],
  );
  assert.equal((await run('slow', { flightSlowerThan: '10s' }, { goesOn: true })).dumps, []);
});

test('a blocked event loop writes a file beyond the limit, and none below it', async () => {
  const { dumps } = await run('block', { flightLoopDelay: '200ms' }, { goesOn: true });
  assert.equal(
    dumps.map(({ cause, spans }) => [cause, names(spans)]),
    [['event-loop-delay', [...BEFORE, 'Rack.block']]],
  );
  // looked at once before the end
  assert.equal((await run('block', { flightLoopDelay: '900ms' }, { goesOn: true })).dumps, []);
});

for (const asked of ['SIGUSR1', 'SIGUSR2'] as const)
  test(`${asked} writes a file where it is asked for, and the process goes on until SIGTERM, which writes another`, async () => {
    const { dumps, signal, err } = await run('wait', { flightSignal: asked }, { signals: [asked, 'SIGTERM'] });
    assert.equal(
      dumps.map(({ cause, spans }) => [cause, names(spans)]),
      [
        [asked, BEFORE],
        ['SIGTERM', BEFORE],
      ],
    );
    assert.is(signal, 'SIGTERM', 'SIGTERM ends it as it would without');
    assert.not.match(err, 'Debugger listening');
  });

test('a signal that is not configured keeps its effect, and writes no file', async () => {
  const unasked = await run('wait', {}, { signals: ['SIGUSR2'] });
  assert.is(unasked.signal, 'SIGUSR2', 'a signal that is not asked for does what it did');
  assert.equal(unasked.dumps, []);
});

const EVERY = { flightSlowerThan: '200ms', flightLoopDelay: '200ms', flightSignal: 'SIGUSR2' };
const TRIGGERS = ['SIGTERM', 'SIGUSR2', 'error', 'event-loop-delay', 'slow', 'uncaughtException', 'unhandledRejection'];

test('each trigger writes one file within the interval, with its cause on the roots; the viewer opens them all', async () => {
  const { dumps, out, signal } = await run('every', EVERY);
  assert.match(out, 'still here');
  assert.is(signal, 'SIGTERM');
  assert.equal(dumps.map(({ cause }) => cause).sort(), [...TRIGGERS, 'asked', 'asked'].sort());
  for (const { cause, spans } of dumps) {
    assert.ok(spans.length > BEFORE.length, cause);
    for (const { attributes, parentSpanId } of spans)
      assert.is(attributes['spanwright.flight.reason'], parentSpanId === '' ? cause : undefined);
  }
  const traces = new Set(dumps.flatMap(({ spans }) => spans.map(({ traceId }) => traceId)));
  assert.equal(await viewed(dumps.map(({ path }) => path)), [...traces].sort());
});

test('without an interval each trigger writes each time, except the signal that ends the process', async () => {
  const { dumps } = await run('every', { ...EVERY, flightInterval: 0 });
  for (const trigger of TRIGGERS) {
    const times = dumps.filter(({ cause }) => cause === trigger).length;
    assert.ok(trigger === 'SIGTERM' ? times === 1 : times >= 2, `${trigger}: ${times}`);
  }
});

test('where no file can be written, each trigger is logged once a minute and the program goes on as it would', async () => {
  const { dumps, out, err, signal } = await run('every', { ...EVERY, flightDirectory: '/proc/spanwright' });
  assert.match(out, /not written: \w+\n.*still here/s);
  assert.is(signal, 'SIGTERM');
  const logged = [...err.matchAll(/SPW042 .*because of (\S+): /g)].map(([, trigger]) => trigger);
  assert.equal(logged.sort(), [...TRIGGERS, 'asked'].sort());
  assert.equal(dumps, []);
});

test('on a full disk no part of a file stays, and the crash is unchanged', async () => {
  const { code, out, err, files } = await run('full', {}, { mostKibibytes: 1 });
  assert.match(out, 'not written: EFBIG');
  assert.match(err, /SPW042 .*EFBIG/);
  assert.match(err, /Error: refused/);
  assert.is(code, 1);
  assert.equal(files, []);
});

test('a crash in a worker thread leaves a file with the calls of the worker, and the process goes on', async () => {
  const { code, out, dumps } = await run('worker', { flightErrors: false }, { goesOn: true });
  assert.is(code, 0);
  assert.match(out, 'of the worker: refused');
  assert.match(out, 'still here');
  assert.equal(
    dumps.map(({ cause, spans }) => [cause, names(spans)]),
    [['uncaughtException', [...BEFORE, 'Rack.refuse']]],
  );
});

test('a process that ends while a file is written leaves no incomplete file under its final name', async () => {
  const { dumps, signal } = await run('many', { flightSignal: 'SIGUSR2' }, { signals: ['SIGUSR2', 'SIGTERM'], patient: false });
  assert.is(signal, 'SIGTERM');
  assert.ok(dumps.some(({ cause }) => cause === 'SIGTERM'));
  for (const { spans } of dumps) assert.is(spans.length, BEFORE.length + 20_000);
});

test('a process without an incident writes nothing', async () => {
  const { code, dumps } = await run('nothing', { flightSlowerThan: '5s', flightLoopDelay: '5s' }, { goesOn: true });
  assert.is(code, 0);
  assert.equal(dumps, []);
});

test('a directory that cannot be written is logged, and the crash is unchanged', async () => {
  const { code, err, dumps } = await run('exception', { flightDirectory: '/proc/spanwright' });
  assert.is(code, 1);
  assert.match(err, /SPW042 .*the flight recorder could not be written/);
  assert.match(err, /Error: refused/);
  assert.equal(dumps, []);
});

test.run();
