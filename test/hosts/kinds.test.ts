// limit: 240 s
// Every bundler and `spanwright/register`, started in the folder above a project, with each kind of decorators and with none: the file has the options
// and the decorators of its own tsconfig.json, not those of the folder above; a bundle is one file that runs in an empty folder.

import { cpSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { link, newDirectory, ROOT, write } from './conformance/project.js';
import { execute, part, testWith } from './conformance/suite.js';
import { KINDS, type Kind, titleOf } from './matrix.js';
import { ONE_FILE_BUNDLERS, outputOf } from './one-file.js';

/** The decorator beside `@instrument` fails where it is called with the arguments of the other kind. */
const LOG: Readonly<Record<Kind, string>> = {
  legacy:
    'function Log(target: object, key: string, descriptor: PropertyDescriptor) { console.log(key, typeof descriptor.value); }',
  TC39: 'function Log(value: Function, { name }: ClassMethodDecoratorContext) { console.log(name, typeof value); }',
  none: '',
};
const marked = (kind: Kind): string => (kind === 'none' ? '' : '@instrument @Log');

const sourceOf = (kind: Kind): string => `import { ${kind === 'none' ? '' : 'instrument, '}startTracing } from 'spanwright';
${LOG[kind]}
class Work { ${marked(kind)} run(job: string) { return job; } }
const spans: string[] = [];
const exporter = {
  export(ended: any[], done: (result: object) => void) { spans.push(...ended.map(({ attributes }) => attributes['code.function.name'])); done({ code: 0 }); },
  async shutdown() {},
};
void (async () => {
  const tracing = await startTracing({ serviceName: 'kinds', enabled: true, exporter: exporter as any });
  new Work().run('job');
  await tracing.forceFlush();
  await tracing.shutdown();
  console.log(spans.join());
})();
`;

const tsconfig = (kind: Kind, namespace: string): string => {
  const auto = kind === 'none' ? { auto: [{ files: '**' }] } : {};
  const plugins = [{ transform: 'spanwright/transformer', namespace, ...auto }];
  const options = { target: 'ES2022', module: 'ESNext', moduleResolution: 'bundler', experimentalDecorators: kind === 'legacy' };
  return JSON.stringify({ compilerOptions: { ...options, plugins } });
};

/** A project in `app/`, below a folder whose own tsconfig.json has the other kind of decorators and another namespace. */
function project(kind: Kind, packages: readonly string[]): string {
  const directory = newDirectory();
  const installed = ['typescript', ...packages].map((name) => [name, part('bundlers/node_modules', name)] as const);
  link(directory, {
    spanwright: ROOT,
    '@opentelemetry': join(ROOT, 'node_modules/@opentelemetry'),
    ...Object.fromEntries(installed),
  });
  write(directory, 'tsconfig.json', tsconfig(kind === 'legacy' ? 'TC39' : 'legacy', 'outer'));
  write(directory, 'package.json', '{ "name": "outer", "type": "module" }');
  write(directory, 'app/package.json', '{ "name": "app", "type": "module", "dependencies": { "spanwright": "*" } }');
  write(directory, 'app/tsconfig.json', tsconfig(kind, 'own'));
  write(directory, 'app/src/main.ts', sourceOf(kind));
  return directory;
}

function assertRan(printed: string, kind: Kind): void {
  const lines = printed.trim().split('\n');
  assert.ok(lines.includes('own::main::Work::run'), printed);
  assert.is(lines.includes('run function'), kind !== 'none', printed);
  assert.not.match(printed, /SPW(015|031)/);
}

const withBundlers = testWith('bundlers');
for (const bundler of ONE_FILE_BUNDLERS)
  for (const kind of KINDS)
    withBundlers(titleOf(bundler.name, kind), () => {
      const way = {
        entry: 'app/src/main.ts',
        decorators: kind === 'legacy' ? ('legacy' as const) : ('standard' as const),
        // terser takes longer than all the rest
        ...{ modules: 'esm' as const, minify: bundler.name !== 'Rollup', plugin: true },
      };
      const directory = project(kind, bundler.packages);
      write(directory, 'build.mjs', bundler.script(way));
      const command = bundler.runner === undefined ? process.execPath : part('bundlers/node_modules/.bin', bundler.runner);
      execute(directory, command, ['build.mjs']);
      const empty = newDirectory();
      cpSync(join(directory, 'out', outputOf(way)), join(empty, outputOf(way)));
      assertRan(execute(empty, process.execPath, [outputOf(way)]), kind);
    });

for (const kind of KINDS)
  withBundlers(titleOf('register', kind), () => {
    const args = ['--import', 'spanwright/register', 'app/src/main.ts'];
    assertRan(execute(project(kind, []), process.execPath, args), kind);
  });

test.run();
