// The programs of the conformance suite: every form of code that can be instrumented, and what the language says it does.
// Each is one module whose `run` answers a value; hosts compile it, and it is run before tracing starts and while it records.

export interface Program {
  /** File stem, and what tests call it. */
  readonly name: string;
  readonly source: string;
  /** Result of `run`, by the rules of the language alone. */
  readonly value: unknown;
  /** Names of the spans of one recorded run, sorted. */
  readonly spans: readonly string[];
  /** Namespace of one of these spans, below the root, where it differs from that of the file and class. */
  readonly namespaces: readonly string[];
  /** Attributes of the first span of that name, beside others. */
  readonly attributes?: { readonly span: string; readonly holds: Readonly<Record<string, unknown>> };
  /** Left out where decorators are of the other kind. */
  readonly decorators?: 'legacy' | 'standard';
  /** Legacy decorators see no value of a field, so that without the transformer its calls are not recorded. */
  readonly unseenByLegacy?: true;
  /** Spans of functions that are recorded inline, and namespaces of theirs alone: a tool that may measure coverage gets none of these. */
  readonly inline?: { readonly spans: readonly string[]; readonly namespaces: readonly string[] };
  /** Compiled in auto mode, which needs the transformer. */
  readonly auto?: true;
}

const IMPORT = `import { instrument } from 'spanwright';\n`;

/** Line and column, from 1, of a mark in a source. */
export function placeIn(source: string, mark: string): string {
  const before = source.slice(0, source.indexOf(mark)).split('\n');
  return `${before.length}:${(before[before.length - 1] ?? '').length + 1}`;
}

const METHODS = `'use strict';
${IMPORT}
class Base { greet(who: string) { return 'base ' + who; } }
class Methods extends Base {
  constructor(readonly prefix: string) { super(); }
  @instrument async plain(a: string, b: string) { return this.prefix + a + b; }
  @instrument defaults(a: string, b = 'B', c?: string) { return a + b + c; }
  @instrument rest(a: string, ...others: string[]) { return [a, ...others].join('+'); }
  @instrument counted(_a?: string) { return arguments.length; }
  @instrument destructured({ id }: { id: string }, [first]: string[] = ['none']) { return id + first; }
  @instrument override greet(who: string) { return super.greet(who) + '!'; }
  @instrument ['computed']() { return 'computed'; }
  @instrument [Symbol.toPrimitive]() { return 'primitive'; }
  @instrument({ name: 'chosen', attributes: { backend: 'nsm' }, args: ['amount'] }) options(amount: number) { return amount * 2; }
}
export async function run() {
  const it = new Methods('p');
  const prototype = Methods.prototype as unknown as Record<string, Function>;
  return [
    await it.plain('a', 'b'), it.defaults('a'), it.defaults('a', undefined, 'c'), it.rest('a', 'b', 'c'), it.counted(),
    (it.counted as (...all: unknown[]) => number)(1, 2, 3), it.destructured({ id: 'i' }), it.greet('you'), it.computed(), \`\${it}\`,
    it.options(21), ['plain', 'defaults', 'rest', 'greet', 'computed', 'options'].map((key) => key + '/' + prototype[key]!.length),
    Object.keys(Methods.prototype), prototype['plain']!.name,
  ];
}
`;

const MEMBERS = `${IMPORT}
class Members {
  levels: number[] = [];
  @instrument static make() { return new this(); }
  @instrument get status() { return 'ok' + this.levels.length; }
  @instrument set level(value: number) { this.levels.push(value); }
}
export function run() {
  const it = Members.make();
  it.level = 7;
  const { get } = Object.getOwnPropertyDescriptor(Members.prototype, 'status')!;
  return [it.status, it.levels, get!.name, Members.make.name, it instanceof Members];
}
`;

const PRIVATES = `${IMPORT}
class Privates {
  @instrument #secret(a: number) { return a + 1; }
  @instrument static #hidden() { return 'hidden'; }
  open() { return [this.#secret(1), Privates.#hidden()]; }
}
const Expression = class { @instrument answer() { return 42; } };
export function run() { return [...new Privates().open(), new Expression().answer()]; }
`;

