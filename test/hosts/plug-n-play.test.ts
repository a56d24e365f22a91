// limit: 180 s
// Yarn's Plug'n'Play, which installs zip archives without a folder of packages: the packed package in `spanwright/register`, the command, a plugin of
// a bundler and the built service. On Node 20 the plugin names the release to use.

import { execFileSync } from 'node:child_process';
import { copyFileSync, existsSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { Consumer } from '../package/consumer.js';
import { newDirectory, write } from './conformance/project.js';
import { execute, part, testWith } from './conformance/suite.js';

const YARN = part('yarn/node_modules/@yarnpkg/cli-dist/bin/yarn.js');
const NODE22 = part('node22/node_modules/.bin/node');
const withYarn = testWith('yarn', 'node22');
const consumer = new Consumer();
test.after(() => consumer.remove());

const FILES: Readonly<Record<string, string>> = {
  'package.json': JSON.stringify({
    ...{ name: 'shop', private: true, type: 'module' },
    dependencies: { spanwright: 'file:./spanwright.tgz', '@opentelemetry/api': '1.9.1' },
    devDependencies: { esbuild: '0.28.2', typescript: '5.9.3', unplugin: '3.7.0' },
  }),
  'yarn.lock': '',
  'tsconfig.json':
    '{ "compilerOptions": { "target": "ES2022", "module": "ESNext", "moduleResolution": "bundler", "plugins": [{ "transform": "spanwright/transformer" }] } }',
  'app.ts': `import { instrument, siteOf } from 'spanwright';
class Work { @instrument run(job: string): string { return 'ran ' + job; } }
console.log(new Work().run('job'), siteOf(Work.prototype.run)?.namespace);
`,
  'build.mjs': `import { build } from 'esbuild';
import spanwright from 'spanwright/unplugin/esbuild';
await build({ entryPoints: ['app.ts'], outfile: 'out.mjs', bundle: true, platform: 'node', format: 'esm', external: ['spanwright', 'spanwright/*'], plugins: [spanwright()], logLevel: 'error' });
`,
};

/** Yarn reads no .npmrc. */
const environment = {
  YARN_NPM_REGISTRY_SERVER: execFileSync('npm', ['config', 'get', 'registry'], { encoding: 'utf8' }).trim(),
  ...{ YARN_GLOBAL_FOLDER: part('yarn/global'), YARN_ENABLE_TELEMETRY: '0', YARN_ENABLE_IMMUTABLE_INSTALLS: 'false' },
};

withYarn("under Yarn's Plug'n'Play, register, the command, a bundler plugin and the built service work", async () => {
  const directory = newDirectory();
  for (const [path, text] of Object.entries(FILES)) write(directory, path, text);
  copyFileSync((await consumer.pack()).path, join(directory, 'spanwright.tgz'));
  const yarn = (node: string, ...args: string[]): string => execute(directory, node, [YARN, ...args], environment);
  yarn(process.execPath, 'install');
  assert.not.ok(existsSync(join(directory, 'node_modules')));

  const printed = /^ran job shop::app::Work$/m;
  for (const node of [process.execPath, NODE22]) {
    assert.match(yarn(node, 'node', '--import', 'spanwright/register', 'app.ts'), printed);
    assert.match(yarn(node, 'spanwright', 'explain', 'app.ts'), /shop::app::Work::run\(job\)/);
  }
  yarn(NODE22, 'node', 'build.mjs');
  for (const node of [process.execPath, NODE22]) assert.match(yarn(node, 'node', 'out.mjs'), printed);
  if (process.version.startsWith('v20.'))
    assert.throws(() => yarn(process.execPath, 'node', 'build.mjs'), /cannot load unplugin\. Use Node\.js 22\.15 or later/);
});

test.run();
