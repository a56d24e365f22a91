// The program of hostile-values.test.ts: each case draws a method, a receiver, arguments and a result or an error, twice from the same
// seed, and calls the plain class and the instrumented one with them. Both must do the same.

/** Members of both classes. `@mark` and `@named` are replaced. */
const MEMBERS = `
  @mark sync(value: unknown): unknown { return act(this, value); }
  @mark async later(value: unknown): Promise<unknown> { return act(this, value); }
  @mark async awaited(value: unknown): Promise<unknown> { await null; return act(this, value); }
  @mark *items(value: unknown): Generator<unknown, unknown> { yield value; return act(this, value); }
  @mark async *stream(value: unknown): AsyncGenerator<unknown, unknown> { yield value; await null; return act(this, value); }
  @mark get size(): unknown { return act(this, undefined); }
  @mark set size(value: unknown) { act(this, value); }
  @mark static make(value: unknown): unknown { return act(this, value); }
  @mark static async makeLater(value: unknown): Promise<unknown> { return act(this, value); }
  @mark #hidden(value: unknown): unknown { return act(this, value); }
  @mark async #hiddenLater(value: unknown): Promise<unknown> { return act(this, value); }
  reach(value: unknown): unknown { return this.#hidden(value); }
  reachLater(value: unknown): Promise<unknown> { return this.#hiddenLater(value); }
  @named described(value: unknown): unknown { return act(this, value); }
  @named async describedLater(value: unknown): Promise<unknown> { return act(this, value); }
  @mark withDefault(value: unknown = 1, ...rest: unknown[]): unknown { return act(this, value); }
`;
const AUTO = `
export class Made { constructor(value: unknown) { const made = act(undefined, value); if (Object(made) === made) return made as Made; } }
export function free(this: unknown, value: unknown): unknown { return act(this, value); }
export const freeLater = async (value: unknown): Promise<unknown> => act(undefined, value);
`;
/** Legacy decorators apply neither to private members nor to both accessors of one name. Auto mode instruments those. */
const side = (marks: boolean, isLegacy: boolean): string => {
  const members = marks
    ? (isLegacy ? MEMBERS.replace(/@mark (?=(?:async )?#|set )/g, '') : MEMBERS)
        .replaceAll('@mark', '@instrument')
        .replaceAll(
          '@named',
          "@instrument({ args: ['value'], attributes: (value) => ({ more: value as never }), result: (result) => ({ result: result as never }) })",
        )
    : MEMBERS.replaceAll('@mark ', '').replaceAll('@named ', '');
  const head = marks ? "import { instrument } from 'spanwright';\n" : '';
  return `${head}import { act } from './act.js';\nexport class Members {${members}}\n${AUTO}`;
};

const ACT = `
export const call = { ran: 0, throws: false, outcome: undefined as unknown, self: undefined as unknown, value: undefined as unknown };
export function act(self: unknown, value: unknown): unknown {
  call.ran++;
  call.self = self;
  call.value = value;
  if (call.throws) throw call.outcome;
  return call.outcome;
}
`;

const MAIN = `
import { types } from 'node:util';
import { startTracing } from 'spanwright';
import { call } from './act.js';
import * as marked from './auto/marked.js';
import * as plain from './plain.js';
import { randomFrom } from './random.js';
import { World } from './values.js';

type Side = typeof plain;
type Call = (of: Side, on: InstanceType<Side['Members']>, self: unknown, args: unknown[]) => unknown;
const method = (name: string): Call => (of, _, self, args) => Reflect.apply((of.Members.prototype as never)[name] as () => unknown, self, args);
const size = (of: Side) => Object.getOwnPropertyDescriptor(of.Members.prototype, 'size') as { get(): unknown; set(value: unknown): void };
const CALLS: Record<string, Call> = {
  sync: method('sync'), later: method('later'), awaited: method('awaited'), items: method('items'), stream: method('stream'),
  described: method('described'), describedLater: method('describedLater'), withDefault: method('withDefault'),
  getter: (of, _, self) => Reflect.apply(size(of).get, self, []),
  setter: (of, _, self, args) => Reflect.apply(size(of).set, self, args),
  static: (of, _, self, args) => Reflect.apply(of.Members.make, self, args),
  staticLater: (of, _, self, args) => Reflect.apply(of.Members.makeLater, self, args),
  private: (_, on, __, [value]) => on.reach(value),
  privateLater: (_, on, __, [value]) => on.reachLater(value),
  constructor: (of, _, __, [value]) => new of.Made(value),
  function: (of, _, self, args) => Reflect.apply(of.free, self, args as [unknown]),
  functionLater: (of, _, __, [value]) => of.freeLater(value),
};
/** Async functions read \`then\` of what they return, and the recorded form returns twice. */
const RETURNS_TWICE = /[Ll]ater$|^awaited$|^stream$/;
/** What the record of an error reads, once a span. V8 reads name and message once more, when it formats a stack. */
const OF_ERRORS = /^(?:name|message|stack|cause|errors|code|status|statusCode|constructor)$/;
const OF_STACKS = /^(?:name|message)$/;

/** Notices to the user: of a named argument that has no attribute, and of a promise that no \`then()\` can be called on. */
const EXPECTED = /is an object, which is not recorded|[.]constructor property is not an object|hands off constructor/;
/** Methods with another instrumented one below them. */
const SPANS: Record<string, number> = { private: 2, privateLater: 2 };
/** Values that the options name: arrays are recorded, also behind a proxy. */
const NAMED = /^described/;
const READS_OF_ARRAYS = /^trap get (?:length|\\d+)$/;

const then = Promise.prototype.then;
const nextTurns = async (): Promise<string> => { for (let turn = 0; turn < 4; turn++) await new Promise((resolve) => setImmediate(resolve)); return 'never settles'; };

/** A value without looking at it: one of those that were drawn, or a primitive, or an error of the engine. */
function nameOf(value: unknown, known: ReadonlyMap<unknown, string>): string {
  const name = known.get(value);
  if (name !== undefined) return name;
  if (Object(value) !== value) return typeof value + ' ' + String(value).slice(0, 40);
  if (types.isProxy(value)) return 'a proxy';
  return types.isNativeError(value) && Object.getOwnPropertyDescriptor(value, 'message')?.value || Object.prototype.toString.call(types.isProxy(Object.getPrototypeOf(value)) ? {} : Object.keys(value as object));
}

async function settled(value: unknown, known: ReadonlyMap<unknown, string>): Promise<string> {
  if (types.isPromise(value) && !types.isProxy(value)) {
    const raw = new Promise<string>((resolve) => {
      try { then.call(value as Promise<unknown>, (result) => resolve('resolves ' + nameOf(result, known)), (error) => resolve('rejects ' + nameOf(error, known))); }
      catch (error) { resolve('then() throws ' + nameOf(error, known)); }
    });
    return Promise.race([raw, nextTurns()]);
  }
  return nameOf(value, known);
}

/** Runs a lazy thenable, as its caller would. */
async function used(value: unknown, known: ReadonlyMap<unknown, string>): Promise<string> {
  let then: unknown;
  for (let holder = value; Object(holder) === holder && then === undefined; holder = Object.getPrototypeOf(holder)) {
    if (types.isProxy(holder)) return '';
    then = Object.getOwnPropertyDescriptor(holder, 'then')?.value;
  }
  if (typeof then !== 'function') return '';
  return ' that ' + (await settled(new Promise((resolve) => resolve(value)), known));
}

async function walked(items: AsyncGenerator<unknown> | Generator<unknown>, known: ReadonlyMap<unknown, string>): Promise<string> {
  const seen: string[] = [];
  try {
    for (let count = 0; count < 4; count++) {
      const taken = items.next();
      const step = await Promise.race([taken, nextTurns()]);
      if (typeof step === 'string') return seen.join(', ') + step;
      const { done, value } = step as IteratorResult<unknown>;
      seen.push((done ? 'done ' : 'item ') + nameOf(value, known));
      if (done) break;
    }
  } catch (error) { seen.push('throws ' + nameOf(error, known)); }
  return seen.join(', ');
}

interface Seen { readonly name: string; readonly did: string; readonly ran: string; readonly log: ReadonlyMap<string, number> }
async function caseOf(seed: number, of: Side): Promise<Seen> {
  const log: string[] = [];
  const world = new World(randomFrom(seed), log);
  const name = world.of(Object.keys(CALLS));
  const args = Array.from({ length: world.below(4) }, () => world.any());
  const self = world.random() < 0.4 ? new of.Members() : world.any();
  const outcome = world.any();
  const known = new Map<unknown, string>([[self, 'the receiver'], ...args.map((value, at): [unknown, string] => [value, 'argument ' + at]), [outcome, 'the outcome']]);
  Object.assign(call, { ran: 0, throws: world.random() < 0.3, outcome, self: undefined, value: undefined });
  log.length = 0;
  let did: string;
  try {
    const result = (CALLS[name] as Call)(of, new of.Members(), self, args);
    if (name === 'items' || name === 'stream') did = await walked(result as Generator<unknown>, known);
    else did = 'returns ' + (types.isPromise(result) ? 'a promise that ' + (await settled(result, known)) : nameOf(result, known) + (await used(result, known)));
  } catch (error) { did = 'throws ' + nameOf(error, known); }
  const counts = new Map<string, number>();
  for (const entry of log) counts.set(entry, (counts.get(entry) ?? 0) + 1);
  return { name, did, ran: call.ran + ' with ' + nameOf(call.self, known) + ' and ' + nameOf(call.value, known), log: counts };
}

function differences(expected: Seen, got: Seen): string[] {
  const found: string[] = [];
  if (got.did !== expected.did) found.push(got.did + ' instead of ' + expected.did);
  if (got.ran !== expected.ran) found.push('ran ' + got.ran + ' instead of ' + expected.ran);
  for (const [entry, count] of got.log) {
    const more = count - (expected.log.get(entry) ?? 0);
    if (NAMED.test(got.name) && READS_OF_ARRAYS.test(entry)) continue;
    const formatted = OF_STACKS.test(entry) ? 1 : 0;
    const allowed = OF_ERRORS.test(entry) || (RETURNS_TWICE.test(got.name) && /^(?:trap get )?then$/.test(entry)) ? 1 : 0;
    if (more > formatted + allowed * (SPANS[got.name] ?? 1)) found.push(entry + ' ran ' + more + ' times more');
  }
  return found;
}

async function main(): Promise<void> {
  const [first, cases] = process.argv.slice(2).map(Number) as [number, number];
  const found: string[] = [];
  let [during, open] = ['', 0];
  for (const event of ['uncaughtException', 'unhandledRejection'] as const) process.on(event, (error: unknown) => found.push(during + ': ' + event + ' ' + (types.isNativeError(error) ? error.stack : typeof error)));
  console.warn = (line: string) => { if (String(line).includes('SPW010') && !EXPECTED.test(line)) found.push(during + ': ' + line); };
  const discard = { export: (_: unknown, done: (result: { code: number }) => void) => done({ code: 0 }), shutdown: async () => undefined };
  const tracing = await startTracing({ serviceName: 'hostile', allowCapture: '*', exporter: discard as never, keep: { errors: true, ratio: 1 } });
  tracing.setEnabled(true, { for: '1h', capture: 'args, result, this' });
  for (let seed = first; seed < first + cases; seed++) {
    during = 'seed ' + seed + ', plain';
    const expected = await caseOf(seed, plain);
    during = 'seed ' + seed;
    const got = await caseOf(seed, marked as unknown as Side);
    for (const difference of differences(expected, got)) found.push(during + ', ' + got.name + ': ' + difference);
    await new Promise((resolve) => setImmediate(resolve));
    if (tracing.openCount > open && !got.did.includes('never settles')) found.push(during + ', ' + got.name + ': a span stays open; it ' + got.did);
    open = tracing.openCount;
  }
  const { started, ended } = tracing.state().spans;
  await tracing.shutdown();
  process.stdout.write(JSON.stringify({ found, started, ended, open }));
}
main().catch((error) => {
  console.error(error);
  process.exitCode = 1;
});
`;

export const filesOf = (isLegacy: boolean): Record<string, string> => ({
  'src/act.ts': ACT,
  'src/plain.ts': side(false, isLegacy),
  'src/auto/marked.ts': side(true, isLegacy).replace("'./act.js'", "'../act.js'"),
  'src/main.ts': MAIN,
});
