// Auto mode, compiled and run: every undecorated function with a name by place is recorded, once a call, and nothing else changes; the
// pragma, patterns, bounds and marks of the user's own are kept.

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { compile, execute } from './compile.js';

const SERVICE = `import { instrument } from 'spanwright';
import { KEY } from './key.js';
export class Billing {
  static made = 0;
  #total = 0;
  constructor() { Billing.made++; }
  charge(amount: number, note = 'none', ...rest: string[]) { this.#add(amount); return [this.#total, note, ...rest].join(); }
  #add(amount: number) { this.#total += amount; }
  get total() { return this.#total; }
  static create() { return new this(); }
  async *stream() { yield this.total; }
  [KEY]() { return 'key'; }
  @instrument marked() { return 'marked'; }
  // @spanwright-skip
  hot() { return 'hot'; }
}
export const Named = class { who() { return 'named'; } };
export async function plan(job: string, priority = 1): Promise<string> { return priority > 1 ? plan(job, priority - 1) : job; }
export const arrow = (a: number) => a * 2;
export const marked = instrument((a: number) => a + 1);
function listed(this: unknown, ...all: number[]) { return all.length; }
export { listed as renamed };
export default function main() { return new Maker('m').name; }
export function Maker(this: any, name: string) { this.name = name; Maker.count++; }
Maker.count = 0;
declare namespace Maker { let count: number; }
interface Maker { name: string }
declare var Maker: { new (name: string): Maker; count: number };
/* @spanwright-skip */
export function skipped() { return 'skipped'; }
function local() { return 'local'; }
const same = (base: any) => base;
export class Mixed extends same(class { part() { return 'part'; } }) {}
export class Marked extends same(class { part() { return instrument({ name: 'inner' }, () => 'marked part')(); } }) {}
export const nameless = () => class { part() { return 'nameless'; } };
export const byDefault = (given = class { part() { return 'part'; } }) => given;
export const asserted = ((a: number) => a) as any;
export const calls = () => local();
`
  .replace(/^(declare|interface).*\n/gm, '')
  .replace('export default function main() { return new Maker', 'export default function main() { return new (Maker as any)');

const MAIN = `import { startTracing } from 'spanwright';
import { InMemorySpanExporter } from '@opentelemetry/sdk-trace-base';
import * as all from './services/billing.js';
import main, { arrow, Billing, calls, marked, Named, plan, renamed, skipped, asserted, byDefault, Marked, Mixed, nameless } from './services/billing.js';
import { KEY } from './services/key.js';
import bare, { whose } from './services/bare.js';

async function results() {
  const billing = Billing.create();
  const streamed = [];
  for await (const item of billing.stream()) streamed.push(item);
  return [
    billing.charge(5), billing.charge(1, 'n', 'r'), billing.total, Billing.made, billing[KEY](), billing.marked(), billing.hot(), streamed,
    new Named().who(), await plan('j', 2), arrow(4), marked(4), renamed(1, 2), main(), all.default(), all.renamed(), skipped(), calls(),
    bare(3), new Mixed().part(), new Marked().part(), new (nameless())().part(), asserted(1), nameless().name, byDefault().name, [bare, asserted].map(whose),
    [plan, arrow, renamed, main, Billing, Billing.create, Billing.prototype.charge, Named].map((fn) => fn.name + '/' + fn.length),
  ];
}
async function run() {
  const off = await results();
  const exporter = new InMemorySpanExporter();
  const tracing = await startTracing({ serviceName: 'test', enabled: true, exporter });
  Billing.made = 0;
  const on = await results();
  await tracing.forceFlush();
  console.log('\\n' + JSON.stringify({ off, on, spans: exporter.getFinishedSpans().map((span) => span.attributes['code.function.name']) }));
  await tracing.shutdown();
}
void run();
`;

const RESULTS = [
  ...['5,none', '6,n,r', 6, 1, 'key', 'marked', 'hot', [0], 'named', 'j', 8, 5, 2, 'm', 'm', 0, 'skipped', 'local'],
  ...[4, 'part', 'marked part', 'nameless', 1, '', 'given'],
  ['plan/1', 'arrow/1', 'listed/0', 'main/0', 'Billing/0', 'create/0', 'charge/1', 'Named/0'],
];

