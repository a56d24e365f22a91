// Which requests are those of the admin hook.

import type { IncomingMessage } from 'node:http';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { HookRequests } from '../../runtime/open/hook-requests.js';

const request = (url: string | undefined, server?: object) => ({ url, socket: { server } }) as unknown as IncomingMessage;

test('recognizes a request of the hook by its path, cut at segments, with or without a query', () => {
  const hook = new HookRequests();
  hook.addPath('/ops/tracing/');
  for (const url of [
    '/ops/tracing',
    '/ops/tracing/state',
    '/ops/tracing?limit=1',
    '/ops/tracing#top',
    'http://host/ops/tracing/',
  ])
    assert.is(hook.has(request(url)), true, url);
  for (const url of ['/ops', '/ops/tracings', '/x/ops/tracing', '/?/ops/tracing', 'ops/tracing', undefined])
    assert.is(hook.has(request(url)), false, url);
  assert.is(hook.has(request('/tracing'), '/ops/tracing'), true, 'the URL before the base path was taken off');
});

test('recognizes a request by the server that serves only the hook', () => {
  const hook = new HookRequests();
  const [own, other] = [{}, {}];
  hook.addServer(own);
  assert.is(hook.has(request('/anything', own)), true);
  assert.is(hook.has(request('/anything', other)), false);
  assert.is(hook.has({ url: '/anything' } as IncomingMessage), false, 'a request without a socket');
});

test('does not recognize a hook at the root by its path', () => {
  const hook = new HookRequests();
  hook.addPath('/');
  assert.is(hook.hasPath('/'), false);
  assert.is(hook.hasPath('/orders'), false);
});

test('keeps at most fifty paths', () => {
  const hook = new HookRequests();
  for (let at = 1; at <= 60; at++) hook.addPath(`/base${at}/tracing`);
  assert.equal([hook.hasPath('/base50/tracing'), hook.hasPath('/base51/tracing')], [true, false]);
});

test.run();
