// limit: 600 s
// A Next application, built by Turbopack with spanwright/loader and by webpack with the plugin, started by `next start` and switched on by the
// admin hook: route handlers, server components and server actions are recorded, edge routes and client components run as they are.

import { spawnSync } from 'node:child_process';
import { cpSync, readdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { ReceivedSpan } from '../../viewer/receiver/decode.js';
import { digestOf, keep } from '../kept.js';
import { freePorts } from '../real/support/program.js';
import { folderIn, receiver, startServer } from './applications.js';
import { ROOT, write } from './conformance/project.js';
import { part, testWith } from './conformance/suite.js';
import { NEXT_TC39, nextTitleOf } from './matrix.js';
import { nextApp } from './next-app.js';

const NEXT = part('next/node_modules/next/dist/bin/next');
const LOCK = 'node_modules/.package-lock.json';
const QUIET = { NEXT_TELEMETRY_DISABLED: '1', CI: 'true' };

/** Turbopack follows no link out of its root, which is therefore the folder of this project. */
function application(kind: 'legacy' | 'TC39' = 'legacy'): string {
  const folder = folderIn('next');
  for (const [path, text] of Object.entries(nextApp(ROOT))) write(folder, path, text);
  const tsconfig = JSON.parse(readFileSync(join(folder, 'tsconfig.json'), 'utf8'));
  tsconfig.compilerOptions.experimentalDecorators = kind === 'legacy';
  write(folder, 'tsconfig.json', JSON.stringify(tsconfig));
  write(folder, 'node_modules/.keep', '');
  symlinkSync(ROOT, join(folder, 'node_modules/spanwright'), 'junction');
  return folder;
}

/**
 * Kept by the content of the application, of dist and of the packages.
 * @throws Error with what Next printed
 */
async function build(folder: string, bundler: string): Promise<void> {
  const env = { ...process.env, ...QUIET };
  const args = [NEXT, 'build', `--${bundler}`];
  const installed = digestOf(ROOT, ['dist', 'package.json', LOCK]) + digestOf(part('next'), ['package.json', '.stamp']);
  const kept = await keep([process.version, ...args, installed, digestOf(folder, ['.'])].join('\0'), (made) => {
    const { status, stdout, stderr } = spawnSync(process.execPath, args, {
      cwd: folder,
      encoding: 'utf8',
      timeout: 280_000,
      env,
    });
    assert.is(status, 0, `next build --${bundler}:\n${stdout}${stderr}`);
    rmSync(join(folder, '.next/cache'), { recursive: true, force: true });
    cpSync(join(folder, '.next'), made, { recursive: true });
  });
  cpSync(kept, join(folder, '.next'), { recursive: true });
}

interface Started {
  readonly url: string;
  /** Of the admin hook. */
  readonly admin: string;
}

async function start(folder: string, service: string, command: 'start' | 'dev' = 'start'): Promise<Started> {
  const [port] = await freePorts(1);
  const env = { ...process.env, ...QUIET, SERVICE: service, OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: receiver.endpoint };
  const server = startServer(process.execPath, [NEXT, command, '-p', String(port), '-H', '127.0.0.1'], { cwd: folder, env });
  let printed = '';
  const admin = await new Promise<string>((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`the server did not start:\n${printed}`)), 60_000);
    const hear = (data: Buffer): void => {
      printed += data;
      const url = /ADMIN (\S+)/.exec(printed)?.[1];
      if (url === undefined || !printed.includes('Ready')) return;
      clearTimeout(timer);
      resolve(url);
    };
    server.stdout.on('data', hear);
    server.stderr.on('data', hear);
    server.once('exit', () => reject(new Error(`the server ended:\n${printed}`)));
  });
  return { url: `http://127.0.0.1:${port}`, admin };
}

const text = async (url: string, init?: RequestInit): Promise<string> => (await fetch(url, init)).text();

