// A Nest application with Spanwright's module, run in a process of its own with the packages of one part of .ci/setup. Called by
// module.test.ts.

import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';
import { ROOT } from '../hosts/conformance/project.js';
import { execute, part } from '../hosts/conformance/suite.js';

const PROGRAM = `import 'reflect-metadata';
import { BadRequestException, Body, CanActivate, Controller, Get, Inject, Injectable, Module, NotFoundException, Param, ParseIntPipe, Post, UseGuards, UseInterceptors, UsePipes } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { InMemorySpanExporter } from '@opentelemetry/sdk-trace-base';
import { instrument } from 'spanwright';
import { SPANWRIGHT, SpanwrightModule } from 'spanwright/nest';

@Injectable() class Settings { read() { return true; } }
@Module({ providers: [Settings], exports: [Settings] }) class SettingsModule {}

@Injectable() class Members implements CanActivate {
  canActivate(context: any) { return context.switchToHttp().getRequest().headers['x-member'] !== 'no'; }
}
@Injectable() class Admins implements CanActivate {
  canActivate(context: any) { return context.switchToHttp().getRequest().headers['x-admin'] === 'yes'; }
}
@Injectable() class Timing { intercept(_context: any, next: any) { return next.handle(); } }
@Injectable() class Trimmed { transform(value: any) { return value; } helper() {} }

@Injectable() class Orders {
  constructor(@Inject(SPANWRIGHT) private readonly tracing: any) {}
  async find(id: string) {
    if (id === 'none') throw new NotFoundException('no such order');
    if (id === 'broken') throw new Error('the store is gone');
    return { id, on: this.tracing.enabled };
  }
  onModuleInit() {}
}
class Marked { @instrument check(id: string) { if (id === 'bad') throw new BadRequestException(); } }
@Injectable() class Left { find() {} }

@Controller('orders') @UseGuards(Members) @UseInterceptors(Timing)
class OrdersController {
  constructor(@Inject(Orders) private readonly orders: Orders) {}
  @Get(':id') get(@Param('id') id: string) { new Marked().check(id); return this.orders.find(id); }
  @Get(':id/lines/:line') line(@Param('line', ParseIntPipe) line: number) { return { line }; }
  @Post() @UsePipes(Trimmed) async place(@Body() body: any) { return { item: body.item, ...(await this.orders.find('new')) }; }
}
@Module({ controllers: [OrdersController], providers: [Orders, Left] }) class OrderItemsModule {}

const exporter = new InMemorySpanExporter();
let ended = false;
exporter.shutdown = async () => { ended = true; };
const given = JSON.parse(process.argv[2] as string);
const options = { tracing: { serviceName: 'shop', exporter, logLevel: 'none', ...given.tracing }, exclude: [Left], ...given.options };
const tracingModule = given.async
  ? SpanwrightModule.forRootAsync({ imports: [SettingsModule], inject: [Settings], useFactory: async (settings: Settings) => ({ ...options, tracing: { ...options.tracing, enabled: settings.read() } }), hook: { guards: [Admins] } })
  : SpanwrightModule.forRoot({ ...options, hook: { guards: [Admins] } });

async function main() {
  if (given.fails) {
    const refused = await NestFactory.createApplicationContext({ module: class Root {}, imports: [tracingModule] } as any, { logger: false, abortOnError: false }).then(() => 'started', (error) => error.message);
    return console.log('ANSWER ' + JSON.stringify({ refused }));
  }
  @Module({ imports: [tracingModule as any, SettingsModule, OrderItemsModule], providers: [Admins] }) class AppModule {}
  const { FastifyAdapter } = given.adapter === 'fastify' ? require('@nestjs/platform-fastify') : { FastifyAdapter: undefined };
  const app: any = FastifyAdapter ? await NestFactory.create(AppModule, new FastifyAdapter(), { logger: false }) : await NestFactory.create(AppModule, { logger: false });
  if (given.globalPrefix) app.setGlobalPrefix(given.globalPrefix);
  await app.listen(0, '127.0.0.1');
  const { port } = app.getHttpServer().address();
  const tracing = app.get(SPANWRIGHT);
  const answers: any[] = [];
  for (const { path, method = 'GET', headers = {}, body } of given.requests) {
    exporter.reset();
    const text = body === undefined ? undefined : JSON.stringify(body);
    const answer = await fetch('http://127.0.0.1:' + port + path, { method, headers: { connection: 'close', ...(text && { 'content-type': 'application/json' }), ...headers }, ...(text && { body: text }) });
    const read = await answer.text();
    while (tracing.openCount > 0) await new Promise((done) => setTimeout(done, 5));
    await tracing.forceFlush();
    const spans = exporter.getFinishedSpans();
    answers.push({
      status: answer.status,
      body: read,
      traces: new Set(spans.map((span) => span.spanContext().traceId)).size,
      spans: spans.map((span) => ({
        name: span.name,
        kind: span.kind,
        failed: span.status.code === 2,
        parent: spans.find((other) => other.spanContext().spanId === span.parentSpanContext?.spanId)?.name ?? null,
        remote: span.parentSpanContext?.isRemote === true,
        namespace: span.attributes['code.namespace'],
        route: span.attributes['http.route'],
        status: span.attributes['http.response.status_code'],
      })),
    });
  }
  const sites = tracing.sites().map((site: any) => site.id);
  await app.close();
  console.log('ANSWER ' + JSON.stringify({ answers, sites, ended }));
}
main().catch((error) => { console.error(error); process.exit(1); });
`;

