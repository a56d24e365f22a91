// limit: 300 s
// The packed package, checked by tools that read its manifest and types, and `spanwright/transformer`, loaded by each kind of import.

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { part, testWith } from '../hosts/conformance/suite.js';
import { Consumer, type Tarball } from './consumer.js';

const withTools = testWith('publish');

const user = new Consumer();
let tarball: Tarball;
test.before(async () => {
  tarball = await user.pack();
  await user.install(tarball, ['@opentelemetry/api', '@types/node', 'typescript', 'ts-patch']);
});
test.after(() => user.remove());

const judged = (tool: string, ...args: string[]) =>
  user.run(process.execPath, [part('publish/node_modules/.bin', tool), ...args]);

withTools('publint has neither errors, warnings nor suggestions', async () => {
  const { code, stdout, stderr } = await judged('publint', 'run', tarball.path, '--strict');
  assert.is(code, 0, stdout + stderr);
  assert.match(stdout, 'All good!');
});

withTools('are-the-types-wrong finds no problems, for any entry and any kind of resolution', async () => {
  const { code, stdout, stderr } = await judged('attw', tarball.path, '--format', 'json');
  assert.is(code, 0, stdout + stderr);
  const { analysis } = JSON.parse(stdout) as { analysis: { problems: object[]; entrypoints: Record<string, unknown> } };
  assert.equal(analysis.problems, []);
  assert.ok(Object.keys(analysis.entrypoints).length > 15);
});

test('import and require of spanwright/transformer give the function that ts-patch calls, with what Nest looks for', async () => {
  user.write(
    'entry.mjs',
    `import spanwright from 'spanwright/transformer';\nimport { createRequire } from 'node:module';
    const required = createRequire(import.meta.url)('spanwright/transformer');
    console.log(typeof spanwright, spanwright === required, typeof required.before);`,
  );
  const { stdout, stderr } = await user.run(process.execPath, ['entry.mjs']);
  assert.is(stdout, 'function true function\n', stderr);
});

for (const [module, name] of [
  ['Node16', 'entry.mts'],
  ['Node16', 'entry.cts'],
  ['CommonJS', 'entry.ts'],
] as const)
  test(`the types of spanwright/transformer are those of the function, module ${module}, ${name}`, async () => {
    const load = name === 'entry.cts' ? 'import spanwright = require' : 'import spanwright from ';
    const from = name === 'entry.cts' ? `('spanwright/transformer')` : `'spanwright/transformer'`;
    user.write(
      name,
      `${load}${from};\nexport const length: number = spanwright.length;\nspanwright({} as never, {}, {} as never);\n`,
    );
    const kinds = ['--module', module, '--target', 'es2022', '--skipLibCheck', '--esModuleInterop', '--noEmit'];
    const resolution = module === 'CommonJS' ? ['--moduleResolution', 'node10'] : [];
    const { code, stdout } = await user.run(process.execPath, ['node_modules/typescript/bin/tsc', ...kinds, ...resolution, name]);
    assert.is(code, 0, stdout);
  });

test('the declarations of every entry type-check without DOM, and with the libraries checked', async () => {
  const { exports } = JSON.parse(user.installedText('package.json')) as { exports: Record<string, unknown> };
  // those of unplugin name the types of every bundler
  const entries = Object.keys(exports).filter((entry) => entry !== './package.json' && !entry.startsWith('./unplugin/'));
  assert.ok(entries.length > 5, String(entries));
  user.write(
    'all.mts',
    entries.map((entry, at) => `export type Entry${at} = typeof import('spanwright${entry.slice(1)}');`).join('\n'),
  );
  const options = ['--module', 'Node16', '--target', 'es2022', '--lib', 'es2023', '--types', 'node'];
  const { code, stdout } = await user.run(process.execPath, [
    'node_modules/typescript/bin/tsc',
    ...options,
    ...['--strict', '--exactOptionalPropertyTypes', '--noEmit', '--listFiles', 'all.mts'],
  ]);
  assert.is(code, 0, stdout);
  assert.not.match(stdout, /lib\.dom/);
  assert.match(stdout, /spanwright\/dist\/runtime\/index\.d\.ts/);
});

test('tspc instruments with the package and the API alone', async () => {
  user.write('src/work.ts', `import { instrument } from 'spanwright';\nexport class Work { @instrument run() { return 1; } }\n`);
  const plugins = [{ transform: 'spanwright/transformer', auto: [{ files: 'src/**' }] }];
  const compilerOptions = {
    target: 'ES2022',
    module: 'Node16',
    rootDir: 'src',
    outDir: 'out',
    types: [],
    plugins,
  };
  user.write('tsconfig.json', JSON.stringify({ compilerOptions, include: ['src'] }));
  const { code, stdout } = await user.run(process.execPath, ['node_modules/ts-patch/bin/tspc.js']);
  assert.is(code, 0, stdout);
  const { stdout: printed } = await user.run(process.execPath, [
    '-e',
    "console.log(require('fs').readFileSync('out/work.js', 'utf8'))",
  ]);
  assert.match(printed, 'spanwright/emitted');
});

test.run();
