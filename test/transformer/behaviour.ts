// The program that the behaviour tests compile and run, and what the language says it prints. It uses every form of method that a
// naive forwarder would change; the same text serves legacy and TC39 decorators.

export const PROGRAM = `
import { instrument } from 'spanwright';
import { ticks } from './ticks';

class Base {
  greet(who: string) { return 'base ' + who; }
}

export class Service extends Base {
  constructor(readonly prefix: string) { super(); }
  levels: number[] = [];

  @instrument async plain(a: string, b: string) { return this.prefix + a + b; }
  @instrument defaults(a: string, b = 'B', c?: string) { return a + b + c; }
  @instrument rest(a: string, ...others: string[]) { return [a, ...others].join('+'); }
  @instrument counted(_a?: string) { return arguments.length; }
  @instrument evaluated(_a?: string) { return eval('arguments.length'); }
  @instrument nested() { return (() => arguments.length)(); }
  @instrument destructured({ id }: { id: string }, [first]: string[] = ['none']) { return id + first; }
  @instrument override greet(who: string) { return super.greet(who) + '!'; }
  @instrument *items(n: number): Generator<number, string, string | undefined> { const got = yield n; return got ?? ""; }
  @instrument async *stream(n: number) { yield n; yield n + 1; }
  @instrument names(gate: string, body: string, run: string, site: string) { return gate + body + run + site; }
  @instrument static make(prefix: string) { return new this(prefix); }
  @instrument get status() { return this.prefix + 'ok'; }
  @instrument set level(value: number) { this.levels.push(value); }
  @instrument ['computed']() { return 'computed'; }
  @instrument [Symbol.toPrimitive]() { return 'primitive'; }
  @instrument({ name: 'chosen', attributes: { backend: 'nsm' } }) options(this: Service) { return this === service; }
  @instrument fails(error: unknown): never { throw error; }
}

export const plan = instrument({ name: 'plan' }, async function plan(job: string, priority = 1) { return job + priority; });
const arrow = instrument((a: number, b: number) => a * b);
const service = Service.make('p');

async function main() {
  const seen: Record<string, unknown> = {};
  seen.plain = await service.plain('a', 'b');
  seen.defaults = [service.defaults('a'), service.defaults('a', undefined, 'c'), service.defaults('a', 'x')];
  seen.rest = [service.rest('a'), service.rest('a', 'b', 'c')];
  seen.counted = [service.counted(), service.counted('a'), (service.counted as (...all: unknown[]) => number)(1, 2, 3)];
  seen.evaluated = [service.evaluated(), service.evaluated('a')];
  seen.nested = (service.nested as (...all: unknown[]) => number)(1, 2);
  seen.destructured = [service.destructured({ id: 'i' }), service.destructured({ id: 'i' }, ['f'])];
  seen.greet = service.greet('you');
  const items = service.items(1);
  seen.items = [items.next(), items.next('back'), [...service.items(3)], Object.prototype.toString.call(items)];
  const streamed: number[] = [];
  for await (const item of service.stream(5)) streamed.push(item);
  seen.stream = streamed;
  seen.names = service.names('1', '2', '3', '4');
  service.level = 7;
  seen.accessors = [service.status, service.levels];
  seen.computed = [service.computed(), \`\${service}\`];
  seen.options = service.options();
  const thrown = { odd: true };
  try { service.fails(thrown); } catch (error) { seen.thrown = error === thrown; }
  seen.functions = [await plan('j'), arrow(6, 7)];
  const prototype = Service.prototype as unknown as Record<string | symbol, Function>;
  const getter = Object.getOwnPropertyDescriptor(Service.prototype, 'status')!.get!;
  const setter = Object.getOwnPropertyDescriptor(Service.prototype, 'level')!.set!;
  const named = ['plain', 'defaults', 'rest', 'counted', 'destructured', 'items', 'names', 'computed'].map((key) => prototype[key]);
  seen.identity = [...named, prototype[Symbol.toPrimitive], Service.make, plan, arrow].map((fn) => fn.name + '/' + fn.length);
  seen.getter = [getter.name, getter.length, setter.name, setter.length];
  seen.own = Object.getOwnPropertyNames(service).sort();
  seen.keys = Object.keys(Service.prototype);
  seen.constructible = named.map((fn) => { try { Reflect.construct(fn, []); return true; } catch { return false; } }).includes(true);
  seen.ticks = (await ticks(() => service.plain('', ''))) - (await ticks(async () => ''));
  console.log(JSON.stringify(seen));
}
void main();
`;

export const TICKS = `
/** How many microtasks pass until the promise that a call returns is settled. */
export async function ticks(call: () => Promise<unknown>): Promise<number> {
  let settled = false;
  void call().then(() => { settled = true; });
  let count = 0;
  while (!settled) { await null; count++; }
  return count;
}
`;

/** Output of the program, by the rules of the language alone. */
export const EXPECTED = {
  plain: 'pab',
  defaults: ['aBundefined', 'aBc', 'axundefined'],
  rest: ['a', 'a+b+c'],
  counted: [0, 1, 3],
  evaluated: [0, 1],
  nested: 2,
  destructured: ['inone', 'if'],
  greet: 'base you!',
  items: [{ value: 1, done: false }, { value: 'back', done: true }, [3], '[object Generator]'],
  stream: [5, 6],
  names: '1234',
  accessors: ['pok', [7]],
  computed: ['computed', 'primitive'],
  options: true,
  thrown: true,
  functions: ['j1', 42],
  identity: [
    ...['plain/2', 'defaults/1', 'rest/1', 'counted/1', 'destructured/1', 'items/1', 'names/4', 'computed/0'],
    ...['[Symbol.toPrimitive]/0', 'make/1', 'plan/1', '/2'],
  ],
  getter: ['get status', 0, 'set level', 1],
  own: ['levels', 'prefix'],
  keys: [],
  constructible: false,
  ticks: 0,
};