/** Sorted by their text. */
const SPANS = [
  ...['Billing::#add', 'Billing::#add', 'Billing::[KEY]', 'Billing::charge', 'Billing::charge', 'Billing::constructor'],
  ...['Billing::create', 'Billing::marked', 'Billing::stream', 'Billing::total', 'Billing::total', 'local'],
  ...['Maker', 'Maker', 'Named::who', 'arrow', 'calls', 'listed', 'listed', 'main', 'main', 'marked', 'plan', 'plan'],
  ...[
    'anonymous::part',
    'anonymous::part',
    'anonymous::part::inner',
    'asserted',
    'byDefault',
    'nameless',
    'nameless',
    'nameless::anonymous::part',
  ],
]
  .map((name) => `app::services::billing::${name}`)
  .concat('app::services::bare::default')
  .sort();

for (const [name, compilerOptions] of Object.entries({
  'legacy, CommonJS, ES2017': { experimentalDecorators: true, target: 'ES2017' },
  'legacy, CommonJS, ES2022': { experimentalDecorators: true },
  'TC39, CommonJS, ES2022': {},
  'TC39, ESM, ES2022': { module: 'Node16', moduleResolution: 'Node16' },
  'TC39, ESM, ES2017': { module: 'Node16', moduleResolution: 'Node16', target: 'ES2017' },
})) {
  test(`undecorated code is recorded and behaves as before: ${name}`, () => {
    const esm = 'module' in compilerOptions;
    const compiled = compile({
      files: {
        'src/main.ts': MAIN,
        'src/services/billing.ts': SERVICE,
        'src/services/bare.ts': `export default (a: number) => a + 1;\n// @spanwright-skip\nexport const whose = (fn: () => void) => fn.name;`,
        'src/services/key.ts': `export const KEY = Symbol('KEY');`,
      },
      compilerOptions,
      plugin: { namespace: 'app', auto: [{ files: 'src/services/**', exclude: 'src/services/key.ts' }] },
      package: { type: esm ? 'module' : 'commonjs' },
    });
    assert.equal(compiled.diagnostics, []);
    const ran = execute(compiled.directory, 'out/main.js');
    assert.is(ran.status, 0, ran.stderr);
    const { off, on, spans } = JSON.parse(ran.stdout.slice(ran.stdout.indexOf('\n{')));
    // A function that TypeScript assigns to `exports` has no name there.
    const results = [...RESULTS.slice(0, -1), esm ? ['default', 'asserted'] : ['', ''], RESULTS.at(-1)];
    assert.equal(off, results);
    assert.equal(on, results);
    assert.equal(spans.sort(), SPANS);
  });
}

test('an inline call beyond the span limit is added under its recorded caller when the trace is kept late', () => {
  const compiled = compile({
    files: {
      'src/services/rack.ts': `class Rack { constructor() { new Fan(); } }
class Fan { constructor() {} }
export function power() { new Rack(); throw new Error('refused'); }`,
      'src/main.ts': `import { startTracing } from 'spanwright';
import { InMemorySpanExporter } from '@opentelemetry/sdk-trace-base';
import { power } from './services/rack.js';
async function run() {
  const exporter = new InMemorySpanExporter();
  const tracing = await startTracing({
    serviceName: 'test', enabled: true, exporter, maxOpenSpans: 1, flightRecorder: '30s', flightErrors: false,
    keep: { errors: true, slowerThan: '10s', ratio: 0 },
  });
  try { power(); } catch {}
  await tracing.forceFlush();
  const spans = exporter.getFinishedSpans();
  const names = new Map(spans.map((span) => [span.spanContext().spanId, span.name]));
  console.log('\\n' + JSON.stringify(spans.map((span) => [span.name, names.get(span.parentSpanContext?.spanId ?? '') ?? null])));
  await tracing.shutdown();
}
void run();
`,
    },
    plugin: { namespace: 'app', auto: [{ files: 'src/services/**' }] },
  });
  assert.equal(compiled.diagnostics, []);
  const ran = execute(compiled.directory, 'out/main.js');
  assert.is(ran.status, 0, ran.stderr);
  const spans = JSON.parse(ran.stdout.slice(ran.stdout.indexOf('\n['))) as [string, string | null][];
  assert.equal(spans.sort(), [
    ['new Fan', 'new Rack'],
    ['new Rack', 'power'],
    ['power', null],
  ]);
});

test('files that no rule names stay unchanged', () => {
  const files = { 'src/a.ts': 'export function a() {}', 'src/b.ts': 'export function b() {}' };
  const compiled = compile({ files, plugin: { auto: [{ files: ['src/*.ts'], exclude: ['src/b.ts'] }] } });
  assert.match(compiled.output('a.js'), /spanwright\/emitted/);
  assert.not.match(compiled.output('b.js'), /spanwright/);
});

