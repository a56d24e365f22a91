// Spans as a service with instrumented HTTP and SQL sends them, in OTLP's JSON.

import { randomBytes } from 'node:crypto';

const text = (key: string, stringValue: string) => ({ key, value: { stringValue } });

/** One trace: a request, and calls below it. */
export function traceOf(spans: number): object[] {
  const traceId = randomBytes(16).toString('hex');
  const root = randomBytes(8).toString('hex');
  const now = BigInt(Date.now()) * 1_000_000n;
  return Array.from({ length: spans }, (_, at) => ({
    traceId,
    spanId: at === 0 ? root : randomBytes(8).toString('hex'),
    ...(at > 0 && { parentSpanId: root }),
    name: at === 0 ? 'GET /orders/:id' : 'orders.select',
    kind: at === 0 ? 2 : 3,
    startTimeUnixNano: String(now),
    endTimeUnixNano: String(now + 5_000_000n),
    attributes:
      at === 0
        ? [
            text('http.request.method', 'GET'),
            text('http.route', '/orders/:id'),
            text('url.path', `/orders/${traceId.slice(0, 8)}`),
          ]
        : [
            text('db.system.name', 'postgresql'),
            text('db.operation.name', 'SELECT'),
            text('db.query.text', 'SELECT id, customer, total, state FROM orders WHERE id = $1 AND state <> $2'),
            text('server.address', 'orders-db.production.svc'),
            text('code.function.name', 'Orders.find'),
          ],
  }));
}