interface SeenSpan {
  readonly name: string;
  readonly kind: number;
  readonly failed: boolean;
  readonly parent: string | null;
  readonly remote: boolean;
  readonly namespace?: string;
  readonly route?: string;
  readonly status?: number;
}

interface Answer {
  readonly status: number;
  readonly body: string;
  readonly traces: number;
  readonly spans: readonly SeenSpan[];
}

export interface Ran {
  readonly answers: readonly Answer[];
  readonly sites: readonly string[];
  /** The exporter was shut down when the application had closed. */
  readonly ended: boolean;
  /** Why the application did not start. */
  readonly refused?: string;
}

interface Given {
  readonly adapter?: 'express' | 'fastify';
  readonly async?: true;
  readonly fails?: true;
  readonly globalPrefix?: string;
  readonly tracing?: object;
  readonly options?: object;
  readonly requests?: readonly { path: string; method?: string; headers?: Record<string, string>; body?: unknown }[];
}

/** The package is copied, because it takes the Nest that it finds beside itself. */
export class Applications {
  readonly #folder: string;

  constructor(name: string) {
    this.#folder = mkdtempSync(join(part(name), 'application-'));
    const spanwright = join(this.#folder, 'node_modules', 'spanwright');
    for (const path of ['package.json', 'dist/runtime']) cpSync(join(ROOT, path), join(spanwright, path), { recursive: true });
    const compilerOptions = {
      target: ts.ScriptTarget.ES2022,
      module: ts.ModuleKind.CommonJS,
      experimentalDecorators: true,
      emitDecoratorMetadata: true,
      esModuleInterop: true,
    };
    writeFileSync(join(this.#folder, 'main.cjs'), ts.transpileModule(PROGRAM, { compilerOptions }).outputText);
  }

  run(given: Given): Ran {
    const output = execute(this.#folder, process.execPath, ['main.cjs', JSON.stringify({ requests: [], ...given })], {
      NODE_PATH: join(ROOT, 'node_modules'),
    });
    const line = output.split('\n').find((one) => one.startsWith('ANSWER '));
    if (line === undefined) throw new Error(output);
    return JSON.parse(line.slice('ANSWER '.length)) as Ran;
  }

  remove(): void {
    rmSync(this.#folder, { recursive: true });
  }
}