test('the first rule that matches a file decides, and leaves out functions of fewer lines than its minLines', () => {
  const functions = [9, 10]
    .map((lines) => `export function lines${lines}() {\n${'  void 0;\n'.repeat(lines - 2)}}\n`)
    .join('export const closure = () => 1;\n');
  const compiled = compile({
    files: Object.fromEntries(['api', 'api/early', 'lib'].map((folder) => [`src/${folder}/a.ts`, functions])),
    plugin: {
      auto: [
        { files: 'src/api/early/**', minLines: 1 },
        { files: 'src/api/**', minLines: 10 },
        { files: 'src/**', minLines: 9 },
        { files: 'src/lib/**', minLines: 1 },
      ],
    },
  });
  const planted = (path: string): string[] => {
    const [, table = ''] = /\.module\((.*)\);/.exec(compiled.output(path)) ?? [];
    return ['lines9', 'closure', 'lines10'].filter((name) => table.includes(`${name}:`));
  };
  assert.equal(planted('api/early/a.js'), ['lines9', 'closure', 'lines10']);
  assert.equal(planted('api/a.js'), ['lines10']);
  assert.equal(planted('lib/a.js'), ['lines9', 'lines10']);
});

test('a file without functions gets no import', () => {
  const compiled = compile({
    files: { 'src/a.ts': 'export const a = 1; export interface B {}' },
    plugin: { auto: [{ files: '**' }] },
  });
  assert.not.match(compiled.output('a.js'), /spanwright/);
});

test('functions are recorded regardless of the names and letters that their file uses', () => {
  const letters = [...'$_wrsveabc'];
  const names = letters.map((_, used) => `f${used}`);
  const files = Object.fromEntries(
    names.map((name, used) => [
      `src/auto/${name}.ts`,
      `export function ${name}() { return 1; }\n// ${letters.slice(0, used).join(' ')}\n`,
    ]),
  );
  const { directory } = compile({
    files: {
      ...files,
      'src/main.ts': `import { startTracing } from 'spanwright';
import { InMemorySpanExporter } from '@opentelemetry/sdk-trace-base';
${names.map((name) => `import { ${name} } from './auto/${name}.js';`).join('\n')}
async function main() {
  const exporter = new InMemorySpanExporter();
  const tracing = await startTracing({ serviceName: 'test', enabled: true, exporter });
  for (const call of [${names.join(', ')}]) call();
  await tracing.forceFlush();
  console.log(JSON.stringify(exporter.getFinishedSpans().map(({ name }) => name)));
  await tracing.shutdown();
}
void main();
`,
    },
    plugin: { auto: [{ files: 'src/auto/**' }] },
  });
  const { stdout } = execute(directory, 'out/main.js');
  assert.equal(JSON.parse(stdout.trimEnd().split('\n').at(-1) as string).sort(), names);
});

test('a function under a computed key is planted if the key may be evaluated twice', () => {
  const source = `const topic = { made: 'made' }; const next = () => 'next';
export const table = { [topic.made]: async () => 1, ['a' + topic.made]: async () => 2, [next()]: async () => 3 };`;
  const emitted = compile({ files: { 'src/a.ts': source }, plugin: { auto: [{ files: 'src/**', minLines: 1 }] } }).output('a.js');
  assert.match(emitted, /\[topic\.made\]: _\.own\(/);
  assert.match(emitted, /\['a' \+ topic\.made\]: _\.own\(/);
  assert.match(emitted, /\[next\(\)\]: async \(\) => 3/);
});

for (const directive of ['use server', 'use cache'])
  test(`functions under '${directive}' get no \`this\` and no forwarder, which compilers of React refuse`, () => {
    const functions = `export async function buy(item: string) { return item; }
export async function pick(item = 'plum') { return item; }
export async function late(item = process.env.ITEM) { return item; }
export const sell = async (item: string) => item;
export class Stock { count(item: string) { return item; } }`;
    const build = (text: string): string =>
      compile({ files: { 'src/actions.ts': text }, plugin: { auto: [{ files: 'src/**' }] } }).output('actions.js');
    const emitted = build(`'${directive}';\n${functions}`);
    assert.match(emitted, /\(buy,\d,0,item\)/);
    assert.match(emitted, /\(pick,\d,0,\[item\]\)/);
    assert.not.match(emitted, /late:/);
    assert.is(emitted.match(/\d,this,item\)/g)?.length, 1, 'the method');
    assert.is(build(functions).match(/\d,this,item\)/g)?.length, 2, 'the function, too');
    const inside = build(`export async function buy(item: string) {\n  '${directive}';\n  return item;\n}`);
    assert.match(inside, /\(buy,0,0,item\)/);
  });

test.run();
