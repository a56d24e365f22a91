// Programs of the conformance suite for what a function that records its calls from inside must not change: each is the smallest
// program that a naive prologue breaks.

import { ENTERED_AGAIN } from './again.js';
import type { Program } from './programs.js';

const IMPORT = `import { instrument } from 'spanwright';\n`;

/** Functions that a module creates more than once from one place in the source. */
const REPEATED = `${IMPORT}
const mix = (tag: string, Base: any) => {
  class Mixed extends Base { @instrument who(): string { return tag + (super.who?.() ?? ''); } }
  return Mixed;
};
const classes = [1, 2].map((n) => { class Counted { @instrument count() { return n; } } return new Counted(); });
const closures = [1, 2].map((n) => instrument(function closure(by: number) { return n * by; }));
const looped: (() => number)[] = [];
for (const n of [1, 2]) looped.push(instrument(function looped() { return n; }));
namespace Area { export class Inside { @instrument static one() { return 1; } } }
export function run() {
  const Outer = mix('b', mix('a', Object));
  return [new Outer().who(), classes.map((one) => one.count()), closures.map((one) => one(10)), looped.map((one) => one()), Area.Inside.one()];
}
`;

/** A class decorator that replaces methods, a method replaced later, one function in two classes, and a proxy. */
const OVERLAID = `${IMPORT}
let calls = 0;
function Counting(target: any, _context?: unknown): void {
  const { work } = target.prototype;
  target.prototype.work = function (this: unknown, ...all: unknown[]) { calls++; return work.apply(this, all); };
}
@instrument @Counting class Overlaid { work(n: number) { return n + 1; } }
class First { @instrument work() { return 'work'; } }
class Second {}
(Second.prototype as any).work = First.prototype.work;
export function run() {
  calls = 0;
  const result = new Overlaid().work(1);
  const { work } = First.prototype;
  First.prototype.work = function () { return 'replaced ' + work.call(this); };
  const replaced = new First().work();
  First.prototype.work = work;
  return [result, calls, replaced, (new Second() as any).work(), new Proxy(new First(), {}).work()];
}
`;

/** \`instrument(fn)\` is another function than \`fn\`; a function expression calls itself by its own name. */
const NAMED = `${IMPORT}
function raw(n: number): number { return n === 0 ? 0 : 1 + raw(n - 1); }
const marked = instrument(raw);
const inline = instrument(function descend(n: number): number { return n === 0 ? 0 : 1 + descend(n - 1); });
export function run() { return [raw(2), marked(2), (marked as unknown) === raw, inline(2)]; }
`;

/** Calls before the class is complete. */
const EARLY = `${IMPORT}
class Early {
  static again = '';
  static first = Early.make();
  static { Early.again = Early.make(); }
  @instrument static make() { return 'made'; }
}
export function run() { return [Early.first, Early.again, Early.make()]; }
`;

/** The parts of a call that a function sees. */
const OBSERVED = `${IMPORT}
const counted = instrument(function counted(..._all: unknown[]) { return arguments.length; });
const Constructed = instrument(function Constructed(this: any) { this.made = new.target !== undefined; }) as any;
const evaluated = instrument(function evaluated(_a: number) { return eval('arguments.length'); });
class Defaulted {
  calls = 0;
  @instrument work(_n: unknown = (this.calls++, this.work(5), undefined)): number { return this.calls; }
}
export function run() {
  return [counted(1, 2, 3), new Constructed().made, (evaluated as any)(1, 2), new Defaulted().work()];
}
`;

/** Errors, accessors and proxies between the call and the body, and a program that replaces \`Reflect.apply\`. */
const BETWEEN = `${IMPORT}
class Between {
  log: unknown[] = [];
  @instrument low() { return 2; }
  @instrument value(): number { return Number({ valueOf: () => this.low() }); }
  @instrument get got() { return this.low(); }
  set got(value: number) { this.log.push(value); }
  @instrument set put(value: number) { this.log.push(value + this.low()); }
  @instrument fails(): never { this.low(); throw new Error('failed'); }
}
export function run() {
  const it = new Between();
  const text = (call: () => unknown) => { try { return call(); } catch (error) { return (error as Error).message; } };
  const seen: unknown[] = [it.value(), it.got, text(() => it.fails()), text(() => it.fails()), (it.put = 3), it.log];
  const { apply } = Reflect;
  let patched = 0;
  (Reflect as any).apply = (...all: [Function, unknown, unknown[]]) => { patched++; it.low(); return apply(...all); };
  try { seen.push(it.low()); } finally { (Reflect as any).apply = apply; }
  return [...seen, patched, new Proxy(it.low, { apply: (fn, self) => fn.call(self) }).call(it)];
}
`;

