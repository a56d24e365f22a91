// Rows of code.test.ts: each TypeScript block of the pages that is a part of a program, with its surrounding, and what must come of it.

import { EventEmitter, once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { inspect } from 'node:util';
import { metrics } from '@opentelemetry/api';
import {
  AggregationTemporality,
  AggregationType,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from '@opentelemetry/sdk-metrics';
import bunyan from 'bunyan';
import express from 'express';
import pino from 'pino';
import initSql from 'sql.js';
import * as assert from 'uvu/assert';
import winston from 'winston';
import { type AdminServerOptions, startAdminServer } from '../../runtime/admin/index.js';
import { baggage, extract, inject, instrument, siteOf } from '../../runtime/index.js';
import { consoleLogger } from '../../runtime/logs/index.js';
import 'reflect-metadata';
import { startReceiver } from '../../viewer/receiver/receiver.js';
import { assertShown, blockOf, type CodeRow } from './evaluate.js';

const CALLER = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
const TRACE = CALLER.slice(3, 35);

/** Lines that a call writes to standard output. */
async function printed(run: () => unknown): Promise<string[]> {
  const { write } = process.stdout;
  let text = '';
  process.stdout.write = ((data: string | Uint8Array) => {
    text += String(data);
    return true;
  }) as typeof write;
  try {
    await run();
  } finally {
    process.stdout.write = write;
  }
  return text.split('\n').filter((line) => line !== '');
}

const RECORDING = 'docs/recording.md';
const PROPAGATION = 'docs/propagation.md';
const LOGS = 'docs/logs.md';

export const CODE: readonly CodeRow[] = [
  {
    page: RECORDING,
    has: 'const lease = tracing.setEnabled(true',
    async run(page, block) {
      const seen = await page.evaluate(block, { after: 'return { lease, left: tracing.leases(), enabled: tracing.enabled };' });
      assert.equal([seen.lease.value, seen.left, seen.enabled], [true, [], false]);
      assert.is(seen.lease.limits.maxSpansPerSecond, 500);
    },
  },
  {
    page: RECORDING,
    has: 'expired; tracing is now off',
    async run(page) {
      const tracing = await page.startTracing({ serviceName: 'page' });
      tracing.setEnabled(true, { for: '20ms' });
      await new Promise((done) => setTimeout(done, 100));
      tracing.setEnabled(true, { maxSpans: 1 });
      for (let call = 0; call < 3; call += 1) await page.inSpan(async () => undefined);
      const lines = page.lines.filter((line) => line.includes('SPW012')).map((line) => line.replace(/lease \d+/, 'lease <n>'));
      const shown = { page: RECORDING, has: 'expired; tracing is now off' };
      assert.equal(
        lines,
        blockOf(shown)
          .code.replace(/lease \d+/g, 'lease <n>')
          .trim()
          .split('\n'),
      );
    },
  },
  {
    page: RECORDING,
    has: 'async decodeFrame(',
    async run(page, block) {
      const Example = await page.evaluate(block, { after: 'return Example;' });
      const tracing = await page.recording();
      const call = async (): Promise<string[]> => {
        const before = (await page.spans()).length;
        const example = new Example();
        await example.decodeFrame();
        await example.poll();
        await example.drain('n1');
        return (await page.spans()).slice(before).map(({ name }) => name);
      };
      assert.equal(await call(), ['Example.drain']);
      tracing.setRules('Example=debug');
      assert.equal(await call(), ['Example.decodeFrame', 'Example.drain']);
    },
  },
  {
    page: RECORDING,
    has: '@instrument.attributes({ args',
    shows: ['rackId = "rack-7"'],
    async run(page, block) {
      await page.recording();
      const bodies = ['{}', '{ this.select("rack-7"); }'];
      const Power = await page.evaluate(block, { bodies, className: 'Power', after: 'return Power;' });
      await new Power().powerControl('m-17', 'on');
      const [span] = await page.spans();
      const named = ['machineId', 'power.action', 'rackId', 'backend'];
      const rows = named.map((key) => `    ${key} = ${JSON.stringify(span?.attributes[key])}`);
      assertShown({ page: RECORDING, has: 'rackId = "rack-7"' }, `${span?.name}\n${rows.join('\n')}`);
    },
  },
  {
    page: RECORDING,
    has: 'keep: { errors: true',
    async run(page, block) {
      await page.evaluate(block, { given: { startTracing: (options: object) => page.recording(options) } });
      const failing = instrument({ name: 'failing' }, async () => Promise.reject(new Error('no')));
      await failing().catch(() => undefined);
      assert.equal(
        (await page.spans()).map(({ name }) => name),
        ['failing'],
      );
    },
  },
  {
    page: RECORDING,
    has: 'sessions.start(',
    async run(page, block) {
      await page.recording();
      const given = {
        event: { id: 'e1' },
        drainOnce: instrument({ name: 'drainOnce' }, async () => undefined),
        error: undefined,
      };
      await page.evaluate(block, { given });
      const spans = await page.spans();
      const session = spans.find(({ name }) => name === 'drain_session');
      assert.ok(session, 'the session has ended');
      assert.is(spans.find(({ name }) => name === 'drainOnce')?.parentSpanContext?.spanId, session.spanContext().spanId);
    },
  },
  {
    page: RECORDING,
    has: 'siteOf(context.getHandler())',
    async run(page, block) {
      const seen: unknown[] = [];
      const watched =
        <T extends unknown[], R>(read: (...values: T) => R) =>
        (...values: T): R => {
          const value = read(...values);
          seen.push((value as { namespace?: string } | undefined)?.namespace ?? value);
          return value;
        };
      const given = { siteOf: watched(siteOf), Reflect: { getMetadata: watched(Reflect.getMetadata) } };
      const after = `class OrderController { @instrument({ namespace: 'shop::orders::OrderController' }) find() {} }
new Example().canActivate({ getHandler: () => OrderController.prototype.find, getClass: () => OrderController });`;
      await page.evaluate(block, { given, after });
      const [, shown] = /\/\/ '(.*)'/.exec(block.code) ?? [];
      assert.equal(seen, [shown, shown]);
    },
  },
  {
    page: RECORDING,
    has: 'export default async function task',
    async run(page, block) {
      const tracing = await page.recording({ scheduleDelay: '10s' });
      const work = instrument({ name: 'work' }, async (input: string) => input.length);
      assert.is(await page.evaluate(block, { given: { work }, after: 'return exports.default("four");' }), 4);
      assert.is(tracing.state().spans.exported, 1, 'sent by the flush of the task');
    },
  },
  {
    page: PROPAGATION,
    has: 'await queue.push(',
    shows: ["-03' }"],
    async run(page, block) {
      await page.recording();
      const pushed: { headers: object }[] = [];
      const handled: unknown[] = [];
      const given = {
        queue: { push: async (message: { headers: object }) => pushed.push(message) },
        payload: 'work',
        message: { headers: { traceparent: CALLER } },
        handle: async () => handled.push(inject({})),
      };
      await page.inSpan(() => page.evaluate(block, { given, after: 'await new Consumer().consume(message);' }));
      assertShown({ page: PROPAGATION, has: "-03' }" }, inspect(pushed[0]?.headers, { breakLength: 200 }));
      assert.match(JSON.stringify(handled), TRACE);
      const consumed = (await page.spans()).find(({ name }) => name === 'Consumer.consume');
      assert.is(consumed?.parentSpanContext?.spanId, CALLER.slice(36, 52));
    },
  },
  {
    page: PROPAGATION,
    has: 'carriers.sqs)',
    async run(page, block) {
      await page.recording();
      const sent: { MessageAttributes: object }[] = [];
      const handled: unknown[] = [];
      const given = {
        queue: { send: async (request: { MessageAttributes: object }) => sent.push(request) },
        request: { QueueUrl: 'q' },
        record: { headers: { traceparent: Buffer.from(CALLER) } },
        handle: async () => handled.push(inject({})),
      };
      await page.inSpan(() => page.evaluate(block, { given }));
      assert.match(JSON.stringify(sent[0]?.MessageAttributes), /"traceparent":\{"DataType":"String","StringValue":"00-/);
      assert.match(JSON.stringify(handled), TRACE);
    },
  },
  {
    page: PROPAGATION,
    has: 'carriers.document({',
    shows: ["'status.spanids.node-drainer'"],
    async run(page, block) {
      await page.recording();
      const updates: Record<string, unknown>[] = [];
      const given = { store: { update: async (_id: string, fields: Record<string, unknown>) => updates.push(fields) }, extract };
      const event = {
        id: 'e1',
        metadata: { trace_id: TRACE },
        status: { spanids: { 'fault-quarantine': CALLER.slice(36, 52) } },
      };
      await page.evaluate(block, { given: { ...given, event }, after: 'await new Drainer().drain(event);' });
      const { status, ...changes } = updates[0] ?? {};
      assert.is(status, 'drained');
      assertShown({ page: PROPAGATION, has: "'status.spanids.node-drainer'" }, inspect(changes, { compact: false }));
      const [span] = await page.spans();
      assert.equal([span?.spanContext().traceId, span?.links.length], [TRACE, 1]);
    },
  },
  {
    page: PROPAGATION,
    has: 'correlationAttributes(request)',
    async run(page, block) {
      await page.recording();
      const Example = await page.evaluate(block, { after: 'return Example;' });
      new Example().example({ headers: { 'x-request-id': 'r-1' } });
      assert.equal((await page.spans())[0]?.attributes['http.request.header.x-request-id'], ['r-1']);
    },
  },
  {
    page: PROPAGATION,
    has: 'baggage.declare({',
    shows: ['SPW019'],
    async run(page, block) {
      await page.recording();
      const seen: unknown[] = [];
      const see = () => seen.push(baggage.get('event.priority'));
      const after = 'pipeline.set({ "event.priority": "urgent" }, () => undefined); return pipeline.get("event.priority");';
      assert.is(await page.evaluate(block, { given: { image: {}, analyze: see, callPartner: see }, after }), 'normal');
      assert.equal(seen, ['high', undefined]);
      assertShown({ page: PROPAGATION, has: 'SPW019' }, page.lines.filter((line) => line.includes('SPW019')).join('\n'));
    },
  },
  {
    page: 'docs/process-end.md',
    has: "forceFlush({ timeout: '1s' })",
    async run(page, block) {
      const tracing = await page.recording({ scheduleDelay: '10s' });
      await page.inSpan(async () => undefined);
      await page.evaluate(block);
      assert.is(tracing.state().spans.exported, 1);
    },
  },
  {
    page: 'docs/process-end.md',
    has: "process.once('SIGTERM'",
    async run(page, block) {
      const tracing = await page.recording({ scheduleDelay: '10s' });
      const server = createServer().listen(0);
      await once(server, 'listening');
      const signals = new EventEmitter();
      const left = new Promise((exit) => Object.assign(signals, { exit }));
      await page.evaluate(block, { given: { process: signals, server, once } });
      await page.inSpan(async () => undefined);
      signals.emit('SIGTERM');
      assert.is(await left, 0);
      assert.equal([server.listening, tracing.state().spans.exported], [false, 1]);
    },
  },
  {
    page: LOGS,
    has: "fields: { module: 'drainer' }",
    shows: ['module=drainer time='],
    async run(page, block) {
      await page.recording();
      const [line = ''] = await printed(() => page.inSpan(() => page.evaluate(block)));
      assertShown({ page: LOGS, has: 'module=drainer time=' }, line);
    },
  },
  {
    page: LOGS,
    has: 'pino({ mixin: pinoMixin() })',
    async run(page, block) {
      await page.recording();
      const loggers: { info(text: string): unknown }[] = [];
      const keep = <T extends { info(text: string): unknown }>(logger: T): T => {
        loggers.push(logger);
        return logger;
      };
      const sink = { write: (line: string) => void process.stdout.write(line) };
      const given = {
        pino: (options: object) => keep(pino(options, sink)),
        winston: { createLogger: (options: object) => keep(winston.createLogger(options)) },
        format: winston.format,
        transports: [new winston.transports.Stream({ stream: process.stdout })],
        bunyan: { createLogger: (options: bunyan.LoggerOptions) => keep(bunyan.createLogger(options)) },
        consoleLogger: (options: object) => keep(consoleLogger(options) as { info(text: string): unknown }),
      };
      await page.evaluate(block, { given });
      assert.is(loggers.length, 5);
      const lines = await printed(() =>
        page.inSpan(async () => {
          for (const logger of loggers) logger.info('drained');
          await new Promise((done) => setTimeout(done, 20));
        }),
      );
      const [span] = await page.spans();
      assert.is(lines.length, 5, lines.join('\n'));
      for (const line of lines) assert.match(line, span?.spanContext().traceId as string);
    },
  },
  {
    page: LOGS,
    has: 'traceUrl(',
    async run(page, block) {
      const [call = ''] = /^addressOf\(.*\);/m.exec(block.code) ?? [];
      const [, shown = ''] = /^\/\/ (.*)/m.exec(block.code) ?? [];
      assert.is(await page.evaluate(block, { after: `return ${call}` }), shown);
    },
  },
  {
    page: 'docs/instrumentations.md',
    has: 'sqlQueries({',
    async run(page, block) {
      await page.recording();
      const database = new (await initSql()).Database();
      const prepare = (sql: string) => ({ all: (...values: number[]) => database.exec(sql, values)[0]?.values });
      await page.inSpan(async () => {
        const answer = await page.evaluate(block, { given: { database: { prepare } }, after: "return all('select 1 + ?', 2);" });
        assert.equal(answer, [[3]]);
      });
      const [span] = await page.spans();
      assert.is(span?.attributes.sql_queries, 1);
    },
  },
  {
    page: 'docs/hosts.md',
    has: "import spanwright from 'spanwright/unplugin/vite'",
    async run(page, block) {
      const { plugins } = await page.evaluate(block, { after: 'return exports.default;' });
      assert.match(JSON.stringify([plugins].flat(2).map(({ name }: { name: string }) => name)), 'spanwright');
    },
  },
  {
    page: 'viewer/README.md',
    has: 'receiver.waitFor(',
    async run(page, block) {
      const started = async () => {
        const receiver = await startReceiver();
        await page.recording({ endpoint: receiver.endpoint, exporter: undefined, scheduleDelay: '10ms' });
        await instrument({ name: 'request' }, async () => undefined)();
        return receiver;
      };
      const spans = await page.evaluate(block, { given: { startReceiver: started }, after: 'return receiver.spans;' });
      assert.equal(
        spans.map(({ name }: { name: string }) => name),
        ['request'],
      );
    },
  },
  {
    page: 'docs/admin.md',
    has: 'const admin = await startAdminServer(',
    shows: ['spanwright admin: set tracing-enabled'],
    async run(page, block) {
      const file = process.env.TOKEN_FILE as string;
      const lines: string[] = [];
      const given = {
        startTracing: () => page.startTracing({ serviceName: 'page' }),
        startAdminServer: (options: AdminServerOptions) =>
          startAdminServer({ ...options, tokenFile: file, port: 0, log: (line) => lines.push(line) }),
      };
      const server = await page.evaluate(block, { given, after: 'return admin;' });
      const headers = { authorization: `Bearer ${readFileSync(file, 'utf8')}`, 'content-type': 'application/json' };
      const body = JSON.stringify({ enabled: true, for: '10m', reason: 'slow power control on rack 7' });
      const { status } = await fetch(`${server.url}/enabled`, { method: 'PUT', headers, body });
      await server.close();
      assert.is(status, 200);
      const shown = { page: 'docs/admin.md', has: 'spanwright admin: set tracing-enabled' };
      assertShown(shown, lines.join('\n').replace(/lease \d+/, 'lease 6'));
    },
  },
  {
    page: 'docs/admin.md',
    has: 'app.use(toNodeHandler(admin))',
    async run(page, block) {
      await page.recording();
      const app = express();
      await page.evaluate(
        { ...block, code: block.code.replace('/run/secrets/tracing-token', process.env.TOKEN_FILE as string) },
        { given: { app } },
      );
      const server = app.listen(0);
      await once(server, 'listening');
      const { port } = server.address() as { port: number };
      const state = (await (await fetch(`http://127.0.0.1:${port}/tracing/state`)).json()) as { enabled: boolean };
      server.close();
      assert.is(state.enabled, true);
    },
  },
  {
    page: 'docs/admin.md',
    has: 'EXPONENTIAL_HISTOGRAM',
    async run(page, block) {
      const exporter = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE);
      const readers = [new PeriodicExportingMetricReader({ exporter, exportIntervalMillis: 60_000 })];
      const given = { AggregationType, MeterProvider, metrics, readers };
      await page.evaluate(block, { given });
      metrics.getMeter('page').createHistogram('spanwright.call.duration').record(1);
      await readers[0]?.forceFlush();
      const [metric] = exporter.getMetrics()[0]?.scopeMetrics[0]?.metrics ?? [];
      metrics.disable();
      assert.ok('scale' in ((metric?.dataPoints[0]?.value ?? {}) as object), 'exponential');
    },
  },
];
