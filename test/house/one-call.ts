// Prints which files of the runtime run in a recorded call, by kind of call. Started by one-call.test.ts, with and without the transformer.

import { readFileSync } from 'node:fs';
import { Session } from 'node:inspector';
import { fileURLToPath } from 'node:url';
import { instrument, startTracing } from 'spanwright';
import { builtParts, partAt } from '../../bench/built-parts.js';

const plain = instrument({ args: { a: 'a' } }, function plain(a: number): number {
  return a;
});
const later = instrument(async function later(a: number): Promise<number> {
  return a;
});
const broken = instrument(function broken(): void {
  throw new Error('broken');
});
const parent = instrument(function parent(body: () => unknown): unknown {
  return body();
});

const session = new Session();
session.connect();

/** Files whose functions ran since the last time. */
function filesThatRan(): string[] {
  const files: string[] = [];
  session.post('Profiler.takePreciseCoverage', (_, { result }) => {
    for (const { url, functions } of result) {
      if (!url.includes('/dist/runtime/')) continue;
      const parts = builtParts(readFileSync(fileURLToPath(url), 'utf8'));
      for (const { functionName, ranges } of functions) {
        const file = functionName !== '' && ranges[0]?.count ? partAt(parts, ranges[0].startOffset) : undefined;
        if (file !== undefined && !files.includes(file)) files.push(file);
      }
    }
  });
  return files;
}

const CALLS: Readonly<Record<string, () => unknown>> = {
  'a root': () => parent(() => undefined),
  'a call below it': () => parent(() => recorded(() => plain(1))),
  'an async call': () => parent(() => recorded(() => later(1))),
  'a call that throws': () =>
    parent(() =>
      recorded(() => {
        try {
          broken();
        } catch {}
      }),
    ),
};

let found: string[] | undefined;
function recorded(call: () => unknown): unknown {
  filesThatRan();
  const result = call();
  const keep = (): void => {
    found = filesThatRan();
  };
  return result instanceof Promise ? result.finally(keep) : keep();
}

async function main(): Promise<void> {
  const exporter = {
    export: (_: unknown, done: (result: { code: number }) => void) => done({ code: 0 }),
    shutdown: async () => {},
  };
  const tracing = await startTracing({ enabled: true, exporter, scheduleDelay: 10_000 });
  for (const call of Object.values(CALLS)) await call();
  session.post('Profiler.enable');
  session.post('Profiler.startPreciseCoverage', { callCount: true, detailed: false });
  const ran: Record<string, readonly string[]> = {};
  for (const [kind, call] of Object.entries(CALLS)) {
    found = undefined;
    filesThatRan();
    await call();
    ran[kind] = found ?? filesThatRan();
  }
  process.stdout.write(JSON.stringify(ran));
  await tracing.shutdown();
}

void main();
