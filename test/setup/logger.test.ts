// Notices in the application's logger, in the form that each library takes, by level, and quiet under test runners.

import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { diag } from '@opentelemetry/api';
import bunyan from 'bunyan';
import pino from 'pino';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import winston from 'winston';
import { createRootSampler, startTracing } from '../../runtime/index.js';
import type { LoggerOption, NoticeRecord } from '../../runtime/notice-logger.js';
import { notice, setNoticeLevel, setNoticeLogger } from '../../runtime/warnings.js';

function sink(): { stream: Writable; lines: string[] } {
  const lines: string[] = [];
  const stream = new Writable({
    write(chunk, _encoding, done) {
      lines.push(...String(chunk).trim().split('\n'));
      done();
    },
  });
  return { stream, lines };
}

test.after.each(() => {
  setNoticeLogger(undefined);
  setNoticeLevel('info');
});

/** Starts with the logger, logs SPW003 with a cause, and ends. */
async function notices(logger: LoggerOption, cause: string): Promise<void> {
  const tracing = await startTracing({ logger, endpoint: 'http://127.0.0.1:1', serviceName: 'logged' });
  notice('SPW003', 'refused', cause);
  await tracing.shutdown();
}

const parsed = (lines: readonly string[]): Record<string, unknown>[] => lines.map((line) => JSON.parse(line));

test('pino gets the code, the cause and the detail as fields', async () => {
  const { stream, lines } = sink();
  await notices(pino(stream), 'pino');
  const [started, failed] = parsed(lines);
  assert.equal([started?.level, started?.code], [30, 'SPW001']);
  assert.match(String(started?.msg), /^spanwright: SPW001 OpenTelemetry tracing initialized: service logged/);
  assert.equal([failed?.level, failed?.code, failed?.cause, failed?.detail], [40, 'SPW003', 'pino', 'refused']);
});

test('bunyan gets the code, the cause and the detail as fields too', async () => {
  const { stream, lines } = sink();
  await notices(bunyan.createLogger({ name: 'x', stream }), 'bunyan');
  const failed = parsed(lines)[1];
  assert.equal([failed?.level, failed?.code, failed?.cause], [40, 'SPW003', 'bunyan']);
  assert.match(String(failed?.msg), /^spanwright: SPW003 cannot export spans: refused/);
});

test('winston gets the fields as metadata, also with syslog levels, which have no warn', async () => {
  for (const levels of [winston.config.npm.levels, winston.config.syslog.levels]) {
    const { stream, lines } = sink();
    const transports = [new winston.transports.Stream({ stream })];
    const name = levels === winston.config.npm.levels ? 'warn' : 'warning';
    await notices(winston.createLogger({ levels, transports, format: winston.format.json() }) as never, `winston ${name}`);
    const failed = parsed(lines)[1];
    assert.equal([failed?.level, failed?.code, failed?.cause], [name, 'SPW003', `winston ${name}`]);
  }
});

test("Nest's logger gets the text, with spanwright as its context", async () => {
  const { ConsoleLogger } = await import('@nestjs/common');
  const calls: unknown[][] = [];
  class Kept extends ConsoleLogger {
    override log(...args: unknown[]): void {
      calls.push(['log', ...args]);
    }
    override warn(...args: unknown[]): void {
      calls.push(['warn', ...args]);
    }
  }
  await notices(new Kept(), 'nest');
  assert.equal(
    calls.map(([method, , context]) => [method, context]),
    [
      ['log', 'spanwright'],
      ['warn', 'spanwright'],
    ],
  );
  assert.match(String(calls[1]?.[1]), /^spanwright: SPW003/);
});