const MARKS = `${IMPORT}
class Marks {
  @instrument.attributes({ args: ['rack'], attributes: { backend: 'nsm' } }) select(rack: string) { return rack; }
  @instrument.attributes({ args: { unit: 'unit.id' } }) async place(unit: string, level = 1) { return unit + level; }
  @instrument({ level: 'debug' }) detail(of: string) { return this.select(of); }
  @instrument({ root: 'never' }) poll() { return this.power('polled'); }
  @instrument({ args: ['id'] }) power(id: string) { return id + this.detail('r-1') + plan('j-1'); }
  @instrument async control(id: string) { return id + await this.place('u-1'); }
}
const plan = instrument.attributes({ args: ['job'] }, (job: string) => job);
export async function run() {
  const it = new Marks();
  return [it.poll(), it.select('alone'), await it.control('c'), plan('alone')];
}
`;

const RECORDED = `import { instrument, record } from 'spanwright';
class Recorded {
  levels: number[] = [];
  @instrument power(@record id: string, @record('power.action') action: string, secret: string) { return id + action + secret; }
  @instrument.attributes mark(@record() rack: string) { return rack; }
  @instrument set level(@record value: number) { this.levels.push(value); this.mark('r-1'); }
}
export function run() {
  const it = new Recorded();
  it.level = 7;
  return [it.power('m-17', 'on', 's'), it.mark('alone'), it.levels];
}
`;

const FIELDS = `${IMPORT}
class Fields {
  factor = 3;
  @instrument times = (a: number) => a * this.factor;
  @instrument named = function inner(this: Fields, a: number) { return a + this.factor; };
}
export function run() {
  const it = new Fields();
  return [it.times(2), it.named(2), it.named.name, Object.keys(it).sort(), new Fields().times !== it.times];
}
`;

const WHOLE = `${IMPORT}
@instrument
export class Whole {
  static count() { return 1; }
  first() { return 'first'; }
  @instrument.skip second() { return 'second'; }
  @instrument({ name: 'third' }) third() { return 'third'; }
}
export function run() {
  const it = new Whole();
  return [Whole.count(), it.first(), it.second(), it.third(), Whole.name];
}
`;

const REPLACED = `${IMPORT}
const Audited = (target: any, _context?: unknown): any => class extends target {};
const Proxied = (target: any, _context?: unknown): any => new Proxy(target, {});
@instrument @Audited class Extended { take(n: number) { return n; } static count() { return 7; } }
@instrument @Proxied class Wrapped { take(n: number) { return n; } }
export const run = () => [new Extended().take(1), Extended.count(), new Wrapped().take(2)];
`;

const FUNCTIONS = `${IMPORT}
import * as spanwright from 'spanwright';
const add = instrument((a: number, b: number) => a + b);
const planned = instrument({ name: 'plan' }, async function planned(job: string, priority = 1) { return job + priority; });
const table = { twice: instrument((a: number) => a * 2) };
const outer = instrument((a: number) => { const inner = spanwright.instrument((b: number) => b + 1); return inner(a); });
function shadowed(instrument: (fn: () => string) => () => string) { return instrument(() => 'mine')(); }
export async function run() {
  return [add(1, 2), add.name, add.length, await planned('j'), planned.length, table.twice(4), outer(1), shadowed((fn) => () => fn() + '!')];
}
`;

const GENERATORS = `${IMPORT}
class Generators {
  @instrument *items(n: number): Generator<number, string, string | undefined> { const got = yield n; return got ?? ''; }
  @instrument async *stream(n: number) { yield n; yield n + 1; }
}
export async function run() {
  const it = new Generators();
  const items = it.items(1);
  const taken = [items.next(), items.next('back')];
  const streamed: number[] = [];
  for await (const item of it.stream(5)) streamed.push(item);
  return [taken, streamed, Object.prototype.toString.call(items)];
}
`;

const DEFAULTS = `${IMPORT}import loaded from './part';
export default class {
  @instrument work() { return 'done'; }
}
export const run = () => [loaded(2), loaded.name];
`;

/** Imported by the program above. */
export const PART = `${IMPORT}
export default instrument(function part(a: number) { return a + 1; });
`;

const ORDER = `${IMPORT}
const seen: string[] = [];
function note(name: string): any {
  seen.push('made ' + name);
  return (..._target: unknown[]) => { seen.push('applied ' + name); };
}
class Order {
  @note('a') @instrument @note('b') method(x: number) { return x; }
  @note('c') @instrument other() { return 'other'; }
}
export function run() {
  const it = new Order();
  return [it.method(1), it.other(), seen];
}
`;

