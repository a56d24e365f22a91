// limit: 240 s
// Published packages of real size, from the TypeScript sources that they ship, compiled in auto mode and used: what they do is the same
// as without the plugin, with tracing absent, off and on; and while it is on their calls are recorded. As ES2022, and under legacy class
// decorators as ES2018, two of them also from ES2015; the native compiler plants the same sites.

import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, readFileSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { part, testWith } from '../hosts/conformance/suite.js';
import { type Compiled, compile, execute, ROOT, writeProject } from './compile.js';

/** The package, how many functions auto mode finds in it at the least, and names of spans that using it makes. */
const PACKAGES = {
  rxjs: { from: 'rxjs', sites: 300, spans: ['Observable.subscribe', 'Subject.next', 'Subscription.unsubscribe', 'map', 'retry'] },
  mobx: { from: 'mobx', sites: 250, spans: ['ObservableMap.set', 'autorun', 'Store.load', 'Todo.toggle', 'ComputedValue.get'] },
  'query-core': {
    from: '@tanstack/query-core',
    sites: 180,
    spans: ['QueryClient.fetchQuery', 'Query.fetch', 'MutationObserver.mutate', 'hydrate'],
  },
  immer: { from: 'immer', sites: 55, spans: ['Immer.createDraft', 'enablePatches', 'processResult', 'Point.move'] },
  redux: { from: 'redux', sites: 12, spans: ['createStore', 'combineReducers', 'bindActionCreators', 'isPlainObject'] },
  zod: { from: 'zod', sites: 300, spans: ['object', 'string', 'toJSONSchema', '_safeParse', 'Doc.compile'] },
} as const;
const NAMES = Object.keys(PACKAGES) as (keyof typeof PACKAGES)[];

const MAIN = `
import { startTracing } from 'spanwright';
import { InMemorySpanExporter, SimpleSpanProcessor } from '@opentelemetry/sdk-trace-base';
(globalThis as any).__DEV__ = true;
async function main() {
  const [state, ...names] = process.argv.slice(2);
  const exporter = new InMemorySpanExporter();
  const tracing = state === 'absent' ? undefined : await startTracing({ serviceName: 'test', enabled: state === 'on', spanProcessors: [new SimpleSpanProcessor(exporter)] });
  for (const name of names) {
    const before = tracing?.sites().length ?? 0;
    const { use } = require('./use/' + name);
    const result = await use();
    await tracing?.forceFlush();
    const spans = exporter.getFinishedSpans();
    const left = tracing?.openSpans().map(({ name }) => name) ?? [];
    const sites = (tracing?.sites().length ?? 0) - before;
    console.log('USED ' + JSON.stringify({ name, result, names: [...new Set(spans.map(({ name }) => name))], count: spans.length, left, sites }));
    exporter.reset();
  }
  await tracing?.shutdown();
}
void main();
`;

const PLUGIN = { manifest: 'sites.json', auto: [{ files: ['src/sources/**', 'src/use/**'] }] };
const OPTIONS = {
  ...{ strict: false, declaration: false, useDefineForClassFields: false },
  lib: ['ES2022', 'ESNext', 'DOM'],
};

function project(plugin: Record<string, unknown> | null, compilerOptions: object = {}, names = NAMES) {
  const files = Object.fromEntries(
    names.map((name) => [`src/use/${name}.ts`, readFileSync(join(__dirname, 'published', `${name}.ts`), 'utf8')]),
  );
  return {
    files: { ...files, 'src/main.ts': MAIN },
    prepare: (directory: string) => addSources(directory, names),
    plugin,
    compilerOptions: { ...OPTIONS, ...compilerOptions },
  };
}

function addSources(directory: string, names: typeof NAMES): void {
  for (const name of names) {
    const target = join(directory, 'src', 'sources', name);
    mkdirSync(target, { recursive: true });
    const filter = (path: string): boolean => !/__tests__|[\\/](tests|v3)([\\/]|$)|\.js$|tsconfig/.test(path);
    cpSync(part('published/node_modules', PACKAGES[name].from, 'src'), target, { recursive: true, filter });
  }
}

/** Both are made of classes; below ES2017 TypeScript lowers async functions, below ES2022 static blocks. */
const LOWERED: typeof NAMES = ['rxjs', 'mobx'];