/** Literals whose expression is edited as well. */
const LITERALS = `${IMPORT}
const holder = instrument({ name: 'holder' }, () => class { work = instrument({ name: 'work' }, () => 1); });
const twice = instrument({ name: 'outer' }, () => instrument(function held() { return 2; }));
const object = instrument({ name: 'object' }, () => ({ three: 3 }));
export function run() {
  const Held = holder();
  return [Held.name, new Held().work(), twice()(), object().three, holder.name, holder.length];
}
`;

const ASYNC = `${IMPORT}
const tick = () => new Promise<void>((resolve) => setImmediate(resolve));
class Stacks {
  @instrument async low() { await tick(); throw new Error('low'); }
  @instrument async high() { await this.low(); }
  @instrument async at() { return 1; }
  @instrument called(): unknown { return new Error('called').stack!.split('\\n').slice(1); }
}
async function userFunction(it: Stacks) { await it.high(); }
async function turns(call: () => Promise<unknown>) {
  let count = 0;
  let done = false;
  void call().then(() => { done = true; });
  while (!done) { await undefined; count++; }
  return count;
}
export async function run() {
  const it = new Stacks();
  const stack = await userFunction(it).catch((error: Error) => error.stack!);
  const frames = [...String(stack).matchAll(/at (?:async )?(_?\\w+\\.low|_?\\w+\\.high|userFunction)/g)].map(([, name]) => name!.replace(/^.*\\./, ''));
  const more = (await turns(() => it.at())) - (await turns(async () => 1));
  const { constructor } = (async () => {}) as any;
  return [[...new Set(frames)], more <= 2, Stacks.prototype.low instanceof constructor];
}
`;

/** Auto mode: functions that are not exported and that no name refers to; each reads another part of its call. */
const WITHIN = `const KEY = 'computed';
class Base { made: unknown[]; constructor(...all: unknown[]) { this.made = [new.target.name, all.length]; } }
class Derived extends Base {
  kept = 'field';
  #secret(by: number) { return by * 2; }
  async #later(by: number) { return this.#secret(by); }
  constructor(readonly given: number) { super(given, 2); if (given < 0) return; this.kept += given; }
  set value(next: number) { this.kept = String(next); }
  get value() { return this.#secret(this.given); }
  static twice({ a, b = 2 }: { a: number; b?: number }, ...rest: number[]) { return [a, b, rest.length, this.name]; }
  later() { return this.#later(this.given); }
}
function counted(..._all: unknown[]) { return arguments.length; }
function Old(this: any, name: string) { this.name = name; this.called = new.target !== undefined; }
function outer(n: number) {
  const inner = (by: number): number => by <= 0 ? n : inner(by - 1) + 1;
  function hoisted() { return later; }
  const later = 'later';
  return [inner(2), hoisted(), [3, 1, 2].map((one) => one * n), [1, 2].filter(function over(this: { limit: number }, one) { return one > this.limit; }, { limit: 1 })];
}
const object = { value: 3, method() { return this.value; }, get half(): number { return this.value / 2; }, arrow: (a = 1) => a, [KEY]: (b: number) => b };
const named = (function () { return () => 1; })();
function* steps(n: number) { const got: string = yield n; return got + n; }
const listed = (n: number) => { return n++, n; };
const pending = (n: number) => Promise.resolve(n).then((one) => one + 1);
const handlers: Record<string, (a: number) => number> = {};
handlers.first = (a) => a + 1;
handlers['second'] = function (a) { if (a > 1) throw new RangeError('over'); return a; };
const mix = (tag: string, From: any) => class Mixed extends From { who(): string { return tag + (super.who?.() ?? ''); } };
/** @spanwright-skip */
export async function run() {
  const it = new Derived(4);
  it.value = it.value;
  const stepping = steps(5);
  const caught = () => { try { return handlers.second!(2); } catch (error) { return (error as Error).message; } };
  const old = new (Old as any)('old');
  return [
    [it.made, it.kept, it.value, new Derived(-1).kept, Derived.twice({ a: 1 }, 3, 4), await it.later()],
    [(counted as any)(1, 2, 3), counted.length, old.name, old.called, old instanceof (Old as any), outer(10)],
    [object.method(), object.half, object.arrow(), object.arrow.length, (object as any).computed(2), object.method.name, object.arrow.name],
    [named(), named.name, stepping.next().value, stepping.next('to').value, listed(1), await pending(1)],
    [handlers.first!(1), handlers.first!.name, handlers.second!(1), caught(), new (mix('b', mix('a', Object)) as any)().who()],
  ];
}
`;

