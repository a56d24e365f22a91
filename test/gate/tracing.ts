// Starts the real tracing for one test, with an exporter that keeps what it gets, and ends it again.

import { InMemorySpanExporter, type ReadableSpan } from '@opentelemetry/sdk-trace-base';
import { startTracing, type Tracing, type TracingOptions } from '../../runtime/index.js';

export interface Traced {
  readonly tracing: Tracing;
  /** Flushed spans so far, in the order in which they ended. */
  spans(): Promise<ReadableSpan[]>;
  /** Their names, sorted. */
  names(): Promise<string[]>;
}

export async function traced<T>(options: TracingOptions, work: (traced: Traced) => Promise<T> | T): Promise<T> {
  const exporter = new InMemorySpanExporter();
  const tracing = await startTracing({ exporter, serviceName: 'test', ...options });
  try {
    const spans = async () => {
      await tracing.forceFlush();
      return exporter.getFinishedSpans();
    };
    return await work({ tracing, spans, names: async () => (await spans()).map((span) => span.name).sort() });
  } finally {
    await tracing.shutdown();
  }
}

export function parentName(span: ReadableSpan, all: readonly ReadableSpan[]): string | undefined {
  const id = span.parentSpanContext?.spanId;
  return id === undefined ? undefined : (all.find((other) => other.spanContext().spanId === id)?.name ?? `remote ${id}`);
}
