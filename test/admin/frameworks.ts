// Real applications of each framework, with the admin hook mounted as docs/admin.md says, beside a route of their own that
// parses JSON. One row a way to mount it; the cases of frameworks.test.ts run over all of them.

import { createServer, type Server } from 'node:http';
import { type AdminHandler, callerOf, toFastifyPlugin, toNodeHandler } from '../../runtime/admin/index.js';
import { listening, type Started, startedOf } from '../listening.js';

export interface Framework {
  readonly name: string;
  /** Starts an application that has `admin` mounted below `base`, which is empty or begins with a slash. */
  start(admin: AdminHandler, base: string): Promise<Started>;
}

/** Answer of the application's own route `POST /machines`. */
export const OWN_ANSWER = 'the application';

const bare: Framework = {
  name: 'bare node:http',
  start(admin, base) {
    const hook = toNodeHandler(admin);
    return listening(
      createServer((request, response) => {
        // A server without a router finds out itself what is below the base path.
        const url = request.url ?? '/';
        const own = () => response.end(OWN_ANSWER);
        if (url !== base && !url.startsWith(`${base}/`)) return void own();
        request.url = url.slice(base.length) || '/';
        hook(request, response, own);
      }),
    );
  },
};

const express: Framework = {
  name: 'Express 5',
  async start(admin, base) {
    const { default: createExpress } = await import('express');
    const app = createExpress();
    app.use(base || '/', toNodeHandler(admin));
    app.use(createExpress.json());
    app.post('/machines', (_request, response) => void response.send(OWN_ANSWER));
    return listening(createServer(app));
  },
};

const expressBehindParser: Framework = {
  name: 'Express 5, behind express.json()',
  async start(admin, base) {
    const { default: createExpress } = await import('express');
    const app = createExpress().set('env', 'test'); // Elsewhere it prints every error that it answers.
    app.use(createExpress.json());
    app.use(base || '/', toNodeHandler(admin));
    app.post('/machines', (_request, response) => void response.send(OWN_ANSWER));
    return listening(createServer(app));
  },
};

const fastify: Framework = {
  name: 'Fastify 5',
  async start(admin, base) {
    const { fastify: createFastify } = await import('fastify');
    const app = createFastify();
    app.register(toFastifyPlugin(admin), base === '' ? {} : { prefix: base });
    app.post('/machines', async () => OWN_ANSWER);
    await app.listen({ port: 0, host: '127.0.0.1' });
    return startedOf(app.server);
  },
};

const nest: Framework = {
  name: 'NestJS 12',
  async start(admin, base) {
    await import('reflect-metadata');
    const { Controller, Module, Post } = await import('@nestjs/common');
    const { NestFactory } = await import('@nestjs/core');
    class Machines {
      create(): string {
        return OWN_ANSWER;
      }
    }
    class Service {}
    // The decorators are applied by hand: these sources are compiled without experimentalDecorators.
    Post()(Machines.prototype, 'create', Object.getOwnPropertyDescriptor(Machines.prototype, 'create') as PropertyDescriptor);
    Controller('machines')(Machines);
    Module({ controllers: [Machines] })(Service);
    const app = await NestFactory.create(Service, { logger: false });
    if (base === '') app.use(toNodeHandler(admin));
    else app.use(base, toNodeHandler(admin));
    await app.listen(0, '127.0.0.1');
    return { origin: (await app.getUrl()).replace('[::1]', '127.0.0.1'), close: () => app.close() };
  },
};

const hono: Framework = {
  name: 'Hono, on @hono/node-server',
  async start(admin, base) {
    const { Hono } = await import('hono');
    const { createAdaptorServer } = await import('@hono/node-server');
    type Bindings = { incoming: Parameters<typeof callerOf>[0] };
    const app = new Hono<{ Bindings: Bindings }>();
    app.post('/machines', (c) => c.text(OWN_ANSWER));
    if (base === '') {
      const answer = (path: string) => app.all(path, (c) => admin(c.req.raw, callerOf(c.env.incoming)));
      answer(admin.prefix || '/');
      answer(`${admin.prefix}/*`);
    } else app.mount(base, (request, { incoming }: Bindings) => admin(request, callerOf(incoming)));
    return listening(createAdaptorServer({ fetch: app.fetch }) as Server);
  },
};

export const FRAMEWORKS: readonly Framework[] = [bare, express, expressBehindParser, fastify, nest, hono];
