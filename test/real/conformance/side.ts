// One side of the comparison, as a process: `side.ts spanwright` or `side.ts sdk`, and the names of programs. Runs them one after
// another and prints which program each trace belongs to, so that ids stay random and programs need no mark of their own.

import { type Context, type Span, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-grpc';
import { NodeSDK } from '@opentelemetry/sdk-node';
import { BatchSpanProcessor, type SpanProcessor } from '@opentelemetry/sdk-trace';
import { instrument, startTracing } from '../../../runtime/index.js';
import { type Call, PROGRAMS } from './programs.js';

const [side, ...names] = process.argv.slice(2);
const owners: Record<string, string> = {};
let running = '';
const note: SpanProcessor = {
  onStart: (span: Span, _parent: Context) => {
    const { traceId, spanId } = span.spanContext();
    owners[traceId + spanId] = running;
  },
  onEnd: () => {},
  forceFlush: async () => {},
  shutdown: async () => {},
};

async function startSpanwright(): Promise<() => Promise<void>> {
  const tracing = await startTracing({ enabled: true, spanProcessors: [note as never] });
  return () => tracing.shutdown();
}

async function startSdk(): Promise<() => Promise<void>> {
  const exporting = new BatchSpanProcessor({ exporter: new OTLPTraceExporter() } as never);
  const sdk = new NodeSDK({ spanProcessors: [note, exporting], instrumentations: [] });
  sdk.start();
  return () => sdk.shutdown();
}

/** Runs a function in a span, as OpenTelemetry's documentation does. */
const byHand: Call = (name, run, kind = SpanKind.INTERNAL) =>
  trace.getTracer('conformance').startActiveSpan(name, { kind }, (span) => {
    const fail = (error: unknown): never => {
      span.recordException(error as Error);
      span.setStatus({ code: SpanStatusCode.ERROR, message: (error as Error | null)?.message ?? String(error) });
      span.end();
      throw error;
    };
    try {
      const result = run();
      const end = <Value>(value: Value): Value => {
        span.end();
        return value;
      };
      return (result instanceof Promise ? result.then(end, fail) : end(result)) as typeof result;
    } catch (error) {
      return fail(error);
    }
  });

const instrumented: Call = (name, run, kind = SpanKind.INTERNAL) => instrument({ name, kind }, run)();

async function main(): Promise<void> {
  const stop = await (side === 'sdk' ? startSdk() : startSpanwright());
  const tools = { tracer: trace.getTracer('conformance'), call: side === 'sdk' ? byHand : instrumented };
  for (const program of PROGRAMS.filter(({ name }) => names.includes(name))) {
    running = program.name;
    await program.run(tools);
  }
  await stop();
  console.log(JSON.stringify(owners));
}

void main();
