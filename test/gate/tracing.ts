// Starts the real tracing for one test, with an in-memory exporter, and shuts it down.

import { InMemorySpanExporter, type ReadableSpan } from '@opentelemetry/sdk-trace-base';
import { startTracing, type Tracing, type TracingOptions } from '../../runtime/index.js';
import { setNoticeLogger } from '../../runtime/warnings.js';
import { expectSpans } from '../expected-spans.js';

export interface Traced {
  readonly tracing: Tracing;
  /** Flushed spans so far, in the order in which they ended. */
  spans(): Promise<ReadableSpan[]>;
  /** Flushes, and asserts that the spans so far are those of the script (expected-spans.ts). */
  expectSpans(...script: readonly string[]): Promise<void>;
}

/** Lines that are logged while `work` runs. */
export async function noticesDuring(work: () => unknown): Promise<string[]> {
  const lines: string[] = [];
  setNoticeLogger((_level, line) => lines.push(line));
  try {
    await work();
  } finally {
    setNoticeLogger(undefined);
  }
  return lines;
}

export async function traced<T>(options: TracingOptions, work: (traced: Traced) => Promise<T> | T): Promise<T> {
  const exporter = new InMemorySpanExporter();
  const tracing = await startTracing({ exporter, serviceName: 'test', ...options });
  try {
    const spans = async () => {
      await tracing.forceFlush();
      return exporter.getFinishedSpans();
    };
    return await work({ tracing, spans, expectSpans: async (...script) => expectSpans(await spans(), ...script) });
  } finally {
    await tracing.shutdown();
  }
}
