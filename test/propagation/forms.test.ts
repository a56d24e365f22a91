// The baggage middleware in each framework as CommonJS and as ES modules, each in a process of its own, with the built package and
// real requests: what the handler sees is what the request brought.
// limit: 200 s

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { FORMS, type Form, runSource } from '../instrumentations/programs.js';

interface Framework {
  readonly modules: Readonly<Record<string, string>>;
  /** Statements that end with a listening `server` (Node's), where `pipeline` and `seen()` are at hand. */
  readonly listen: string;
}

const NODE = { http: 'node:http' };
const LISTEN = "await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));";

const FRAMEWORKS: Record<string, Framework> = {
  'a bare server': {
    modules: NODE,
    listen: `const server = http.createServer(pipeline.listener(async (request, response) => response.end(await seen()))); ${LISTEN}`,
  },
  Express: {
    modules: { ...NODE, expressModule: 'express' },
    listen: `const app = (expressModule.default ?? expressModule)();
      app.use(pipeline.middleware());
      app.use(async (request, response) => response.end(await seen()));
      const server = http.createServer(app); ${LISTEN}`,
  },
  Fastify: {
    modules: { fastifyModule: 'fastify' },
    listen: `const app = (fastifyModule.default ?? fastifyModule)();
      await app.register(pipeline.fastify());
      app.get('/*', () => seen());
      await app.listen({ port: 0, host: '127.0.0.1' });
      const { server } = app;`,
  },
  Hono: {
    modules: { honoModule: 'hono', nodeServer: '@hono/node-server' },
    listen: `const app = new honoModule.Hono();
      app.use(pipeline.hono());
      app.get('*', async (context) => context.text(await seen()));
      const server = nodeServer.serve({ fetch: app.fetch, port: 0, hostname: '127.0.0.1' });
      if (!server.listening) await new Promise((resolve) => server.once('listening', resolve));`,
  },
  Nest: {
    modules: { metadata: 'reflect-metadata', common: '@nestjs/common', core: '@nestjs/core' },
    listen: `class CameraController { handle() { return seen(); } }
      const handle = Object.getOwnPropertyDescriptor(CameraController.prototype, 'handle');
      common.Get('*path')(CameraController.prototype, 'handle', handle);
      common.Controller()(CameraController);
      class AppModule {}
      common.Module({ controllers: [CameraController] })(AppModule);
      const app = await core.NestFactory.create(AppModule, { logger: false });
      app.use(pipeline.middleware());
      await app.listen(0, '127.0.0.1');
      const server = app.getHttpServer();`,
  },
};

function program({ modules, listen }: Framework, form: Form): string {
  const every = { ...modules, spanwright: 'spanwright' };
  const load = ([name, module]: [string, string]): string =>
    form === 'mjs' ? `import * as ${name} from '${module}';` : `const ${name} = require('${module}');`;
  return `${Object.entries(every).map(load).join('\n')}
const { baggage, inject } = spanwright;
const pipeline = baggage.declare({ 'camera.id': { path: '/cameras/:id' }, 'request.source': { header: 'x-request-source' } });
const seen = async () => {
  await new Promise((resolve) => setTimeout(resolve, 1));
  return JSON.stringify({ ...pipeline.all(), traceparent: inject({}).traceparent });
};
async function main() {
  ${listen}
  const ask = async (path, headers) => (await fetch('http://127.0.0.1:' + server.address().port + path, { headers })).json();
  const traceparent = '00-' + 'a'.repeat(32) + '-' + 'b'.repeat(16) + '-00';
  const told = [await ask('/cameras/front', { 'x-request-source': 'ui', traceparent }), await ask('/other', {})];
  console.log(JSON.stringify({ told, after: pipeline.all() }));
  process.exit(0);
}
main();`;
}

const TRACING: Record<Form, string> = {
  cjs: "require('spanwright').startTracing();",
  mjs: "import { startTracing } from 'spanwright'; await startTracing();",
};

for (const [name, framework] of Object.entries(FRAMEWORKS)) {
  for (const form of FORMS) {
    test(`${name} as ${form}: has the keys and context of the request, and neither afterwards`, async () => {
      const output = await runSource(program(framework, form), TRACING[form], form, {});
      assert.equal(JSON.parse(output.trim().split('\n').at(-1) as string), {
        told: [{ 'camera.id': 'front', 'request.source': 'ui', traceparent: `00-${'a'.repeat(32)}-${'b'.repeat(16)}-00` }, {}],
        after: {},
      });
    });
  }
}

test.run();
