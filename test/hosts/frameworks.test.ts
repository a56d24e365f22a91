// limit: 300 s
// Applications of frameworks that build with Vite or Nitro: SvelteKit and Nuxt, built and started, and React Router's development server, which
// loads every module again after an edit. Each is switched on by the admin hook. The set-up is that of docs/hosts.md. Needs Node.js 22 or later.

import { cpSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { ReceivedSpan } from '../../viewer/receiver/decode.js';
import { blocksOf, fileOf } from '../docs/pages.js';
import { digestOf, keep } from '../kept.js';
import { freePorts } from '../real/support/program.js';
import { folderIn, receiver, startServer } from './applications.js';
import { ROOT, write } from './conformance/project.js';
import { execute, NODE24, part, testWith } from './conformance/suite.js';

const TOKEN = 'a-token-of-thirty-two-characters';
const QUIET = { CI: 'true', NUXT_TELEMETRY_DISABLED: '1' };

const pageFile = (name: string): string => blocksOf('docs/hosts.md').find((block) => fileOf(block) === name)?.code ?? '';

const STOCK = `import { instrument } from 'spanwright';
export class Stock {
  @instrument({ args: ['item'] })
  async count(item: string): Promise<number> {
    return new Warehouse().lookUp(item, 2);
  }
}
export class Warehouse {
  async lookUp(item: string, factor: number): Promise<number> {
    await Promise.resolve();
    return item.length * factor;
  }
}
`;
const PRICE = `import { instrument } from 'spanwright';
export class Price {
  @instrument of(item: string) { return item.length * 3; }
}
`;
/** With a free port for the hook. */
const SETUP = pageFile('src/hooks.server.ts').replace('({ tracing })', '({ tracing, port: Number(process.env.ADMIN) })');
const ENTRY = (files: string) => ({ transform: 'spanwright/transformer', namespace: 'shop', auto: [{ files }] });

/** The installed files of the package, as npm puts them there: Vite compiles what lies outside of node_modules. */
function application(files: Readonly<Record<string, object | string>>): string {
  const folder = folderIn('frameworks');
  for (const [path, content] of Object.entries({
    'package.json': { name: 'shop', private: true, type: 'module', dependencies: { spanwright: '*' } },
    ...files,
  }))
    write(folder, path, typeof content === 'string' ? content : JSON.stringify(content));
  const installed = join(folder, 'node_modules/spanwright');
  cpSync(join(ROOT, 'dist'), join(installed, 'dist'), { recursive: true });
  cpSync(join(ROOT, 'package.json'), join(installed, 'package.json'));
  return folder;
}

/** Kept by the content of the application, of dist and of the packages. */
async function build(folder: string, command: readonly string[], output: string): Promise<void> {
  const key = [...command, output, digestOf(part('frameworks'), ['package.json', '.stamp']), digestOf(folder, ['.'])].join('\0');
  const kept = await keep(key, (made) => {
    execute(folder, NODE24, command, QUIET);
    cpSync(join(folder, output), made, { recursive: true, verbatimSymlinks: true });
  });
  rmSync(join(folder, output), { recursive: true, force: true });
  cpSync(kept, join(folder, output), { recursive: true, verbatimSymlinks: true });
}

const headers = { authorization: `Bearer ${TOKEN}`, 'content-type': 'application/json' };

class Service {
  readonly url: string;
  readonly #admin: string;
  printed = '';

  constructor(folder: string, command: readonly string[], [port, admin]: readonly number[]) {
    this.url = `http://127.0.0.1:${port}`;
    this.#admin = `http://127.0.0.1:${admin}/tracing`;
    const env = {
      ...{ ...process.env, ...QUIET, PORT: String(port), HOST: '127.0.0.1', ADMIN: String(admin), SPANWRIGHT_ADMIN_TOKEN: TOKEN },
      ...{ OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: receiver.endpoint, OTEL_BSP_SCHEDULE_DELAY: '100' },
    };
    const args = command.map((word) => (word === 'PORT' ? String(port) : word));
    const server = startServer(NODE24, args, { cwd: folder, env });
    for (const stream of [server.stdout, server.stderr])
      stream.on('data', (data) => {
        this.printed += data;
      });
  }

  async count(item: string): Promise<unknown> {
    const response = await fetch(`${this.url}/api/work?item=${item}`).catch(() => undefined);
    const text = (await response?.text()) ?? '';
    return response?.status === 200 ? JSON.parse(text).count : text;
  }

  async until(item: string, count: number): Promise<void> {
    let seen: unknown;
    for (const last = Date.now() + 60_000; Date.now() < last; await new Promise((done) => setTimeout(done, 100))) {
      seen = await this.count(item);
      if (seen === count) return;
    }
    assert.unreachable(`${item}: ${JSON.stringify(seen)}\n${this.printed}`);
  }

  async switchOn(): Promise<void> {
    const { status } = await fetch(`${this.#admin}/enabled`, { method: 'PUT', headers, body: '{"enabled":true,"for":"5m"}' });
    assert.is(status, 200, this.printed);
  }

  async sites(): Promise<string[]> {
    const { sites } = (await (await fetch(`${this.#admin}/sites`, { headers })).json()) as { sites: Record<string, string>[] };
    return sites.map(({ name, file, line }) => `${name} ${file}:${line}`);
  }
}

/** The calls of one request hang together, with the names and places of the sources. */
async function assertRecorded(item: string, rows: readonly string[]): Promise<void> {
  const of = (spans: readonly ReceivedSpan[]) => spans.find(({ attributes }) => attributes.item === item);
  await receiver.waitFor((spans) => spans.some(({ parentSpanId }) => of(spans)?.spanId === parentSpanId), 20_000);
  const counted = of(receiver.spans);
  const trace = receiver.spans.filter(({ traceId }) => traceId === counted?.traceId);
  const placed = trace.map(
    ({ name, attributes }) =>
      `${name} ${attributes['code.namespace']} ${attributes['code.file.path']}:${attributes['code.line.number']}`,
  );
  for (const row of rows) assert.is(placed.filter((one) => one === row).length, 1, `${row} in\n${placed.join('\n')}`);
  assert.is(trace.find(({ name }) => name === 'Warehouse.lookUp')?.parentSpanId, counted?.spanId);
}

function assertClientIsLeftAlone(top: string): void {
  const scripts = readdirSync(top, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.js'));
  const all = scripts.map((file) => readFileSync(join(top, file), 'utf8')).join('');
  assert.match(all, /\* ?3/);
  assert.not.match(all, /shop::|shop\*|opentelemetry\.js\.api|Warehouse/);
}

const declare = testWith('frameworks', 'node24');

declare('SvelteKit: built by adapter-node, recorded after the switch, and nothing of it in the client', async () => {
  const ports = await freePorts(2);
  const folder = application({
    'vite.config.ts': `import adapter from '@sveltejs/adapter-node';
import { sveltekit } from '@sveltejs/kit/vite';
import spanwright from 'spanwright/unplugin/vite';
export default { plugins: [spanwright(), sveltekit({ adapter: adapter() })] };
`,
    'tsconfig.json': { extends: '$app/tsconfig', compilerOptions: { plugins: [ENTRY('src/**')] }, include: ['src'] },
    'src/hooks.server.ts': SETUP,
    'src/app.html': '<html><head>%sveltekit.head%</head><body><div>%sveltekit.body%</div></body></html>',
    'src/lib/server/stock.ts': STOCK,
    'src/lib/price.ts': PRICE,
    'src/routes/+page.svelte':
      "<script lang=\"ts\">import { Price } from '../lib/price'; let item = $state('fig');</script><button onclick={() => (item += 'g')}>{new Price().of(item)}</button>",
    'src/routes/api/work/+server.ts': `import { Stock } from '../../../lib/server/stock';
export async function GET({ url }: { url: URL }) {
  return Response.json({ count: await new Stock().count(url.searchParams.get('item') ?? '') });
}
`,
  });
  await build(folder, [part('frameworks/node_modules/vite/bin/vite.js'), 'build'], 'build');
  assertClientIsLeftAlone(join(folder, 'build/client'));
  const service = new Service(folder, ['build/index.js'], ports);
  await service.until('off', 6);
  await service.switchOn();
  assert.is(await service.count('kit'), 6);
  await assertRecorded('kit', [
    'GET shop::src::routes::api::work::+server src/routes/api/work/+server.ts:2',
    'Stock.count shop::src::lib::server::stock::Stock src/lib/server/stock.ts:4',
    'Warehouse.lookUp shop::src::lib::server::stock::Warehouse src/lib/server/stock.ts:9',
  ]);
  assert.not.ok(receiver.spans.some(({ attributes }) => attributes.item === 'off'));
});

declare("React Router's development server: each edit counts, the set-up runs on, and so does the switch", async () => {
  const ports = await freePorts(2);
  const work = `import { Stock } from '../lib/stock.server';
export async function loader({ request }: { request: Request }) {
  return Response.json({ count: await new Stock().count(new URL(request.url).searchParams.get('item') ?? '') });
}
`;
  const entry = readFileSync(
    part('frameworks/node_modules/@react-router/dev/dist/config/defaults/entry.server.node.tsx'),
    'utf8',
  );
  const folder = application({
    'package.json': {
      ...{ name: 'shop', private: true, type: 'module' },
      dependencies: { spanwright: '*', '@react-router/node': '*', isbot: '*' },
    },
    'vite.config.ts': `import { reactRouter } from '@react-router/dev/vite';
import spanwright from 'spanwright/unplugin/vite';
export default { plugins: [spanwright(), reactRouter()] };
`,
    'tsconfig.json': {
      compilerOptions: {
        ...{ target: 'ES2022', module: 'ES2022', moduleResolution: 'bundler', jsx: 'react-jsx', strict: true },
        plugins: [ENTRY('app/lib/**')],
      },
      include: ['app'],
    },
    'app/tracing.server.ts': SETUP.replace(/export async function init\(\) \{([\s\S]*)\}/, '$1'),
    'app/entry.server.tsx': `import './tracing.server';\n${entry}`,
    'app/routes.ts': "import { route } from '@react-router/dev/routes';\nexport default [route('api/work', 'routes/work.ts')];\n",
    'app/root.tsx':
      "import { Outlet } from 'react-router';\nexport default function Root() { return <html><body><Outlet /></body></html>; }\n",
    'app/routes/work.ts': work,
    'app/lib/stock.server.ts': STOCK,
  });
  const command = part('frameworks/node_modules/@react-router/dev/bin.cjs');
  const service = new Service(folder, [command, 'dev', '--port', 'PORT', '--host', '127.0.0.1'], ports);
  await service.until('off', 6);
  await service.switchOn();
  for (let lines = 1; lines <= 2; lines++) {
    write(folder, 'app/lib/stock.server.ts', '\n'.repeat(lines) + STOCK.replace('* factor', `* factor + ${lines}`));
    await service.until(`edit${lines}`, 10 + lines);
    await assertRecorded(`edit${lines}`, [
      `Stock.count shop::app::lib::stock.server::Stock app/lib/stock.server.ts:${4 + lines}`,
      `Warehouse.lookUp shop::app::lib::stock.server::Warehouse app/lib/stock.server.ts:${9 + lines}`,
    ]);
    assert.equal((await service.sites()).sort(), [
      `Stock.count app/lib/stock.server.ts:${4 + lines}`,
      `Warehouse.lookUp app/lib/stock.server.ts:${9 + lines}`,
    ]);
  }
  assert.is(service.printed.split('SPW001').length - 1, 1, service.printed);
});

declare(
  'Nuxt: routes of Nitro and components, built and recorded after the switch, and nothing of it in the client',
  async () => {
    const ports = await freePorts(2);
    const folder = application({
      'nuxt.config.ts': pageFile('nuxt.config.ts'),
      'tsconfig.json': {
        files: [],
        references: ['app', 'server', 'shared'].map((name) => ({ path: `./.nuxt/tsconfig.${name}.json` })),
      },
      'server/plugins/tracing.ts': SETUP.replace(
        'export async function init() {',
        'export default defineNitroPlugin(async () => {',
      ).replace(/\}\s*$/, '});\n'),
      'server/utils/stock.ts': STOCK,
      'shared/utils/price.ts': PRICE,
      'server/api/work.get.ts':
        "export default defineEventHandler(async (event) => ({ count: await new Stock().count(String(getQuery(event).item ?? '')) }));\n",
      'app/app.vue':
        '<script setup lang="ts">const item = ref(\'fig\');</script>\n<template><button @click="item += \'g\'">{{ new Price().of(item) }}</button></template>\n',
    });
    await build(folder, [part('frameworks/node_modules/nuxt/bin/nuxt.mjs'), 'build'], '.output');
    assertClientIsLeftAlone(join(folder, '.output/public'));
    const service = new Service(folder, ['.output/server/index.mjs'], ports);
    await service.until('off', 6);
    await service.switchOn();
    assert.match(await (await fetch(service.url)).text(), /<button>9</);
    assert.is(await service.count('nuxt'), 8);
    await assertRecorded('nuxt', [
      'Stock.count shop::server::utils::stock::Stock server/utils/stock.ts:4',
      'Warehouse.lookUp shop::server::utils::stock::Warehouse server/utils/stock.ts:9',
    ]);
    assert.ok(receiver.spans.some(({ attributes }) => attributes['code.namespace'] === 'shop::shared::utils::price::Price'));
  },
);

test.run();
