// States of the process while a variant is measured: nothing, OpenTelemetry's SDK, or Spanwright, each off or on.
// Called in the worker before the measured module is loaded, as a service sets tracing up before the rest of its code.

import { AsyncLocalStorage } from 'node:async_hooks';
import { type Context, context, INVALID_SPAN_CONTEXT, ROOT_CONTEXT, type Tracer, trace } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { type ExportResult, ExportResultCode } from '@opentelemetry/core';
import {
  AlwaysOffSampler,
  AlwaysOnSampler,
  BasicTracerProvider,
  BatchSpanProcessor,
  ParentBasedSampler,
  type ReadableSpan,
  type Sampler,
  type SpanExporter,
  type SpanProcessor,
} from '@opentelemetry/sdk-trace-base';
import type { TracingOptions } from '../runtime/config/options.js';
import type { Gate } from '../runtime/gate/gate.js';
import type { Tracing } from '../runtime/tracing.js';
import type { Installed } from './installed.js';
import { datadog, sentry } from './vendors.js';

/** Discards spans, so that no Collector is measured; its count shows whether spans were created at all. */
export class DiscardingExporter implements SpanExporter {
  count = 0;
  export(spans: ReadableSpan[], done: (result: ExportResult) => void): void {
    this.count += spans.length;
    done({ code: ExportResultCode.SUCCESS });
  }
  async shutdown(): Promise<void> {}
  async forceFlush(): Promise<void> {}
}

const NOTHING: Installed = { count: () => 0, drain: async () => {} };

function sdk(sampler: Sampler, processors: readonly SpanProcessor[] = []): Installed {
  const exporter = new DiscardingExporter();
  const provider = new BasicTracerProvider({ sampler, spanProcessors: [...processors, new BatchSpanProcessor(exporter)] });
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  trace.setGlobalTracerProvider(provider);
  return { count: () => exporter.count, drain: () => provider.forceFlush() };
}

/** Spanwright in an SDK set-up of the user's own, as docs/existing-setups.md describes it. */
async function sdkWithSampler(): Promise<Installed> {
  const { createSampler, createSpanProcessor } = await import('spanwright');
  return sdk(createSampler({ enabled: true }) as unknown as Sampler, [createSpanProcessor() as unknown as SpanProcessor]);
}

async function spanwright(enabled: boolean, options: TracingOptions = {}): Promise<Installed & { tracing: Tracing }> {
  const { startTracing } = await import('spanwright');
  const exporter = new DiscardingExporter();
  const tracing = await startTracing({ serviceName: 'bench', exporter, enabled, ...options });
  return { count: () => exporter.count, drain: () => tracing.forceFlush(), tracing };
}

/** Switched on, used, and switched off again: the state of a service after an investigation. */
async function spanwrightOffAgain(underWay: boolean): Promise<Installed> {
  const { instrument } = await import('spanwright');
  const installed = await spanwright(false);
  const lease = installed.tracing.setEnabled(true, { for: '1m' });
  // its context lives as long as the process, like that of a pooled connection created in the call
  const look = instrument({ name: 'look', namespace: 'bench' }, async function look(more: Promise<void> | null) {
    await more;
  });
  await look(null);
  if (underWay) void look(new Promise(() => {}));
  await installed.drain();
  if (installed.count() !== 1) throw new Error(`bench: switched on, one call exported ${installed.count()} spans`);
  installed.tracing.endLease(lease.id);
  await installed.drain();
  // the grace period of a trace that has just ended: two ticks of the gate's clock
  for (let tick = 0; tick < 2; tick++) gate().pass();
  if (gate().idle === underWay) throw new Error(`bench: the gate ${underWay ? 'does not wait for' : 'waits for'} a trace`);
  return installed;
}

/** On, by a lease that lets traces start in one namespace, which has none of the measured methods. */
async function spanwrightElsewhere(): Promise<Installed> {
  const { instrument } = await import('spanwright');
  const installed = await spanwright(false);
  installed.tracing.setEnabled(true, { for: '1h', only: 'elsewhere' });
  instrument({ name: 'look', namespace: 'elsewhere' }, () => 1)();
  await installed.drain();
  if (installed.count() !== 1) throw new Error(`bench: the lease exported ${installed.count()} spans of one call`);
  return { ...installed, count: () => installed.count() - 1 };
}

