// The admin hook under the HTTP instrumentation: its own requests are never recorded, in every way to mount it; those beside it are.

import type { IncomingMessage, ServerResponse } from 'node:http';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { createAdminHandler, startAdminServer, toNodeHandler } from '../../runtime/admin/index.js';
import { state } from '../../runtime/state.js';
import { traced } from '../gate/tracing.js';

type Http = typeof import('node:http');
const TOKEN = 'the-token-for-changes';
const log = () => undefined;
const OPTIONS = { enabled: true, instrumentations: { http: { roots: true } } } as const;

/** Asks without an instrumented client. */
function ask(http: Http, url: string): Promise<string> {
  const { connect } = require('node:net') as typeof import('node:net');
  const { port, pathname, host } = new URL(url);
  void http;
  return new Promise((resolve, reject) => {
    const socket = connect(Number(port), '127.0.0.1', () =>
      socket.end(`GET ${pathname} HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`),
    );
    let text = '';
    socket.setEncoding('utf8').on('data', (part) => {
      text += part;
    });
    socket.once('error', reject).once('close', () => resolve(text));
  });
}

async function serving(
  listener: (request: IncomingMessage, response: ServerResponse) => void,
  use: (http: Http, url: string) => Promise<void>,
) {
  const http = require('node:http') as Http;
  const server = http.createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  try {
    await use(http, `http://127.0.0.1:${(server.address() as { port: number }).port}`);
  } finally {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
}

test("the hook's own server: a hundred requests of an open page record nothing and open no span", () =>
  traced(OPTIONS, async ({ tracing, spans }) => {
    const admin = await startAdminServer({ tracing, token: TOKEN, port: 0, log });
    const http = require('node:http') as Http;
    for (let at = 0; at < 100; at += 1) {
      const path = ['state', 'spans/open', 'namespaces', 'errors', ''][at % 5];
      assert.match(await ask(http, `${admin.url}/${path}`), / 200 OK/);
    }
    assert.match(await ask(http, `${admin.url}/state`), '"open":0');
    await admin.close();
    assert.equal(
      (await spans()).map(({ name }) => name),
      [],
    );
    assert.is(tracing.state().spans.started, 0);
  }));

test('mounted at its prefix: its requests record nothing, those of the application do', () =>
  traced(OPTIONS, async ({ tracing, spans }) => {
    const hook = toNodeHandler(createAdminHandler(tracing, { token: TOKEN, log }));
    const listener = (request: IncomingMessage, response: ServerResponse) => hook(request, response, () => response.end('app'));
    await serving(listener, async (http, url) => {
      assert.match(await ask(http, `${url}/tracing/state`), / 200 OK/);
      assert.match(await ask(http, `${url}/tracing`), / 200 OK/);
      assert.match(await ask(http, `${url}/tracingelse`), 'app');
    });
    assert.equal(
      (await spans()).map(({ attributes }) => attributes['url.path']),
      ['/tracingelse'],
    );
  }));

for (const prefix of ['/tracing', '/']) {
  test(`mounted with the prefix ${prefix} under a base path: not even its first request is recorded`, () =>
    traced(OPTIONS, async ({ tracing, spans }) => {
      const hook = toNodeHandler(createAdminHandler(tracing, { token: TOKEN, prefix, log }));
      const listener = (request: IncomingMessage & { originalUrl?: string }, response: ServerResponse) => {
        if (!request.url?.startsWith('/internal/')) return void response.end('app');
        request.originalUrl = request.url;
        request.url = request.url.slice('/internal'.length);
        hook(request, response, () => response.end('app'));
      };
      const below = prefix === '/' ? '' : prefix;
      await serving(listener, async (http, url) => {
        assert.match(await ask(http, `${url}/internal${below}/state`), /"open":0/);
        assert.is(tracing.openCount, 0);
        assert.match(await ask(http, `${url}/internal${below}/state`), / 200 OK/);
        assert.match(await ask(http, `${url}/other`), 'app');
      });
      assert.equal(
        (await spans()).map(({ attributes }) => attributes['url.path']),
        ['/other'],
      );
      assert.is(tracing.state().spans.started, 1);
      assert.ok(state.hookRequests.hasPath(`/internal${below}/state?x=1`));
      assert.not.ok(state.hookRequests.hasPath('/internals'));
    }));
}

test.run();
