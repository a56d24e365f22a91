// `response_header` below the web frameworks, behind OpenTelemetry's instrumentation of HTTP servers: the answer to a recorded request
// names its trace, and the answer to one that is not recorded does not. Real servers.

import type { Server } from 'node:http';
import { createRequire } from 'node:module';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { instrument } from '../../runtime/index.js';
import { traced } from '../gate/tracing.js';
import { listening, type Started, startedOf } from '../listening.js';

const require = createRequire(__filename);
const power = instrument({ namespace: 'carbide::api', name: 'power' }, async () => {
  await new Promise((resolve) => setTimeout(resolve, 1));
  return { state: 'on' };
});

/** Starts a server that answers `POST /v1/power`. */
type Start = () => Promise<Started>;

const createServer = (handler: unknown): Server =>
  (require('node:http') as typeof import('node:http')).createServer(handler as never);

const FRAMEWORKS: Readonly<Record<string, Start>> = {
  async Express() {
    const express = require('express');
    const app = express().use(express.json());
    app.post('/v1/power', async (_request: unknown, response: { json(body: unknown): void }) => response.json(await power()));
    return listening(createServer(app));
  },
  async Fastify() {
    const app = require('fastify')();
    app.post('/v1/power', () => power());
    await app.listen({ port: 0, host: '127.0.0.1' });
    return startedOf(app.server);
  },
  async Hono() {
    const { Hono } = require('hono');
    const { getRequestListener } = require('@hono/node-server');
    const app = new Hono();
    app.post('/v1/power', async (context: { req: { json(): Promise<unknown> }; json(body: unknown): Response }) => {
      await context.req.json();
      return context.json(await power());
    });
    return listening(createServer(getRequestListener(app.fetch)));
  },
  async Koa() {
    const Koa = require('koa');
    const app = new Koa();
    app.use(async (context: { path: string; body: unknown }) => {
      if (context.path === '/v1/power') context.body = await power();
    });
    return listening(createServer(app.callback()));
  },
  async Nest() {
    const { Controller, Module, Post } = await import('@nestjs/common');
    const { NestFactory } = await import('@nestjs/core');
    class PowerController {
      post() {
        return power();
      }
    }
    const descriptor = Object.getOwnPropertyDescriptor(PowerController.prototype, 'post') as PropertyDescriptor;
    Post('v1/power')(PowerController.prototype, 'post', descriptor);
    Controller()(PowerController);
    class App {}
    Module({ controllers: [PowerController] })(App);
    const app = await NestFactory.create(App, { logger: false });
    await app.listen(0, '127.0.0.1');
    return { ...startedOf(app.getHttpServer()), close: () => app.close() };
  },
};

for (const [name, start] of Object.entries(FRAMEWORKS))
  test(`below ${name} the response to a recorded request has its trace id, and no other response has one`, () =>
    traced({ instrumentations: ['http'], responseHeader: 'x-trace-id' }, async ({ tracing, spans }) => {
      const { origin, close } = await start();
      const ask = async () => {
        const body = JSON.stringify({ machine: 'm-17' });
        const response = await fetch(`${origin}/v1/power`, {
          method: 'POST',
          body,
          headers: { 'content-type': 'application/json' },
        });
        assert.is(await response.text(), '{"state":"on"}');
        return response.headers.get('x-trace-id');
      };
      try {
        assert.is(await ask(), null);
        tracing.setEnabled(true, { for: '1m' });
        const traceId = await ask();
        assert.equal([...new Set((await spans()).map((span) => span.spanContext().traceId))], [traceId]);
      } finally {
        await close();
      }
    }));

test.run();