const HANDED = `import { trace } from './tracing';
class Handed {
  @trace work() { return 'handed'; }
}
const counted = trace((n: number) => n + 1);
export const run = () => [new Handed().work(), counted(1)];
`;

/** Imported by the program above: a module of the user that re-exports `instrument`. */
export const TRACING = `export { instrument as trace } from 'spanwright';\n`;

const NESTED = `${IMPORT}
namespace Area {
  export enum Kind { One = 1 }
  export class Inside { @instrument kind() { return Kind.One; } }
}
function make() {
  class Local { @instrument answer() { return instrument(() => 42)(); } }
  return Local;
}
export function run() {
  return [new Area.Inside().kind(), new (make())().answer()];
}
`;

const AUTO = `import './auto-script';
import whole from './auto-default';
export class Automatic {
  #n = 1;
  constructor(readonly factor: number) {}
  get plain() { return this.factor; }
  times(a: number) { return a * this.factor + this.#n; }
  static of(n: number) { return new Automatic(n); }
  /* @spanwright-skip */ left() { return 'out'; }
}
export function exported(a: number, b = 2) { return a + b; }
export const arrow = (a: number) => a - 1;
function own() { return 'own'; }
export { own as renamed };
/** @spanwright-skip */
export function run() {
  const it = Automatic.of(2);
  return [it.times(3), it.plain, it.left(), exported(1), exported.length, arrow(1), arrow.name, own(), whole(), (globalThis as any).scripted()];
}
`;

/** Loaded by the program above: neither imports nor exports, so that nothing in it says what kind of module it is. */
export const AUTO_SCRIPT = `class Script { answer() { return 'script'; } }
(globalThis as any).scripted = () => new Script().answer();
`;

/** Imported by the program above. */
export const AUTO_DEFAULT = `export default function whole() { return 'whole'; }\n`;

const ERRORS = `${IMPORT}
class Errors {
  value = 1;

  @instrument({ attributes: { some: 'thing' } })
  fails(text: string): never {
    const told: string = text + this.value;
    throw new Error(told);
  }
}
const failing = instrument({ name: 'failing' }, () => { throw new Error('function'); });
function placeOf(call: () => unknown) {
  try { call(); return 'nothing thrown'; } catch (error) { return /errors\\.ts:(\\d+:\\d+)/.exec((error as Error).stack!.split('\\n')[1]!)?.[1] ?? (error as Error).stack; }
}
export function run() {
  return [placeOf(() => new Errors().fails('t')), placeOf(failing)];
}
`;

const order = ['made a', 'made b', 'made c', 'applied b', 'applied a', 'applied c'];
const legacyOrder = ['made a', 'made b', 'applied b', 'applied a', 'made c', 'applied c'];

