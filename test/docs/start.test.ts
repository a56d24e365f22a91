// docs/start.md: each way to mount the hook is started as a program of its files, and the hook answers and switches a marked method on.
// Uses dist/.

import { execFile } from 'node:child_process';
import { chmodSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import ts from 'typescript';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { link, newDirectory, ROOT, write } from '../hosts/conformance/project.js';

const executeFile = promisify(execFile);
const page = readFileSync(join(ROOT, 'docs/start.md'), 'utf8');
const TOKEN = 'mFq2-9xWz-Lr71-Tk8v-Pb3n';
const LIMIT_MS = 60_000;
const PACKAGES = ['express', 'fastify', 'hono', '@hono/node-server'];

function blockAfter(text: string): string {
  const [, code] = /```ts\n([\s\S]*?)```/.exec(page.slice(page.indexOf(text))) ?? [];
  if (!page.includes(text) || code === undefined) throw new Error(`docs/start.md has no block after "${text}"`);
  return code;
}

/** Statements behind each program of the page that make it listen, and give its address as `origin`. */
const LISTENING: Readonly<Record<string, string>> = {
  'Plain Node:': 'await once(server, "listening"); const origin = of(server);',
  'Express, before': 'const server = app.listen(0, "127.0.0.1"); await once(server, "listening"); const origin = of(server);',
  'Fastify:': 'const origin = await app.listen({ port: 0, host: "127.0.0.1" });',
  'Hono on Node:':
    'const server = createAdaptorServer({ fetch: app.fetch }); server.listen(0, "127.0.0.1"); await once(server, "listening"); const origin = of(server);',
  'Koa, or any': 'const origin = new URL(server.url).origin;',
};

const HEAD = `import { once } from 'node:events';
import { createAdaptorServer } from '@hono/node-server';
import { Orders } from './orders.js';
const of = (server) => 'http://127.0.0.1:' + server.address().port;
`;
const TAIL = `
const headers = { authorization: 'Bearer ${TOKEN}', 'content-type': 'application/json' };
const before = await (await fetch(origin + '/tracing/state')).json();
const { status } = await fetch(origin + '/tracing/enabled', { method: 'PUT', headers, body: '{"enabled":true}' });
await new Orders().find('7');
const after = await (await fetch(origin + '/tracing/state', { headers })).json();
console.log(JSON.stringify([before.enabled, status, after.enabled, after.spans.started]));
process.exit();
`;

for (const [title, listening] of Object.entries(LISTENING))
  test(`${title.replace(/[,:].*/, '')}: the hook is mounted, and switches a marked method on`, async () => {
    const directory = newDirectory();
    const packages = PACKAGES.map((name) => [name, join(ROOT, 'node_modules', name)]);
    link(directory, { spanwright: ROOT, ...Object.fromEntries(packages) });
    const compile = (path: string, source: string): void => {
      const compilerOptions = {
        target: ts.ScriptTarget.ES2022,
        module: ts.ModuleKind.ESNext,
        experimentalDecorators: true,
      };
      const code = source.replaceAll('/run/secrets/tracing-token', join(directory, 'token'));
      write(directory, path, ts.transpileModule(code, { compilerOptions }).outputText);
    };
    write(directory, 'package.json', '{ "type": "module" }');
    write(directory, 'token', TOKEN);
    chmodSync(join(directory, 'token'), 0o600);
    compile('tracing.js', blockAfter('`src/tracing.ts`'));
    compile('orders.js', blockAfter('`src/orders.ts`'));
    const own = blockAfter(title)
      .replace(/^createServer\(/m, 'const server = createServer(')
      .replace('.listen(3000)', '.listen(0)')
      .replace('{ tracing, tokenFile', '{ tracing, port: 0, tokenFile');
    compile('main.js', `${HEAD}${own}${listening}${TAIL}`);
    const env = { ...process.env, OTEL_TRACES_EXPORTER: 'console', OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'http://127.0.0.1:9' };
    const { stdout } = await executeFile(process.execPath, ['main.js'], { cwd: directory, env, timeout: LIMIT_MS });
    assert.equal(JSON.parse(/^\[.*\]$/m.exec(stdout)?.[0] ?? 'null'), [false, 200, true, 1]);
  });

test.run();
