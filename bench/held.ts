// Run in a process of its own with garbage collection exposed: makes calls that wait for ever, and prints how many bytes of the heap each
// of them holds. Started by open.ts, compiled to plain JavaScript first.

import { trace } from '@opentelemetry/api';
import { STATES, type StateName } from './states.js';

const CALLS = 5000;
const attributes = {
  'code.namespace': 'bench',
  'code.function.name': 'bench::wait',
  'code.file.path': 'bench/held.ts',
  'code.line.number': 10,
  'code.column.number': 3,
};

async function main(state: StateName, how: string): Promise<void> {
  const { instrument } = await import('spanwright');
  await STATES[state]();
  let settle: (() => void) | undefined;
  const never = new Promise<void>((resolve) => {
    settle = resolve;
  });
  const tracer = trace.getTracer('bench');
  const wait: Record<string, () => Promise<void>> = {
    bare: async () => {
      await never;
    },
    'by hand': () =>
      tracer.startActiveSpan('wait', { attributes }, async (span) => {
        try {
          await never;
        } finally {
          span.end();
        }
      }),
    instrument: instrument({ name: 'wait', attributes }, async () => {
      await never;
    }),
  };
  const call = wait[how] as () => Promise<void>;
  const results: Promise<void>[] = [];
  for (let warmUp = 0; warmUp < 100; warmUp++) results.push(call());
  const before = used();
  for (let count = 0; count < CALLS; count++) results.push(call());
  console.log((used() - before) / CALLS);
  settle?.();
  await Promise.all(results);
  process.exit(0);
}

function used(): number {
  for (let turn = 0; turn < 3; turn++) globalThis.gc?.();
  return process.memoryUsage().heapUsed;
}

void main(process.argv[2] as StateName, process.argv[3] ?? '');
