// limit: 300 s
// The conformance suite over every bundler that spanwright/unplugin has an entry for, and Vitest; and what the plugin does with misuse,
// where the bundler ends with its message.

import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { lowersBlocksAt } from '../../transformer/hosts/block-target.js';
import { bundleOnce } from './built.js';
import { BUNDLERS, type Bundler, outputOf } from './bundlers.js';
import { link, newDirectory, ROOT, write, writeProject } from './conformance/project.js';
import { conformance, execute, LEGACY, part, STANDARD, testWith, variant } from './conformance/suite.js';

const installed = (name: string): string => part('bundlers/node_modules', name);
const packagesOf = (names: readonly string[]): Record<string, string> =>
  Object.fromEntries(names.map((name) => [name, installed(name)]));

/** Every bundler is tried with both kinds of decorators and both of modules: the table of docs/hosts.md. */
const ALL = [LEGACY, variant('legacy', 'esm'), variant('standard', 'commonjs'), STANDARD];

for (const bundler of BUNDLERS) {
  const { name, packages, except, columns } = bundler;
  conformance({
    name,
    part: 'bundlers',
    variants: ALL,
    transforms: true,
    packages: () => ({
      ...packagesOf(packages),
      typescript: installed('typescript'),
      '@jridgewell': join(ROOT, 'node_modules/@jridgewell'),
    }),
    ...(except && { except }),
    ...(columns === false && { columns }),
    async build(directory, variant) {
      writeFileSync(join(directory, 'build.mjs'), bundler.script(variant));
      await bundleOnce(directory, bundler);
      return { arguments: ['--enable-source-maps', outputOf(variant.modules)] };
    },
  });
}

conformance({
  name: 'Vitest',
  covered: true,
  part: 'bundlers',
  variants: ALL,
  transforms: true,
  packages: () => packagesOf(['vitest', 'vite', 'typescript']),
  build(directory) {
    write(
      directory,
      'vitest.config.mts',
      `import spanwright from 'spanwright/unplugin/vite';\nexport default { plugins: [spanwright()], test: { include: ['src/*.spec.ts'] } };\n`,
    );
    write(
      directory,
      'src/all.spec.ts',
      `import { test } from 'vitest';\nimport { done } from './main';\ntest('runs', () => done);\n`,
    );
    return { arguments: [installed('vitest/vitest.mjs'), 'run', '--disable-console-intercept'] };
  },
});

test('every bundler entry of the package is tested in this file', () => {
  const { exports } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { exports: Record<string, string> };
  const entries = Object.keys(exports).flatMap((path) => /^\.\/unplugin\/(\w+)$/.exec(path)?.[1] ?? []);
  assert.equal(entries.sort(), BUNDLERS.map(({ name }) => name.toLowerCase()).sort());
  const files = readdirSync(join(ROOT, 'transformer/unplugin')).map((file) => file.replace(/\.ts$/, ''));
  assert.equal(files.sort(), entries);
});

/** Package whose types each entry needs. `bun` has none; they are in a package of its own. */
const TYPED = {
  esbuild: 'esbuild',
  farm: '@farmfe',
  rolldown: 'rolldown',
  rollup: 'rollup',
  rspack: '@rspack',
  vite: 'vite',
  webpack: 'webpack',
};

testWith('bundlers')('the type of each entry is that of its bundler', () => {
  const directory = newDirectory();
  link(directory, {
    ...{ spanwright: ROOT, unplugin: join(ROOT, 'node_modules/unplugin'), '@types': join(ROOT, 'node_modules/@types') },
    ...packagesOf(Object.values(TYPED)),
  });
  // of an unknown type it is no error
  const uses = Object.keys(TYPED).map(
    (name) =>
      `import ${name} from 'spanwright/unplugin/${name}';\n// @ts-expect-error\nexport const ${name}Text: 'no plugin' = ${name}();`,
  );
  write(directory, 'entries.mts', uses.join('\n'));
  const kinds = '--module nodenext --target es2022 --types node --skipLibCheck --preserveSymlinks --strict'.split(' ');
  execute(directory, process.execPath, [installed('typescript/bin/tsc'), ...kinds, '--noEmit', 'entries.mts']);
});

