// Methods that do the least that any tracer has to do for a row of the tables, as text for sites.ts: floors of its budgets.

export type Shape = 'sync' | 'async';

/** The cheapest random ids: slices of a text. All spans share one trace id, as below a parent. */
export const FLOOR_HEAD = `import { AsyncLocalStorage } from 'node:async_hooks';
import { randomFillSync } from 'node:crypto';
import { performance } from 'node:perf_hooks';
interface Least { traceId: string; spanId: string; start: number; end: number; error: unknown }
// one for all modules of a process: on Node 20 each slows every promise
const storages = globalThis as { floorStorage?: AsyncLocalStorage<Least> };
const storage = (storages.floorStorage ??= new AsyncLocalStorage<Least>());
const now = performance.now.bind(performance);
const bytes = Buffer.alloc(512);
let text = '';
let at = 0;
function digits(count: number): string {
  if (at + count > text.length) {
    text = randomFillSync(bytes).toString('hex');
    at = 0;
  }
  at += count;
  return text.slice(at - count, at);
}
const traceId = digits(32);`;

/** Adds to the above a name, a parent and attributes, a count, and a queue. */
export const RECORDER_HEAD = `${FLOOR_HEAD}
interface Kept extends Least { parentId: string | undefined; name: string; attributes: object }
let queue: Kept[] = [];
let ended = 0;
function end(span: Kept): void {
  span.end = now();
  ended++;
  if (queue.push(span) === 512) queue = [];
}`;

/** Assigned from outside, so that the engine cannot take it for a constant. */
export const PROLOGUE_HEAD = `type Watch = (site: number, self: object, a: number, b: number) => number;
let watch: Watch | undefined;
(globalThis as { watchSites?: (given: Watch) => void }).watchSites = (given) => {
  watch = given;
};`;

/** The storage that is in use, since a second one would slow every promise down. */
export const CONTEXT_HEAD = `import type { AsyncLocalStorage } from 'node:async_hooks';
const { storage } = (globalThis as unknown as Record<symbol, { storage: AsyncLocalStorage<object> }>)[Symbol.for('spanwright.contexts.1')]!;
const never = {};`;

export const CLOCK_HEAD = `import { AsyncLocalStorage } from 'node:async_hooks';
import { performance } from 'node:perf_hooks';
const storage = new AsyncLocalStorage<number>();
const now = performance.now.bind(performance);
const times = new Float64Array(2);`;

/** The five attributes that Spanwright gives a span. */
export function attributesOf(site: number): string {
  return `{
    'code.namespace': 'bench::Site${site}', 'code.function.name': 'bench::Site${site}::m',
    'code.file.path': 'bench/sites.ts', 'code.line.number': ${10 + site * 8}, 'code.column.number': 3,
  }`;
}

export function parts(method: string): { signature: string; body: string } {
  const [signature = '', ...rest] = method.split(' {\n');
  return { signature, body: rest.join(' {\n').replace(/\n {2}\}$/, '') };
}

/** The least that a span can cost: a context, two readings of the clock, ids, and one object that holds them. */
export function leastSpan(_site: number, method: string, shape: Shape = 'sync'): string {
  return inStorage(
    method,
    shape,
    'const span: Least = { traceId, spanId: digits(16), start: now(), end: 0, error: undefined };',
    'span.end = now();',
  );
}

/** The least that a recorder can cost: the above, and it keeps the span for its exporter. */
export function leastRecorder(site: number, method: string, shape: Shape = 'sync'): string {
  const span = `const span: Kept = {
      traceId, spanId: digits(16), parentId: storage.getStore()?.spanId, name: 'Site${site}.m', attributes: Site${site}.attributes,
      start: now(), end: 0, error: undefined,
    };`;
  return `static readonly attributes = ${attributesOf(site)};\n  ${inStorage(method, shape, span, 'end(span);')}`;
}

function inStorage(method: string, shape: Shape, start: string, end: string): string {
  const { signature, body } = parts(method);
  const [keyword, type] = shape === 'sync' ? ['', 'number'] : ['async ', 'Promise<number>'];
  return `${signature} {
    ${start}
    return storage.run(span, ${keyword}(): ${type} => {
      try {
        ${body}
      } catch (error) {
        span.error = error;
        throw error;
      } finally {
        ${end}
      }
    });
  }`;
}

export function clockReads(site: number, method: string, shape: Shape = 'sync'): string {
  const { signature, body } = parts(method);
  const inside = `times[0] = now();
      try {
        ${body}
      } finally {
        times[1] = now();
      }`;
  if (shape === 'sync') return `${signature} {\n    ${inside}\n  }`;
  return `${signature} {\n    return storage.run(${site}, async (): Promise<number> => {\n      ${inside}\n    });\n  }`;
}
