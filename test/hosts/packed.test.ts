// limit: 300 s
// A new user's folder with the packed package and little else: behaviour and messages of `spanwright/register`, a bundler plugin,
// `build`, `explain` and `doctor` without TypeScript, with 7.0 alone, with a TypeScript 6 under another name beside it, and with
// 7.1; and without OpenTelemetry's API.

import { mkdirSync, readFileSync, renameSync, rmSync, symlinkSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { Finding } from '../../cli/doctor/finding.js';
import { Consumer, type Ended } from '../package/consumer.js';
import { ROOT } from './conformance/project.js';
import { NODE24, part, testWith } from './conformance/suite.js';

const withParts = testWith('ts6', 'ts7', 'bundlers');

const consumer = new Consumer();
const APP = `import { instrument } from 'spanwright';
class Work { @instrument run(job: string): string { return 'ran ' + job; } }
console.log(new Work().run('job'));
`;
const ESBUILD = `import { build } from 'esbuild';
import spanwright from 'spanwright/unplugin/esbuild';
await build({ entryPoints: ['app.ts'], outfile: 'out.mjs', bundle: true, platform: 'node', format: 'esm', packages: 'external', plugins: [spanwright()], logLevel: 'error' });
`;

test.before(async () => {
  await consumer.install(await consumer.pack(), ['@opentelemetry/api', 'unplugin']);
  consumer.write('app.ts', APP);
  consumer.write('build.mjs', ESBUILD);
  consumer.write(
    'tsconfig.json',
    '{ "compilerOptions": { "target": "ES2022", "module": "CommonJS", "experimentalDecorators": true, "outDir": "dist", "skipLibCheck": true, "plugins": [{ "transform": "spanwright/transformer" }] }, "files": ["app.ts"] }',
  );
  use('esbuild', part('bundlers/node_modules/esbuild'));
});
test.after(() => consumer.remove());

const installed = (name: string): string => join(consumer.folder, 'node_modules', name);

/** Puts a package where the folder's own would be; undefined takes it away. */
function use(name: string, target: string | undefined): void {
  rmSync(installed(name), { recursive: true, force: true });
  if (target === undefined) return;
  mkdirSync(dirname(installed(name)), { recursive: true });
  symlinkSync(target, installed(name), 'junction');
}

const spanwright = (...args: string[]): Promise<Ended> =>
  consumer.run(join(consumer.folder, 'node_modules/.bin/spanwright'), args);
const registered = (): Promise<Ended> => consumer.run(process.execPath, ['--import', 'spanwright/register', 'app.ts']);
const bundled = (): Promise<Ended> => consumer.run(process.execPath, ['build.mjs']);

async function findings(): Promise<string[]> {
  const { stdout } = await spanwright('doctor', '--json', '--url', 'http://127.0.0.1:9', '--sidecar', 'http://127.0.0.1:9');
  return (JSON.parse(stdout) as { findings: Finding[] }).findings.flatMap(({ name }) => name ?? []);
}

/** Each entry, with its message or its result. */
async function ways(message: RegExp): Promise<void> {
  for (const [name, way] of Object.entries({ registered, bundled, explained: () => spanwright('explain', 'app.ts') })) {
    const { code, stderr } = await way();
    assert.is(code, 1, name);
    assert.match(stderr, message, name);
  }
}

async function works(parser: string): Promise<void> {
  const ran = await registered();
  assert.is(ran.stdout, 'ran job\n', ran.stderr);
  const built = await bundled();
  assert.is(built.code, 0, built.stderr);
  const run = await consumer.run(process.execPath, ['out.mjs']);
  assert.is(run.stdout, 'ran job\n', run.stderr);
  const explained = await spanwright('explain', 'app.ts', '--json');
  const { sites, parser: used } = JSON.parse(explained.stdout);
  assert.is(sites.length, 1);
  assert.is(used, parser);
}

withParts('without TypeScript, each entry reports what to install', async () => {
  await ways(/Spanwright found no TypeScript at .* install one of these, or .*'@typescript\/typescript6'/);
  const build = await spanwright('build');
  assert.is(build.code, 1);
  assert.match(build.stderr, /There is no TypeScript at .*npm install -D typescript@\^7\.1\.0-0/);
  assert.ok((await findings()).includes('no-compiler'));
});

withParts('with TypeScript 7.0 alone, each entry names it and the release to install', async () => {
  use('typescript', part('ts7/node_modules/typescript-7.0'));
  await ways(/Spanwright found TypeScript 7\.0\.2, which has no parser for programs yet at /);
  const build = await spanwright('build');
  assert.is(build.code, 1);
  assert.match(build.stderr, /TypeScript 7\.0\.2 lacks .*npm install -D typescript@\^7\.1\.0-0/);
  const found = await findings();
  assert.ok(found.includes('native-too-old'));
  assert.not.ok(found.includes('no-compiler'));
});

withParts('with TypeScript 6 installed under another name too, each entry works', async () => {
  use('@typescript/typescript6', part('ts6/node_modules/typescript'));
  await works('TypeScript 6.0.3');
  use('@typescript/typescript6', undefined);
});

withParts('with TypeScript 7.1, each entry and spanwright build work', async () => {
  use('typescript', part('ts7/node_modules/typescript'));
  const { version } = JSON.parse(readFileSync(join(installed('typescript'), 'package.json'), 'utf8'));
  await works(`TypeScript ${version}`);
  const build = await spanwright('build');
  assert.is(build.code, 0, build.stdout + build.stderr);
  const ran = await consumer.run(process.execPath, ['dist/app.js']);
  assert.is(ran.stdout, 'ran job\n', ran.stderr);
  assert.not.ok((await findings()).some((name) => name === 'no-compiler' || name === 'native-too-old'));
});

const NODES = {
  ...{ [process.version]: process.execPath, 22: part('node22/node_modules/.bin/node') },
  ...{ 24: NODE24, 26: part('node26/node_modules/.bin/node') },
};
const withNodes = testWith('node22', 'node24', 'node26');
for (const [version, node] of Object.entries(NODES))
  withNodes(`the second example of README runs without a configuration on Node ${version}, also as JavaScript`, async () => {
    const [, example = ''] =
      /## Without a decorator[\s\S]*?```ts\n([\s\S]*?)```/.exec(readFileSync(join(ROOT, 'README.md'), 'utf8')) ?? [];
    use('typescript', join(ROOT, 'node_modules/typescript'));
    const aside = join(consumer.folder, 'tsconfig-aside.json');
    renameSync(join(consumer.folder, 'tsconfig.json'), aside);
    process.env.OTEL_TRACES_EXPORTER = 'console';
    try {
      consumer.write('example.ts', example);
      consumer.write('example.js', example.replace(/: (Promise<number>|string|number)/g, ''));
      for (const file of ['example.ts', 'example.js']) {
        const { code, stdout, stderr } = await consumer.run(node, ['--import', 'spanwright/auto', file]);
        assert.is(code, 0, stderr);
        assert.match(stdout, /name: 'price'[\s\S]*name: 'Orders\.place'/, stderr);
        assert.match(stdout, new RegExp(`'code\\.file\\.path': '${file}'`));
      }
    } finally {
      delete process.env.OTEL_TRACES_EXPORTER;
      renameSync(aside, join(consumer.folder, 'tsconfig.json'));
    }
  });

withParts("without OpenTelemetry's API, doctor says so and what to install", async () => {
  const aside = join(consumer.folder, 'api-aside');
  renameSync(installed('@opentelemetry/api'), aside);
  const { code, stdout } = await spanwright('doctor');
  assert.is(code, 1);
  assert.match(stdout, /error .*@opentelemetry\/api\n +cause: .*\n +fix: +npm install @opentelemetry\/api/);
  assert.ok((await findings()).includes('no-api'));
  renameSync(aside, installed('@opentelemetry/api'));
  assert.not.ok((await findings()).includes('no-api'));
});

test.run();
