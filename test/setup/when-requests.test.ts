// `when` with `header:`: what a request brought is compared where the instrumentation of the HTTP server, or the middleware, reads it.

import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { baggage, instrument } from '../../runtime/index.js';
import { traced } from '../gate/tracing.js';

const namesOf = (spans: readonly { readonly name: string }[]): string[] => spans.map(({ name }) => name).sort();

const HTTP = '@opentelemetry/instrumentation-http';
const power = instrument({ namespace: 'carbide::api', name: 'power' }, async () => {
  await new Promise((resolve) => setTimeout(resolve, 2));
  return query();
});
const query = instrument({ namespace: 'carbide::db', name: 'query' }, () => 1);

type Handler = (request: import('node:http').IncomingMessage, response: import('node:http').ServerResponse) => void;

/** Sends one request for each customer, at once. */
async function serve(handler: Handler, customers: readonly string[]): Promise<void> {
  const { createServer } = createRequire(__filename)('node:http') as typeof import('node:http');
  const server = createServer(handler);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  try {
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1/power`;
    const answers = customers.map((customer) =>
      fetch(url, { headers: { 'X-Customer': customer } }).then((answer) => answer.text()),
    );
    assert.equal(
      await Promise.all(answers),
      customers.map(() => 'ok'),
    );
  } finally {
    server.close();
  }
}

test('with HTTP instrumentation, the request with the header is recorded whole, and no other', () =>
  traced({ instrumentations: [HTTP] }, async ({ tracing, spans }) => {
    tracing.setEnabled(true, { when: 'header:x-customer=42' });
    await serve((_request, response) => void power().then(() => response.end('ok')), ['41', '42', '43']);
    const recorded = await spans();
    assert.equal(recorded.map(({ name }) => name).sort(), ['GET', 'power', 'query']);
    assert.is(new Set(recorded.map((span) => span.spanContext().traceId)).size, 1);
  }));

test('with the baggage middleware and no HTTP instrumentation, the calls of the request with the header are recorded', () =>
  traced({}, async ({ tracing, spans }) => {
    const middleware = baggage.declare({}).middleware();
    tracing.setEnabled(true, { when: 'header:x-customer=42' });
    await serve(
      (request, response) => middleware(request, response, () => void power().then(() => response.end('ok'))),
      ['41', '42', '43'],
    );
    assert.equal(namesOf(await spans()), ['power', 'query']);
  }));

test('no header is read while no condition names one', () =>
  traced({ enabled: true, when: 'baggage:tenant=acme' }, async ({ spans }) => {
    const middleware = baggage.declare({}).middleware();
    const read: string[] = [];
    const headers = new Proxy({} as Record<string, string>, {
      get: (_headers, name) => void read.push(String(name)),
    });
    middleware({ url: '/', headers }, {}, () => undefined);
    assert.not.match(read.join(), 'x-customer');
    assert.equal(namesOf(await spans()), []);
  }));

test.run();