test('diag, console and functions get lines, records and levels', async () => {
  const calls: unknown[][] = [];
  const record =
    (name: string) =>
    (...args: unknown[]) =>
      void calls.push([name, ...args]);
  diag.setLogger({ error: record('error'), warn: record('warn'), info: record('info'), debug() {}, verbose() {} });
  await notices(diag, 'diag');
  diag.disable();
  const ofDiag = calls.filter(([, line]) => String(line).startsWith('spanwright'));
  assert.equal(
    ofDiag.map(([name]) => name),
    ['info', 'warn'],
  );
  assert.equal((ofDiag[1]?.[2] as { code: string } | undefined)?.code, 'SPW003');

  const { warn, info } = console;
  const lines: unknown[][] = [];
  try {
    console.warn = (...args) => void lines.push(['warn', ...args]);
    console.info = (...args) => void lines.push(['info', ...args]);
    await notices(console, 'console');
  } finally {
    Object.assign(console, { warn, info });
  }
  assert.equal(
    lines.map(([name, ...args]) => [name, args.length]),
    [
      ['info', 1],
      ['warn', 1],
    ],
  );

  const records: NoticeRecord[] = [];
  await notices((given) => records.push(given), 'function');
  const { message, ...rest } = records[1] as NoticeRecord;
  assert.equal(rest, { level: 'warn', code: 'SPW003', detail: 'refused', cause: 'function' });
  assert.match(message, /^spanwright: SPW003/);
});

test('faults of a logger that throws, or is async and rejects, do not reach the program', async () => {
  const raised: unknown[] = [];
  const keep = (reason: unknown): void => void raised.push(reason);
  process.on('unhandledRejection', keep);
  for (const fails of [
    () => {
      throw new Error('full');
    },
    async () => Promise.reject(new Error('full')),
  ]) {
    await notices(fails, String(fails));
    await new Promise((turn) => setImmediate(turn));
  }
  process.removeListener('unhandledRejection', keep);
  assert.equal(raised, []);
});

test('startTracing() refuses a value that is no logger', async () => {
  for (const logger of [{}, { warn: 1 }, 'console', { warn() {} }])
    await startTracing({ logger: logger as never }).then(
      () => assert.unreachable(),
      (error: Error) => assert.match(error.message, /logger must be a logger \(an object with warn\(\)/),
    );
});

test('log_level leaves out the levels below it, and createRootSampler() takes both options', async () => {
  for (const [logLevel, codes] of [
    ['info', ['SPW001', 'SPW003']],
    ['warn', ['SPW003']],
    ['none', []],
  ] as const) {
    const seen: string[] = [];
    const logger = ({ code }: NoticeRecord): void => void seen.push(code);
    const tracing = await startTracing({ logger, logLevel, endpoint: 'http://127.0.0.1:1' });
    notice('SPW003', 'x', `level ${logLevel}`);
    await tracing.shutdown();
    assert.equal(seen, codes);
  }
  const seen: string[] = [];
  const { tracing } = createRootSampler({ logger: ({ code }) => seen.push(code) });
  notice('SPW003', 'x', 'root sampler');
  await tracing.shutdown();
  assert.equal(seen, ['SPW003']);
});

test('under a test runner only warnings are logged, unless a level is set', () => {
  const root = join(__dirname, '..', '..');
  const program = `const { startTracing } = require(${JSON.stringify(join(root, 'dist/runtime/index.js'))});
    startTracing({ endpoint: 'http://127.0.0.1:1' }).then((tracing) => tracing.shutdown());`;
  const run = (env: NodeJS.ProcessEnv): string =>
    spawnSync(process.execPath, ['-e', program], {
      cwd: root,
      encoding: 'utf8',
      env: { PATH: process.env.PATH, ...env },
    }).stderr;
  assert.match(run({}), /SPW001/);
  for (const env of [{ VITEST: 'true' }, { JEST_WORKER_ID: '1' }, { NODE_ENV: 'test' }]) assert.is(run(env), '');
  assert.match(run({ VITEST: 'true', OTEL_LOG_LEVEL: 'info' }), /SPW001/);
  assert.match(run({ VITEST: 'true', OTEL_BSP_SCHEDULE_DELAY: 'soon' }), /SPW038 .*OTEL_BSP_SCHEDULE_DELAY/);
});

test.run();
