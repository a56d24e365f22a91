// Tracing as the conformance suites see it: the runtime as built, every finished span kept, and what it says on standard error.

import { join } from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { InMemorySpanExporter, type ReadableSpan } from '@opentelemetry/sdk-trace-base';
import { suite, type Test } from 'uvu';
import type * as spanwright from '../../../runtime/index.js';
import { ROOT } from './compile.js';
import type { Variant } from './variants.js';

/** The module that the fixtures see as `spanwright`. */
export const runtime = require(join(ROOT, 'dist', 'runtime', 'index.js')) as typeof spanwright;

const TRACING: Partial<spanwright.TracingOptions> = { enabled: true, redact: 'password' };
const exporter = new InMemorySpanExporter();
const said: string[] = [];
let tracing: spanwright.Tracing;
let started: Promise<void> | undefined;

/** Once for the process; suites run one after the other. */
function startRecording(): Promise<void> {
  started ??= (async () => {
    console.warn = (line: unknown) => said.push(String(line));
    tracing = await runtime.startTracing({ exporter: exporter as never, ...TRACING });
    process.once('beforeExit', () => void tracing.shutdown());
  })();
  return started;
}

export const running = (): spanwright.Tracing => tracing;

/** Spans that have ended since the last call, in the order of their ends. */
export async function finished(): Promise<ReadableSpan[]> {
  await tracing.forceFlush();
  const spans = exporter.getFinishedSpans();
  exporter.reset();
  return [...spans];
}

/** The one span that has ended. */
export async function only(): Promise<ReadableSpan> {
  const spans = await finished();
  if (spans.length !== 1)
    throw new Error(`found ${spans.length} spans (${spans.map(({ name }) => name).join(', ')}); expected 1`);
  return spans[0] as ReadableSpan;
}

/** Output on standard error since the last call. */
export function spoken(): string[] {
  return said.splice(0);
}

export const milliseconds = (span: ReadableSpan): number => span.duration[0] * 1e3 + span.duration[1] / 1e6;

/** Resolves when that much time has passed from now: a timer counts from the begin of its turn, which may be long ago when the machine is busy. */
export async function after(ms: number): Promise<void> {
  const end = performance.now() + ms;
  do await new Promise((resolve) => setTimeout(resolve, Math.ceil(Math.max(1, end - performance.now()))));
  while (performance.now() < end);
}

setFlagsFromString('--expose-gc');
const gc = runInNewContext('gc') as () => void;

/** Has the garbage collected, and finalizers run. */
export async function collect(): Promise<void> {
  gc();
  await after(5);
}

/** How many microtasks pass until a promise is settled. */
export async function ticks(promise: PromiseLike<unknown>): Promise<number> {
  let settled = false;
  promise.then(
    () => {
      settled = true;
    },
    () => {
      settled = true;
    },
  );
  let count = 0;
  for (; !settled; count++) await null;
  return count;
}

export type Cases = (test: Test, variant: Variant) => void;

/** Runs a suite's cases over each variant; one that discovers no case fails. */
export function overVariants(name: string, variants: readonly Variant[], cases: Cases): void {
  for (const variant of variants) {
    const tests = suite(`${name}: ${variant.name}`);
    let found = 0;
    const counting = Object.assign((...given: Parameters<Test>) => {
      found++;
      return tests(...given);
    }, tests) as Test;
    tests.before(startRecording);
    tests.before.each(async () => {
      await finished();
      spoken();
    });
    cases(counting, variant);
    if (found === 0) throw new Error(`${name}: no cases for ${variant.name}`);
    tests.run();
  }
}
