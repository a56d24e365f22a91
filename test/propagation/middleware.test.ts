// The baggage middleware in every framework that it is for, over real requests: keys from headers and paths, upstream values kept
// or replaced, invalid ones refused, nothing of one request seen by another or after it.

import 'reflect-metadata';
import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from 'node:http';
import express from 'express';
import fastify from 'fastify';
import { Hono } from 'hono';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { baggage, inject, instrument } from '../../runtime/index.js';
import { traced } from '../gate/tracing.js';
import { listening, type Started, startedOf } from '../listening.js';

const pipeline = baggage.declare({
  'camera.id': { pattern: /[\w-]{1,64}/, path: ['/cameras/:id', '/api/*/cameras/{id}'], attribute: true },
  'event.priority': { values: ['low', 'normal', 'high', 'critical'] },
  'request.source': {
    values: ['ui', 'api', 'scheduled', 'internal'],
    default: 'api',
    header: 'X-Request-Source',
    lowerCase: true,
    upstream: 'replace',
  },
});

/** Baggage that a handler sees after it has waited. */
async function seen(): Promise<string> {
  await new Promise((resolve) => setTimeout(resolve, 1));
  return JSON.stringify({
    ...pipeline.all(),
    other: baggage.get('other'),
    sent: (inject({}) as Record<string, string>).traceparent,
  });
}

const answer = (_request: IncomingMessage, response: ServerResponse): void => void seen().then((text) => response.end(text));

async function nestApp() {
  const { Body, Controller, Module, Post } = await import('@nestjs/common');
  const { NestFactory } = await import('@nestjs/core');
  class CameraController {
    handle(_body: object): Promise<string> {
      return seen();
    }
  }
  const handle = Object.getOwnPropertyDescriptor(CameraController.prototype, 'handle') as PropertyDescriptor;
  Reflect.decorate([Post('*path')], CameraController.prototype, 'handle', handle);
  Reflect.defineMetadata('design:paramtypes', [Object], CameraController.prototype, 'handle');
  Body()(CameraController.prototype, 'handle', 0);
  Controller()(CameraController);
  class AppModule {}
  Module({ controllers: [CameraController] })(AppModule);
  return NestFactory.create(AppModule, { logger: false });
}

const FRAMEWORKS: Record<string, () => Promise<Started>> = {
  'a bare server': () => listening(createServer(pipeline.listener(answer) as RequestListener)),
  'connect-style in a bare server': () => {
    const run = pipeline.middleware();
    return listening(createServer((request, response) => run(request, response, () => answer(request, response))));
  },
  Express: () => {
    const app = express();
    app.use(pipeline.middleware());
    app.use(express.json());
    const router = express.Router();
    router.use(answer);
    app.use('/cameras', router);
    app.use(answer);
    return listening(createServer(app));
  },
  'an Express router that has cut its prefix off': () => {
    const app = express();
    const router = express.Router();
    router.use(pipeline.middleware(), express.json(), answer);
    app.use('/cameras', router);
    app.use(router);
    return listening(createServer(app));
  },
  Nest: async () => {
    const app = await nestApp();
    app.use(pipeline.middleware());
    await app.listen(0, '127.0.0.1');
    return { ...startedOf(app.getHttpServer()), close: () => app.close() };
  },
  Fastify: async () => {
    const app = fastify({ forceCloseConnections: true });
    await app.register(pipeline.fastify());
    app.post('/*', () => seen());
    await app.listen({ port: 0, host: '127.0.0.1' });
    return { ...startedOf(app.server), close: () => app.close() };
  },
  Hono: async () => {
    const app = new Hono();
    app.use(pipeline.hono());
    app.post('*', async (context) => {
      await context.req.json();
      return context.text(await seen());
    });
    return listening(
      createServer((request, response) => {
        const chunks: Buffer[] = [];
        request.on('data', (chunk: Buffer) => chunks.push(chunk));
        request.on('end', async () => {
          const { method = 'GET', url = '/' } = request;
          const headers = new Headers(Object.entries(request.headers) as [string, string][]);
          const answered = await app.fetch(
            new Request(`http://localhost${url}`, { method, headers, body: Buffer.concat(chunks) }),
          );
          response.end(await answered.text());
        });
      }),
    );
  },
};