test('the table of docs/hosts.md has a row for each bundler of this file, and a cell for each way', () => {
  const rows = readFileSync(join(ROOT, 'docs/hosts.md'), 'utf8').split('\n');
  const heading = rows.findIndex((row) => row.startsWith('| bundler | legacy decorators, CommonJS'));
  assert.ok(heading >= 0);
  for (const name of [...BUNDLERS.map((one) => one.name), 'Vitest']) {
    const row = rows.slice(heading).find((one) =>
      one
        .split('|')[1]
        ?.split(',')
        .some((cell) => cell.trim() === name),
    );
    assert.is(
      row
        ?.split('|')
        .slice(2, -1)
        .filter((cell) => cell.trim() !== '').length,
      ALL.length,
      name,
    );
  }
});

testWith('bundlers')('misuse and invalid options end the build with the message and its place', () => {
  const bundler = BUNDLERS.find(({ name }) => name === 'esbuild') as Bundler;
  const directory = writeProject({ variant: LEGACY, programs: [], packages: packagesOf(['esbuild', 'typescript']) });
  const source = `import { instrument } from 'spanwright';\nexport class Work { @instrument({ args: ['jbo'] }) run(job: string) { return job; } }\n`;
  write(directory, 'src/main.ts', source);
  const run = (): { status: number | null; stderr: string } => {
    writeFileSync(join(directory, 'build.mjs'), bundler.script(LEGACY));
    return spawnSync(process.execPath, ['build.mjs'], { cwd: directory, encoding: 'utf8' });
  };
  const misuse = run();
  assert.is(misuse.status, 1);
  assert.match(misuse.stderr, /src\/main\.ts\(2,\d+\): error TS91001: 'args' names 'jbo'/);
  write(directory, 'src/main.ts', source.replace('jbo', 'job'));
  assert.is(run().status, 0);
  const config = JSON.parse(readFileSync(join(directory, 'tsconfig.json'), 'utf8'));
  config.compilerOptions.plugins[0].namspace = 'x';
  write(directory, 'tsconfig.json', JSON.stringify(config));
  assert.match(run().stderr, /error TS91011: .*'namspace'/);
});

/** Each build writes `plain.mjs`, without the plugin, and `planted.mjs`. */
const LOWERED: Readonly<Record<string, string>> = {
  esbuild: `import { build } from 'esbuild';
const run = (name, plugins) => build({ entryPoints: ['main.ts'], outfile: name, bundle: true, packages: 'external', platform: 'node', format: 'esm', target: ['node14', 'es2021'], plugins });`,
  vite: `import { build } from 'vite';
const output = (entryFileNames) => ({ external: [/^spanwright/], output: { entryFileNames } });
const run = (name, plugins) => build({ configFile: false, logLevel: 'error', plugins,
  build: { ssr: 'main.ts', outDir: '.', emptyOutDir: false, target: 'es2021', minify: false, rolldownOptions: output(name) } });`,
  rolldown: `import { rolldown } from 'rolldown';
const run = async (file, plugins) => {
  const bundle = await rolldown({ input: 'main.ts', platform: 'node', external: [/^spanwright/], transform: { target: 'es2021' }, plugins });
  await bundle.write({ file, format: 'es' });
};`,
};

const NAMED = `class Plain { own() { return this.constructor.name; } get size() { return 1; } *list() { yield 1; } }
const Given = class { run() { return 1; } };
console.log(new Plain().own(), Plain.name, [...new Plain().list()], Given.name, (class { run() { return 1; } }).name);`;

/** A folder with the program above, and with what a bundler needs to build it. */
function newNamedProject(bundler: string): string {
  const directory = newDirectory();
  link(directory, {
    ...packagesOf([bundler, 'typescript']),
    spanwright: ROOT,
    '@opentelemetry': join(ROOT, 'node_modules/@opentelemetry'),
  });
  write(directory, 'package.json', '{ "name": "app", "type": "module", "dependencies": { "spanwright": "*" } }');
  write(directory, 'main.ts', NAMED);
  return directory;
}

