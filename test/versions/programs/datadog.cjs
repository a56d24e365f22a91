// Instrumented calls beside dd-trace with its OpenTelemetry provider: `node datadog.cjs <on|off>`. Prints the spans that its exporter
// was given, and what an instrumented call sees.

process.env.DD_TRACE_OTEL_ENABLED = 'true';
process.env.DD_TRACE_STARTUP_LOGS = 'false';
process.env.DD_INSTRUMENTATION_TELEMETRY_ENABLED = 'false';
process.env.DD_REMOTE_CONFIGURATION_ENABLED = 'false';
const tracer = require('dd-trace').init({ service: 'beside', plugins: false, url: 'http://127.0.0.1:9' });
new tracer.TracerProvider().register();
const { trace, propagation, context } = require('@opentelemetry/api');
const { createSampler, inject, instrument } = require('spanwright');

const spans = [];
tracer._tracer._exporter.export = (formatted) => {
  for (const span of formatted) {
    spans.push({
      name: span.resource,
      spanId: BigInt(span.span_id.toString(10)).toString(16).padStart(16, '0'),
      parent: BigInt(span.parent_id.toString(10)).toString(16).padStart(16, '0'),
      trace: span.trace_id.toString(16),
      error: span.error,
      data: { ...span.meta, ...span.metrics },
    });
  }
};

const { tracing } = createSampler({ enabled: process.argv[2] === 'on' });
const wait = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));
const seen = {};
let calls = 0;

const inner = instrument({ name: 'inner', namespace: 'x' }, async () => {
  await tracer.trace('db query', { resource: 'db query' }, () => wait(5));
  trace.getTracer('hand').startSpan('hand').end();
});
const work = instrument({ name: 'work', namespace: 'x', args: ['id'], attributes: { team: 'core' } }, async (id) => {
  await wait(2);
  if (calls++ === 0) {
    seen.active = trace.getActiveSpan()?.name ?? trace.getActiveSpan()?._ddSpan?.context()._tags['resource.name'];
    seen.injected = inject({});
    seen.baggage = propagation.getBaggage(context.active())?.getEntry('tenant')?.value;
  }
  await inner();
  return id;
});
const failing = instrument({ name: 'failing', namespace: 'x' }, async () => {
  throw new TypeError('broken');
});

async function main() {
  await tracer.trace('web', { resource: 'GET /' }, async () => {
    const baggage = propagation.createBaggage({ tenant: { value: 'acme' } });
    await context.with(propagation.setBaggage(context.active(), baggage), () => work(7));
    await failing().catch(() => {});
  });
  await work(8);
  await wait(50);
  console.log(JSON.stringify({ spans, seen, counts: tracing.state().spans }));
  process.exit();
}
void main();
