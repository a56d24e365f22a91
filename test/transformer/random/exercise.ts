// Exercises what a random program exports and writes down everything that JavaScript lets a caller see: results, errors, names,
// keys, descriptors, order. Copied into the project that the property test compiles; the programs import it as './exercise'.

/** Exports of a program. */
export interface Program {
  /** Classes, base first, and functions. */
  readonly classes: readonly (new () => object)[];
  readonly functions: Readonly<Record<string, Fn>>;
  /** Span name of each recorded function, by the label that it logs when it is entered. */
  readonly sites: Readonly<Record<string, string>>;
  /** Functions that count as called when their body is entered; a failure while parameters are bound is not a call. */
  readonly late: readonly string[];
}

// biome-ignore lint/suspicious/noExplicitAny: a function of any signature
type Fn = (this: any, ...args: any[]) => any;

export interface Seen {
  /** In order. */
  readonly seen: readonly string[];
  /** Calls of sites, by the span's name, in order of the first. */
  readonly calls: Readonly<Record<string, number>>;
}

let steps: string[] = [];
let entries: string[] = [];
let lateOnes = new Set<string>();
let recording = false;

/** A step of a body. */
export function step(text: string): void {
  steps.push(text);
}

/** The first statement of every body. */
export function entered(label: string): void {
  entries.push(label);
  steps.push(`in ${label}`);
}

/** Calls a private method. A failure while its parameters are bound counts as a call too, except for the methods in `lateOnes`. */
export function reach(label: string, call: () => unknown): unknown {
  const before = entries.length;
  const failed = (): void => {
    if (entries.length === before && !lateOnes.has(label)) entries.push(label);
  };
  try {
    const result = call();
    if (result instanceof Promise) failed();
    return result;
  } catch (error) {
    failed();
    throw error;
  }
}

/** A decorator of the program's own, legacy and standard: replaces the method by one that looks at all that it is given. */
export function note(first: unknown, second: unknown, descriptor?: PropertyDescriptor): unknown {
  const around = (body: Fn): Fn =>
    function noted(this: unknown, ...args: unknown[]): unknown {
      steps.push(`noted ${args.length}`);
      return body.apply(this, args);
    };
  if (descriptor !== undefined) return { ...descriptor, value: around(descriptor.value) };
  steps.push(`note ${String((second as { name?: unknown }).name)}`);
  return around(first as Fn);
}

export const same = <T>(value: T): T => value;

/**
 * @param on whether tracing is: what is recorded may show in the generators and the order of microtasks, and nowhere else.
 * @param counted called after the last call that is counted.
 */
