// The program that runs with a fault at one statement after the other. Its methods are instrumented in every way; each call must have
// the result that the plain class gives, and its body must run once.

/** Source of the compiled program. `plain` is the same class without decorators. */
const METHODS = `
  ran = 0;
  @mark add(a: number, b: number): number { this.ran++; return a + b; }
  @mark fail(message: string): number { this.ran++; throw new RangeError(message); }
  @mark async later(value: number): Promise<number> { this.ran++; await null; return value; }
  @mark async reject(message: string): Promise<number> { this.ran++; await null; throw new RangeError(message); }
  @mark promised(value: number): Promise<number> { this.ran++; return Promise.resolve(value); }
  @mark *count(to: number): Generator<number, string> { this.ran++; for (let at = 0; at < to; at++) yield at; return 'done'; }
  @mark async *stream(to: number): AsyncGenerator<number> { this.ran++; for (let at = 0; at < to; at++) { await null; yield at; } }
  @mark thenable(value: number): PromiseLike<number> { this.ran++; return { then: (done: any) => Promise.resolve(value).then(done) } as PromiseLike<number>; }
  @mark nested(value: number): number { this.ran++; return value + this.add(1, 2); }
  @mark get size(): number { this.ran++; return 7; }
  @mark static make(value: number): string { return 'made ' + value; }
  @named attributed(id: string): string { this.ran++; return id; }
  @linked batch(ids: string[]): number { this.ran++; return ids.length; }
`;

/** Functions that auto mode records, in one file, and the same text in a file that it leaves alone. */
const FUNCTIONS = `
interface Counted { ran: number }
export function plus(on: Counted, a: number, b: number): number { on.ran++; return a + b; }
export function broken(on: Counted, message: string): number { on.ran++; throw new RangeError(message); }
export function many(on: Counted, a: number, b: number, c: number, d: number, ...more: number[]): number { on.ran++; return a + b + c + d + more.length; }
export function counting(this: Counted, a: number): number { this.ran++; return a + arguments.length; }
export const arrow = (on: Counted, a: number): number => { on.ran++; const twice = (b: number): number => b * 2; return twice(a); };
export async function later(on: Counted, a: number): Promise<number> { on.ran++; await null; return a; }
export async function rejected(on: Counted, message: string): Promise<number> { on.ran++; await null; throw new RangeError(message); }
export function promised(on: Counted, a: number): Promise<number> { on.ran++; return Promise.resolve(a); }
export function* each(on: Counted, to: number): Generator<number> { on.ran++; for (let at = 0; at < to; at++) yield at; }
export class Box { #held = 5; constructor(readonly on: Counted) {} get held(): number { this.on.ran++; return this.#held; } add(a: number): number { this.on.ran++; return this.#held + a; } static of(on: Counted): Box { return new Box(on); } }
`;
export const FILES = { 'src/auto/functions.ts': FUNCTIONS, 'src/plain/functions.ts': FUNCTIONS };

const startedWith = (options: string): string =>
  `startTracing({ enabled: true, serviceName: 'faults', ...${options}, exporter: { export: (_: unknown, done: (result: { code: number }) => void) => done({ code: 0 }), shutdown: async () => undefined } as never })`;

/** Set-ups of the program: the start of tracing, and options of the lease that switches on. */
export const SET_UPS = {
  plain: [startedWith('{}'), '{}'],
  'the flight recorder, keep and captured values': [
    startedWith("{ flightRecorder: '10s', keep: { errors: true, slowerThan: '1s', ratio: 0.5 }, allowCapture: '*' }"),
    "{ capture: 'args, result, this' }",
  ],
  "a tracer provider of the user's SDK": ['besideAnSdk()', '{}'],
} as const;

