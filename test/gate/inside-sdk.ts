// A provider of the SDK with a sampler of Spanwright's, its processor, and a processor as users write them.

import { type Context, context, type Span, trace } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import {
  BasicTracerProvider,
  InMemorySpanExporter,
  type ReadableSpan,
  type Sampler,
  SimpleSpanProcessor,
} from '@opentelemetry/sdk-trace-base';
import { createSpanProcessor, type SpanwrightSampler } from '../../runtime/index.js';

/** Copies the tenant from the parent's span, as processors of users do, and keeps the objects that it was given. */
class CopyingProcessor {
  readonly started: Span[] = [];
  onStart(span: Span & { attributes?: object }, parentContext: Context): void {
    this.started.push(span);
    const parent = trace.getSpan(parentContext) as { attributes?: Record<string, string> } | undefined;
    const tenant = parent?.attributes?.tenant;
    if (tenant !== undefined) span.setAttribute('tenant', tenant);
  }
  onEnd(): void {}
  async forceFlush(): Promise<void> {}
  async shutdown(): Promise<void> {}
}

interface Given {
  readonly sampler: SpanwrightSampler;
  readonly copying: CopyingProcessor;
  readonly spans: () => ReadableSpan[];
}

/** Runs `work` while the provider is registered. */
export async function insideSdk(
  sampler: SpanwrightSampler,
  work: (given: Given) => unknown,
  compose: (sampler: Sampler) => Sampler = (own) => own,
): Promise<void> {
  const exporter = new InMemorySpanExporter();
  const copying = new CopyingProcessor();
  const provider = new BasicTracerProvider({
    sampler: compose(sampler as unknown as Sampler),
    spanProcessors: [createSpanProcessor() as never, copying as never, new SimpleSpanProcessor(exporter)],
  });
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  trace.setGlobalTracerProvider(provider);
  const spans = (): ReadableSpan[] => exporter.getFinishedSpans();
  try {
    await work({ sampler, copying, spans });
  } finally {
    await sampler.tracing.shutdown();
    await provider.shutdown();
    trace.disable();
    context.disable();
  }
}
