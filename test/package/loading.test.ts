// Modules that a service loads: with the import, with startTracing() while tracing is off, and with the first spans. Uses dist/.

import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { builtParts } from '../../bench/built-parts.js';

const PROJECT = join(__dirname, '..', '..');
const RUNTIME = join(PROJECT, 'dist', 'runtime');
const ENTRY = join(RUNTIME, 'index.js');
/** A port without a listener. */
const ENDPOINT = 'http://127.0.0.1:9';

/** Modules of a built file. */
const modulesIn = (file: string): string[] => builtParts(readFileSync(join(RUNTIME, file), 'utf8')).map(({ name }) => name);

interface Loaded {
  /** Files of spanwright, below dist/runtime/. */
  readonly files: readonly string[];
  /** Modules in these files, below runtime/: a file that is loaded runs all of its modules. */
  readonly own: readonly string[];
  /** Packages beside it. */
  readonly packages: readonly string[];
}

/** Runs the steps one after another in a new process, and lists what was loaded after each. */
function loadedAfter(...steps: string[]): Loaded[] {
  const program = `(async () => {
    const lists = [];
    let spanwright, tracing;
    for (const step of ${JSON.stringify(steps)}) {
      await eval('(async () => {' + step + '})()');
      lists.push(Object.keys(require.cache));
    }
    process.stdout.write(JSON.stringify(lists), () => process.exit());
  })();`;
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^(OTEL|SPANWRIGHT|NODE_OPTIONS)/.test(name)));
  const output = execFileSync(process.execPath, ['-e', program], {
    cwd: PROJECT,
    encoding: 'utf8',
    env,
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  return (JSON.parse(output) as string[][]).map((all) => {
    const paths = all.map((file) => file.replaceAll('\\', '/'));
    const files = paths.flatMap((path) => path.split('/dist/runtime/')[1] ?? []);
    return {
      files,
      own: files.flatMap(modulesIn),
      packages: [...new Set(paths.map((path) => /.*\/node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(path)?.[1] ?? ''))]
        .filter((name) => name !== '')
        .sort(),
    };
  });
}

const IMPORT = `spanwright = require(${JSON.stringify(ENTRY)})`;
const start = (options: object): string =>
  `tracing = await spanwright.startTracing(${JSON.stringify({ serviceName: 's', ...options })})`;
const CALL = `spanwright.instrument({ namespace: 'n', name: 'c' }, () => 1)(); await tracing.forceFlush({ timeout: '2s' })`;
const EXPORTER = ['@opentelemetry/exporter-trace-otlp-grpc', '@opentelemetry/otlp-transformer', '@opentelemetry/sdk-metrics'];
const ofSetUp = (path: string): boolean => /^(admin|config|control|export|logs)\/|^setup\/(start|sampler|live|own)\b/.test(path);
const ofExport = (path: string): boolean => /^export\/(encode|grpc-carrier|http-carrier|probe)|^instrumentations\//.test(path);

test('an import loads the API and no module of the set-up', () => {
  const [imported] = loadedAfter(IMPORT);
  assert.equal(imported?.packages, ['@opentelemetry/api']);
  assert.equal(imported?.own.filter(ofSetUp), []);
  assert.ok(imported?.own.includes('instrument/decorate.ts'));
});

test('every module is in one built file only, so that its state exists once', () => {
  const files = readdirSync(RUNTIME, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.js'));
  const modules = files.flatMap(modulesIn).sort();
  assert.ok(modules.includes('state.ts') && modules.includes('export/encode.ts') && modules.includes('admin/page.ts'));
  assert.equal([...new Set(modules)], modules);
});

/** Rolldown 1.0.0-rc.17, the one of tsdown 0.21, gives that function the same name, and then calls the variable before its declaration. */
test('no variable of a built file has the name of the function that a bundler makes of a CommonJS file', () => {
  const files = readdirSync(RUNTIME, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.js'));
  const named = files.filter((file) => /\brequire_\w/.test(readFileSync(join(RUNTIME, file), 'utf8')));
  assert.ok(files.length > 10);
  assert.equal(named, []);
});

/** The cost of an import grows with what is read and compiled; unlike a time these numbers are the same on every machine. */
const IMPORT_LIMIT = { files: 3, bytes: 265_000 };

test('an import reads a bounded number of files and bytes', () => {
  const [imported] = loadedAfter(IMPORT);
  const files = imported?.files ?? [];
  const bytes = files.reduce((sum, file) => sum + statSync(join(RUNTIME, file)).size, 0);
  assert.ok(files.length <= IMPORT_LIMIT.files, files.join(', '));
  assert.ok(bytes <= IMPORT_LIMIT.bytes, `${bytes} bytes`);
});

test('startTracing() while off loads no exporter, serializer or other package, with an endpoint or without', () => {
  for (const options of [
    {},
    { endpoint: ENDPOINT },
    { endpoint: 'http://127.0.0.1:9/v1/traces', otlpProtocol: 'http/protobuf' },
  ]) {
    const [, started, called] = loadedAfter(IMPORT, start(options), CALL);
    assert.ok(started?.own.some(ofSetUp));
    assert.equal(started?.packages, ['@opentelemetry/api']);
    assert.equal(called?.packages, ['@opentelemetry/api'], 'a call that is not recorded loads nothing');
    assert.equal(called?.own.filter(ofExport), []);
  }
});

test('the OpAMP client loads where opamp_endpoint is set, and `ws` for a WebSocket', () => {
  const ofOpamp = (path: string): boolean => path.startsWith('control/');
  const [, without] = loadedAfter(IMPORT, start({ endpoint: ENDPOINT }));
  assert.equal(without?.own.filter(ofOpamp), []);
  const [, http] = loadedAfter(IMPORT, start({ opampEndpoint: 'http://127.0.0.1:9/v1/opamp' }));
  assert.ok(http?.own.includes('control/opamp/agent.ts'));
  assert.equal(http?.packages, ['@opentelemetry/api']);
  const [, webSocket] = loadedAfter(IMPORT, start({ opampEndpoint: 'ws://127.0.0.1:9/v1/opamp' }));
  assert.equal(webSocket?.packages, ['@opentelemetry/api', 'ws']);
});

test('exporter and serializer load when tracing is switched on', () => {
  const [, , switchedOn] = loadedAfter(
    IMPORT,
    start({ endpoint: ENDPOINT, allowRuntimeChanges: true }),
    `tracing.setEnabled(true); ${CALL}`,
  );
  for (const name of EXPORTER) assert.ok(switchedOn?.packages.includes(name), name);
  assert.ok(switchedOn?.own.some(ofExport));
});

test.run();
