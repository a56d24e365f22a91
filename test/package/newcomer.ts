// A newcomer: from the README's first command in an empty folder to a waterfall of one's own code in Chromium, with the packages as packed.
// Called by tarball.test.ts, which prints the times.

import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import { Browser } from '../admin/page/browser.js';
import { readmeBlock } from '../samples/readme-example.js';
import type { Consumer, Tarball } from './consumer.js';

export interface Step {
  readonly name: string;
  readonly seconds: number;
}

export interface Waterfall {
  readonly steps: readonly Step[];
  /** Names of the spans of the trace that failed, from the top. */
  readonly spans: readonly string[];
  /** Span names that the viewer's tools return to a client of the Model Context Protocol. */
  readonly toAssistant: readonly string[];
}

/** @param user an empty folder. */
export async function reachWaterfall(user: Consumer, spanwright: Tarball, viewer: Tarball): Promise<Waterfall> {
  const steps: Step[] = [];
  const timed = async <T>(name: string, step: () => Promise<T>): Promise<T> => {
    const begin = performance.now();
    const result = await step();
    steps.push({ name, seconds: (performance.now() - begin) / 1000 });
    return result;
  };
  await timed('install', async () => {
    await user.install(spanwright, ['@opentelemetry/api', 'typescript', 'ts-patch']);
    await user.install(viewer, []);
  });
  user.write('tsconfig.json', readmeBlock('`tsconfig.json`', 'json'));
  user.write('src/power.ts', readmeBlock('`src/power.ts`', 'ts'));
  await timed('build', async () => {
    const { code, stdout } = await user.run('npx', ['--no-install', 'tspc']);
    if (code !== 0) throw new Error(stdout);
  });
  const shown = await timed('start the viewer', () => startView(user));
  try {
    await timed('run', async () => {
      const environment = `OTEL_EXPORTER_OTLP_TRACES_ENDPOINT=${shown.grpc}`;
      const { code, stderr } = await user.run('env', [environment, process.execPath, '--enable-source-maps', 'build/power.js']);
      if (code !== 0) throw new Error(stderr);
    });
    const spans = await timed('open the waterfall', () => openWaterfall(shown.view));
    return { steps, spans, toAssistant: await askAsAssistant(user, shown.view) };
  } finally {
    shown.child.kill('SIGTERM');
  }
}

interface Shown {
  readonly child: ChildProcess;
  readonly view: string;
  readonly grpc: string;
}

async function startView(user: Consumer): Promise<Shown> {
  const ports = ['--port', '0', '--grpc-port', '0', '--http-port', '0'];
  const program = join(user.folder, 'node_modules/.bin/spanwright');
  const child = spawn(program, ['view', '--json', ...ports], { cwd: user.folder, stdio: ['ignore', 'pipe', 'inherit'] });
  const line = await new Promise<string>((resolve, reject) => {
    child.stdout.once('data', (part) => resolve(String(part)));
    child.once('exit', (code) => reject(new Error(`spanwright view ended with ${code}`)));
  });
  return { child, ...(JSON.parse(line) as { view: string; grpc: string }) };
}

async function openWaterfall(view: string): Promise<string[]> {
  const browser = await Browser.start();
  try {
    const { page } = await browser.visit(view);
    await page.locator('.traces tr.failed a').click();
    await page.locator('.span-row').first().waitFor();
    return await page.locator('.span-row .text').allTextContents();
  } finally {
    await browser.close();
  }
}

async function askAsAssistant(user: Consumer, view: string): Promise<string[]> {
  const [{ Client }, { StdioClientTransport }] = await Promise.all([
    import('@modelcontextprotocol/sdk/client/index.js'),
    import('@modelcontextprotocol/sdk/client/stdio.js'),
  ]);
  const client = new Client({ name: 'newcomer', version: '1.0.0' });
  const command = join(user.folder, 'node_modules/.bin/spanwright');
  const args = ['view', '--mcp', '--port', new URL(view).port];
  await client.connect(new StdioClientTransport({ command, args, cwd: user.folder, stderr: 'ignore' }));
  try {
    const { content } = await client.callTool({ name: 'search_traces', arguments: {} });
    const { traces } = JSON.parse((content as { text: string }[])[0]?.text ?? '{}') as { traces: { name: string }[] };
    return traces.map(({ name }) => name);
  } finally {
    await client.close();
  }
}
