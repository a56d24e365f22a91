// NestJS: parameter decorators, guards, interceptors and route metadata work on recorded handlers, in both orders of decorators.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ReadableSpan } from '@opentelemetry/sdk-trace-base';
import * as assert from 'uvu/assert';
import { type Cases, finished, milliseconds } from './recording.js';

interface Fixture {
  serve(): Promise<{ url: string; close(): Promise<void> }>;
}

const ADMIN = { 'x-role': 'admin', 'x-user': 'kim' };

export const nestCases: Cases = (test, variant) => {
  let served: { url: string; close(): Promise<void> };
  const get = async (path: string, headers: Record<string, string> = {}, body?: unknown): Promise<[number, unknown]> => {
    const init = body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) };
    const answer = await fetch(`${served.url}/${path}`, { headers: { 'content-type': 'application/json', ...headers }, ...init });
    const text = await answer.text();
    return [answer.status, text.startsWith('{') ? JSON.parse(text) : text];
  };
  const names = (spans: readonly ReadableSpan[]): string[] => spans.map(({ name }) => name);

  test('the application starts', async () => {
    served = await variant.load<Fixture>('nest').serve();
    assert.match(served.url, /^http:\/\/127\.0\.0\.1:\d+$/);
  });

  for (const order of ['above', 'below']) {
    test(`parameter decorators, pipes and route metadata: ${order} Nest's decorators`, async () => {
      assert.equal(await get(`machines/${order}/7`, ADMIN), [200, { id: 7, user: 'kim' }]);
      const spans = await finished();
      assert.equal(names(spans), ['RoleGuard.canActivate', 'Machines.find', `MachineController.${order}`]);
      const [, find, handler] = spans;
      assert.is(find?.parentSpanContext?.spanId, handler?.spanContext().spanId);
      assert.is(find?.attributes.id, 7);
      if (order === 'below') assert.is(handler?.attributes['machine.id'], 7);
      assert.is((await get(`machines/${order}/seven`, ADMIN))[0], 400);
      await finished();
    });

    test(`a guard that reads roles from metadata still refuses: ${order} Nest's decorators`, async () => {
      assert.is((await get(`machines/${order}/7`, { 'x-role': 'guest' }))[0], 403);
      assert.is((await get(`machines/${order}/7`))[0], 403);
      assert.equal(names(await finished()), ['RoleGuard.canActivate', 'RoleGuard.canActivate']);
    });

    test(`an exception becomes the same response as without the decorator: ${order} Nest's decorators`, async () => {
      const [status, body] = await get(`machines/${order}/404`, ADMIN);
      assert.equal([status, (body as { message: string }).message], [404, 'no machine 404']);
      const failed = (await finished()).filter((span) => span.status.code === 2);
      assert.equal(names(failed), ['Machines.find', `MachineController.${order}`]);
      assert.equal(
        failed.map(({ events }) => events.length),
        [1, 0],
      );
      assert.is(failed[0]?.attributes['error.type'], 'NotFoundException');
    });
  }

  test('an interceptor sees and changes what the handler observes, and both last until it completes', async () => {
    assert.equal(await get('machines/open'), [200, { value: 'open' }]);
    const spans = await finished();
    const lasting = spans.filter(({ name }) => !name.startsWith('RoleGuard'));
    assert.equal(names(lasting).sort(), ['MachineController.open', 'Wrapping.intercept']);
    for (const span of lasting) assert.ok(milliseconds(span) > 3);
  });

  test('the body and the status code of a request are those of the handler', async () => {
    assert.equal(await get('machines/echo', {}, { a: 1 }), [202, { a: 1 }]);
    assert.equal(names(await finished()), ['RoleGuard.canActivate', 'MachineController.echo']);
  });

  test('a controller that is instrumented as a whole records its handlers behind the guard', async () => {
    assert.equal(await get('whole/3', ADMIN), [200, 'whole 3']);
    assert.is((await get('whole/3'))[0], 403);
    assert.equal(names(await finished()), ['RoleGuard.canActivate', 'WholeController.get', 'RoleGuard.canActivate']);
  });

  test('a guard reads the place of a handler from reflect-metadata and from siteOf()', async () => {
    const seen = async (path: string): Promise<unknown[]> => {
      const { headers } = await fetch(`${served.url}/${path}`, { headers: ADMIN });
      const { metadata, site } = JSON.parse(headers.get('x-place') as string);
      const [namespace, name, file, line, column] = metadata as [string, string, string, number, number];
      if (site !== null) assert.equal([site.namespace, site.file, site.line], [namespace, file, line]);
      if (variant.transformed && site !== null) assert.is(at(line, column), site.function);
      return [namespace, name, file];
    };
    const at = (line: number, column: number): string => {
      const text = readFileSync(join(variant.directory, 'src', 'nest.ts'), 'utf8').split('\n')[line - 1] as string;
      return /^\w+/.exec(text.slice(column - 1))?.[0] ?? '';
    };
    const [root, file] = variant.transformed ? ['acme::conformance::nest::', 'src/nest.ts'] : ['', null];
    for (const name of ['prologue', 'forwarder']) {
      const namespace = `${root}PlaceController`;
      assert.equal(await seen(`places/${name}`), [namespace, `${namespace}::${name}`, file]);
    }
    assert.equal(await seen('whole/1'), [`${root}WholeController`, `${root}WholeController::get`, file]);
    assert.equal(await seen('places/bare'), [null, null, null]);
    await finished();
  });

  test('the application closes', async () => {
    await served.close();
  });
};
