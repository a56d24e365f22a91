// The admin hook inside real applications, over real sockets: the same cases for every framework, prefix and base path.

import { createServer, request as httpRequest } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { createAdminHandler } from '../../runtime/admin/index.js';
import type { Tracing } from '../../runtime/index.js';
import type { Started } from '../listening.js';
import { fingerprint, TOKEN } from './client.js';
import { FRAMEWORKS, OWN_ANSWER } from './frameworks.js';
import { startService } from './service.js';

const AUTHORIZED = { authorization: `Bearer ${TOKEN}`, 'content-type': 'application/json' };
const MOUNTS = [
  { prefix: '/tracing', base: '' },
  { prefix: '/ops/spans', base: '' },
  { prefix: '/tracing', base: '/internal' },
  { prefix: '/', base: '/internal/tracing' },
] as const;

let tracing: Tracing;
const log: string[] = [];
test.before(async () => {
  tracing = await startService();
});
test.after.each(() => {
  for (const { id } of tracing.leases()) tracing.endLease(id);
});
test.after(() => tracing.shutdown());

/** Asks the hook of an application, and says which case failed. */
class Hook {
  constructor(
    readonly url: string,
    readonly name: string,
  ) {}

  async expect(status: number, path: string, init: RequestInit = {}): Promise<Response> {
    const answer = await fetch(this.url + path, init);
    if (answer.status !== status)
      assert.unreachable(
        `${this.name}: ${init.method ?? 'GET'} ${path}: ${answer.status}, expected ${status}: ${await answer.text()}`,
      );
    return answer;
  }

  put(status: number, body: RequestInit['body'], headers: Record<string, string> = AUTHORIZED): Promise<Response> {
    return this.expect(status, '/enabled', { method: 'PUT', headers, body, duplex: 'half' } as RequestInit);
  }
}

const errorOf = async (answer: Response) => ((await answer.json()) as { error: { code: string; message: string } }).error;

async function readsAndChanges(hook: Hook): Promise<void> {
  const { name } = hook;
  for (const path of ['', '/']) {
    const page = await hook.expect(200, path);
    assert.match(page.headers.get('content-type') as string, 'text/html', name);
    assert.match(page.headers.get('content-security-policy') as string, "default-src 'none'", name);
  }
  // Local, so that a read needs no token; the handler knows that from the adapter alone.
  assert.is(((await (await hook.expect(200, '/state')).json()) as { serviceName: string }).serviceName, 'admin-test', name);
  assert.is(await (await hook.expect(200, '/state', { method: 'HEAD' })).text(), '', name);
  assert.is(((await (await hook.expect(200, '/sites?limit=1')).json()) as { limit: number }).limit, 1, name);

  const { lease } = (await (await hook.put(200, JSON.stringify({ enabled: true, for: '1m' }))).json()) as {
    lease: { id: string };
  };
  assert.is(tracing.enabled, true, name);
  await hook.expect(200, `/leases/${lease.id}`, { method: 'DELETE', headers: { authorization: AUTHORIZED.authorization } });
  assert.is(tracing.enabled, false, name);
  const chunks = new ReadableStream({
    start(controller) {
      for (const part of ['{"enabled"', ':true}']) controller.enqueue(new TextEncoder().encode(part));
      controller.close();
    },
  });
  await hook.put(200, chunks);
  assert.is(tracing.enabled, true, name);
}

async function refuses(hook: Hook, parsedBefore: boolean): Promise<void> {
  const { name } = hook;
  const before = fingerprint(tracing);
  await hook.put(401, '{"enabled":true}', { 'content-type': 'application/json' });
  await hook.put(401, '{"enabled":true}', { ...AUTHORIZED, authorization: 'Bearer guess' });
  assert.is(
    (await errorOf(await hook.put(403, '{"enabled":true}', { ...AUTHORIZED, origin: 'http://evil.example' }))).code,
    'PermissionDenied',
    name,
  );
  assert.is((await errorOf(await hook.put(400, '{"enabled":"true"}'))).code, 'InvalidArgument', name);
  await hook.expect(401, '/state', { headers: { 'x-forwarded-for': '192.0.2.7' } });
  assert.match((await errorOf(await hook.expect(404, '/nothing'))).message, 'There is no such route', name);
  assert.is((await hook.expect(405, '/state', { method: 'DELETE' })).headers.get('allow'), 'GET, HEAD', name);
  // A parser in front answers these itself, in its own format; the test checks that nothing changes.
  const broken = await fetch(`${hook.url}/enabled`, { method: 'PUT', headers: AUTHORIZED, body: '{"enabled":tru}' });
  if (parsedBefore) assert.is(broken.status, 400, name);
  else assert.match((await errorOf(broken)).message, /line 1, column 12/, name);
  const large = await fetch(`${hook.url}/enabled`, {
    method: 'PUT',
    headers: AUTHORIZED,
    body: `{"reason":"${'x'.repeat(50_000)}"}`,
  });
  assert.is(large.status, 413, name);
  await large.text();
  if (!parsedBefore) await hook.put(415, '{"enabled":true}', { ...AUTHORIZED, 'content-type': 'text/plain' });
  assert.is(fingerprint(tracing), before, name);
}

async function leavesTheRest({ origin }: Started, name: string): Promise<void> {
  const own = await fetch(`${origin}/machines`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: '{"serial":"4711"}',
  });
  assert.is(await own.text(), OWN_ANSWER, name);
}

assert.ok(FRAMEWORKS.length >= 6);
for (const framework of FRAMEWORKS) {
  for (const { prefix, base } of MOUNTS) {
    test(`${framework.name}: prefix ${prefix}, base path "${base}"`, async () => {
      const admin = createAdminHandler(tracing, { token: TOKEN, prefix, log: (line) => log.push(line) });
      const app = await framework.start(admin, base);
      try {
        const hook = new Hook(`${app.origin}${base}${admin.prefix}`, framework.name);
        await readsAndChanges(hook);
        await refuses(hook, framework.name.includes('behind'));
        await leavesTheRest(app, framework.name);
      } finally {
        await app.close();
      }
    });
  }

  test(`${framework.name}: behind a proxy that strips a base path`, async () => {
    const admin = createAdminHandler(tracing, { token: TOKEN, log: (line) => log.push(line) });
    const app = await framework.start(admin, '');
    const proxy = createServer((incoming, outgoing) => {
      const url = `${app.origin}${(incoming.url ?? '').replace(/^\/rack-7/, '')}`;
      const headers = { ...incoming.headers, 'x-forwarded-for': '192.0.2.7' };
      incoming.pipe(
        httpRequest(url, { method: incoming.method, headers }, (answer) => {
          outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
          answer.pipe(outgoing);
        }),
      );
    });
    await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
    try {
      const hook = new Hook(`http://127.0.0.1:${(proxy.address() as AddressInfo).port}/rack-7/tracing`, framework.name);
      await hook.expect(200, '');
      await hook.expect(401, '/state');
      await hook.expect(200, '/state', { headers: { authorization: AUTHORIZED.authorization } });
      const { origin } = new URL(hook.url);
      await hook.put(200, '{"enabled":true}', { ...AUTHORIZED, origin });
      assert.is(tracing.enabled, true);
    } finally {
      await new Promise((resolve) => proxy.close(resolve).closeAllConnections());
      await app.close();
    }
  });
}

test('every change and refusal of the applications is in the log', () => {
  assert.ok(log.filter((line) => line.includes('set tracing-enabled to true')).length >= FRAMEWORKS.length * MOUNTS.length);
  assert.ok(log.some((line) => line.includes('refused:')));
});

test.run();
