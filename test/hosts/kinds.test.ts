// limit: 240 s
// Every bundler and `spanwright/register`, started in the folder above a project, with each kind of decorators and with none: the file has the options
// and the decorators of its own tsconfig.json, not those of the folder above; a bundle is one file that runs in an empty folder. In auto mode every
// construct has the same span name in each.

import { cpSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { bundleOnce } from './built.js';
import { link, newDirectory, ROOT, write } from './conformance/project.js';
import { execute, part, testWith } from './conformance/suite.js';
import { KINDS, type Kind, titleOf } from './matrix.js';
import { FARM, ONE_FILE_BUNDLERS, type OneFile, outputOf } from './one-file.js';

/** The decorator beside `@instrument` fails where it is called with the arguments of the other kind. */
const LOG: Readonly<Record<Kind, string>> = {
  legacy:
    'function Log(target: object, key: string, descriptor: PropertyDescriptor) { console.log(key, typeof descriptor.value); }',
  TC39: 'function Log(value: Function, { name }: ClassMethodDecoratorContext) { console.log(name, typeof value); }',
  none: '',
};
const marked = (kind: Kind): string => (kind === 'none' ? '' : '@instrument @Log');

/** Everything that has a name by place; auto mode takes them all. */
const CONSTRUCTS = `
export function merged() { return merged.inner(); }
export namespace merged { export function inner() { return 1; } export const held = () => 2; }
export default function () { return 3; }
export const anonymous = class { method() { return 4; } static make() { return new this(); } get value() { return 5; } #hidden() { return 6; } hidden() { return this.#hidden(); } };
export class Base { constructor(readonly id: number) {} async later() { return this.id; } *each() { yield this.id; } ['computed' + 1]() { return 7; } field = () => 8; }
export class Derived extends Base { kept = 1; constructor(id: number, readonly more = 1) { super(id); this.kept += this.more; } override async later() { return super.later(); } }
function outer() { function nested() { return 9; } const local = () => { const one = nested(); const two = one; return two; }; return local(); }
export const table = { listed() { return 10; }, arrow: () => 11, 'quoted-name'() { return 12; }, nested: { deep() { return 13; } }, async later() { return 15; }, *each() { yield 16; } };
const assigned = { later: undefined as undefined | (() => number) };
assigned.later = () => 14;
export const defaults = (a = 1, { b = 2 } = {}) => a + b;
export enum Level { Low = 1 }
export namespace Level { export function parse() { return Level.Low; } }
export async function use() {
  [1].map((item) => {
    const twice = item * 2;
    const more = twice + 1;
    return more;
  });
  merged(); merged.held(); outer(); table.listed(); table.arrow(); table['quoted-name'](); table.nested.deep(); assigned.later?.(); defaults(); Level.parse();
  await table.later(); Array.from(table.each());
  if (new Derived(1).kept !== 2) throw new Error('initializers run behind super()');
  const made = anonymous.make() as any;
  made.method(); made.value; made.hidden();
  const derived = new Derived(1);
  await derived.later(); Array.from(derived.each()); (derived as any).computed1(); derived.field();
}
`;

const USES: Readonly<Record<Kind, readonly [imported: string, called: string]>> = {
  legacy: ['', ''],
  TC39: ['', ''],
  none: ["import unnamed, { use } from './constructs';\n", 'unnamed(); await use();'],
};

const sourceOf = (
  kind: Kind,
): string => `${USES[kind][0]}import { ${kind === 'none' ? '' : 'instrument, '}startTracing } from 'spanwright';
${LOG[kind]}
class Work { ${marked(kind)} run(job: string) { return job; } }
const spans: string[] = [];
const exporter = {
  export(ended: any[], done: (result: object) => void) { spans.push(...ended.map(({ name, attributes }) => name + ' ' + attributes['code.function.name'])); done({ code: 0 }); },
  async shutdown() {},
};
void (async () => {
  const tracing = await startTracing({ serviceName: 'kinds', enabled: true, exporter: exporter as any });
  new Work().run('job');
  ${USES[kind][1]}
  await tracing.forceFlush();
  await tracing.shutdown();
  console.log(spans.sort().join('\\n'));
})();
`;

const tsconfig = (kind: Kind, namespace: string): string => {
  const auto = kind === 'none' ? { auto: [{ files: '**' }] } : {};
  const plugins = [{ transform: 'spanwright/transformer', namespace, ...auto }];
  const options = { target: 'ES2022', module: 'ESNext', moduleResolution: 'bundler', experimentalDecorators: kind === 'legacy' };
  return JSON.stringify({ compilerOptions: { ...options, plugins } });
};

/**
 * For each kind a folder with a project in `app/`, below a tsconfig.json with the other kind of decorators and another namespace. One installation
 * serves all.
 */
function projects(packages: readonly string[]): string {
  const directory = newDirectory();
  const installed = ['typescript', ...packages].map((name) => [name, part('bundlers/node_modules', name)] as const);
  link(directory, {
    spanwright: ROOT,
    '@opentelemetry': join(ROOT, 'node_modules/@opentelemetry'),
    ...Object.fromEntries(installed),
  });
  for (const kind of KINDS) {
    write(directory, `${kind}/tsconfig.json`, tsconfig(kind === 'legacy' ? 'TC39' : 'legacy', 'outer'));
    write(directory, `${kind}/package.json`, '{ "name": "outer", "type": "module" }');
    write(directory, `${kind}/app/package.json`, '{ "name": "app", "type": "module", "dependencies": { "spanwright": "*" } }');
    write(directory, `${kind}/app/tsconfig.json`, tsconfig(kind, 'own'));
    write(directory, `${kind}/app/src/main.ts`, sourceOf(kind));
    if (kind === 'none') write(directory, `${kind}/app/src/constructs.ts`, CONSTRUCTS);
  }
  return directory;
}

/** Names of the spans by host, in auto mode. */
const named = new Map<string, readonly string[]>();

function assertRan(printed: string, host: string, kind: Kind): void {
  const lines = printed.trim().split('\n');
  assert.ok(lines.includes('Work.run own::main::Work::run'), printed);
  assert.is(lines.includes('run function'), kind !== 'none', printed);
  assert.not.match(printed, /SPW(015|031)/);
  if (kind === 'none')
    named.set(
      host,
      lines.filter((line) => line.includes(' own::')),
    );
}

const BUNDLERS = [...ONE_FILE_BUNDLERS, FARM];
const withBundlers = testWith('bundlers');
for (const bundler of BUNDLERS) {
  let directory: string | undefined;
  for (const kind of KINDS)
    withBundlers(titleOf(bundler.name, kind), async () => {
      const way: OneFile = {
        entry: 'app/src/main.ts',
        decorators: kind === 'legacy' ? 'legacy' : 'standard',
        // these take longer than all the rest
        ...{ modules: 'esm', minify: !['Rollup', 'webpack', 'Farm'].includes(bundler.name), plugin: true },
      };
      directory ??= projects(bundler.packages);
      write(directory, `${kind}/build.mjs`, bundler.script(way));
      await bundleOnce(join(directory, kind), bundler);
      const empty = newDirectory();
      cpSync(join(directory, kind, 'out', outputOf(way)), join(empty, outputOf(way)));
      assertRan(execute(empty, process.execPath, [outputOf(way)]), bundler.name, kind);
    });
}

let registered: string | undefined;
for (const kind of KINDS)
  withBundlers(titleOf('register', kind), () => {
    registered ??= projects([]);
    const args = ['--import', 'spanwright/register', 'app/src/main.ts'];
    assertRan(execute(join(registered, kind), process.execPath, args), 'register', kind);
  });

withBundlers('every construct has the same span name in each host', () => {
  const expected = named.get('register') ?? [];
  assert.ok(expected.length > 25, expected.join());
  for (const [host, names] of named) assert.equal(names, expected, host);
  assert.is(named.size, BUNDLERS.length + 1);
});

test.run();
