// The package as a new user gets it: packed, installed into an empty folder from the registry's other packages, and used by
// require, import, tsc and npx.
// limit: 300 s

import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { PROJECT } from '../house/sources.js';
import { CHROMIUM } from '../viewer/page/checks.js';
import { Consumer, type Tarball } from './consumer.js';
import { type Installed, loadedPackages, packagesBelow } from './loaded.js';
import { reachWaterfall } from './newcomer.js';

/** Grows only on purpose: what a user downloads is part of what the package costs. */
const UNPACKED_LIMIT_BYTES = 1_400_000;
const ALLOWED = /^(dist\/(runtime|transformer|cli)\/|(README\.md|LICENSE|package\.json)$)/;

const manifest = JSON.parse(readFileSync(join(PROJECT, 'package.json'), 'utf8')) as {
  exports: Record<string, unknown>;
  peerDependencies: Record<string, string>;
  peerDependenciesMeta: Record<string, { optional?: boolean }>;
};
/** Peer packages that npm requires; the SDK and the exporters are up to those who record. */
const required = Object.keys(manifest.peerDependencies).filter((name) => !manifest.peerDependenciesMeta[name]?.optional);
/** Imported for what they do; they export nothing. */
const EFFECTS = ['./auto', './hooks', './register'];
const entries = Object.keys(manifest.exports)
  .filter((entry) => !EFFECTS.includes(entry))
  .filter((entry) => entry !== './package.json' && !entry.includes('*'))
  .map((entry) => `spanwright${entry.slice(1)}`);

/** Packages that OpenTelemetry's exporters bring, and load on demand alone: the one that depends on each, and for what. */
const ON_DEMAND: Readonly<Record<string, string>> = {
  '@grpc/proto-loader': '@grpc/grpc-js, where a program reads .proto files or serves channelz',
  '@opentelemetry/sdk-logs': '@opentelemetry/otlp-transformer, where a program exports logs',
};

/** From an empty folder to a waterfall of one's own code. */
const NEWCOMER_LIMIT_SECONDS = 120;

const user = new Consumer();
const newcomer = new Consumer();
let tarball: Tarball;
let viewer: Tarball;

test.before(async () => {
  tarball = await user.pack();
  await user.install(tarball, [...required, 'typescript', '@types/node']);
});

test.after(() => {
  user.remove();
  newcomer.remove();
});

test('the tarball holds dist, the documents and the licence, and nothing else', () => {
  const paths = tarball.files.map(({ path }) => path);
  assert.equal(
    paths.filter((path) => !ALLOWED.test(path)),
    [],
  );
  for (const needed of ['README.md', 'LICENSE', 'package.json', 'dist/runtime/index.js', 'dist/runtime/index.d.ts']) {
    assert.ok(paths.includes(needed), `${needed} is missing from the tarball`);
  }
});

test(`the package unpacks to less than ${UNPACKED_LIMIT_BYTES / 1e6} MB`, () => {
  assert.ok(tarball.unpackedSize < UNPACKED_LIMIT_BYTES, `it is ${tarball.unpackedSize} bytes`);
});

test('no packed file names a source map, since none is packed', () => {
  const named = tarball.files.filter(
    ({ path }) => /\.[cm]?js$/.test(path) && /^\/\/# sourceMappingURL=\S+$/m.test(user.installedText(path)),
  );
  assert.equal(
    named.map(({ path }) => path),
    [],
  );
  assert.not.ok(tarball.files.some(({ path }) => path.endsWith('.map')));
});

test('an installation of the package prints no warning about it, and brings no bundler tools', () => {
  assert.not.match(user.installOutput, /spanwright/);
  const { dependencies } = JSON.parse(user.installedText('package.json')) as { dependencies: Record<string, string> };
  assert.not.ok('unplugin' in dependencies);
  for (const name of ['unplugin', 'webpack-virtual-modules', '@rolldown/pluginutils', 'yaml'])
    assert.not.ok(existsSync(join(user.folder, 'node_modules', name)), name);
});

