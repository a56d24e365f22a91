// `spanwright traces find` over the receiver's query server: which span is shown as found, fields that Jaeger stores as tags, and
// `service.name` among the attributes.

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { ReceivedSpan } from '../../../viewer/receiver/decode.js';
import { type QueryServer, startQueryServer } from '../../../viewer/receiver/query.js';
import { traceIdOf, traceOf } from '../../viewer/example-traces.js';
import { invoke } from '../invoke.js';

const test = suite('traces find');

const shared = { 'order.id': 7 };
const SPANS: readonly ReceivedSpan[] = traceOf(1, Date.now() - 60_000, {
  service: 'web',
  name: 'POST /orders',
  kind: 'server',
  start: 0,
  ms: 100,
  attributes: shared,
  parts: [
    { service: 'payment', name: 'charge', kind: 'client', start: 10, ms: 5, attributes: shared },
    { service: 'payment', name: 'settle', start: 20, ms: 60, attributes: shared },
    { service: 'mail', name: 'send', kind: 'producer', start: 85, ms: 2, error: 'no such address' },
    { service: 'mail', name: 'archive', start: 90, ms: 2 },
  ],
}).map((span) => (span.name === 'archive' ? { ...span, status: { code: 'ok', message: '' }, traceState: 'a=1' } : span));

let query: QueryServer;
test.before(async () => {
  query = await startQueryServer(() => SPANS, '127.0.0.1', 0);
});
test.after(() => query.close());

const find = (...args: string[]) => invoke(['traces', 'find', ...args, '--jaeger', query.url]);

/** `service: name` of the span shown as found; undefined when no trace is. */
async function foundIn(...args: string[]): Promise<string | undefined> {
  const { code, out, err } = await find(...args, '--json');
  assert.is(code, 0, err);
  const [row] = JSON.parse(out).traces;
  if (row === undefined) return undefined;
  assert.is(row.traceId, traceIdOf(1));
  return `${row.match?.service}: ${row.match?.name}`;
}

test('shows the first span that has the attributes, is of the service and took long enough', async () => {
  assert.is(await foundIn('order.id=7'), 'web: POST /orders');
  assert.is(await foundIn('order.id=7', '--service', 'payment'), 'payment: charge');
  assert.is(await foundIn('order.id=7', '--service', 'payment', '--over', '50ms'), 'payment: settle');
  assert.is(await foundIn('order.id=7', '--service', 'mail'), undefined);
});

for (const [word, found] of [
  ['span.kind=client', 'payment: charge'],
  ['span.kind=producer', 'mail: send'],
  ['span.kind=consumer', undefined],
  ['otel.scope.name=spanwright', 'web: POST /orders'],
  ['otel.status_code=ERROR', 'mail: send'],
  ['otel.status_code=OK', 'mail: archive'],
  ['otel.status_description=no such address', 'mail: send'],
  ['w3c.tracestate=a=1', 'mail: archive'],
  ['error=true', 'mail: send'],
  ['error=false', undefined],
  ['host.name=m-1', 'web: POST /orders'],
] as const) {
  test(`${word} is found as in Jaeger: ${found ?? 'nothing'}`, async () => assert.is(await foundIn(word), found));
}

test('service.name among the attributes chooses the service, as --service does', async () => {
  assert.is(await foundIn('service.name=payment'), 'payment: charge');
  assert.is(await foundIn('service.name=payment', 'order.id=7', '--over', '50ms'), 'payment: settle');
  assert.is(await foundIn('service.name=mail', '--service', 'mail'), 'mail: send');
  const [word, option] = [await find('service.name=paymnet'), await find('order.id=7', '--service', 'paymnet')];
  assert.equal([word.code, word.err], [1, 'Jaeger knows no service "paymnet". It knows mail, payment, web.\n']);
  assert.equal(word, option);
});

test.run();