export const programOf = ([start, lease]: readonly [string, string]): string => `
import { context, type Span, trace } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { BasicTracerProvider } from '@opentelemetry/sdk-trace-base';
import * as auto from './auto/functions';
import * as plain from './plain/functions';
import { baggage, correlationAttributes, createSampler, createSpanProcessor, detach, extract, inject, instrument, linksTo, sessions, startSpan, startTracing, type Tracing, withRemoteContext } from 'spanwright';
class Marked {${METHODS.replaceAll('@mark', '@instrument').replace('@linked', "@instrument({ links: (ids: string[]) => ids.map((traceId: string) => ({ context: { traceId, spanId: 'ab'.repeat(8), traceFlags: 1 } })) })").replaceAll('@named', "@instrument({ args: ['id'], attributes: () => ({ more: 1 }), result: (text) => ({ text }) })")}}
class Plain {${METHODS.replaceAll('@mark ', '').replace(/@(?:named|linked) /g, '')}}
const wrapped = instrument({ namespace: 'wrapped', name: 'wrapped' }, (value: number): number => value * 2);
const collect = async (items: Iterable<unknown> | AsyncIterable<unknown>): Promise<unknown[]> => { const all = []; for await (const item of items as AsyncIterable<unknown>) all.push(item); return all; };

async function besideAnSdk(): Promise<Tracing> {
  const sampler = createSampler({ enabled: true });
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  trace.setGlobalTracerProvider(new BasicTracerProvider({ sampler: sampler as never, spanProcessors: [createSpanProcessor() as never] }));
  return sampler.tracing;
}

const remote = { traceId: 'ab'.repeat(16), spanId: 'cd'.repeat(8), traceFlags: 1, isRemote: true };
const tenancy = baggage.declare({ tenant: { attribute: true } });
/** Writes to a span in every way. */
const written = (span: Span): Span => {
  span.setAttribute('key', 'value').setAttributes({ list: ['a', 'b'] }).addEvent('event', { key: 1 }, 1e12).addLink({ context: remote });
  span.addLinks([{ context: remote }]).setStatus({ code: 2, message: 'no' }).updateName('renamed').recordException(new Error('recorded'));
  span.isRecording();
  span.spanContext();
  return span;
};

type Call = (of: { new (): Plain; make(value: number): string }, on: Plain) => unknown;
const CALLS: Record<string, Call> = {
  add: (_, on) => on.add(1, 2),
  fail: (_, on) => on.fail('no'),
  later: (_, on) => on.later(3),
  reject: (_, on) => on.reject('no'),
  promised: (_, on) => on.promised(4),
  count: (_, on) => collect(on.count(3)),
  stream: (_, on) => collect(on.stream(3)),
  thenable: (_, on) => on.thenable(5),
  nested: (_, on) => on.nested(6),
  size: (_, on) => on.size,
  make: (of) => of.make(7),
  attributed: (_, on) => on.attributed('m-17'),
  batch: (_, on) => on.batch(['cd'.repeat(16)]),
  'startSpan()': (_, on) => { const span = startSpan('stretch', { namespace: 'started', kind: 'producer', attributes: { a: 1 }, links: [{ context: remote }] }); const result = span.run(() => on.add(8, 9)); written(span).end(); return result; },
  'startSpan() that fails': (_, on) => { const span = startSpan('stretch'); try { return span.run(() => on.fail('no')); } catch (error) { span.recordFailure(error); throw error; } finally { span.end(1e12); } },
  'a new root': async (_, on) => { const span = startSpan('root', { root: true }); const result = await span.run(() => on.later(10)); span[Symbol.dispose](); return result; },
  tracer: (_, on) => trace.getTracer('of the program').startActiveSpan('given', (span) => { const result = on.add(11, 12); written(span).end(); return result; }),
  'the active span': (_, on) => { const span = trace.getActiveSpan(); if (span !== undefined) written(span); return on.add(13, 14); },
  inject: (_, on) => context.with(trace.setSpanContext(context.active(), remote), () => { inject(Object.freeze({})); return Object.keys(inject({})).length < 3 && on.add(15, 16); }),
  extract: (_, on) => { extract({ traceparent: '00-' + remote.traceId + '-' + remote.spanId + '-01' }); return withRemoteContext({ traceparent: '00-' + remote.traceId + '-' + remote.spanId + '-00', baggage: 'a=b' }, () => on.add(17, 18)); },
  linksTo: (_, on) => linksTo([{ traceparent: '00-' + remote.traceId + '-' + remote.spanId + '-01' }]).length < 2 && on.add(19, 20),
  detach: (_, on) => detach(() => on.add(21, 22)),
  baggage: (_, on) => tenancy.set({ tenant: 'acme' }, () => { tenancy.get('tenant'); tenancy.all(); return tenancy.clear(() => on.add(23, 24)); }),
  'baggage of any key': (_, on) => baggage.set('key', 'value', () => { baggage.get('key'); baggage.all(); return baggage.clear(() => on.add(23, 25)); }),
  correlation: (_, on) => Object.keys(correlationAttributes({ 'x-request-id': 'r-1' })).length < 2 && on.add(23, 26),
  'auto: plus': (of, on) => functionsFor(of).plus(on, 1, 2),
  'auto: broken': (of, on) => functionsFor(of).broken(on, 'no'),
  'auto: many': (of, on) => functionsFor(of).many(on, 1, 2, 3, 4, 5, 6),
  'auto: counting': (of, on) => functionsFor(of).counting.call(on, 3),
  'auto: arrow': (of, on) => functionsFor(of).arrow(on, 4),
  'auto: later': (of, on) => functionsFor(of).later(on, 5),
  'auto: rejected': (of, on) => functionsFor(of).rejected(on, 'no'),
  'auto: promised': (of, on) => functionsFor(of).promised(on, 6),
  'auto: each': (of, on) => collect(functionsFor(of).each(on, 3)),
  'auto: Box': (of, on) => { const box = functionsFor(of).Box.of(on); return box.add(box.held); },
  session: (_, on) => { sessions.start('s', { attributes: { a: 1 } }); sessions.annotate('s', { b: 2 }); sessions.carrier('s'); sessions.list(); const result = sessions.run('s', () => on.add(25, 26)); sessions.end('s', new Error('no')); return result; },
};

const functionsFor = (of: object): typeof plain => (of === Plain ? plain : auto) as typeof plain;

async function outcome(call: Call, of: typeof Plain): Promise<string> {
  const on = new of();
  const late = new Promise((resolve) => setTimeout(resolve, 100, 'nothing: it never settles'));
  try { return JSON.stringify([await Promise.race([call(of, on), late]), on.ran]); }
  catch (error) { return String(error) + ' ' + on.ran; }
}

const MODES: Record<string, (work: () => Promise<void>) => Promise<void>> = {
  'on': (work) => work(),
  'under an unsampled parent': (work) => context.with(trace.setSpanContext(context.active(), { ...remote, traceFlags: 0 }), work),
  'under a sampled remote parent': (work) => context.with(trace.setSpanContext(context.active(), remote), work),
};

const found: string[] = [];
let during = '';
for (const event of ['uncaughtException', 'unhandledRejection'] as const) process.on(event, (error: unknown) => found.push(during + ': ' + event + ' ' + error));
console.warn = () => undefined;
const world = globalThis as unknown as { failing: number; reached?: Set<number> };

async function runCalls(mode: string, expected: ReadonlyMap<string, string>, point = -1): Promise<void> {
  await (MODES[mode] as (work: () => Promise<void>) => Promise<void>)(async () => {
    // not before: context.with() is a call of the program itself
    world.failing = point;
    for (const [name, call] of Object.entries(CALLS)) {
      const got = await outcome(call, Marked as unknown as typeof Plain);
      if (got !== expected.get(name)) found.push(during + ': ' + name + ' gave ' + got + ' instead of ' + expected.get(name));
    }
    let twice: unknown;
    try { twice = wrapped(4); } catch (error) { twice = String(error); }
    if (twice !== 8) found.push(during + ': wrapped gave ' + twice);
    world.failing = -1;
  });
}

async function main(): Promise<void> {
  world.failing = -1;
  const tracing = await ${start};
  const expected = new Map<string, string>();
  for (const [name, call] of Object.entries(CALLS)) expected.set(name, await outcome(call, Plain));
  let [tried, open] = [0, 0];
  for (const enabled of [true, false]) {
    if (enabled) tracing.setEnabled(true, ${lease});
    else tracing.setEnabled(false);
    for (const mode of Object.keys(MODES)) {
      during = mode + ', no fault';
      world.reached = new Set();
      await runCalls(mode, expected);
      for (const point of [...world.reached]) {
        tried++;
        during = (enabled ? '' : 'off, ') + mode + ', statement ' + point;
        await runCalls(mode, expected, point);
        // what it left behind is its own
        await new Promise((resolve) => setImmediate(resolve));
        const left = tracing.openCount - open;
        if (left > 0) found.push(during + ': ' + left + ' open');
        open += left;
      }
    }
  }
  await new Promise((resolve) => setTimeout(resolve, 20));
  await tracing.shutdown();
  process.stdout.write(JSON.stringify({ tried, found }));
}
void main();
`;
