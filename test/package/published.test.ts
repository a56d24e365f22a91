// limit: 300 s
// The packed package, checked by tools that read its manifest and types; `spanwright/transformer`, loaded by each kind of import; and a
// built service in an installation without development dependencies.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { ReceivedSpan } from '../../viewer/receiver/decode.js';
import { startHttpReceiver } from '../../viewer/receiver/http.js';
import { startReceiver } from '../../viewer/receiver/receiver.js';
import { part, testWith } from '../hosts/conformance/suite.js';
import { Consumer, type Tarball } from './consumer.js';

const withTools = testWith('publish');

interface Manifest {
  readonly dependencies: Readonly<Record<string, string>>;
}
/** Compilers, bundlers and what they need. */
const BUILD_TOOL =
  /^(@?typescript\b|ts-|tsx$|unplugin|esbuild|@esbuild|vite|rollup|@rollup|rolldown|@rolldown|webpack|@rspack|acorn|@babel|@swc|yaml$)/;

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

const SERVICE = `import { instrument, startTracing } from 'spanwright';
import { startAdminServer } from 'spanwright/admin';

const [endpoint = '', protocol] = process.argv.slice(2);
class Work {
  @instrument({ args: ['job'] })
  async run(job: string): Promise<string> { return 'ran ' + job; }
}

void (async () => {
  const tracing = await startTracing({ serviceName: 'production', endpoint, otlpProtocol: protocol as 'grpc' });
  const token = 'a-token-of-thirty-two-characters';
  const admin = await startAdminServer({ tracing, port: 0, token });
  await new Work().run('off');
  const headers = { authorization: 'Bearer ' + token, 'content-type': 'application/json' };
  const { status } = await fetch(admin.url + '/enabled', { method: 'PUT', headers, body: '{"enabled":true,"for":"1m"}' });
  console.log(status, await new Work().run('on'));
  await tracing.forceFlush();
  await admin.close();
  await tracing.shutdown();
})();
`;

test('tspc instruments with the package and the API alone', async () => {
  user.write('src/service.ts', SERVICE);
  const plugins = [{ transform: 'spanwright/transformer', namespace: 'shop' }];
  const options = { target: 'ES2022', module: 'Node16', rootDir: 'src', outDir: 'out', types: ['node'], plugins };
  user.write('tsconfig.json', JSON.stringify({ compilerOptions: options, include: ['src'] }));
  const { code, stdout } = await user.run(process.execPath, ['node_modules/ts-patch/bin/tspc.js']);
  assert.is(code, 0, stdout);
  assert.match(readFileSync(join(user.folder, 'out/service.js'), 'utf8'), 'spanwright/emitted');
});

test('a production installation has no build tool, and its service is switched on by the hook and exports over gRPC and HTTP', async () => {
  const production = new Consumer();
  const grpc = await startReceiver();
  const overHttp: ReceivedSpan[] = [];
  const http = await startHttpReceiver('127.0.0.1', 0, (spans) => overHttp.push(...spans));
  try {
    const { dependencies } = JSON.parse(readFileSync(join(user.folder, 'package.json'), 'utf8')) as Manifest;
    const { '@types/node': types, typescript, 'ts-patch': patch, ...running } = dependencies;
    const devDependencies = { '@types/node': types, typescript, 'ts-patch': patch, unplugin: '^3.7.0', yaml: '^2.9.1' };
    const kept = { ...running, spanwright: `file:${tarball.path}` };
    production.write('package.json', JSON.stringify({ name: 'shop', private: true, dependencies: kept, devDependencies }));
    production.write('out/service.js', readFileSync(join(user.folder, 'out/service.js'), 'utf8'));
    const installed = async (...omit: string[]): Promise<string[]> => {
      const args = ['install', ...omit, '--prefer-offline', '--no-audit', '--no-fund'];
      const { code, stdout, stderr } = await production.run('npm', args);
      assert.is(code, 0, stderr);
      assert.not.match(stdout + stderr, /spanwright|deprecated/);
      const lock = readFileSync(join(production.folder, 'node_modules/.package-lock.json'), 'utf8');
      const paths = Object.keys((JSON.parse(lock) as { packages: object }).packages);
      return paths.map((path) => path.replace(/^.*node_modules\//, '')).filter((name) => BUILD_TOOL.test(name));
    };
    // npm keeps a development dependency that is an optional peer too
    assert.equal(await installed('--omit=dev'), ['@rolldown/pluginutils', 'unplugin', 'webpack-virtual-modules', 'yaml']);
    assert.equal(await installed('--omit=dev', '--omit=optional'), []);
    for (const [protocol, endpoint] of [
      ['grpc', grpc.endpoint],
      ['http/protobuf', http.endpoint],
    ] as const) {
      const ran = await production.run(process.execPath, ['out/service.js', endpoint, protocol]);
      assert.is(ran.stdout, '200 ran on\n', ran.stderr);
    }
    for (const spans of [grpc.spans, overHttp])
      assert.equal(
        spans.map(({ name, attributes }) => [name, attributes['code.namespace'], attributes['code.file.path'], attributes.job]),
        [['Work.run', 'shop::service::Work', 'src/service.ts', 'on']],
      );
  } finally {
    production.remove();
    await grpc.close();
    await http.close();
  }
});

test.run();