export const PROGRAMS: readonly Program[] = [
  {
    name: 'methods',
    source: METHODS,
    value: [
      ...['pab', 'aBundefined', 'aBc', 'a+b+c', 0, 3, 'inone', 'base you!', 'computed', 'primitive', 42],
      ['plain/2', 'defaults/1', 'rest/1', 'greet/1', 'computed/0', 'options/1'],
      [],
      'plain',
    ],
    spans: [
      ...['Methods.[Symbol.toPrimitive]', 'Methods.computed', 'Methods.counted', 'Methods.counted', 'Methods.defaults'],
      ...['Methods.defaults', 'Methods.destructured', 'Methods.greet', 'Methods.plain', 'Methods.rest', 'chosen'],
    ],
    namespaces: ['conformance::methods::Methods'],
  },
  {
    name: 'members',
    source: MEMBERS,
    value: ['ok1', [7], 'get status', 'make', true],
    spans: ['Members.level', 'Members.make', 'Members.status'],
    namespaces: ['conformance::members::Members'],
  },
  {
    name: 'marks',
    source: MARKS,
    value: ['polledr-1j-1', 'alone', 'cu-11', 'alone'],
    spans: ['Marks.control', 'Marks.power'],
    namespaces: ['conformance::marks::Marks'],
    attributes: { span: 'Marks.power', holds: { id: 'polled', rack: 'r-1', backend: 'nsm', job: 'j-1' } },
  },
  {
    name: 'recorded',
    source: RECORDED,
    value: ['m-17ons', 'alone', [7]],
    spans: ['Recorded.level', 'Recorded.power'],
    namespaces: ['conformance::recorded::Recorded'],
    decorators: 'legacy',
    attributes: { span: 'Recorded.level', holds: { value: 7, rack: 'r-1' } },
  },
  {
    name: 'privates',
    source: PRIVATES,
    value: [2, 'hidden', 42],
    spans: ['Expression.answer', 'Privates.#hidden', 'Privates.#secret'],
    namespaces: ['conformance::privates::Expression', 'conformance::privates::Privates'],
    decorators: 'standard',
  },
  {
    name: 'fields',
    source: FIELDS,
    value: [6, 5, 'inner', ['factor', 'named', 'times'], true],
    spans: ['Fields.named', 'Fields.times'],
    namespaces: ['conformance::fields::Fields'],
    unseenByLegacy: true,
  },
  {
    name: 'whole',
    source: WHOLE,
    value: [1, 'first', 'second', 'third', 'Whole'],
    spans: ['Whole.count', 'Whole.first', 'third'],
    namespaces: ['conformance::whole::Whole'],
  },
  {
    name: 'replaced',
    source: REPLACED,
    value: [1, 7, 2],
    spans: ['Extended.count', 'Extended.take', 'Wrapped.take'],
    namespaces: ['conformance::replaced::Extended', 'conformance::replaced::Wrapped'],
  },
  {
    name: 'functions',
    source: FUNCTIONS,
    value: [3, '', 2, 'j1', 1, 8, 2, 'mine!'],
    spans: ['add', 'inner', 'outer', 'plan', 'table.twice'],
    namespaces: ['conformance::functions', 'conformance::functions::outer', 'conformance::functions::table'],
  },
  {
    name: 'generators',
    source: GENERATORS,
    value: [
      [
        { value: 1, done: false },
        { value: 'back', done: true },
      ],
      [5, 6],
      '[object Generator]',
    ],
    spans: ['Generators.items', 'Generators.stream'],
    namespaces: ['conformance::generators::Generators'],
  },
  { name: 'defaults', source: DEFAULTS, value: [3, 'part'], spans: ['part'], namespaces: ['conformance::part'] },
  {
    name: 'handed',
    source: HANDED,
    value: ['handed', 2],
    spans: ['Handed.work', 'counted'],
    namespaces: ['conformance::handed', 'conformance::handed::Handed'],
  },
  {
    name: 'order',
    source: ORDER,
    value: [1, 'other', legacyOrder],
    spans: ['Order.method', 'Order.other'],
    namespaces: ['conformance::order::Order'],
    decorators: 'legacy',
  },
  {
    name: 'order-standard',
    source: ORDER,
    value: [1, 'other', order],
    spans: ['Order.method', 'Order.other'],
    namespaces: ['conformance::order-standard::Order'],
    decorators: 'standard',
  },
  {
    name: 'nested',
    source: NESTED,
    value: [1, 42],
    spans: ['Inside.kind', 'Local.answer', 'anonymous'],
    namespaces: [
      'conformance::nested::Area::Inside',
      'conformance::nested::make::Local',
      'conformance::nested::make::Local::answer',
    ],
  },
  {
    name: 'auto',
    source: AUTO,
    value: [7, 2, 'out', 3, 1, 0, 'arrow', 'own', 'whole', 'script'],
    spans: [
      ...['Automatic.of', 'Automatic.plain', 'Automatic.times', 'Script.answer', 'arrow', 'exported', 'new Automatic', 'own'],
      ...['scripted', 'whole'],
    ],
    namespaces: [
      'conformance::auto',
      'conformance::auto-default',
      'conformance::auto-script',
      'conformance::auto-script::Script',
      'conformance::auto::Automatic',
    ],
    inline: { spans: ['new Automatic'], namespaces: [] },
    auto: true,
  },
  {
    name: 'errors',
    source: ERRORS,
    value: [placeIn(ERRORS, 'new Error(told)'), placeIn(ERRORS, "new Error('function')")],
    spans: ['Errors.fails', 'failing'],
    namespaces: ['conformance::errors', 'conformance::errors::Errors'],
  },
];
