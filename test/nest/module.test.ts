// `spanwright/nest` in Nest 11 and 12, on Express and on Fastify: one trace per request, exceptions of the client that are no failures,
// namespaces by module, the admin hook behind Nest's guards.
// limit: 300 s

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { testWith } from '../hosts/conformance/suite.js';
import { Applications } from './application.js';

const ON = { enabled: true };

for (const part of ['nest11', 'nest']) {
  const declare = testWith(part);
  let applications: Applications;
  const create = () => (applications ??= new Applications(part));
  test.after(() => applications?.remove());

  for (const adapter of ['express', 'fastify'] as const) {
    const title = `${part}, ${adapter}`;

    declare(`${title}: one trace per request, with guard, interceptor, controller and service below it`, () => {
      const requests = [
        { path: '/orders/7?token=secret', headers: { traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01' } },
        { path: '/orders', method: 'POST', body: { item: 'pear' } },
      ];
      const { answers, sites, ended } = create().run({ adapter, tracing: { ...ON, remoteParent: 'accept' }, requests });
      const [found, placed] = answers;
      assert.equal(JSON.parse(found?.body ?? ''), { id: '7', on: true });
      assert.is(found?.traces, 1);
      const seen = found?.spans.map(({ name, parent, namespace }) => [name, parent, namespace]).sort();
      assert.equal(seen, [
        ['GET /orders/:id', null, 'shop::http'],
        ['Marked.check', 'OrdersController.get', 'Marked'],
        ['Members.canActivate', 'GET /orders/:id', 'shop::order-items::Members'],
        ['Orders.find', 'OrdersController.get', 'shop::order-items::Orders'],
        ['OrdersController.get', 'Timing.intercept', 'shop::order-items::OrdersController'],
        ['Timing.intercept', 'GET /orders/:id', 'shop::order-items::Timing'],
      ]);
      const server = found?.spans.find(({ name }) => name.startsWith('GET'));
      assert.equal(
        [server?.kind, server?.route, server?.status, server?.failed, server?.remote],
        [1, '/orders/:id', 200, false, true],
      );
      assert.equal(JSON.parse(placed?.body ?? ''), { item: 'pear', id: 'new', on: true });
      assert.is(placed?.traces, 1);
      assert.ok(placed?.spans.some(({ name, parent }) => name === 'OrdersController.place' && parent === 'Timing.intercept'));
      assert.ok(placed?.spans.some(({ name }) => name === 'Trimmed.transform'));
      const left = /Left|onModuleInit|helper|Reflector|SpanwrightHook/;
      assert.equal(
        sites.filter((id) => left.test(id)),
        [],
      );
      assert.ok(ended, 'tracing ends with the application');
    });

    declare(`${title}: an exception below 500 sets its status and does not fail the span; others do`, () => {
      const paths = ['/orders/none', '/orders/bad', '/orders/7/lines/x', '/orders/broken', '/nothing'];
      const requests = [...paths.map((path) => ({ path })), { path: '/orders/7', headers: { 'x-member': 'no' } }];
      const { answers } = create().run({ adapter, tracing: ON, requests });
      const outcome = (at: number, name: string) => {
        const span = answers[at]?.spans.find((one) => one.name === name);
        return [answers[at]?.status, span?.failed, span?.status];
      };
      assert.equal(outcome(0, 'Orders.find'), [404, false, 404]);
      assert.equal(outcome(0, 'GET /orders/:id'), [404, false, 404]);
      assert.equal(outcome(1, 'Marked.check'), [400, false, 400]);
      assert.equal(outcome(2, 'GET /orders/:id/lines/:line'), [400, false, 400]);
      assert.equal(outcome(3, 'Orders.find'), [500, true, undefined]);
      assert.equal(outcome(3, 'GET /orders/:id'), [500, true, 500]);
      assert.is(answers[4]?.status, 404);
      assert.is(answers[4]?.spans[0]?.failed, false);
      assert.is(answers[5]?.status, 403);
      assert.is(answers[5]?.spans.find(({ name }) => name === 'Members.canActivate')?.failed, false);
      for (const { traces } of answers) assert.is(traces, 1);
    });

    for (const globalPrefix of [undefined, 'tracing-api'])
      declare(`${title}: the hook answers behind a guard, prefix ${globalPrefix ?? 'none'}, and is not recorded`, () => {
        const base = globalPrefix === undefined ? '' : `/${globalPrefix}`;
        const admin = { 'x-admin': 'yes' };
        const requests = [
          { path: `${base}/tracing/state` },
          { path: `${base}/tracing/state`, headers: admin },
          { path: `${base}/tracing/enabled`, method: 'PUT', body: { enabled: false } },
          { path: `${base}/tracing/enabled`, method: 'PUT', headers: admin, body: { enabled: false } },
          { path: `${base}/orders/7` },
        ];
        const { answers } = create().run({ adapter, ...(globalPrefix && { globalPrefix }), tracing: ON, requests });
        assert.equal(
          answers.map(({ status }) => status),
          [403, 200, 403, 200, 200],
        );
        assert.is(JSON.parse(answers[1]?.body ?? '').serviceName, 'shop');
        assert.equal([answers[1]?.spans, answers[3]?.spans, answers[4]?.spans], [[], [], []], 'off since the change');
        assert.is(JSON.parse(answers[4]?.body ?? '').on, false);
      });
  }

  declare(`${part}: options from other providers, rules by module, and kinds`, () => {
    const requests = [{ path: '/orders/7' }];
    const ran = create().run({ async: true, tracing: { rules: 'shop::order-items=off' }, requests });
    assert.equal(
      ran.answers[0]?.spans.map(({ name }) => name),
      ['Marked.check', 'GET /orders/:id'],
    );
    const some = create().run({ tracing: ON, options: { instrument: ['guards'], requests: false, namespace: 'eu' }, requests });
    assert.equal(
      some.answers[0]?.spans.map(({ name }) => name),
      ['Members.canActivate', 'Marked.check'],
    );
    assert.is(some.answers[0]?.spans[0]?.namespace, 'eu::order-items::Members');
    const none = create().run({ tracing: ON, options: { instrument: false }, requests });
    assert.equal(
      none.answers[0]?.spans.map(({ name }) => name),
      ['Marked.check', 'GET /orders/:id'],
    );
  });

  declare(`${part}: an invalid option keeps the application from starting, and names the option`, () => {
    assert.match(create().run({ fails: true, tracing: { enabeld: true } }).refused ?? '', /enabeld.*enabled/s);
  });
}

test.run();
