// A shop of four services whose spans are made with the SDK's own providers and sent over OTLP/gRPC: traces that are whole, slow,
// failed, or broken in one of the ways in which traces break. The expected findings of the recipes are known.

import { ROOT_CONTEXT, type Span, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-grpc';
import { resourceFromAttributes } from '@opentelemetry/resources';
import { BasicTracerProvider, BatchSpanProcessor } from '@opentelemetry/sdk-trace-base';

export interface Shop {
  /** Trace ids by their fault. */
  readonly traces: Readonly<Record<'whole' | 'slow' | 'failed' | 'lost' | 'lostOther' | 'silent' | 'orphan', string>>;
  /** Milliseconds since the epoch, when the first trace began. */
  readonly began: number;
  readonly spans: number;
}

interface Step {
  readonly name: string;
  readonly kind?: SpanKind;
  /** Milliseconds from the start of the shop. */
  readonly at: number;
  readonly for: number;
  readonly attributes?: Record<string, string | number>;
  readonly error?: Error;
}

export async function openShop(endpoints: readonly string[]): Promise<Shop> {
  const services = ['gateway', 'orders', 'payment', 'stock'].map((name) => {
    const spanProcessors = endpoints.map((url) => new BatchSpanProcessor(new OTLPTraceExporter({ url })));
    return [
      name,
      new BasicTracerProvider({ resource: resourceFromAttributes({ 'service.name': name }), spanProcessors }),
    ] as const;
  });
  const providers = new Map(services);
  const began = Date.now() - 120_000;
  let spans = 0;

  function make(
    service: string,
    { name, kind = SpanKind.INTERNAL, at, attributes = {}, error, ...step }: Step,
    parent?: Span,
  ): Span {
    const context = parent === undefined ? ROOT_CONTEXT : trace.setSpan(ROOT_CONTEXT, parent);
    const tracer = (providers.get(service) as BasicTracerProvider).getTracer('shop', '1.0.0');
    const span = tracer.startSpan(name, { kind, attributes, startTime: began + at }, context);
    if (error !== undefined) {
      span.recordException(error, began + at + step.for);
      span.setStatus({ code: SpanStatusCode.ERROR, message: error.message }).setAttribute('error.type', error.name);
    }
    span.end(began + at + step.for);
    spans++;
    return span;
  }

  /** gateway calls orders. */
  function order(at: number, took: number): { root: Span; orders: Span } {
    const root = make('gateway', { name: 'POST /orders', kind: SpanKind.SERVER, at, for: took });
    const call = make(
      'gateway',
      {
        name: 'POST',
        kind: SpanKind.CLIENT,
        at: at + 1,
        for: took - 2,
        attributes: { 'server.address': 'orders', 'server.port': 8080 },
      },
      root,
    );
    const orders = make(
      'orders',
      { name: 'POST /orders', kind: SpanKind.SERVER, at: at + 2, for: took - 4, attributes: { 'server.port': 8080 } },
      call,
    );
    return { root, orders };
  }
  const pay = (at: number, took: number, orders: Span, attributes = {}): Span =>
    make(
      'orders',
      {
        name: 'POST',
        kind: SpanKind.CLIENT,
        at,
        for: took,
        attributes: { 'server.address': 'payment.shop.svc', 'server.port': 8081, ...attributes },
      },
      orders,
    );
  const charge = (at: number, took: number, parent?: Span, error?: Error): Span =>
    make(
      'payment',
      { name: 'charge', kind: SpanKind.SERVER, at, for: took, attributes: { 'server.port': 8081 }, ...(error && { error }) },
      parent,
    );

  const whole = order(0, 100);
  make(
    'orders',
    { name: 'SELECT orders', kind: SpanKind.CLIENT, at: 10, for: 5, attributes: { 'db.system.name': 'postgresql' } },
    whole.orders,
  );
  charge(22, 30, pay(20, 40, whole.orders));

  const slow = order(10_000, 8000);
  charge(10_100, 7000, pay(10_050, 7100, slow.orders));

  const failed = order(20_000, 200);
  const cause = new RangeError('the card is refused');
  const declined = pay(20_050, 60, failed.orders);
  charge(20_060, 40, declined, cause);
  const message = { name: 'tell customer', at: 20_150, for: 10, error: new Error('order failed') };
  make('orders', message, failed.orders);

  const lost = order(30_000, 100); // payment ignores the incoming context
  pay(30_020, 40, lost.orders);
  const lostOther = charge(30_025, 20);

  const silent = order(40_000, 100); // stock is known, and recorded nothing then
  make(
    'orders',
    { name: 'send reserve', kind: SpanKind.PRODUCER, at: 40_010, for: 2, attributes: { 'peer.service': 'stock' } },
    silent.orders,
  );
  make('stock', { name: 'reserve', kind: SpanKind.CONSUMER, at: -200_000, for: 5 });

  // gateway's own span never comes
  const unsent = trace.wrapSpanContext({
    traceId: 'abcdef0123456789abcdef0123456789',
    spanId: 'abcdef0123456789',
    traceFlags: 1,
  });
  const orphan = make('orders', { name: 'POST /orders', kind: SpanKind.SERVER, at: 50_000, for: 30 }, unsent);

  for (const provider of providers.values()) await provider.shutdown();
  const idOf = (span: Span): string => span.spanContext().traceId;
  return {
    began,
    spans,
    traces: {
      whole: idOf(whole.root),
      slow: idOf(slow.root),
      failed: idOf(failed.root),
      lost: idOf(lost.root),
      lostOther: idOf(lostOther),
      silent: idOf(silent.root),
      orphan: idOf(orphan),
    },
  };
}
