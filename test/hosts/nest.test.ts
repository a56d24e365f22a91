// limit: 300 s
// Nest's command of today (12, with TypeScript 6) builds a real Nest application with each of its builders, the plugin named in nest-cli.json.
// What was built is started: dependency injection, metadata and spans are as they should be. SWC runs no plugins of TypeScript.

import { mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { placeIn } from './conformance/programs.js';
import { ROOT, write } from './conformance/project.js';
import { execute, part, testWith } from './conformance/suite.js';

const FOLDER = part('nest');
const MODULES = join(FOLDER, 'node_modules');

const FILES: Readonly<Record<string, string>> = {
  'src/store.service.ts': `import { Injectable } from '@nestjs/common';
import { instrument } from 'spanwright';

@Injectable()
export class Store {
  @instrument({ args: ['id'] })
  find(id: string) { return 'found ' + id; }
  @instrument fail(why: string): never { const told: string = why; throw new Error(told); }
}
`,
  'src/orders.service.ts': `import { Injectable } from '@nestjs/common';
import { instrument } from 'spanwright';
import { Store } from './store.service';

@instrument
@Injectable()
export class Orders {
  constructor(private readonly store: Store) {}
  async place(id: string) { return this.store.find(id); }
}
`,
  'src/app.module.ts': `import { Module } from '@nestjs/common';
import { Orders } from './orders.service';
import { Store } from './store.service';

@Module({ providers: [Store, Orders] })
export class AppModule {}
`,
  'src/main.ts': `import 'reflect-metadata';
import { NestFactory } from '@nestjs/core';
import { InMemorySpanExporter } from '@opentelemetry/sdk-trace-base';
import { startTracing } from 'spanwright';
import { AppModule } from './app.module';
import { Orders } from './orders.service';
import { Store } from './store.service';

async function main() {
  const exporter = new InMemorySpanExporter();
  const tracing = await startTracing({ serviceName: 'shop', enabled: true, exporter });
  const app = await NestFactory.createApplicationContext(AppModule, { logger: false });
  const answer = await app.get(Orders).place('o-1');
  await tracing.forceFlush();
  const spans = exporter.getFinishedSpans().map(({ name, attributes: a }) => [name, a['code.namespace'], a['code.file.path'], a['code.line.number'], a.id]);
  let place: unknown;
  try { app.get(Store).fail('no'); } catch (error) { place = /store\\.service\\.ts:(\\d+:\\d+)/.exec((error as Error).stack ?? '')?.[1]; }
  const types = Reflect.getMetadata('design:paramtypes', Orders).map((type: Function) => type === Store);
  await tracing.shutdown();
  await app.close();
  console.log('ANSWER ' + JSON.stringify({ answer, types, spans, place }));
}
void main();
`,
};

const SPANS = [
  ['Store.find', 'shop::store.service::Store', 'src/store.service.ts', 7, 'o-1'],
  ['Orders.place', 'shop::orders.service::Orders', 'src/orders.service.ts', 9, null],
];

const PLACE = placeIn(FILES['src/store.service.ts'] as string, 'new Error');

const withNest = testWith('nest');

/** A project below the folder of the part, where Nest's command looks for its packages. */
function project(plugins: unknown, changed: Readonly<Record<string, string>> = {}): string {
  const directory = mkdtempSync(join(FOLDER, 'project-'));
  directories.push(directory);
  const compilerOptions = {
    ...{ target: 'ES2022', module: 'CommonJS', moduleResolution: 'Node10', ignoreDeprecations: '6.0', strict: true },
    ...{ experimentalDecorators: true, emitDecoratorMetadata: true, esModuleInterop: true, skipLibCheck: true },
    ...{ sourceMap: true, rootDir: 'src', outDir: 'dist', types: ['node'] },
  };
  write(directory, 'tsconfig.json', JSON.stringify({ compilerOptions, include: ['src'] }));
  write(directory, 'nest-cli.json', JSON.stringify({ sourceRoot: 'src', compilerOptions: { plugins } }));
  write(directory, 'package.json', '{ "name": "@acme/billing" }');
  for (const [path, text] of Object.entries({ ...FILES, ...changed })) write(directory, path, text);
  mkdirSync(join(directory, 'node_modules'));
  for (const [name, target] of [
    ['spanwright', ROOT],
    ['@opentelemetry', join(ROOT, 'node_modules/@opentelemetry')],
    ['@types', join(ROOT, 'node_modules/@types')],
  ] as const)
    symlinkSync(target, join(directory, 'node_modules', name), 'junction');
  return directory;
}

const directories: string[] = [];
process.on('exit', () => {
  for (const directory of directories) rmSync(directory, { recursive: true, force: true });
});

const PLUGIN = [{ name: 'spanwright/transformer', options: { namespace: 'shop' } }];

/** Packages stay outside of the bundle. The last arguments are plugins of the bundler. */
const config = (plugin = ''): string =>
  `module.exports = (options) => ({ ...options, devtool: 'source-map', externalsType: 'commonjs', externals: [/^(@nestjs|@opentelemetry|spanwright|reflect-metadata)/], plugins: [...options.plugins, ${plugin}] });`;

function build(directory: string, builder: string): string {
  return execute(directory, process.execPath, [join(MODULES, '@nestjs/cli/bin/nest.js'), 'build', '--builder', builder]);
}

function runNest(directory: string): { answer: string; types: boolean[]; spans: unknown[][]; place: string; output: string } {
  const output = execute(directory, process.execPath, ['--enable-source-maps', 'dist/main.js']);
  const line = output.split('\n').find((one) => one.startsWith('ANSWER ')) as string;
  return { ...JSON.parse(line.slice('ANSWER '.length)), output };
}

const BUILDERS: readonly { builder: string; plugins: unknown; config?: string }[] = [
  { builder: 'tsc', plugins: PLUGIN },
  { builder: 'webpack', plugins: PLUGIN, config: config() },
  // This builder compiles with SWC, so that the plugin of the bundler is used.
  { builder: 'rspack', plugins: [], config: config("require('spanwright/unplugin/rspack')({ namespace: 'shop' })") },
];

for (const { builder, plugins, config } of BUILDERS)
  withNest(`nest build --builder ${builder}: the plugin runs, with its options`, () => {
    const directory = project(plugins, config === undefined ? {} : { [`${builder}.config.js`]: config });
    build(directory, builder);
    const { answer, types, spans, place, output } = runNest(directory);
    assert.is(answer, 'found o-1');
    assert.equal(types, [true]);
    assert.equal(spans, SPANS);
    assert.is(place, PLACE, 'where the error was made');
    assert.not.match(output, /SPW015/);
  });

withNest('nest build --builder swc: the decorator records without the transformer, and this is reported', () => {
  const directory = project(PLUGIN);
  write(
    directory,
    '.swcrc',
    '{ "sourceMaps": true, "jsc": { "target": "es2022", "parser": { "syntax": "typescript", "decorators": true }, "transform": { "legacyDecorator": true, "decoratorMetadata": true } }, "module": { "type": "commonjs" } }',
  );
  build(directory, 'swc');
  const { answer, spans, output } = runNest(directory);
  assert.is(answer, 'found o-1');
  assert.equal(
    spans.map(([name, , file]) => [name, file]),
    [
      ['Store.find', null],
      ['Orders.place', null],
    ],
  );
  assert.match(output, /SPW015/);
});

withNest('nest build prints misuse, at the token', () => {
  const wrong = (FILES['src/store.service.ts'] as string).replace("['id']", "['identity']");
  let said = '';
  try {
    said = build(project(PLUGIN, { 'src/store.service.ts': wrong }), 'tsc');
  } catch (error) {
    said = (error as Error).message;
  }
  assert.match(said, /store\.service\.ts.*6.*TS91001/s);
});

test.run();