export async function exercise(
  { classes, functions, sites, late }: Program,
  on: boolean,
  counted: () => Promise<void>,
): Promise<Seen> {
  recording = on;
  lateOnes = new Set(late);
  steps = [];
  entries = [];
  const seen: string[] = [];
  const calls: Record<string, number> = {};
  const count = (label: string): void => {
    const name = sites[label];
    if (name !== undefined) calls[name] = (calls[name] ?? 0) + 1;
  };

  const subjects = [...classes.flatMap(membersOf), ...Object.entries(functions).map(([name, fn]) => functionOf(name, fn))];
  for (const made of classes)
    seen.push(`class ${identity(made as unknown as Fn)} ${keysOf(made.prototype)} new ${keysOf(new made())}`);
  for (const { label, fn } of subjects) seen.push(`${label} ${identity(fn)}`);

  const outcomeOf = async (label: string, call: () => unknown, mode: number): Promise<string> => {
    const before = entries.length;
    try {
      const result = call();
      // A call whose body was not reached failed while its parameters were bound.
      if (result instanceof Promise && entries.length === before) count(label);
      return await settled(result, mode);
    } catch (error) {
      if (entries.length === before && !lateOnes.has(label)) count(label);
      return `threw ${describeValue(error)}`;
    }
  };
  for (const { label, fn, receivers } of subjects) {
    const applied = receivers().flatMap((receiver) => ARGUMENTS.map((args) => [receiver, args] as const));
    for (const [mode, [receiver, args]] of applied.entries()) {
      const text = await outcomeOf(label, () => Reflect.apply(fn, receiver, args), mode);
      seen.push(`${label}(${args.map((arg) => describeValue(arg)).join(', ')}): ${text} [${steps.splice(0).join(', ')}]`);
    }
  }

  // Concurrent calls: the order of their steps is the order of microtasks.
  const started = subjects.flatMap(({ label, fn, receivers }) => {
    const before = entries.length;
    const result = isAsync(fn) ? attempt(() => Reflect.apply(fn, receivers()[0], [1, 2])) : undefined;
    if (result instanceof Promise && entries.length === before) count(label);
    return result instanceof Promise
      ? [
          result.then(
            () => step(`done ${label}`),
            () => step(`failed ${label}`),
          ),
        ]
      : [];
  });
  for (let turn = 0; turn < 12; turn++) {
    step('-');
    await null;
  }
  await Promise.all(started);
  const order = steps.splice(0);
  // A promise that is recorded takes a microtask more.
  seen.push(`concurrently [${(recording ? order.sort() : order).join(', ')}]`);
  for (const label of entries) count(label);

  await counted();

  // Calls with `new`, which methods, arrow functions and the like refuse.
  for (const { label, fn } of subjects) seen.push(`new ${label}: ${constructed(fn)} [${steps.splice(0).join(', ')}]`);
  // Work that these calls started may go on for some turns.
  await new Promise((resolve) => setTimeout(resolve, 2));
  for (const made of classes) seen.push(`after ${keysOf(made)} ${keysOf(made.prototype)}`);
  return { seen, calls };
}

interface Subject {
  readonly label: string;
  readonly fn: Fn;
  receivers(): unknown[];
}

/** Functions that a class holds, as its callers reach them. */
function membersOf(owner: new () => object): Subject[] {
  const subjects: Subject[] = [];
  for (const [holder, receivers] of [
    [owner.prototype, () => [new owner(), undefined]],
    [owner, () => [owner]],
  ] as const) {
    for (const key of Reflect.ownKeys(holder)) {
      if (key === 'constructor' || key === 'prototype') continue;
      const descriptor = Object.getOwnPropertyDescriptor(holder, key) as PropertyDescriptor;
      const label = `${owner.name}.${keyText(key)}`;
      for (const half of ['value', 'get', 'set'] as const)
        if (typeof descriptor[half] === 'function') subjects.push({ label, fn: descriptor[half] as Fn, receivers });
    }
  }
  const instance = new owner() as Record<string, unknown>;
  for (const key of Object.keys(instance)) {
    const fn = instance[key];
    const holder = key.startsWith('base') ? Object.getPrototypeOf(owner).name || owner.name : owner.name;
    if (typeof fn === 'function') subjects.push({ label: `${holder}.${key}`, fn: fn as Fn, receivers: () => [instance] });
  }
  return subjects;
}

function functionOf(name: string, fn: Fn): Subject {
  return { label: name, fn, receivers: () => [undefined, { state: 'other' }] };
}

/** The name that the transformer gives a computed member: its source text. */
function keyText(key: string | symbol): string {
  if (key === 'computed1') return '[KEY]';
  if (key === Symbol.iterator) return '[Symbol.iterator]';
  return typeof key === 'symbol' ? '[SYMBOL]' : key;
}

const ARGUMENTS: readonly (readonly unknown[])[] = [
  [],
  [1, 2],
  ['a', undefined, 'c', null, 5],
  [{ a: 1, b: { c: 2 } }, [3, 4]],
  [[7, 8], { a: 9 }],
  [null, Symbol.iterator],
];

async function settled(result: unknown, mode: number): Promise<string> {
  if (result instanceof Promise) {
    // Hooks on promises, which any tracing needs, show on every promise of the process.
    const own = recording ? '' : keysOf(result);
    return result.then(
      (value) => `resolved ${describeValue(value)} ${own}`,
      (error) => `rejected ${describeValue(error)} ${own}`,
    );
  }
  if (typeof result !== 'object' || result === null) return describeValue(result);
  if (Symbol.iterator in result && 'next' in result) return iterated(result as Generator<unknown, unknown, unknown>, mode);
  if (Symbol.asyncIterator in result) return iterated(result as AsyncGenerator<unknown, unknown, unknown>, mode);
  return describeValue(result);
}

