// Traces for the tests and screenshots of the viewer: a shop of four services, with slow, failed and hostile ones. Times are relative to
// `now`, ids are fixed by number, so that every run gives the same picture.

import type { ReceivedSpan, Values } from '../../viewer/receiver/decode.js';

export const HOSTILE = '<img src=x onerror="document.title=1"><script>document.title=2</script>\u202e';

export interface Part {
  readonly service: string;
  readonly name: string;
  readonly namespace?: string;
  /** Milliseconds from the start of the trace. */
  readonly start: number;
  readonly ms: number;
  readonly kind?: ReceivedSpan['kind'];
  readonly attributes?: Values;
  readonly error?: string;
  readonly event?: string;
  readonly link?: { traceId: string; spanId: string };
  readonly parts?: readonly Part[];
}

export const traceIdOf = (number: number): string => number.toString(16).padStart(32, '0');
export const spanIdOf = (trace: number, span: number): string => (trace * 100_000 + span + 1).toString(16).padStart(16, '0');

/** Spans of one trace; `start` in milliseconds since the epoch. */
export function traceOf(number: number, start: number, root: Part, machine = 'm-1'): ReceivedSpan[] {
  const spans: ReceivedSpan[] = [];
  const nanos = (ms: number): string => String(BigInt(Math.round((start + ms) * 1000)) * 1000n);
  const resources = new Map<string, ReceivedSpan['resource']>();
  const add = (part: Part, parent: string): void => {
    const spanId = spanIdOf(number, spans.length);
    const resource = resources.get(part.service) ?? {
      attributes: { 'service.name': part.service, 'service.version': '1.4.0', 'host.name': machine },
    };
    resources.set(part.service, resource);
    const exception: Values = {
      'exception.type': 'TimeoutError',
      'exception.message': part.error ?? '',
      'exception.stacktrace': `TimeoutError: ${part.error}\n    at charge (src/pay/charge.ts:41:9)\n    at async PayService.pay (src/pay/service.ts:18:5)`,
    };
    spans.push({
      resource,
      scope: { name: 'spanwright', version: '', attributes: {} },
      traceId: traceIdOf(number),
      spanId,
      parentSpanId: parent,
      traceState: '',
      flags: 1,
      name: part.name,
      kind: part.kind ?? 'internal',
      startTimeUnixNano: nanos(part.start),
      endTimeUnixNano: nanos(part.start + part.ms),
      attributes: {
        ...(part.namespace === undefined
          ? {}
          : {
              'code.namespace': part.namespace,
              'code.file.path': 'src/orders/order-service.ts',
              'code.line.number': 27,
              'code.column.number': 3,
            }),
        ...part.attributes,
      },
      events: [
        ...(part.event === undefined ? [] : [{ name: part.event, timeUnixNano: nanos(part.start), attributes: { size: 3 } }]),
        ...(part.error === undefined
          ? []
          : [{ name: 'exception', timeUnixNano: nanos(part.start + part.ms), attributes: exception }]),
      ],
      links: part.link === undefined ? [] : [{ ...part.link, traceState: '', attributes: {}, flags: 1 }],
      status: { code: part.error === undefined ? 'unset' : 'error', message: part.error ?? '' },
      dropped: { attributes: 0, events: 0, links: 0 },
    });
    for (const below of part.parts ?? []) add(below, spanId);
  };
  add(root, '');
  return spans;
}

/** Trace 1: a root with children of 5 ms, one each millisecond, in seven services. */
export function largeTrace(spans: number): ReceivedSpan[] {
  const parts = Array.from({ length: spans - 1 }, (_, at) => ({
    service: `service-${at % 7}`,
    name: `step ${at + 1}`,
    start: at,
    ms: 5,
  }));
  return traceOf(1, Date.now(), { service: 'large', name: 'large', start: 0, ms: spans + 10, parts });
}

/** An order through the shop; `slow` stretches the stock's query, `error` fails the payment. */
export function order(
  number: number,
  start: number,
  { slow = 1, error, machine = 'm-1' }: { slow?: number; error?: string; machine?: string } = {},
): ReceivedSpan[] {
  const query = 22 * slow;
  const pay = 28 + query;
  return traceOf(
    number,
    start,
    {
      service: 'web',
      name: 'POST /orders',
      kind: 'server',
      start: 0,
      ms: pay + 64,
      attributes: { 'http.route': '/orders', machineId: machine },
      parts: [
        {
          service: 'orders',
          name: 'OrderService.place',
          namespace: 'shop::orders::OrderService',
          start: 3,
          ms: pay + 58,
          event: 'order accepted',
          attributes: { orderId: `o-${number}` },
          parts: [
            {
              service: 'stock',
              name: 'StockService.reserve',
              namespace: 'shop::stock::StockService',
              start: 6,
              ms: query + 12,
              parts: [
                {
                  service: 'stock',
                  name: 'SELECT stock',
                  kind: 'client',
                  start: 9,
                  ms: query,
                  attributes: { 'db.system.name': 'postgresql', 'db.query.text': 'SELECT amount FROM stock WHERE item = $1' },
                },
              ],
            },
            { service: 'orders', name: 'PriceService.total', namespace: 'shop::orders::PriceService', start: 7, ms: 9 },
            {
              service: 'pay',
              name: 'PayService.pay',
              namespace: 'shop::pay::PayService',
              start: pay,
              ms: 26,
              ...(error === undefined ? {} : { error }),
              parts: [
                {
                  service: 'pay',
                  name: 'POST /charge',
                  kind: 'client',
                  start: pay + 3,
                  ms: 20,
                  ...(error === undefined ? {} : { error }),
                },
              ],
            },
            {
              service: 'orders',
              name: 'INSERT orders',
              kind: 'client',
              start: pay + 30,
              ms: 14,
              attributes: { 'db.system.name': 'postgresql' },
            },
            {
              service: 'orders',
              name: 'publish order.placed',
              kind: 'producer',
              start: pay + 46,
              ms: 6,
              link: { traceId: traceIdOf(1), spanId: spanIdOf(1, 0) },
            },
          ],
        },
      ],
    },
    machine,
  );
}

/** 60 orders: one in seven is slow, on machine m-17; every eleventh fails. */
export function shopTraffic(now: number): ReceivedSpan[][] {
  return Array.from({ length: 60 }, (_, at) => {
    const slow = at % 7 === 3;
    return order(at + 1, now - (60 - at) * 700, {
      slow: slow ? 14 : 0.7 + (at % 5) * 0.15,
      machine: slow ? 'm-17' : `m-${1 + (at % 4)}`,
      ...(at % 11 === 5 ? { error: 'no answer within 20 ms' } : {}),
    });
  });
}
