// `spanwright doctor` and `spanwright explain`, as a person runs them, on projects that are sound and on projects with one fault each. Every
// row of the table of findings is met by a project, an endpoint or a service that has it.

import { spawn, spawnSync } from 'node:child_process';
import { existsSync, readFileSync, rmSync, utimesSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { FINDINGS, type Finding, type FindingName } from '../../cli/doctor/finding.js';
import { checkNode } from '../../cli/doctor/wiring.js';
import { ROOT, write, writeProject } from './conformance/project.js';
import { LEGACY, part } from './conformance/suite.js';

const MAIN = join(ROOT, 'dist/cli/main.js');
const CLASSIC = { typescript: join(ROOT, 'node_modules/typescript'), 'ts-patch': join(ROOT, 'node_modules/ts-patch') };
const SOUND = `import { instrument } from 'spanwright';\nexport class Work { @instrument({ args: ['job'] }) run(job: string) { return job; } }\n`;
const seen = new Set<FindingName>();

interface Checked {
  readonly status: number | null;
  readonly findings: readonly Finding[];
  readonly text: string;
}

/** Runs the program without blocking, so that servers of this process answer it. */
function spanwright(
  args: readonly string[],
  environment: Record<string, string> = {},
): Promise<{ status: number | null; out: string; err: string }> {
  const { PATH, HOME } = process.env;
  return new Promise((done, fail) => {
    const child = spawn(process.execPath, [MAIN, ...args], { env: { PATH, HOME, ...environment } });
    let out = '';
    let err = '';
    child.stdout.on('data', (part) => {
      out += part;
    });
    child.stderr.on('data', (part) => {
      err += part;
    });
    child.once('error', fail).once('close', (status) => done({ status, out, err }));
  });
}

/** Port 9 of this machine is closed in tests: no service is met by chance. */
const NO_SERVICE = { SPANWRIGHT_ADMIN_URL: 'http://127.0.0.1:9' };

async function doctor(directory: string, environment: Record<string, string> = {}, ...args: string[]): Promise<Checked> {
  const { status, out, err } = await spanwright(['doctor', directory, '--json', ...args], { ...NO_SERVICE, ...environment });
  assert.is(err, '');
  const { findings } = JSON.parse(out) as { findings: Finding[] };
  for (const { name } of findings) if (name !== undefined) seen.add(name);
  return { status, findings, text: out };
}

const names = ({ findings }: Checked): string[] => findings.flatMap(({ name }) => name ?? []);

function project(packages: Record<string, string> = CLASSIC, compilerOptions: Record<string, unknown> = {}): string {
  const directory = writeProject({ variant: LEGACY, programs: [], packages, compilerOptions });
  for (const name of ['main.ts', 'part.ts', 'auto-default.ts', 'tracing.ts']) rmSync(join(directory, 'src', name));
  write(directory, 'src/work.ts', SOUND);
  return directory;
}

function compile(directory: string, program = 'ts-patch/bin/tspc.js'): void {
  const { status, stdout } = spawnSync(process.execPath, [join(ROOT, 'node_modules', program)], {
    cwd: directory,
    encoding: 'utf8',
  });
  assert.is(status, 0, stdout);
}

test('a project that is built as it should has no errors, and exits with 0', async () => {
  const directory = project();
  compile(directory);
  const checked = await doctor(directory);
  assert.is(checked.status, 0);
  assert.equal(names(checked).sort(), ['no-endpoint-yet', 'unreached']);
  assert.ok(
    checked.findings.some(({ found }) => found === '1 compiled file has been through the transformer; 1 sites in the sources'),
  );
});

test('what was compiled by plain tsc, is old, or is not there, is told apart', async () => {
  const directory = project();
  assert.ok(names(await doctor(directory)).includes('not-built'));
  compile(directory, 'typescript/bin/tsc');
  const plain = await doctor(directory);
  assert.is(plain.status, 1);
  assert.ok(names(plain).includes('not-transformed'));
  assert.match(plain.text, /out\/work\.js/);
  compile(directory);
  utimesSync(join(directory, 'src/work.ts'), new Date(), new Date(Date.now() + 60_000));
  assert.ok(names(await doctor(directory)).includes('old-output'));
});

const MATRIX: readonly { name: FindingName; project: () => string; status: number; part?: string }[] = [
  { name: 'no-patch', status: 1, project: () => project({ typescript: CLASSIC.typescript }) },
  {
    name: 'wrong-patch',
    status: 1,
    part: 'ts6',
    project: () => project({ typescript: CLASSIC.typescript, 'ts-patch': part('ts6/node_modules/ts-patch') }),
  },
  {
    name: 'native-too-old',
    status: 1,
    part: 'ts7',
    project: () => project({ typescript: part('ts7/node_modules/typescript-7.0') }),
  },
  {
    name: 'no-plugin',
    status: 0,
    project: () => {
      const directory = project();
      write(directory, 'tsconfig.json', '{ "compilerOptions": { "experimentalDecorators": true }, "include": ["src"] }');
      return directory;
    },
  },
  {
    name: 'bad-option',
    status: 1,
    project: () => {
      const directory = project();
      const config = JSON.parse(readFileSync(join(directory, 'tsconfig.json'), 'utf8'));
      config.compilerOptions.plugins[0].namspace = 'x';
      write(directory, 'tsconfig.json', JSON.stringify(config));
      return directory;
    },
  },
  {
    name: 'not-installed',
    status: 1,
    project: () => {
      const directory = project();
      rmSync(join(directory, 'node_modules/spanwright'));
      return directory;
    },
  },
  {
    name: 'other-version',
    status: 0,
    project: () => {
      const directory = project();
      rmSync(join(directory, 'node_modules/spanwright'));
      const exports = { '.': './index.js', './emitted': './index.js', './package.json': './package.json' };
      write(
        directory,
        'node_modules/spanwright/package.json',
        JSON.stringify({ name: 'spanwright', version: '99.0.0', exports }),
      );
      write(directory, 'node_modules/spanwright/index.js', '');
      return directory;
    },
  },
  {
    name: 'two-apis',
    status: 1,
    project: () => {
      const directory = project();
      rmSync(join(directory, 'node_modules/@opentelemetry'));
      write(directory, 'node_modules/@opentelemetry/api/package.json', '{ "name": "@opentelemetry/api", "version": "1.0.0" }');
      write(directory, 'node_modules/@opentelemetry/api/index.js', '');
      return directory;
    },
  },
  {
    name: 'bad-configuration',
    status: 1,
    project: () => {
      const directory = project();
      write(directory, 'tracing.toml', '[tracing]\nenabld = true\n');
      return directory;
    },
  },
];

for (const { name, project, status, part: needed } of MATRIX) {
  test(`a project with that fault alone is told so: ${name}`, async () => {
    if (needed !== undefined && !existsSync(part(needed, '.stamp'))) {
      if (process.env.CI === 'true') assert.unreachable(`.cache/hosts/${needed} is not installed; run .ci/setup`);
      return console.log(`SKIP ${name}: .cache/hosts/${needed} is not installed`);
    }
    const checked = await doctor(project());
    assert.ok(names(checked).includes(name), checked.text);
    assert.is(checked.status, status);
    return undefined;
  });
}

test('a bundler plugin takes the place of ts-patch and of the entry in tsconfig.json', async () => {
  const directory = project({ typescript: CLASSIC.typescript });
  write(
    directory,
    'vite.config.ts',
    `import spanwright from 'spanwright/unplugin/vite';\nexport default { plugins: [spanwright()] };\n`,
  );
  assert.not.ok(names(await doctor(directory)).includes('no-patch'));
});

test('the version of Node is checked', () => {
  for (const version of ['20.18.3', '18.20.0', '19.9.0']) assert.is(checkNode(version).name, 'node-too-old', version);
  for (const version of ['20.19.0', '22.0.0', '24.21.0']) assert.is(checkNode(version).level, 'ok', version);
  seen.add('node-too-old');
});

const CONFIGURED: readonly { says: string; toml: string; finds: readonly FindingName[] }[] = [
  { says: 'an endpoint, and tracing off', toml: 'otlp_endpoint = "http://localhost:1"', finds: ['disabled', 'endpoint-wrong'] },
  { says: 'tracing on, and no endpoint', toml: 'enabled = true', finds: ['no-endpoint'] },
  { says: 'changes refused', toml: 'allow_runtime_changes = false', finds: ['no-endpoint-yet', 'changes-refused'] },
  { says: 'an endpoint without a scheme', toml: 'enabled = true\notlp_endpoint = "localhost:4317"', finds: ['endpoint-wrong'] },
  { says: 'roots of one namespace', toml: 'roots = ["carbide"]', finds: ['no-endpoint-yet', 'sparse'] },
];

for (const { says, toml, finds } of CONFIGURED) {
  test(`the configuration is read as the service reads it: ${says}`, async () => {
    const directory = project();
    compile(directory);
    write(directory, 'tracing.toml', `[tracing]\n${toml}\n`);
    const found = names(await doctor(directory)).filter((name) => name !== 'unreached' && name !== 'sidecar-unused');
    assert.equal(found, finds);
  });
}

test('an endpoint that speaks HTTP/1 is named as the wrong port, and one that speaks gRPC is right', async () => {
  const directory = project();
  compile(directory);
  const server = createServer((_request, response) => response.end('no')).listen(0, '127.0.0.1');
  await new Promise((done) => server.once('listening', done));
  const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const wrong = await doctor(directory, { OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: endpoint });
  server.close();
  assert.ok(names(wrong).includes('endpoint-wrong'));
  assert.match(wrong.text, /is an HTTP\/1 server, not gRPC/);
  assert.is(wrong.status, 1);
});

/** A service of its own process, in the collector's and the admin hook's company. */
const SERVICE = `
const { instrument, startTracing } = require('spanwright');
const { startAdminServer } = require('spanwright/admin');
const { startReceiver } = require('spanwright/receiver');
async function main() {
  const receiver = process.env.RECEIVER === undefined ? undefined : await startReceiver({ port: Number(process.env.RECEIVER) });
  if (process.env.ENDPOINT === 'receiver') process.env.OTEL_EXPORTER_OTLP_TRACES_ENDPOINT = receiver.endpoint;
  const tracing = await startTracing({ serviceName: 'patient', enabled: process.env.ENABLED === 'true' });
  if (process.env.SITES === 'plain') instrument({ name: 'plain' }, function plain() {})();
  if (process.env.SITES === 'built') { const { Work } = require('./out/work.js'); for (let n = 0; n < 8; n++) new Work().run('job'); }
  if (receiver) await tracing.forceFlush();
  setInterval(() => {}, 1000);
  const admin = await startAdminServer({ tracing, port: 0, token: 'secret-token-of-the-test' });
  console.log(JSON.stringify({ url: String(admin.url ?? admin), receiver: receiver && receiver.endpoint }));
}
main();
`;

async function withService(
  directory: string,
  environment: Record<string, string>,
  look: (url: string) => Promise<void>,
): Promise<void> {
  write(directory, 'service.cjs', SERVICE);
  const { PATH, HOME } = process.env;
  const child = spawn(process.execPath, ['service.cjs'], {
    cwd: directory,
    env: { PATH, HOME, ...environment },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  try {
    const line = await new Promise<string>((done, fail) => {
      child.stdout.once('data', (data) => done(String(data)));
      child.once('exit', () => fail(new Error('the service ended')));
    });
    await look(JSON.parse(line).url);
  } finally {
    child.kill();
  }
}

const TOKEN = { SPANWRIGHT_ADMIN_TOKEN: 'secret-token-of-the-test' };

test('a running service is asked, and its answers count in place of the files', async () => {
  const directory = project();
  compile(directory);
  await withService(directory, { RECEIVER: '0', ENDPOINT: 'receiver', ENABLED: 'true', SITES: 'built' }, async (url) => {
    const checked = await doctor(directory, TOKEN, '--url', url);
    const found = names(checked).filter((name) => name !== 'sidecar-unused');
    assert.equal(found, ['left-on', 'backend-unknown'], checked.text);
    assert.is(checked.status, 0);
  });
  await withService(
    directory,
    { ENABLED: 'true', OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'http://127.0.0.1:1', SITES: 'plain' },
    async (url) => {
      const checked = await doctor(directory, TOKEN, '--url', url);
      const found = names(checked);
      for (const name of ['endpoint-wrong', 'left-on', 'plain-sites'] as const)
        assert.ok(found.includes(name), `${name}: ${checked.text}`);
    },
  );
  const full = { OTEL_BSP_MAX_QUEUE_SIZE: '2', OTEL_BSP_MAX_EXPORT_BATCH_SIZE: '1' };
  const closed = { ENABLED: 'true', OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'http://127.0.0.1:1', SITES: 'built' };
  await withService(directory, { ...closed, ...full }, async (url) => {
    assert.ok(names(await doctor(directory, TOKEN, '--url', url)).includes('delivery-fails'));
  });
  await withService(directory, {}, async (url) => {
    const checked = await doctor(directory, TOKEN, '--url', url);
    const found = names(checked);
    for (const name of ['no-endpoint-yet', 'no-sites'] as const) assert.ok(found.includes(name), `${name}: ${checked.text}`);
  });
});

test('people get cause and fix of each, the gravest last, and the exit code', async () => {
  const directory = project();
  const { status, out } = await spanwright(['doctor', directory], NO_SERVICE);
  assert.is(status, 0);
  assert.match(out, /^note {4}out\/work\.js\n {8}cause: The output .*\n {8}fix: {3}Build the project/m);
  assert.match(out, /\n0 errors, 0 warnings, \d notes\n$/);
});

test('every finding is written in docs/hosts.md, with its symptom', () => {
  const text = readFileSync(join(ROOT, 'docs/hosts.md'), 'utf8');
  const rows = Object.entries(FINDINGS);
  assert.ok(rows.length > 0);
  for (const [name, { symptom }] of rows) assert.ok(text.includes(`| \`${name}\` | ${symptom} |`), name);
});

/** Checks that need what cannot be made on a test machine, and where their condition is tested instead. */
const ELSEWHERE: readonly FindingName[] = [
  // Every project below the temporary directory finds the TypeScript of this package; see the message in loaders.test.ts.
  'no-compiler',
  // npm installs the peer dependency; without it this program itself cannot load.
  'no-api',
  // Needs port 4317, which another test or a person may hold.
  'sidecar-unused',
];

test('every finding was met by one of these tests, or it is said why not', () => {
  const missed = Object.keys(FINDINGS).filter(
    (name) => !seen.has(name as FindingName) && !ELSEWHERE.includes(name as FindingName),
  );
  assert.equal(missed, []);
});

test('explain lists the sites, and each line before and after', async () => {
  const directory = project();
  const { status, out, err } = await spanwright(['explain', join(directory, 'src/work.ts')]);
  assert.is(err, '');
  assert.is(status, 0);
  const lines = out.split('\n');
  assert.is(lines[0], 'src/work.ts: 1 site');
  assert.match(lines[1] ?? '', /^ {2}2:52 {2}conformance::work::Work::run\(job\)$/);
  assert.match(
    out,
    /^ {4}1 - import \{ instrument \} from 'spanwright';\n {6}\+ import \* as __spanwright from 'spanwright\/emitted'; import/m,
  );
});

test('explain shows misuse with its place and fails; a file without sites says why; a file that is not there fails', async () => {
  const directory = project();
  write(directory, 'src/work.ts', SOUND.replace("['job']", "['jbo']"));
  const misuse = await spanwright(['explain', join(directory, 'src/work.ts'), '--json']);
  assert.is(misuse.status, 1);
  const { diagnostics, sites } = JSON.parse(misuse.out);
  assert.is(diagnostics[0].code, 91001);
  assert.is(diagnostics[0].line, 2);
  assert.is(sites.length, 1);
  write(directory, 'src/none.ts', 'export const a = 1;\n');
  const none = await spanwright(['explain', join(directory, 'src/none.ts')]);
  assert.is(none.status, 0);
  assert.match(none.out, /nothing is instrumented\. It does not import 'spanwright'/);
  const absent = await spanwright(['explain', join(directory, 'src/absent.ts')]);
  assert.is(absent.status, 1);
  assert.match(absent.err, /cannot be read/);
});

test.run();