/** Ways to iterate: to the end, left early, thrown into, or never begun. */
async function iterated(generator: Generator | AsyncGenerator, mode: number): Promise<string> {
  // A generator that is recorded has methods of its own.
  const own = recording ? '' : ` ${keysOf(generator)}`;
  const got = [`${Object.prototype.toString.call(generator)}${own}`];
  const drive = async (pull: () => unknown): Promise<boolean> => {
    try {
      const { value, done } = (await pull()) as IteratorResult<unknown>;
      got.push(`${describeValue(value)}${done ? ' done' : ''}`);
      return done ?? false;
    } catch (error) {
      got.push(`threw ${describeValue(error)}`);
      return true;
    }
  };
  const way = mode % 5;
  if (way === 0) return got.join('; ');
  if (way === 1) await drive(() => generator.return('early'));
  let done = await drive(() => generator.next('ignored'));
  if (way === 2 && !done) done = await drive(() => generator.return('left'));
  if (way === 3 && !done) done = await drive(() => generator.throw(new RangeError('into')));
  for (let sent = 0; sent < 6 && !done; sent++) done = await drive(() => generator.next(`sent ${sent}`));
  await drive(() => generator.next());
  return got.join('; ');
}

function constructed(fn: Fn): string {
  try {
    const made = Reflect.construct(fn, [1, 2]) as object;
    if (made instanceof Promise) made.catch(() => {});
    return `${describeValue(made)} ${made instanceof fn} ${(made.constructor as Fn) === fn} ${Object.getPrototypeOf(made) === fn.prototype}`;
  } catch (error) {
    return `threw ${error instanceof Error ? error.name : describeValue(error)}`;
  }
}

function attempt(call: () => unknown): unknown {
  try {
    return call();
  } catch {
    return undefined;
  }
}

function tagOf(fn: Fn): string {
  return Object.prototype.toString.call(fn);
}

const isAsync = (fn: Fn) => tagOf(fn) === '[object AsyncFunction]';

function identity(fn: Fn): string {
  const prototype = fn.prototype === undefined ? 'none' : keysOf(fn.prototype);
  return `${describeValue(fn)} ${tagOf(fn)} ${keysOf(fn)} prototype ${prototype}`;
}

/** Own keys in order, with what may be done with each. */
function keysOf(value: object): string {
  const keys = Reflect.ownKeys(value).map((key) => {
    const { writable, enumerable, configurable, get, set } = Object.getOwnPropertyDescriptor(value, key) as PropertyDescriptor;
    const flags = [writable && 'w', enumerable && 'e', configurable && 'c', get && 'get', set && 'set'];
    return `${String(key)}:${flags.filter(Boolean).join('')}`;
  });
  return `{${keys.join(' ')}}`;
}

export function describeValue(value: unknown, depth = 0): string {
  if (typeof value === 'function') return `function ${JSON.stringify(value.name)}/${value.length}`;
  if (typeof value === 'string') return JSON.stringify(value);
  if (typeof value !== 'object' || value === null) return String(value);
  if (value instanceof Promise) return 'Promise';
  if (/ (Async)?Generator\]$/.test(Object.prototype.toString.call(value))) return 'generator';
  if (value instanceof Error) return `${value.name} ${JSON.stringify(messageOf(value))} ${keysOf(value)}`;
  const kind = (Object.getPrototypeOf(value)?.constructor as Fn | undefined)?.name ?? 'null';
  if (depth > 2) return kind;
  const entries = Reflect.ownKeys(value).map((key) => `${String(key)}: ${describeValue(Reflect.get(value, key), depth + 1)}`);
  return `${kind} {${entries.join(', ')}}`;
}

/** A class whose decorators are lowered is called by another name within. */
function messageOf({ message }: Error): string {
  return message.replace(/ \(reading '.*'\)$/, '');
}
