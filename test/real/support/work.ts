// The work whose spans are followed through the real parts: everything that a span can hold, done with this package and, beside
// it, through OpenTelemetry's API as third-party instrumentation does. What ended is kept as the program saw it.

import { type Attributes, context, propagation, ROOT_CONTEXT, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import { instrument, startTracing, type Tracing, type TracingOptions } from '../../../runtime/index.js';
import { type Finished, type FlatSpan, flattenFinished } from './otlp-json.js';

export interface Recording {
  readonly tracing: Tracing;
  /** Every span that ended, as the program saw it. */
  readonly ended: FlatSpan[];
}

export async function startRecording(endpoint: string, options: TracingOptions = {}): Promise<Recording> {
  const ended: Finished[] = [];
  const keep = {
    onStart: () => {},
    onEnd: (span: unknown) => void ended.push(span as Finished),
    forceFlush: async () => {},
    shutdown: async () => {},
  };
  const tracing = await startTracing({
    endpoint,
    enabled: true,
    serviceName: 'orders',
    resource: { 'deployment.environment.name': 'test', team: 'ledger' },
    scheduleDelay: 50,
    spanProcessors: [keep as never],
    ...options,
  });
  // read late, because the attributes of the resource are known only when the first spans have been sent
  return {
    tracing,
    get ended() {
      return ended.map(flattenFinished);
    },
  };
}

export const pause = (milliseconds: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, milliseconds));

/** One value of every type that OpenTelemetry knows, and those at which encodings differ. */
const EVERY_TYPE: Attributes = {
  text: 'plain',
  unicode: 'grün 🚀 \u0000 end',
  empty: '',
  integer: 42,
  negative: -7,
  large: Number.MAX_SAFE_INTEGER,
  fraction: 0.1,
  yes: true,
  no: false,
  texts: ['a', 'b'],
  numbers: [1, 2.5],
  flags: [true, false],
};

export const chargeCard = instrument(
  { name: 'charge card', kind: SpanKind.CLIENT, attributes: { provider: 'bank' } },
  async function chargeCard(amount: number): Promise<string> {
    await pause(2);
    if (amount < 0) throw new RangeError(`cannot charge ${amount}`);
    return 'paid';
  },
);

const reserve = instrument({ name: 'reserve stock' }, function reserve(count: number): number {
  return count * 2;
});

export const placeOrder = instrument(
  { name: 'place order', kind: SpanKind.SERVER },
  async function placeOrder(id: number): Promise<string> {
    reserve(id);
    await Promise.all([chargeCard(id), notify(id)]);
    try {
      await chargeCard(-1 - id);
    } catch {
      return 'partly';
    }
    return 'done';
  },
);

/** Records a span as a library does that knows only OpenTelemetry's API. */
function notify(id: number): Promise<void> {
  const tracer = trace.getTracer('mailer', '1.2.3');
  const before = { traceId: 'ab'.repeat(16), spanId: 'cd'.repeat(8), traceFlags: 1 };
  const options = {
    kind: SpanKind.PRODUCER,
    attributes: { ...EVERY_TYPE, id },
    links: [{ context: before, attributes: { why: 'batch' } }],
  };
  return tracer.startActiveSpan('send mail', options, async (span) => {
    span.addEvent('queued', { position: 3 });
    await pause(1);
    span.addEvent('sent');
    span.setStatus({ code: SpanStatusCode.OK });
    span.updateName('send mail to customer');
    span.end();
  });
}

/** A call that another service caused: its span has a remote parent. */
export function receiveOrder(id: number, traceparent: string): Promise<string> {
  const caller = propagation.extract(ROOT_CONTEXT, { traceparent });
  return context.with(caller, () => placeOrder(id));
}

/** The tree of one order. */
export const ORDER = ['place order', '  reserve stock', '  charge card', '  send mail to customer', '  charge card'];