const UPSTREAM = `00-${'a'.repeat(32)}-${'b'.repeat(16)}-00`;

async function ask(origin: string, path: string, headers: Record<string, string> = {}): Promise<Record<string, string>> {
  const response = await fetch(`${origin}${path}`, {
    method: 'POST',
    body: JSON.stringify({ large: 'x'.repeat(80_000) }),
    headers: { 'content-type': 'application/json', connection: 'close', ...headers },
  });
  return JSON.parse(await response.text()) as Record<string, string>;
}

for (const [name, start] of Object.entries(FRAMEWORKS)) {
  test(`${name}: sets keys from headers and paths, keeps or replaces upstream ones, and leaves no context active`, () =>
    traced({}, async () => {
      const { origin, close } = await start();
      try {
        assert.equal(await ask(origin, '/cameras/front_door'), { 'camera.id': 'front_door', 'request.source': 'api' });
        assert.equal(await ask(origin, '/cameras/front_door', { 'x-request-source': 'UI' }), {
          'camera.id': 'front_door',
          'request.source': 'ui',
        });
        const upstream = 'camera.id=back_door,event.priority=high,request.source=internal,other=1';
        assert.equal(await ask(origin, '/cameras/front_door', { traceparent: UPSTREAM, baggage: upstream }), {
          'camera.id': 'back_door',
          'event.priority': 'high',
          'request.source': 'api',
          other: '1',
          sent: UPSTREAM,
        });
        const invalid = 'camera.id=a%20b,event.priority=urgent';
        assert.equal(await ask(origin, '/cameras/two%20words', { baggage: invalid, 'x-request-source': 'nobody' }), {
          'request.source': 'api',
        });
        assert.equal(await ask(origin, '/cameras-of-others/x'), { 'request.source': 'api' });
        const many = await Promise.all(Array.from({ length: 20 }, (_, camera) => ask(origin, `/cameras/c${camera}`)));
        assert.equal(
          many.map((one) => one['camera.id']),
          Array.from({ length: 20 }, (_, camera) => `c${camera}`),
        );
      } finally {
        await close();
      }
      assert.equal(pipeline.all(), {});
    }));
}

test('patterns match at the start of a path, segment by segment; queries and broken encodings match nothing', () =>
  traced({}, () => {
    const camera = (url: string) => pipeline.get('camera.id', pipeline.contextOf({ carrier: {}, url }));
    for (const url of ['/cameras/x', '/cameras/x/events?y=1', '/api/v1/cameras/x', 'http://host/cameras/x#y'])
      assert.is(camera(url), 'x');
    for (const url of [
      '/cameras',
      '/cameras/',
      '/cameras/%zz',
      '/x/cameras/x',
      '/?/cameras/x',
      '',
      `/cameras/${'x'.repeat(9000)}`,
    ])
      assert.is(camera(url), undefined);
  }));

test('undeclared keys are dropped if the options ask for it', () =>
  traced({}, () => {
    const request = { carrier: { baggage: 'other=1,event.priority=low' }, url: '/' };
    assert.is(baggage.get('other', pipeline.contextOf(request)), '1');
    assert.is(baggage.get('other', pipeline.contextOf(request, { undeclared: 'drop' })), undefined);
    assert.is(pipeline.get('event.priority', pipeline.contextOf(request, { undeclared: 'drop' })), 'low');
  }));

test('the span that is active when the request is read gets the chosen keys too', () =>
  traced({ enabled: true }, async ({ spans }) => {
    const serve = instrument(
      { name: 'serve', kind: 'server' },
      () => pipeline.contextOf({ carrier: {}, url: '/cameras/x' }) && 0,
    );
    serve();
    assert.is((await spans())[0]?.attributes['camera.id'], 'x');
  }));

test.run();
