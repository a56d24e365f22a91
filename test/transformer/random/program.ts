// Random programs, from a seed: the same classes and functions written three times over, without instrumentation, with
// `@instrument` on some, and with nothing on them for auto mode. The text beside a mark is the same, character for character.

import { randomFrom } from '../../random.js';

export type Variant = 'bare' | 'marked' | 'auto';

export interface ProgramChoice {
  readonly seed: number;
  /** Legacy decorators are allowed neither on private members nor on class expressions. */
  readonly legacy: boolean;
}

type Text = Readonly<Record<Variant, string>>;

/** The text of one program in each variant. */
export function programOf({ seed, legacy }: ProgramChoice): Text {
  const random = randomOf(seed);
  const writers = { bare: writer(), marked: writer(), auto: writer() };
  const all = Object.values(writers);
  const say = (text: string): void => {
    for (const writer of all) writer.lines.push(text);
  };
  /** Writes a mark where the program is marked, and notes the sites. */
  const mark = (text: string, labels: readonly string[]): void => {
    writers.marked.lines.push(text);
    for (const label of labels) writers.marked.sites.set(label, label);
  };

  function member(owner: string, key: Key, whole: boolean): void {
    const label = `${owner}.${key.label}`;
    const { kind } = key;
    noteLate(label, kind);
    const method = isMethod(kind);
    const marked = random.chance(0.6) && !(legacy && key.private);
    const skipped = whole && method && !marked && random.chance(0.3);
    const noted = method && !key.private && random.chance(0.15);
    if (noted && random.chance(0.5)) say('  @note');
    if (marked) mark(random.pick(['  @instrument', "  @instrument({ attributes: { of: 'test' } })"]), [label]);
    else if (skipped) mark('  @instrument.skip', []);
    else if (whole) markByClass(label, key);
    const text = body(random, { label, key, ...(key.inherited ? { above: key } : undefined) });
    if (isInAuto(key, text)) writers.auto.sites.set(label, label);
    if (noted && !marked) say('  @note');
    say(`  ${text}`);
    if (!method && kind !== 'field' && !key.inherited && random.chance(0.5)) otherHalf(label, key);
  }

  /** The other accessor of a pair. A decorator is on the first half of a pair, and applies to that half. */
  function otherHalf(label: string, key: Key): void {
    const other = key.kind === 'get' ? 'set' : 'get';
    const half = `${label} ${other}`;
    writers.auto.sites.set(half, label);
    say(`  ${key.static ? 'static ' : ''}${other} ${key.text}(${other === 'set' ? 'value' : ''}) { entered('${half}'); }`);
  }

  function markByClass(label: string, { kind, private: isPrivate }: Key): void {
    if (isMethod(kind) && !isPrivate) writers.marked.sites.set(label, label);
  }

  function classOf(owner: string, base: string | undefined, keys: readonly Key[]): void {
    const expression = !legacy && random.chance(0.3);
    const whole = random.chance(0.25);
    if (whole && !expression) mark('@instrument', []);
    say(`${expression ? `export const ${owner} = ` : 'export '}class ${owner}${base === undefined ? '' : ` extends ${base}`} {`);
    say(`  state = '${owner}';`);
    for (const key of keys) member(owner, key, whole && !expression);
    for (const key of keys) if (key.private) reachPrivate(owner, key, whole && !expression);
    say(expression ? '};' : '}');
  }

  /** A method whose name begins with `reach`. It is a site only in auto mode and in a class that is instrumented as a whole. */
  function reachPrivate(owner: string, { text, static: isStatic }: Key, whole: boolean): void {
    const name = `reach${text.slice(1)}`;
    const label = `${owner}.${name}`;
    writers.auto.sites.set(label, label);
    if (whole) writers.marked.sites.set(label, label);
    const holder = isStatic ? owner : 'this';
    say(
      `  ${isStatic ? 'static ' : ''}${name}(...given) { entered('${label}'); const to = ${holder}.${text}; return reach('${owner}.${text}', () => to.apply(${holder}, given)); }`,
    );
  }

  function functionOf(name: string): void {
    const kind = random.pick(['sync', 'async', 'generator', 'async generator'] as const);
    const arrow = !kind.includes('generator') && random.chance(0.4);
    const key: Key = { text: name, label: name, kind, static: false, private: false, arrow };
    noteLate(name, kind);
    const text = body(random, { label: name, key });
    const form = random.pick(['wrapped', 'constant', 'declared'] as const);
    if (form === 'wrapped') wrap(name, expression(text, key));
    else declare(name, form === 'declared' && !arrow ? text : `const ${name} = ${expression(text, key)};`);
  }

  function wrap(name: string, value: string): void {
    const options = random.chance(0.5) ? "{ kind: 'client' }, " : '';
    writers.marked.sites.set(name, name);
    writers.auto.sites.set(name, /^(async )?function\*? fn\d/.test(value) ? name : 'same callback');
    for (const [variant, writer] of Object.entries(writers))
      writer.lines.push(`export const ${name} = ${variant === 'marked' ? `instrument(${options}` : 'same('}${value});`);
  }

  function declare(name: string, text: string): void {
    writers.auto.sites.set(name, name);
    const listed = random.chance(0.4);
    say(`${listed ? '' : 'export '}${text}`);
    if (listed) say(`export { ${name} };`);
  }

  /** A generator runs once it is asked for something; in auto mode the span of a synchronous function begins in its body. */
  function noteLate(label: string, kind: Kind): void {
    const generator = kind.includes('generator');
    for (const one of generator ? all : kind.startsWith('async') ? [] : [writers.auto]) one.late.push(label);
  }

  writers.auto.sites.set('Local.m', 'Local.m');
  say('// @ts-nocheck');
  writers.marked.lines.push("import { instrument } from 'spanwright';");
  say("import { entered, note, reach, same, step } from '../exercise';");
  say("const SYMBOL = Symbol('own');\nconst KEY = 'computed' + 1;");
  const baseKeys = keysOf(random, 'base');
  classOf('Base', undefined, baseKeys);
  // Some override what they inherit.
  const again = baseKeys.filter((key) => !key.private && key.kind !== 'field' && random.chance(0.4));
  const overridden = new Set(again.map(({ text }) => text));
  classOf('Derived', 'Base', [
    ...again.map((key) => ({ ...key, inherited: true })),
    ...keysOf(random, 'own').filter(({ text }) => !overridden.has(text)),
  ]);

  const names = [0, 1, 2, 3].map((index) => `fn${index}`);
  names.forEach(functionOf);
  for (const { lines, sites, late } of all) {
    lines.push(
      `export const program = { classes: [Base, Derived], functions: { ${names.join(', ')} }, sites: ${JSON.stringify(Object.fromEntries(sites))}, late: ${JSON.stringify(late)} };`,
    );
  }
  return { bare: writers.bare.text(), marked: writers.marked.text(), auto: writers.auto.text() };
}

function writer() {
  const lines: string[] = [];
  const sites = new Map<string, string>();
  const late: string[] = [];
  return { lines, sites, late, text: () => `${lines.join('\n')}\n` };
}

type Kind = 'sync' | 'async' | 'generator' | 'async generator' | 'get' | 'set' | 'field';

interface Key {
  /** As written. */
  readonly text: string;
  /** The name that the transformer gives it. */
  readonly label: string;
  readonly kind: Kind;
  readonly static: boolean;
  readonly private: boolean;
  readonly arrow?: boolean;
  /** True if the base class has it too. */
  readonly inherited?: boolean;
}

/** Auto mode leaves out fields, private generators, and private asynchronous methods that it cannot call again with what they were given. */
function isInAuto({ kind, private: isPrivate }: Key, text: string): boolean {
  if (kind === 'field' || !isPrivate) return kind !== 'field';
  const varying = text.replaceAll(" = 'default'", '');
  return kind === 'sync' || (kind === 'async' && !/^[^{]*\([^)]*[={[]|\barguments\b|new\.target/.test(varying));
}

/** Members of a class; no name twice. */
function keysOf(random: Random, prefix: string): Key[] {
  const keys: Key[] = [];
  const kinds = ['sync', 'sync', 'async', 'async', 'generator', 'async generator', 'get', 'set', 'field'] as const;
  for (let index = 0; index < 7; index++) {
    const kind = random.pick(kinds);
    const method = kind !== 'get' && kind !== 'set' && kind !== 'field';
    const isPrivate = method && random.chance(0.15);
    const text = `${isPrivate ? '#' : ''}${prefix}${index}`;
    const quoted = !isPrivate && random.chance(0.15);
    keys.push({
      text: quoted ? `'${text} x'` : text,
      label: quoted ? `${text} x` : text,
      kind,
      static: kind !== 'field' && random.chance(0.25),
      private: isPrivate,
      arrow: kind === 'field' && random.chance(0.5),
    });
  }
  const symbol = {
    text: '[SYMBOL]',
    label: '[SYMBOL]',
    kind: random.pick(['sync', 'async'] as const),
    static: false,
    private: false,
  };
  const known = {
    text: '[Symbol.iterator]',
    label: '[Symbol.iterator]',
    kind: 'generator' as const,
    static: false,
    private: false,
  };
  const computed = { text: '[KEY]', label: '[KEY]', kind: 'sync' as const, static: random.chance(0.3), private: false };
  return [...keys, ...[symbol, known, computed].filter(() => random.chance(0.5))];
}

const isMethod = (kind: Kind): boolean => kind !== 'get' && kind !== 'set' && kind !== 'field';

interface BodyChoice {
  readonly label: string;
  readonly key: Key;
  /** Member that `super` reaches under the same name. */
  readonly above?: Key;
}

/** A member that another member calls by `super` under its own name. */
function callAbove(random: Random, { text }: Key, isGetter: boolean): string {
  const name = /^[\w$]+$/.test(text) ? `super.${text}` : `super${text.startsWith('[') ? text : `[${text}]`}`;
  if (isGetter) return name;
  return random.chance(0.5) ? `${name}()` : `${name}.call(this)`;
}

/** A member or function: head, parameters and a body that looks at what a careless forwarder would change. */
function body(random: Random, { label, key, above }: BodyChoice): string {
  const { kind } = key;
  const parameters = kind === 'get' ? [] : kind === 'set' ? ['value'] : parametersOf(random);
  const names = [...new Set(parameters.flatMap((text) => text.match(/\bp\d\w*/g) ?? []))];
  const lines = [`entered('${label}');`];
  const isArrow = key.arrow ?? false;
  const waits = kind === 'async' || kind === 'async generator';
  const yields = kind === 'generator' || kind === 'async generator';
  for (let count = random.int(3); count > 0; count--) lines.push(statement(random, label, names, isArrow));
  if (above !== undefined && kind !== 'set') {
    const got = callAbove(random, above, kind === 'get');
    lines.push(`const above = ${yields ? 'yield* ' : waits ? 'await ' : ''}${got};`, 'step(typeof above);');
  }
  if (waits) lines.push(`${random.chance(0.5) ? 'await null; ' : ''}step('${label} after');`);
  if (yields) {
    const sent = random.chance(0.5) ? 'const sent = ' : '';
    lines.push(
      `try { ${sent}yield ${random.pick([...names, "'y'", 'this?.state'])}; yield 2; } finally { step('${label} left'); }`,
    );
  }
  lines.push(ending(random, names, isArrow, kind === 'set'));
  return written(key, parameters.join(', '), `{ ${lines.join(' ')} }`);
}

function written({ kind, text: key, static: isStatic, arrow: isArrow = false }: Key, list: string, text: string): string {
  const front = isStatic ? 'static ' : '';
  if (kind === 'get' || kind === 'set') return `${front}${kind} ${key}(${list}) ${text}`;
  const asynchronous = kind.startsWith('async') ? 'async ' : '';
  const star = kind.includes('generator') ? '*' : '';
  if (kind === 'field') return `${key} = ${isArrow ? `(${list}) => ${text}` : `function (${list}) ${text}`};`;
  if (/^fn\d$/.test(key))
    return isArrow ? `${asynchronous}(${list}) => ${text}` : `${asynchronous}function${star} ${key}(${list}) ${text}`;
  return `${front}${asynchronous}${star}${key}(${list}) ${text}`;
}

/** A function as the value of a constant or argument. */
function expression(text: string, key: Key): string {
  return key.arrow ? text : text.length % 2 === 0 ? text.replace(/(function\*?) fn\d/, '$1 ') : text;
}

function parametersOf(random: Random): string[] {
  const parameters: string[] = [];
  const count = random.int(4);
  for (let index = 0; index < count; index++) {
    const name = `p${index}`;
    const earlier = index === 0 ? "'default'" : `typeof p${index - 1}`;
    parameters.push(
      random.pick([
        name,
        name,
        `${name} = 'default'`,
        `${name} = (step('default ${name}'), ${index > 0 && /^p\d\b/.test(parameters[index - 1] as string) ? earlier : "'made'"})`,
        `{ a: ${name}a = 'a', ...${name}rest } = {}`,
        `[${name}a, ${name}b = 'b'] = []`,
      ]),
    );
  }
  if (random.chance(0.25)) parameters.push(`...p${count}`);
  return parameters;
}

function statement(random: Random, label: string, names: readonly string[], isArrow: boolean): string {
  const choices = [
    `step('${label} ' + typeof this);`,
    'step(String(this?.state));',
    ...names.map((name) => `step('${name} ' + typeof ${name});`),
    ...names.map((name) => `if (${name} === 5) return 'five';`),
    'step((() => typeof this)());',
    "for (const item of [1, 2]) if (item === 2) step('two');",
    "{ class Local { m() { entered('Local.m'); return 1; } } step(String(new Local().m())); }",
  ];
  if (!isArrow) {
    choices.push(
      "step('given ' + arguments.length);",
      "step('first ' + typeof arguments[0]);",
      "step('new ' + typeof new.target);",
      "step((() => 'within ' + arguments.length)());",
      "step(eval('String(arguments.length)'));",
      'step([...arguments].map((one) => typeof one).join());',
      "if (arguments.length > 4) throw new RangeError('many');",
    );
  }
  return random.pick(choices);
}

function ending(random: Random, names: readonly string[], isArrow: boolean, silent: boolean): string {
  if (silent) return "this !== undefined && (this.state = 'set');";
  return random.pick([
    `return [${names.join(', ')}];`,
    `return { ${names.join(', ')} };`,
    'return this === undefined;',
    'return this?.state;',
    "throw new TypeError('always');",
    'throw { odd: true };',
    'return () => this;',
    'return;',
    ...(isArrow ? [] : ['return [...arguments];', 'return arguments.length;']),
    ...names.map((name) => `return ${name};`),
    ...names.map((name) => `throw ${name};`),
  ]);
}

interface Random {
  int(below: number): number;
  chance(probability: number): boolean;
  pick<T>(list: readonly T[]): T;
}

function randomOf(seed: number): Random {
  const next = randomFrom(seed);
  return {
    int: (below) => Math.floor(next() * below),
    chance: (probability) => next() < probability,
    pick: (list) => list[Math.floor(next() * list.length)] as never,
  };
}