for (const [name, script] of Object.entries(LOWERED))
  testWith('bundlers')(`${name}: classes keep their names where static blocks are lowered`, () => {
    const directory = newNamedProject(name);
    write(
      directory,
      'build.mjs',
      `${script}
import spanwright from 'spanwright/unplugin/${name}';
await run('plain.mjs', []);
await run('planted.mjs', [spanwright({ tsconfig: false, auto: [{ files: '**', minLines: 1 }] })]);`,
    );
    execute(directory, process.execPath, ['build.mjs']);
    assert.match(readFileSync(join(directory, 'planted.mjs'), 'utf8'), /spanwright\/emitted/);
    const [plain, planted] = ['plain.mjs', 'planted.mjs'].map((file) => execute(directory, process.execPath, [file]));
    assert.match(plain ?? '', /^Plain Plain \[ 1 \] Given/);
    assert.is(planted, plain);
  });

/** Each builds a client for the newest engines and a service for older ones, with one instance of the plugin, to `client.mjs` and `service.mjs`. */
const AT_ONCE: Readonly<Record<string, readonly [packageName: string, script: string]>> = {
  'environments of Vite': [
    'vite',
    `import { createBuilder } from 'vite';
const output = (name, target) => ({ outDir: '.', emptyOutDir: false, minify: false, target, rolldownOptions: { input: 'main.ts', external: [/^spanwright/], output: { entryFileNames: name } } });
const environments = { client: { build: output('client.mjs', 'es2022') }, ssr: { build: output('service.mjs', 'es2021') }, edge: { consumer: 'client', build: output('edge.mjs', 'es2022') } };
for (const shared of [false, true]) {
  const builder = await createBuilder({ configFile: false, logLevel: 'error', plugins: [instance], builder: { sharedPlugins: shared, sharedConfigBuild: shared }, environments });
  for (const name of ['ssr', 'client', 'edge']) await builder.build(builder.environments[name]);
}`,
  ],
  'builds of esbuild': [
    'esbuild',
    `import { build } from 'esbuild';
const common = { entryPoints: ['main.ts'], bundle: true, packages: 'external', format: 'esm', plugins: [instance] };
await Promise.all([
  build({ ...common, outfile: 'service.mjs', platform: 'node', target: 'es2021' }),
  build({ ...common, outfile: 'client.mjs', platform: 'browser', target: 'es2022' }),
]);`,
  ],
};

for (const [title, [name, script]] of Object.entries(AT_ONCE))
  testWith('bundlers')(
    `${title} share an instance of the plugin: it leaves the client alone, and keeps names for each target`,
    () => {
      const directory = newNamedProject(name);
      write(
        directory,
        'build.mjs',
        `import spanwright from 'spanwright/unplugin/${name}';
const instance = spanwright({ tsconfig: false, manifest: true, auto: [{ files: '**', minLines: 1 }] });
${script}`,
      );
      execute(directory, process.execPath, ['build.mjs']);
      const text = (file: string): string => readFileSync(join(directory, file), 'utf8');
      assert.match(text('service.mjs'), /spanwright\/emitted/);
      for (const file of readdirSync(directory).filter((one) => /^(client|edge)\.mjs$/.test(one)))
        assert.not.match(text(file), /spanwright/);
      const [client, service] = ['client.mjs', 'service.mjs'].map((file) => execute(directory, process.execPath, [file]));
      assert.match(client ?? '', /^Plain Plain \[ 1 \] Given/);
      assert.is(service, client);
      const { sites } = JSON.parse(text('spanwright.json'));
      assert.equal(
        sites.map((site: { function: string }) => site.function),
        ['own', 'size', 'run', 'run'],
        'the manifest holds those of the service',
      );
    },
  );

test('static blocks are lowered for targets before the first release that has them', () => {
  for (const target of ['es6', 'es2021', 'node14', 'node16.4', ['esnext', 'safari16'], 'chrome111, firefox92'])
    assert.ok(lowersBlocksAt(target), String(target));
  for (const target of [undefined, false, 'esnext', 'es2022', 'node16.11', 'node20', ['chrome111', 'safari16.4'], 'hermes0.12'])
    assert.not.ok(lowersBlocksAt(target), String(target));
});

test.run();