test('every package of a fresh installation is loaded by a documented entry, or by an exporter on demand', async () => {
  const { stdout } = await user.run('npm', ['ls', '--all', '--json', '--omit=dev']);
  const spanwright = (JSON.parse(stdout) as Installed).dependencies?.spanwright as Installed;
  const loaded = await loadedPackages(user);
  const silent = (except: readonly string[]): string[] => packagesBelow(spanwright, except).filter((name) => !loaded.has(name));
  assert.ok(packagesBelow(spanwright).includes('@grpc/grpc-js'));
  assert.equal(silent(Object.keys(ON_DEMAND)), []);
  for (const [name, reason] of Object.entries(ON_DEMAND)) {
    assert.ok(silent([]).includes(name), `${name} is loaded, or no longer there`);
    assert.ok(loaded.has(reason.split(',')[0] as string), reason);
  }
  const lock = JSON.parse(readFileSync(join(user.folder, 'node_modules/.package-lock.json'), 'utf8'));
  const deprecated = Object.entries<{ deprecated?: string }>(lock.packages).filter(([, one]) => one.deprecated !== undefined);
  assert.equal(deprecated, []);
});

test('the plugin for bundlers names the package that it needs, and works with it', async () => {
  const load = ['-e', "console.log(typeof require('spanwright/unplugin/esbuild')({}))"];
  const without = await user.run(process.execPath, load);
  assert.is.not(without.code, 0);
  assert.match(without.stderr, 'Run: npm install -D unplugin');
  await user.install(tarball, ['unplugin']);
  const { code, stdout, stderr } = await user.run(process.execPath, load);
  assert.is(code, 0, stderr);
  assert.is(stdout, 'object\n');
});

test('every entry gives the same names by require and by import', async () => {
  assert.ok(entries.length > 0, 'package.json exports no entry');
  user.write(
    'names.mjs',
    `import { createRequire } from 'node:module';
     const require = createRequire(import.meta.url);
     const names = {};
     for (const entry of ${JSON.stringify(entries)}) {
       const required = Object.keys(require(entry)).filter((name) => name !== '__esModule');
       const imported = Object.keys(await import(entry)).filter((name) => !['default', 'module.exports', '__esModule'].includes(name));
       names[entry] = { default: typeof require(entry) === 'function' || 'default' in require(entry), required: required.filter((name) => name !== 'default').sort(), imported: imported.sort() };
     }
     console.log(JSON.stringify(names));`,
  );
  const { code, stdout, stderr } = await user.run(process.execPath, ['names.mjs']);
  assert.is(code, 0, stderr);
  const names = JSON.parse(stdout) as Record<string, { default: boolean; required: string[]; imported: string[] }>;
  for (const entry of entries) {
    assert.ok((names[entry]?.required.length ?? 0) > 0 || names[entry]?.default, `${entry} exports nothing`);
    assert.equal(names[entry]?.imported, names[entry]?.required, entry);
  }
});

test('an entry whose packages are not installed names them and the command that installs them', async () => {
  const { code, stderr } = await user.run(process.execPath, ['-e', "require('spanwright/hooks')"]);
  assert.is.not(code, 0);
  assert.match(stderr, /npm install @opentelemetry\/instrumentation/);
});

test('require and import reach one instance', async () => {
  user.write(
    'same.mjs',
    `import { createRequire } from 'node:module';
     import { instrument } from 'spanwright';
     process.exit(createRequire(import.meta.url)('spanwright').instrument === instrument ? 0 : 1);`,
  );
  assert.is((await user.run(process.execPath, ['same.mjs'])).code, 0);
});

test('a path that is not exported cannot be reached', async () => {
  const { code, stderr } = await user.run(process.execPath, ['-e', "require('spanwright/dist/runtime/state.js')"]);
  assert.is.not(code, 0);
  assert.match(stderr, 'ERR_PACKAGE_PATH_NOT_EXPORTED');
});

const PROGRAM = `import { instrument, startTracing } from 'spanwright';
import { createAdminHandler } from 'spanwright/admin';

export class PowerService {
  @instrument
  async status(id: string): Promise<string> {
    return id;
  }

  @instrument({ name: 'power', attributes: { backend: 'nsm' }, args: ['id'] })
  control(id: string, on: boolean): boolean {
    return on && id !== '';
  }
}

export async function main(): Promise<void> {
  const tracing = await startTracing({ serviceName: 'user' });
  createAdminHandler(tracing, { token: 'a-token-of-the-user' });
  console.log(await new PowerService().status('id-1'), new PowerService().control('id-1', true), tracing.openCount);
  await tracing.shutdown();
}
void main();
`;