function assertClientIsLeftAlone(folder: string): void {
  const top = join(folder, '.next/static');
  const scripts = readdirSync(top, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.js'));
  const all = scripts.map((file) => readFileSync(join(top, file), 'utf8')).join('');
  assert.match(all, /onClick/);
  assert.not.match(all, /shop::|AsyncLocalStorage\(\)|opentelemetry\.js\.api/);
}

const withNext = testWith('next');
for (const bundler of ['turbopack', 'webpack'] as const)
  withNext(nextTitleOf(bundler), async () => {
    const folder = application();
    await build(folder, bundler);
    assertClientIsLeftAlone(folder);
    const service = `shop by ${bundler}`;
    const { url, admin } = await start(folder, service);
    assert.is(await text(`${url}/api/work?item=before`), '{"count":6}');
    assert.is(await text(`${url}/api/edge`), '{"edge":4}');
    const asked = BigInt(Date.now()) * 1_000_000n;
    const { status } = await fetch(`${admin}/enabled`, {
      method: 'PUT',
      headers: { authorization: 'Bearer a-token-of-thirty-two-characters', 'content-type': 'application/json' },
      body: '{"enabled":true,"for":"5m"}',
    });
    assert.is(status, 200);
    const page = await text(url);
    assert.match(page, /<p id="count">4/);
    assert.match(page, /id="client">9/);
    assert.is(await text(`${url}/api/work?item=melon`), '{"count":5}');
    const form = new FormData();
    form.set(/\$ACTION_ID_\w+/.exec(page)?.[0] ?? 'no action', '');
    form.set('item', 'plums');
    assert.is((await fetch(url, { method: 'POST', body: form })).status, 200);
    const own = (spans: readonly ReceivedSpan[]): ReceivedSpan[] =>
      spans.filter(
        (one) => one.resource.attributes['service.name'] === service && one.attributes['code.file.path'] !== undefined,
      );
    await receiver.waitFor((spans) => own(spans).some(({ name }) => name === 'buy'), 20_000);
    const seen = own(receiver.spans);
    const rows = seen.map(({ name, attributes }) => `${name} ${attributes['code.file.path']} ${attributes.item ?? ''}`.trim());
    for (const row of [
      'Page app/page.tsx',
      'Stock.count lib/stock.ts pear',
      'GET app/api/work/route.ts',
      'Stock.count lib/stock.ts melon',
    ])
      assert.ok(rows.includes(row), `${row} is missing in ${rows.join(', ')}`);
    assert.is(rows.filter((row) => row === 'Stock.count lib/stock.ts melon').length, 1);
    assert.not.ok(
      rows.some((row) => row.includes('before')),
      rows.join(', '),
    );
    for (const { name, startTimeUnixNano } of seen) assert.ok(BigInt(startTimeUnixNano) >= asked, name);
    const action = seen.find(({ name }) => name === 'buy');
    const counted = seen.find(({ attributes }) => attributes.item === 'plums');
    assert.is(counted?.parentSpanId, action?.spanId);
    assert.is(action?.attributes['code.file.path'], 'app/actions.ts');
  });

withNext(NEXT_TC39, async () => {
  const folder = application('TC39');
  const { url, admin } = await start(folder, 'shop in development', 'dev');
  const authored = readFileSync(join(folder, 'lib/stock.ts'), 'utf8');
  for (let lines = 0; lines <= 4; lines++) {
    write(folder, 'lib/stock.ts', `${'\n'.repeat(lines)}${authored.replace('item.length', `item.length + ${lines}`)}`);
    await until(async () => (await text(`${url}/api/work?item=pear`)) === `{"count":${4 + lines}}`);
    const { sites } = JSON.parse(await text(`${admin}/sites`)) as { sites: { file: string; line: number }[] };
    const places = sites.flatMap(({ file, line }) => (file === 'lib/stock.ts' ? [line] : []));
    assert.equal(places, [4 + lines]);
  }
});

async function until(condition: () => Promise<boolean>): Promise<void> {
  for (const end = Date.now() + 60_000; !(await condition()); await new Promise((done) => setTimeout(done, 100)))
    if (Date.now() > end) throw new Error('the server does not serve the new version');
}

test.run();
