// limit: 240 s
// Published packages of real size, from the TypeScript sources that they ship, compiled in auto mode and used: what they do is the same
// as without the plugin, with tracing absent, off and on; and while it is on their calls are recorded.

import { cpSync, existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { type Compiled, compile, execute, ROOT } from './compile.js';

const MODULES = join(ROOT, '.cache', 'hosts', 'published', 'node_modules');
if (!existsSync(MODULES)) throw new Error(`${MODULES} is missing: run \`bash .ci/setup\` first`);

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
} as const;
const NAMES = Object.keys(PACKAGES) as (keyof typeof PACKAGES)[];

const MAIN = `
import { startTracing } from 'spanwright';
import { InMemorySpanExporter, SimpleSpanProcessor } from '@opentelemetry/sdk-trace-base';
(globalThis as any).__DEV__ = true;
async function main() {
  const [state, name] = process.argv.slice(2);
  const exporter = new InMemorySpanExporter();
  const tracing = state === 'absent' ? undefined : await startTracing({ serviceName: 'test', enabled: state === 'on', spanProcessors: [new SimpleSpanProcessor(exporter)] });
  const { use } = require('./use/' + name);
  const result = await use();
  await tracing?.forceFlush();
  const spans = exporter.getFinishedSpans();
  const names = [...new Set(spans.map(({ name }) => name))];
  const left = tracing?.openSpans().map(({ name }) => name) ?? [];
  console.log(JSON.stringify({ result, names, count: spans.length, left, sites: tracing?.sites().length ?? 0 }));
  await tracing?.shutdown();
}
void main();
`;

function build(plugin: Record<string, unknown> | null): Compiled {
  const files = Object.fromEntries(
    NAMES.map((name) => [`src/use/${name}.ts`, readFileSync(join(__dirname, 'published', `${name}.ts`), 'utf8')]),
  );
  return compile({
    files: { ...files, 'src/main.ts': MAIN },
    prepare(directory) {
      for (const name of NAMES) {
        const target = join(directory, 'src', 'sources', name);
        mkdirSync(target, { recursive: true });
        cpSync(join(MODULES, PACKAGES[name].from, 'src'), target, {
          recursive: true,
          filter: (path) => !/__tests__|\.js$|tsconfig/.test(path),
        });
      }
    },
    compilerOptions: { strict: false, declaration: false, useDefineForClassFields: false, lib: ['ES2022', 'ESNext', 'DOM'] },
    plugin,
  });
}

const [transformed, authored] = [build({ auto: [{ files: ['src/sources/**', 'src/use/**'] }] }), build(null)];

interface Told {
  readonly result: unknown;
  readonly names: readonly string[];
  readonly count: number;
  readonly left: readonly string[];
  readonly sites: number;
}

function use({ directory }: Compiled, state: string, name: string): Told {
  const { stdout, stderr } = execute(directory, 'out/main.js', state, name);
  const last = stdout.trimEnd().split('\n').at(-1) as string;
  if (!last.startsWith('{')) throw new Error(`${name}, tracing ${state}: ${stdout}${stderr}`);
  return JSON.parse(last);
}

test('the compiler says of their sources what it says without the plugin', () => {
  assert.equal(transformed.diagnostics, authored.diagnostics);
  assert.equal(transformed.misuse, []);
});

for (const name of NAMES) {
  test(`${name} does what it does without the transformer, and is recorded`, () => {
    const expected = use(authored, 'absent', name);
    for (const state of ['absent', 'off', 'on']) {
      const told = use(transformed, state, name);
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

test.run();
