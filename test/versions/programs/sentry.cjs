// Instrumented calls beside Sentry: `node sentry.cjs <on|off> <with|without createSampler()>`. Prints the transactions that Sentry
// would send, what an instrumented call sees, and what is injected in it.

const Sentry = require('@sentry/node');
const [flag, sampler] = process.argv.slice(2);
const transactions = [];
Sentry.init({
  dsn: 'http://a@127.0.0.1:9/1',
  transport: () => ({ send: async () => ({}), flush: async () => true }),
  enableOpenTelemetrySetup: true, // Sentry 11
  traceLifecycle: 'static', // Sentry 11
  tracesSampleRate: 1,
  beforeSendTransaction(event) {
    transactions.push({
      name: event.transaction,
      traceId: event.contexts.trace.trace_id,
      spanId: event.contexts.trace.span_id,
      status: event.contexts.trace.status,
      data: event.contexts.trace.data,
      spans: event.spans.map(({ description, span_id, parent_span_id, data, status }) => ({
        name: description,
        spanId: span_id,
        parent: parent_span_id,
        data,
        status,
      })),
    });
    return null;
  },
});
const { trace, propagation, context } = require('@opentelemetry/api');
const { createSampler, inject, instrument } = require('spanwright');

const tracing = sampler === 'with' ? createSampler({ enabled: flag === 'on' }).tracing : undefined;
const wait = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));
const seen = {};

const inner = instrument({ name: 'inner', namespace: 'x' }, async () => {
  await Sentry.startSpan({ name: 'db query' }, () => wait(5));
  const hand = trace.getTracer('hand').startSpan('hand');
  hand.end();
});
const work = instrument({ name: 'work', namespace: 'x', args: ['id'], attributes: { team: 'core' } }, async (id) => {
  await wait(2);
  const active = Sentry.getActiveSpan();
  const { description, name } = active === undefined ? {} : Sentry.spanToJSON(active);
  seen.active = active === trace.getActiveSpan() ? (description ?? name) : 'another object';
  seen.injected = inject({});
  seen.baggage = propagation.getBaggage(context.active())?.getEntry('tenant')?.value;
  await inner();
  return id;
});
const failing = instrument({ name: 'failing', namespace: 'x' }, async () => {
  throw new TypeError('broken');
});

const undecided = instrument({ name: 'undecided', namespace: 'x' }, async () => {});

async function main() {
  await Sentry.startSpan({ name: 'GET /' }, async (root) => {
    seen.root = root.spanContext();
    const baggage = propagation.createBaggage({ tenant: { value: 'acme' } });
    await context.with(propagation.setBaggage(context.active(), baggage), () => work(7));
    await failing().catch(() => {});
  });
  const { injected, active, baggage } = seen;
  await work(8);
  Object.assign(seen, { injected, active, baggage });
  await Sentry.continueTrace({ sentryTrace: `${'1f'.repeat(16)}-${'2e'.repeat(8)}`, baggage: '' }, undecided);
  await Sentry.startNewTrace(undecided);
  await Sentry.flush(1500);
  console.log(JSON.stringify({ transactions, seen, counts: tracing?.state().spans }));
  process.exit();
}
void main();