for (const [decorators, experimentalDecorators] of [
  ['legacy', true],
  ['standard', false],
] as const) {
  // One compilation for both programs: checking the declarations is most of it. An error in one does not stop the output of the other.
  const compileBoth = async () => {
    user.write(`${decorators}/good.ts`, PROGRAM);
    user.write(`${decorators}/bad.ts`, PROGRAM.replace("args: ['id']", 'arguments: 7'));
    const compilerOptions = {
      target: 'ES2022',
      module: 'Node16',
      strict: true,
      // Our declarations are checked as the user's own code is: what they name must be installed with the package.
      skipLibCheck: false,
      exactOptionalPropertyTypes: true,
      experimentalDecorators,
      types: ['node'],
      outDir: 'out',
    };
    user.write(`${decorators}/tsconfig.json`, JSON.stringify({ compilerOptions, include: ['*.ts'] }));
    return user.run(process.execPath, ['node_modules/typescript/bin/tsc', '-p', decorators]);
  };
  let compiled: ReturnType<typeof compileBoth> | undefined;

  test(`a program with ${decorators} decorators compiles against the installed types and runs`, async () => {
    compiled ??= compileBoth();
    const { stdout } = await compiled;
    assert.equal(
      stdout.split('\n').filter((line) => /error TS/.test(line) && !line.startsWith(`${decorators}/bad.ts(`)),
      [],
    );
    const ran = await user.run(process.execPath, [`${decorators}/out/good.js`]);
    assert.is(ran.code, 0, ran.stderr);
    assert.match(ran.stdout, 'id-1 true 0');
  });

  test(`with ${decorators} decorators, a wrong option is an error at compile time`, async () => {
    compiled ??= compileBoth();
    const { code, stdout } = await compiled;
    assert.is.not(code, 0);
    assert.match(stdout, `${decorators}/bad.ts(10,`);
  });
}

test('npx finds the command, which prints its help', async () => {
  const help = await user.run('npx', ['--no-install', 'spanwright', '--help']);
  assert.is(help.code, 0, help.stderr);
  assert.match(help.stdout, 'set');
  assert.match(help.stdout, 'status');
  const unknown = await user.run('npx', ['--no-install', 'spanwright', 'no-such-command']);
  assert.is.not(unknown.code, 0);
  assert.match(unknown.stderr + unknown.stdout, 'no-such-command');
});

test('without the viewer, its commands say how to install it, and its dependencies are not there', async () => {
  for (const command of ['receive', 'view']) {
    const { code, stderr } = await user.run('npx', ['--no-install', 'spanwright', command]);
    assert.is(code, 1);
    assert.match(stderr, 'npm install -D @spanwright/viewer');
    assert.not.match(stderr, ' at ');
  }
  assert.not.ok(existsSync(join(user.folder, 'node_modules/yaml')));
});

test('with the viewer installed beside it, its commands run and its entry gives the receiver', async () => {
  viewer = await user.pack('viewer');
  const paths = viewer.files.map(({ path }) => path);
  assert.equal(
    paths.filter((path) => !/^(dist\/|README\.md$|package\.json$)/.test(path) || path.endsWith('.map')),
    [],
  );
  await user.install(viewer, []);
  const wrong = await user.run('npx', ['--no-install', 'spanwright', 'traces', 'no-such-recipe']);
  assert.is(wrong.code, 2, wrong.stderr);
  assert.match(wrong.stderr, 'Expected one of show, from-log');
  const started = await user.run(process.execPath, [
    '-e',
    "require('@spanwright/viewer').startReceiver().then((r) => (console.log(r.endpoint), r.close()))",
  ]);
  assert.match(started.stdout, /^http:\/\/127\.0\.0\.1:\d+\n$/);
});

const withChromium = existsSync(CHROMIUM) ? test : test.skip;
withChromium("the README's commands in an empty folder lead to a waterfall of one's own code within two minutes", async () => {
  const { steps, spans, toAssistant } = await reachWaterfall(newcomer, tarball, viewer);
  const seconds = steps.reduce((sum, step) => sum + step.seconds, 0);
  const parts = steps.map((step) => `${step.name} ${step.seconds.toFixed(1)} s`).join(', ');
  console.log(`a newcomer reaches a waterfall in ${seconds.toFixed(1)} s: ${parts}`);
  assert.equal(spans, ['PowerService.powerControl', 'PowerService.send']);
  assert.equal(toAssistant, ['PowerService.powerControl', 'PowerService.powerControl']);
  assert.ok(seconds < NEWCOMER_LIMIT_SECONDS, parts);
});

test.run();
