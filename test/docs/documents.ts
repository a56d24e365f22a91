// Rows of code.test.ts for blocks that are no TypeScript: configuration files are loaded by the package, and the log lines and errors
// that the pages show are brought about.

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import * as assert from 'uvu/assert';
import { loadConfiguration } from '../../runtime/config/load.js';
import { ConfigurationError } from '../../runtime/errors.js';
import { instrument } from '../../runtime/index.js';
import { invoke } from '../cli/invoke.js';
import { RedisServer } from '../control/redis-server.js';
import { link, newDirectory, ROOT, write } from '../hosts/conformance/project.js';
import { assertShown, blockOf, type CodeRow, Page } from './evaluate.js';

/** Loads the configuration of a folder that holds one file. */
function load(name: string, text: string, env: Record<string, string> = {}): ReturnType<typeof loadConfiguration> {
  const cwd = newDirectory();
  writeFileSync(join(cwd, name), text);
  return loadConfiguration({ options: {}, env: name === 'tracing.toml' ? env : { OTEL_CONFIG_FILE: name, ...env }, cwd });
}

function faultsOf(name: string, text: string): string {
  try {
    load(name, text);
  } catch (error) {
    if (error instanceof ConfigurationError) return error.faults.join('\n');
    throw error;
  }
  return assert.unreachable('the configuration is accepted') as never;
}

