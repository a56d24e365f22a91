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

/** Set-ups of the program: options of startTracing(), and of the lease that switches on. */
export const SET_UPS = {
  plain: ['{}', '{}'],
  'the flight recorder, keep and captured values': [
    "{ flightRecorder: '10s', keep: { errors: true, slowerThan: '1s', ratio: 0.5 }, allowCapture: '*' }",
    "{ capture: 'args, result, this' }",
  ],
} as const;

export const programOf = ([options, lease]: readonly [string, string]): string => `
import { context, type Span, trace } from '@opentelemetry/api';
import { baggage, correlationAttributes, detach, extract, inject, instrument, linksTo, sessions, startSpan, startTracing, withRemoteContext } from 'spanwright';
class Marked {${METHODS.replaceAll('@mark', '@instrument').replace('@linked', "@instrument({ links: (ids: string[]) => ids.map((traceId: string) => ({ context: { traceId, spanId: 'ab'.repeat(8), traceFlags: 1 } })) })").replaceAll('@named', "@instrument({ args: ['id'], attributes: () => ({ more: 1 }), result: (text) => ({ text }) })")}}
class Plain {${METHODS.replaceAll('@mark ', '').replace(/@(?:named|linked) /g, '')}}
const wrapped = instrument({ namespace: 'wrapped', name: 'wrapped' }, (value: number): number => value * 2);
const collect = async (items: Iterable<unknown> | AsyncIterable<unknown>): Promise<unknown[]> => { const all = []; for await (const item of items as AsyncIterable<unknown>) all.push(item); return all; };

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
  session: (_, on) => { sessions.start('s', { attributes: { a: 1 } }); sessions.annotate('s', { b: 2 }); sessions.carrier('s'); sessions.list(); const result = sessions.run('s', () => on.add(25, 26)); sessions.end('s', new Error('no')); return result; },
};

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
  const tracing = await startTracing({ enabled: true, serviceName: 'faults', ...${options}, exporter: { export: (_: unknown, done: (result: { code: number }) => void) => done({ code: 0 }), shutdown: async () => undefined } as never });
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