/** Each is compiled when its first test runs. */
function builds(): (way: keyof typeof WAYS) => Compiled {
  const built = new Map<keyof typeof WAYS, Compiled>();
  return (way) => {
    const known = built.get(way) ?? compile(WAYS[way]);
    built.set(way, known);
    return known;
  };
}
const LEGACY = { experimentalDecorators: true, noCheck: true };
const WAYS = {
  authored: project(null),
  ES2022: project(PLUGIN),
  'legacy decorators, ES2018': project(PLUGIN, { ...LEGACY, target: 'ES2018' }),
  'legacy decorators, ES2017': project(PLUGIN, { ...LEGACY, target: 'ES2017' }, LOWERED),
  'legacy decorators, ES2016': project(PLUGIN, { ...LEGACY, target: 'ES2016' }, LOWERED),
  'legacy decorators, ES2015': project(PLUGIN, { ...LEGACY, target: 'ES2015' }, LOWERED),
};
const builtBy = builds();
const namesOf = (way: string): typeof NAMES => (/ES201[567]/.test(way) ? LOWERED : NAMES);

interface Told {
  readonly result: unknown;
  readonly names: readonly string[];
  readonly count: number;
  readonly left: readonly string[];
  readonly sites: number;
}

/** One process uses every package in turn, for each way and each state of tracing. */
const processes = new Map<string, ReadonlyMap<string, Told>>();
function use(way: keyof typeof WAYS, state: string, name: string): Told {
  const key = `${way}, tracing ${state}`;
  const known = processes.get(key);
  if (known !== undefined) return known.get(name) as Told;
  const { status, stdout, stderr } = execute(builtBy(way).directory, 'out/main.js', state, ...namesOf(way));
  const lines = stdout.split('\n').filter((line) => line.startsWith('USED '));
  const told = new Map(lines.map((line) => JSON.parse(line.slice('USED '.length))).map((one) => [one.name, one]));
  if (status !== 0 || told.size !== namesOf(way).length) throw new Error(`${key}: ${stdout}${stderr}`);
  processes.set(key, told);
  return told.get(name) as Told;
}

const declare = testWith('published');

declare('the compiler reports the same diagnostics for their sources with and without the plugin', () => {
  assert.equal(builtBy('ES2022').diagnostics, builtBy('authored').diagnostics);
  assert.equal(builtBy('ES2022').misuse, []);
});

for (const way of Object.keys(WAYS) as (keyof typeof WAYS)[])
  for (const name of namesOf(way)) {
    if (way === 'authored') continue;
    declare(`${way}: ${name} does what it does without the transformer, and is recorded`, () => {
      const expected = use('authored', 'absent', name);
      for (const state of way === 'ES2022' ? ['absent', 'off', 'on'] : ['on']) {
        const told = use(way, state, name);
        assert.equal(told.result, expected.result, `tracing ${state}`);
        assert.is(told.count > 0, state === 'on', `tracing ${state}`);
        if (state !== 'on') continue;
        assert.ok(told.sites >= PACKAGES[name].sites, `${told.sites} sites`);
        for (const span of PACKAGES[name].spans)
          assert.ok(told.names.includes(span), `no span ${span} among ${told.names.join(', ')}`);
        assert.equal(told.left, []);
      }
    });
  }

testWith('published', 'ts7')('spanwright build plants the sites in their sources that tspc plants', async () => {
  const sitesIn = (directory: string): unknown[] => JSON.parse(readFileSync(join(directory, 'sites.json'), 'utf8')).sites;
  const { directory } = builtBy('ES2022');
  // the manifest is written in the next turn of the event loop
  await new Promise(setImmediate);
  assert.ok(sitesIn(directory).length > 1000);
  const native = writeProject(project(PLUGIN, { noCheck: true, moduleResolution: 'bundler' }));
  addSources(native, NAMES);
  for (const name of ['typescript', '@typescript'])
    symlinkSync(part('ts7/node_modules', name), join(native, 'node_modules', name), 'junction');
  const args = [join(ROOT, 'dist/cli/main.js'), 'build'];
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { cwd: native, encoding: 'utf8' });
  assert.is(status, 0, stdout + stderr);
  assert.equal(sitesIn(native), sitesIn(directory));
});

test.run();