/** On, by a lease for the calls with one value of an argument `a`, which no measured call has. */
async function spanwrightWhen(): Promise<Installed> {
  const { instrument } = await import('spanwright');
  const installed = await spanwright(false);
  installed.tracing.setEnabled(true, { for: '1h', when: 'a=m-17' });
  const look = instrument({ name: 'look', namespace: 'elsewhere', args: ['a'] }, (a: string) => a);
  look('m-16');
  look('m-17');
  await installed.drain();
  if (installed.count() !== 1) throw new Error(`bench: the lease exported ${installed.count()} spans of one call`);
  return { ...installed, count: () => installed.count() - 1 };
}

/** On, with a lease that captures the arguments of every recorded call. */
async function spanwrightCapturing(): Promise<Installed> {
  const installed = await spanwright(true, { allowCapture: '*' });
  installed.tracing.setEnabled(true, { for: '1h', capture: 'args' });
  return installed;
}

const gate = (): Gate =>
  (globalThis as unknown as Record<symbol, { gate: Gate }>)[Symbol.for('spanwright.state.1')]?.gate as Gate;

/** A tracer that only calls back: the remaining cost is that of hand-written spans in the program itself. */
async function emptyTracer(): Promise<Installed> {
  const span = trace.wrapSpanContext(INVALID_SPAN_CONTEXT);
  const tracer = { startActiveSpan: (_name: string, _options: unknown, body: (given: typeof span) => unknown) => body(span) };
  trace.setGlobalTracerProvider({ getTracer: () => tracer as unknown as Tracer });
  return NOTHING;
}

/** The lasting cost of any library that has used an AsyncLocalStorage once: on Node 20 and 22 V8 does not undo all of it. */
async function storageUsed(): Promise<Installed> {
  const storage = new AsyncLocalStorage<number>();
  await storage.run(1, async () => null);
  storage.disable();
  return NOTHING;
}

export const STATES = {
  nothing: async () => NOTHING,
  'empty tracer': emptyTracer,
  'storage used': storageUsed,
  'sdk off': async () => sdk(new ParentBasedSampler({ root: new AlwaysOffSampler() })),
  'sdk on': async () => sdk(new ParentBasedSampler({ root: new AlwaysOnSampler() })),
  'sdk with createSampler()': sdkWithSampler,
  'spanwright without endpoint': async () => {
    const { startTracing } = await import('spanwright');
    await startTracing({ serviceName: 'bench' });
    return NOTHING;
  },
  'spanwright off': () => spanwright(false),
  'spanwright off again': () => spanwrightOffAgain(false),
  'spanwright off, a trace open': () => spanwrightOffAgain(true),
  'spanwright on elsewhere': spanwrightElsewhere,
  'spanwright on for one value': spanwrightWhen,
  'spanwright on': () => spanwright(true),
  'spanwright on, capturing': spanwrightCapturing,
  'spanwright, excluded by a rule': () => spanwright(true, { rules: 'bench=off' }),
  'datadog disabled': () => datadog(undefined),
  'datadog on': () => datadog(1),
  'datadog sampling nothing': () => datadog(0),
  'sentry without tracing': () => sentry(undefined),
  'sentry on': () => sentry(1),
  'sentry sampling nothing': () => sentry(0),
  'spanwright flight recorder': () => spanwright(false, { flightRecorder: '30s' }),
} satisfies Record<string, () => Promise<Installed>>;

export type StateName = keyof typeof STATES;

/** The context in which the calls are made; undefined: none is entered, and nothing follows asynchronous work on its account. */
export const PARENTS = {
  none: (): Context | undefined => undefined,
  unsampled: (): Context | undefined => trace.setSpanContext(ROOT_CONTEXT, spanContext(0)),
  sampled: (): Context | undefined => trace.setSpanContext(ROOT_CONTEXT, spanContext(1)),
  /** A span of this process that is recorded and stays open. */
  recorded: (): Context | undefined => trace.getTracer('bench').startActiveSpan('request', () => context.active()),
  /** A root span that the tracer in use starts for each burst. */
  own: (): Context | undefined => undefined,
  /** Another context for every 32 calls, as requests of a busy server have. */
  'unsampled, by request': (): Context | undefined => trace.setSpanContext(ROOT_CONTEXT, spanContext(0)),
} as const;

export type ParentName = keyof typeof PARENTS;

function spanContext(traceFlags: number) {
  return { traceId: '0af7651916cd43dd8448eb211c80319c', spanId: 'b7ad6b7169203331', traceFlags };
}