/** A block of TOML: what the loader takes of it. */
function toml(
  page: string,
  has: string,
  ...wanted: ((configuration: ReturnType<typeof load>['configuration']) => unknown)[]
): CodeRow {
  return {
    page,
    has,
    async run(_page, { code }) {
      const parts = code.split(/^# or.*$/m);
      assert.is(parts.length, wanted.length);
      for (const [index, part] of parts.entries()) {
        const { configuration, warnings } = load('tracing.toml', part, {
          SPANWRIGHT_TRACE_HEADER_SECRET: 'a-secret-of-at-least-thirty-two-characters',
        });
        assert.equal(warnings, []);
        assert.ok(wanted[index]?.(configuration), `${part} gives ${JSON.stringify(configuration)}`);
      }
    },
  };
}

/** The line of the log with a code, without what differs. */
function logged(page: Page, code: string, count = 1): string {
  const lines = page.lines.filter((line) => line.includes(code));
  assert.is(lines.length, count, page.lines.join('\n'));
  return lines.join('\n');
}

/** An entry of tsconfig.json: what it instruments in a file of a project. */
function plugin(page: string, has: string, path: string, source: string): CodeRow {
  return {
    page,
    has,
    async run(_page, { code }) {
      const folder = newDirectory();
      const auto = code.startsWith('"auto"') ? JSON.parse(`{${code}}`) : {};
      const whole = { compilerOptions: { plugins: [{ transform: 'spanwright/transformer', ...auto }] } };
      write(folder, 'tsconfig.json', code.startsWith('"auto"') ? JSON.stringify(whole) : code);
      write(folder, 'package.json', '{ "name": "carbide", "dependencies": { "spanwright": "*" } }');
      link(folder, { typescript: join(ROOT, 'node_modules/typescript'), spanwright: ROOT });
      write(folder, path, source);
      const { out, err } = await invoke(['explain', join(folder, path)]);
      assert.match(out, `${path}: 1 site`, err);
      assert.match(out, 'carbide::');
    },
  };
}

const MARKED = "import { instrument } from 'spanwright';\nexport class Power { @instrument on(): void {} }\n";
const LONG = `export function place(item: string): string {\n${'  item += 1;\n'.repeat(12)}  return item;\n}\n`;

const normalDump = (text: string): string => text.replace(/in \/.*\/spanwright-flight-.*-(\w+)\.json/, 'in <folder>-$1.json');
const CONTROL = 'docs/control.md';

export const DOCUMENTS: readonly CodeRow[] = [
  plugin('transformer/README.md', '"namespace": "carbide" }] } }', 'src/power.ts', MARKED),
  plugin('docs/hosts.md', '"namespace": "carbide" }] } }', 'src/power.ts', MARKED),
  plugin('transformer/README.md', '"auto": [{ "files": "src/services/**"', 'src/services/orders.ts', LONG),
  plugin('docs/hosts.md', '"auto": [{ "files": "src/**"', 'src/orders.ts', LONG),
  toml(
    'docs/configuration.md',
    'allow_runtime_changes = true',
    ({ endpoint, roots }) => endpoint === 'http://otel-collector:4317' && String(roots) === 'acme::billing, kind:server',
  ),
  toml('docs/fleet.md', 'opamp_endpoint', ({ opampEndpoint }) => opampEndpoint?.startsWith('wss://')),
  toml('docs/flight-recorder.md', 'flight_recorder = "30s"', ({ flightRecorder }) => flightRecorder === 30_000),
  toml(
    'docs/recording.md',
    'trace_header = ',
    ({ traceHeader, responseHeader }) => traceHeader === 'x-trace-this' && responseHeader === 'x-trace-id',
  ),
  toml(
    'docs/instrumentations.md',
    'instrumentations = ["http", "pg"]',
    ({ instrumentations }) => JSON.stringify(instrumentations).includes('pg'),
    ({ instrumentations }) => JSON.stringify(instrumentations).includes('/healthz'),
  ),
  {
    page: 'docs/declarative-configuration.md',
    has: 'file_format: "1.1"',
    async run(_page, { code }) {
      const { configuration } = load('otel.yaml', code, { COLLECTOR_TOKEN: 't' });
      assert.equal(
        [configuration.serviceName, configuration.endpoint, configuration.scheduleDelay],
        ['power-control', 'http://otel-collector:4317', 1000],
      );
      assert.equal({ ...configuration.otlpHeaders }, { authorization: 'Bearer t' });
    },
  },
  {
    page: 'docs/declarative-configuration.md',
    has: 'tracer_provider.procesors',
    async run(_page, { code }) {
      const yaml = blockOf({ page: 'docs/declarative-configuration.md', has: 'file_format: "1.1"' }).code;
      assert.is(faultsOf('otel.yaml', yaml.replace('  processors:', '  procesors:')), code.trim());
    },
  },
  {
    page: 'docs/configuration.md',
    has: 'enabeld',
    async run(_page, { code }) {
      const { code: whole } = blockOf({ page: 'docs/configuration.md', has: 'allow_runtime_changes = true' });
      assert.is(faultsOf('tracing.toml', whole.replace('enabled = ', 'enabeld = ')).replace(/^\/.*\//, ''), code.trim());
    },
  },
  {
    page: 'docs/configuration.md',
    has: 'SPW001',
    async run(page) {
      await page.startTracing({ serviceName: 'carbide-api', endpoint: 'http://localhost:4317', exporter: undefined });
      assertShown({ page: 'docs/configuration.md', has: 'SPW001' }, logged(page, 'SPW001'));
    },
  },
  {
    page: 'docs/flight-recorder.md',
    has: 'SPW041',
    async run(page, { code }) {
      const tracing = await page.startTracing({ flightRecorder: '30s', flightDirectory: newDirectory() });
      const call = instrument({ name: 'call' }, async () => undefined);
      for (let calls = 0; calls < 5; calls += 1) await call();
      await tracing.dump('error');
      assert.is(normalDump(logged(page, 'SPW041')), normalDump(code.trim()));
    },
  },
  {
    page: 'docs/hosts.md',
    has: 'spanwright: SPW015',
    async run(page, { code }) {
      class Lone {
        @instrument one(): void {}
      }
      await page.recording();
      new Lone().one();
      // logged once a minute: by this page, or by one before it
      const sites = (text: string): string => text.trim().replace(/\d+ sites?/, '<n> sites');
      assert.equal(
        Page.logged
          .filter((line) => line.includes('SPW015'))
          .slice(0, 1)
          .map(sites),
        [sites(code)],
      );
    },
  },
  {
    page: CONTROL,
    has: 'toggleOnSignal(tracing',
    needs: ['redis-server'],
    shows: [
      'Replicas follow within',
      '"revision": 4',
      'redis spanwright:control',
      'file /etc/tracing',
      'signal SIGUSR2: enabled true',
    ],
    async run(page, block) {
      const redis = await RedisServer.start();
      const folder = newDirectory();
      const file = join(folder, 'tracing.json');
      writeFileSync(file, '{ "revision": 1 }');
      const { createClient } = await import('redis');
      const redisClient = await createClient({ url: redis.url }).connect();
      try {
        const tracing = await page.startTracing({ serviceName: 'carbide-api' });
        const code = block.code.replace('/etc/tracing/tracing.json', file);
        await page.evaluate({ ...block, code }, { given: { redisClient, startTracing: async () => tracing } });
        const words = commandWords();
        const { out, err } = await invoke(words.map((word) => word.replace('redis://127.0.0.1:6379', redis.url)));
        assertShown({ page: CONTROL, has: 'Replicas follow within' }, `$ spanwright ${shell(words)}\n${anonymous(out)}${err}`);
        await until(page, 'redis spanwright:control');
        writeFileSync(file, blockOf({ page: CONTROL, has: '"revision": 4' }).code);
        await until(page, `file ${file}`);
        for (const { id } of tracing.leases()) tracing.endLease(id);
        for (const state of ['true', 'false']) {
          process.kill(process.pid, 'SIGUSR2');
          await until(page, `signal SIGUSR2: enabled ${state}`);
        }
        const seen = page.lines
          .filter((line) => line.includes('SPW021'))
          .map((line) => anonymous(line.replace(file, '/etc/tracing/tracing.json')));
        assertShownAll(['redis spanwright:control', 'file /etc/tracing', 'signal SIGUSR2: enabled true'], seen);
      } finally {
        redisClient.destroy();
        await redis.kill();
      }
    },
  },
];

const anonymous = (text: string): string =>
  text.replace(/revision \d{10}/gi, (found) => `${found.slice(0, 8)} 1795944349`).replace(/\bby [\w.-]+@[\w.-]+/, 'by root@vm');
const commandWords = (): string[] => {
  const { code } = blockOf({ page: CONTROL, has: 'Replicas follow within' });
  const [, line = ''] = /^\$ spanwright (.*)$/m.exec(code) ?? [];
  return [...line.matchAll(/'([^']*)'|(\S+)/g)].map(([, quoted, bare]) => quoted ?? bare ?? '');
};
const shell = (words: readonly string[]): string => words.map((word) => (word.includes(' ') ? `'${word}'` : word)).join(' ');

function assertShownAll(blocks: readonly string[], lines: readonly string[]): void {
  assertShown(
    { page: CONTROL, has: blocks[0] as string },
    lines
      .filter((line) => line.includes('control source'))
      .slice(0, 1)
      .join('\n'),
  );
  assertShown({ page: CONTROL, has: blocks[1] as string }, lines.slice(1, 2).join('\n'));
  assertShown({ page: CONTROL, has: blocks[2] as string }, lines.slice(2).join('\n'));
}

async function until(page: Page, text: string): Promise<void> {
  const end = Date.now() + 10_000;
  while (!page.lines.some((line) => line.includes(text))) {
    if (Date.now() > end) throw new Error(`no line with ${text}:\n${page.lines.join('\n')}`);
    await wait(20);
  }
}