export const TRAPS: readonly Program[] = [
  {
    name: 'repeated',
    source: REPEATED,
    value: ['ba', [1, 2], [10, 20], [1, 2], 1],
    spans: [
      ...['Counted.count', 'Counted.count', 'Inside.one', 'Mixed.who', 'Mixed.who'],
      ...['closure', 'closure', 'looped', 'looped'],
    ],
    namespaces: [
      ...['conformance::repeated', 'conformance::repeated::Area::Inside', 'conformance::repeated::Counted'],
      'conformance::repeated::mix::Mixed',
    ],
  },
  {
    name: 'overlaid',
    source: OVERLAID,
    value: [2, 1, 'replaced work', 'work', 'work'],
    spans: ['First.work', 'First.work', 'First.work', 'Overlaid.work'],
    namespaces: ['conformance::overlaid::First', 'conformance::overlaid::Overlaid'],
  },
  {
    name: 'named',
    source: NAMED,
    value: [2, 2, false, 2],
    spans: ['descend', 'raw'],
    namespaces: ['conformance::named'],
  },
  {
    name: 'early',
    source: EARLY,
    value: ['made', 'made', 'made'],
    spans: ['Early.make'],
    namespaces: ['conformance::early::Early'],
  },
  {
    name: 'observed',
    source: OBSERVED,
    value: [3, true, 2, 1],
    spans: ['Defaulted.work', 'Defaulted.work', 'counted', 'evaluated'],
    namespaces: ['conformance::observed', 'conformance::observed::Defaulted'],
  },
  {
    name: 'between',
    source: BETWEEN,
    value: [2, 2, 'failed', 'failed', 3, [5], 2, 0, 2],
    spans: [
      ...['Between.fails', 'Between.fails', 'Between.got', ...Array(7).fill('Between.low'), 'Between.put', 'Between.value'],
    ],
    namespaces: ['conformance::between::Between'],
  },
  {
    name: 'literals',
    source: LITERALS,
    value: ['', 1, 2, 3, '', 0],
    spans: ['held', 'holder', 'object', 'outer', 'work'],
    namespaces: ['conformance::literals', 'conformance::literals::holder::anonymous', 'conformance::literals::twice'],
  },
  {
    name: 'async',
    source: ASYNC,
    value: [['low', 'high', 'userFunction'], true, true],
    spans: ['Stacks.at', 'Stacks.high', 'Stacks.low'],
    namespaces: ['conformance::async::Stacks'],
  },
  {
    name: 'auto-within',
    source: WITHIN,
    value: [
      [['Derived', 2], '8', 8, 'field', [1, 2, 2, 'Derived'], 8],
      [3, 0, 'old', true, true, [12, 'later', [30, 10, 20], [2]]],
      [3, 1.5, 1, 0, 2, 'method', 'arrow'],
      [1, '', 5, 'to5', 2, 2],
      [2, '', 1, 'over', 'ba'],
    ],
    spans: [
      ...['Derived.#later', 'Derived.#secret', 'Derived.#secret', 'Derived.#secret', 'Derived.later', 'Derived.twice'],
      ...['Derived.value', 'Derived.value', 'Derived.value', 'Mixed.who', 'Mixed.who', 'Old', 'counted', 'first', 'hoisted'],
      ...['inner', 'inner', 'inner', 'listed', 'map callback', 'map callback', 'map callback', 'mix', 'mix'],
      ...['new Base', 'new Base', 'new Derived', 'new Derived', 'object.[KEY]', 'object.arrow', 'object.half'],
      ...['object.method', 'outer', 'over', 'over', 'pending', 'steps', 'then callback'],
    ],
    namespaces: [
      ...['', '::Base', '::Derived', '::mix::Mixed', '::object', '::outer', '::pending'].map(
        (below) => `conformance::auto-within${below}`,
      ),
    ],
    inline: {
      spans: [...['Old', 'map callback', 'new Base', 'new Derived', 'object.half', 'then callback']],
      namespaces: ['::Base', '::pending'].map((below) => `conformance::auto-within${below}`),
    },
    auto: true,
  },
  ENTERED_AGAIN,
];
