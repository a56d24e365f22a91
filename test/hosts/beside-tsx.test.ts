// `spanwright/register` beside tsx, in both orders, on three lines of Node: Spanwright compiles the sources, tsx resolves `paths`.

import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { link, type Modules, newDirectory, ROOT, write } from './conformance/project.js';
import { NODE24, part, testWith } from './conformance/suite.js';

const FILES = {
  'src/lib/stock.ts': `import { instrument } from 'spanwright';
export class Stock { @instrument count(item: string): number { return item.length; } }
`,
  'src/main.ts': `import path from 'node:path';
import { instrument, startTracing } from 'spanwright';
import { Stock } from '@lib/stock';
enum Fruit { Pear = 4 }
function Log(_target: object, key: string, descriptor: PropertyDescriptor) { console.log(key, typeof descriptor.value, path.sep, Fruit.Pear); }
class Orders { @instrument({ args: ['item'] }) @Log place(item: string): number { return new Stock().count(item); } }
const spans: string[] = [];
const exporter = {
  export(ended: any[], done: (result: object) => void) { spans.push(...ended.map(({ name, attributes }) => name + ' ' + attributes['code.file.path'] + ':' + attributes['code.line.number'])); done({ code: 0 }); },
  async shutdown() {},
};
async function main(): Promise<void> {
  const tracing = await startTracing({ serviceName: 'tsx', enabled: true, exporter: exporter as any });
  new Orders().place('pear');
  await tracing.forceFlush();
  await tracing.shutdown();
  console.log(spans.join());
}
void main();
`,
};

function project(modules: Modules): string {
  const directory = newDirectory();
  const compilerOptions = {
    ...{ target: 'ES2022', module: modules === 'esm' ? 'ESNext' : 'Preserve', moduleResolution: 'bundler' },
    ...{ experimentalDecorators: true, paths: { '@lib/*': ['./src/lib/*'] } },
    plugins: [{ transform: 'spanwright/transformer' }],
  };
  write(directory, 'tsconfig.json', JSON.stringify({ compilerOptions, include: ['src'] }));
  const type = modules === 'esm' ? 'module' : 'commonjs';
  write(directory, 'package.json', JSON.stringify({ name: 'beside', type, dependencies: { spanwright: '*' } }));
  for (const [path, text] of Object.entries(FILES)) write(directory, path, text);
  link(directory, {
    spanwright: ROOT,
    tsx: part('loaders/node_modules/tsx'),
    typescript: join(ROOT, 'node_modules/typescript'),
    '@opentelemetry': join(ROOT, 'node_modules/@opentelemetry'),
  });
  return directory;
}

const NODES = [
  { version: process.versions.node, node: process.execPath, parts: [] },
  { version: '24', node: NODE24, parts: ['node24'] },
  { version: '26', node: part('node26/node_modules/.bin/node'), parts: ['node26'] },
];
const ORDERS = [
  ['spanwright/register', 'tsx'],
  ['tsx', 'spanwright/register'],
];

for (const { version, node, parts } of NODES) {
  const declare = testWith('loaders', ...parts);
  for (const modules of ['commonjs', 'esm'] as const)
    for (const preloaded of ORDERS)
      declare(`Node ${version}, ${modules}: ${preloaded.join(' before ')} runs and instruments`, () => {
        const args = [...preloaded.flatMap((name) => ['--import', name]), 'src/main.ts'];
        const { status, stdout, stderr } = spawnSync(node, args, { cwd: project(modules), encoding: 'utf8', timeout: 60_000 });
        assert.is(status, 0, stderr);
        assert.is(stdout, 'place function / 4\nStock.count src/lib/stock.ts:2,Orders.place src/main.ts:6\n');
      });
}

test.run();
