// A function of AWS Lambda, bundled into one file, against the protocol of its runtime on loopback (runtime API 2018-06-01): the service freezes the
// process as soon as it asks for the next invocation. What docs/start/lambda.md shows exports every span before that; without the flush none leaves.

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type Server, type ServerResponse } from 'node:http';
import { type AddressInfo, createServer as createTcpServer } from 'node:net';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { type Receiver, startReceiver } from '../../viewer/receiver/receiver.js';
import { blocksOf } from '../docs/pages.js';
import { link, newDirectory, ROOT, write } from './conformance/project.js';
import { execute, part, testWith } from './conformance/suite.js';

/** The function of docs/start/lambda.md, and the same without its flush. */
function handlerOf(flushes: boolean): string {
  const [block] = blocksOf('docs/start/lambda.md').filter(({ language }) => language === 'ts');
  assert.match(block?.code ?? '', 'await tracing.forceFlush();');
  return (block?.code ?? '').replace(flushes ? '' : 'await tracing.forceFlush();', '');
}

/** A runtime as AWS describes one: asks for an invocation, runs the handler, posts what it returned, asks again. */
const RUNTIME = `import { handler } from './index.mjs';
const base = 'http://' + process.env.AWS_LAMBDA_RUNTIME_API + '/2018-06-01/runtime/invocation/';
for (;;) {
  const next = await fetch(base + 'next');
  const id = next.headers.get('lambda-runtime-aws-request-id');
  const send = (path, body) => fetch(base + id + path, { method: 'POST', body: JSON.stringify(body) });
  try { await send('/response', await handler(await next.json())); }
  catch (error) { await send('/error', { errorMessage: error.message, errorType: error.name }); }
}
`;

interface Answered {
  readonly path: string;
  readonly body: string;
}

/** The service's side: one invocation at a time, and the process stopped while it waits for the next. */
class Service {
  readonly #server: Server = createServer((request, response) => {
    if (request.url?.endsWith('/next')) {
      this.#waiting = response;
      this.#process?.kill('SIGSTOP');
      this.#idle();
      return;
    }
    let body = '';
    request.on('data', (data) => (body += data));
    request.on('end', () => {
      response.writeHead(202).end();
      this.#answered = { path: request.url ?? '', body };
    });
  });
  #waiting: ServerResponse | undefined;
  #answered: Answered | undefined;
  #process: ChildProcess | undefined;
  #idle = (): void => undefined;
  #invocations = 0;
  printed = '';

  async start(directory: string, environment: object): Promise<void> {
    await once(this.#server.listen(0, '127.0.0.1'), 'listening');
    const idle = this.#untilIdle();
    const api = `127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
    const env = { ...process.env, ...environment, AWS_LAMBDA_RUNTIME_API: api, SPANWRIGHT_ENABLED: 'true' };
    this.#process = spawn(process.execPath, ['runtime.mjs'], { cwd: directory, env });
    for (const stream of [this.#process.stdout, this.#process.stderr]) stream?.on('data', (data) => (this.printed += data));
    await idle;
  }

  #untilIdle(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#idle = resolve;
      setTimeout(() => reject(new Error(`the runtime does not ask for the next invocation:\n${this.printed}`)), 30_000).unref();
    });
  }

  /** Resolves when the process asks for the next invocation and is frozen. */
  async invoke(event: object): Promise<Answered> {
    const idle = this.#untilIdle();
    this.#process?.kill('SIGCONT');
    const headers = {
      'lambda-runtime-aws-request-id': `request-${this.#invocations++}`,
      'lambda-runtime-deadline-ms': Date.now() + 3000,
    };
    this.#waiting?.writeHead(200, headers).end(JSON.stringify(event));
    await idle;
    assert.ok(this.#answered, this.printed);
    return this.#answered as Answered;
  }

  async stop(): Promise<void> {
    this.#process?.kill('SIGKILL');
    if (this.#process?.exitCode === null) await once(this.#process, 'exit');
    this.#server.closeAllConnections();
    this.#server.close();
  }
}

/** The file that is uploaded, in a folder without packages. */
function bundled(flushes: boolean): string {
  const directory = newDirectory();
  link(directory, {
    spanwright: ROOT,
    esbuild: part('bundlers/node_modules/esbuild'),
    typescript: join(ROOT, 'node_modules/typescript'),
    '@opentelemetry': join(ROOT, 'node_modules/@opentelemetry'),
  });
  write(directory, 'package.json', '{ "name": "orders", "type": "module", "dependencies": { "spanwright": "*" } }');
  write(directory, 'tsconfig.json', '{ "compilerOptions": { "plugins": [{ "transform": "spanwright/transformer" }] } }');
  write(directory, 'src/index.ts', handlerOf(flushes));
  write(
    directory,
    'build.mjs',
    `import { build } from 'esbuild';
import spanwright from 'spanwright/unplugin/esbuild';
await build({ entryPoints: ['src/index.ts'], outfile: process.argv[2], bundle: true, platform: 'node', format: 'esm', minify: true, plugins: [spanwright()] });`,
  );
  const uploaded = newDirectory();
  execute(directory, process.execPath, ['build.mjs', join(uploaded, 'index.mjs')]);
  write(uploaded, 'runtime.mjs', RUNTIME);
  return uploaded;
}

let receiver: Receiver;
let service: Service;
test.before.each(async () => {
  receiver = await startReceiver();
  service = new Service();
});
test.after.each(async () => {
  await service.stop();
  await receiver.close();
});

// Windows has no signal that stops a process
const declare = process.platform === 'win32' ? test.skip : testWith('bundlers');

declare('every span is exported before the process is frozen', async () => {
  await service.start(bundled(true), { OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: receiver.endpoint });
  for (const [index, item] of ['pear', 'plums', 'fig'].entries()) {
    const { path, body } = await service.invoke({ item });
    assert.is(path, `/2018-06-01/runtime/invocation/request-${index}/response`, body);
    assert.equal(JSON.parse(body), { count: item.length });
    // the process cannot send any more, what it sent is on its way at most
    await receiver.waitFor((spans) => spans.length > index, 2000);
    assert.equal(receiver.spans.at(-1)?.attributes.item, item);
  }
  assert.is(receiver.spans.length, 3);
});

declare('without the flush, spans stay in the frozen process', async () => {
  await service.start(bundled(false), { OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: receiver.endpoint });
  await service.invoke({ item: 'pear' });
  await new Promise((done) => setTimeout(done, 500));
  assert.is(receiver.spans.length, 0);
});

declare('a Collector that does not answer holds an invocation no longer than OTEL_EXPORTER_OTLP_TIMEOUT', async () => {
  const silent = createTcpServer((socket) => socket.on('error', () => undefined)).listen(0, '127.0.0.1');
  await once(silent, 'listening');
  const endpoint = `http://127.0.0.1:${(silent.address() as AddressInfo).port}`;
  await service.start(bundled(true), {
    OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: endpoint,
    OTEL_EXPORTER_OTLP_TIMEOUT: '500',
  });
  const before = performance.now();
  const { body } = await service.invoke({ item: 'pear' });
  const took = performance.now() - before;
  assert.equal(JSON.parse(body), { count: 4 });
  assert.ok(took > 400 && took < 8000, `${took} ms`);
  silent.close();
});

test.run();
