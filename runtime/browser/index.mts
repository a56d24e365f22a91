// `spanwright` where nothing can be recorded: browsers, workers of browsers and edge runtimes (the conditions of package.json). Each name of
// ../index.ts exists here and does nothing: decorators leave alone what they decorate, and what takes a callback calls it. Imports nothing.

type Fn = (...given: unknown[]) => unknown;

const isFunction = (value: unknown): value is Fn => typeof value === 'function';
const nothing: Fn = () => undefined;
const list = (): unknown[] => [];
const same = <Value,>(value: Value): Value => value;
const resolved = async (): Promise<void> => undefined;
/** Calls the callback among the arguments. */
const call: Fn = (...given) => given.find(isFunction)?.();

/** An object with the properties of `fixed`, and any other as `otherwise`. */
const silent = (fixed: object = {}, otherwise: Fn = call): object =>
  new Proxy(fixed, {
    get: (_, key) => Reflect.get(fixed, key) ?? (typeof key === 'symbol' || key === 'then' ? undefined : otherwise),
  });

/** A decorator, legacy or standard, of a member or of a class. */
const leave: Fn = (target, key) => (key === undefined ? target : undefined);

export const instrument = /* @__PURE__ */ Object.assign(
  (first: unknown, second: unknown) =>
    isFunction(second) ? second : isFunction(first) || second !== undefined ? leave(first, second) : leave,
  { skip: nothing, object: same },
);
export const record = (): Fn => nothing;
export const siteOf = nothing;
export const sqlQueries = (): object => silent();

const span = /* @__PURE__ */ silent(
  {
    spanContext: () => ({ traceId: '0'.repeat(32), spanId: '0'.repeat(16), traceFlags: 0 }),
    isRecording: () => false,
    run: call,
    [Symbol.dispose]: nothing,
    [Symbol.asyncDispose]: resolved,
  },
  () => span,
);
export const startSpan = (): object => span;

/** OpenTelemetry's `Context`. */
const context = (entries?: Map<unknown, unknown>): object => ({
  getValue: (key: unknown) => entries?.get(key),
  setValue: (key: unknown, value: unknown) => context(new Map(entries).set(key, value)),
  deleteValue: (key: unknown) => context(new Map([...(entries ?? [])].filter(([other]) => other !== key))),
});
export const inject = same;
export const extract = (_carrier: unknown, _kind: unknown, base = context()): object => base;
export const withRemoteContext = call;
export const detach = call;
export const linksTo = list;
export const correlationAttributes = (): object => ({});
export const carriers = /* @__PURE__ */ silent();
export const sessions = /* @__PURE__ */ silent();
export const baggage = /* @__PURE__ */ silent({
  get: nothing,
  declare: () =>
    silent({
      get: nothing,
      all: () => ({}),
      contextOf: () => context(),
      listener: same,
      middleware: () => call,
      fastify: () => call,
      hono: () => call,
    }),
});

export const startTracing = async (): Promise<object> =>
  silent({
    enabled: false,
    openCount: 0,
    leases: list,
    sites: list,
    namespaces: list,
    openSpans: list,
    recentErrors: list,
    sitePage: () => ({ total: 0, sites: [] }),
    metrics: () => '',
    state: () => ({ enabled: false }),
    setEnabled: () => ({}),
    setRules: () => ({}),
    setDrop: () => ({}),
    forceFlush: resolved,
    shutdown: resolved,
  });
/** Samples as the SDK does without Spanwright if `enabled` is set, and nothing otherwise. */
export const createSampler = (options?: { enabled?: boolean }): object => ({
  shouldSample: () => ({ decision: options?.enabled ? 2 : 0 }),
});
export const createRootSampler = createSampler;
export const createSpanProcessor = (): object => ({ onStart: nothing, onEnd: nothing, forceFlush: resolved, shutdown: resolved });
export const assertNoOpenSpans = nothing;

export class SpanwrightError extends Error {}
export class PermissionDeniedError extends SpanwrightError {}
export class InvalidArgumentError extends SpanwrightError {}
export class ConfigurationError extends SpanwrightError {}
