// A newcomer in an empty folder, for each program of newcomer-programs.ts: installs, pastes, starts, sends a request, and waits for the
// span of its method. Called by main.ts; `npm run bench -- newcomer --write docs/comparison.md` writes the table. Spanwright is installed
// as it is packed; everything else comes from npm.

import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { lstatSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { promisify } from 'node:util';
import { Consumer } from '../test/package/consumer.js';
import { lineCount, type Program, programs } from './newcomer-programs.js';
import { type Budget, machine, type Outcome } from './report.js';

const executeFile = promisify(execFile);
/** Rounds run forwards and backwards; a row has the least of its times. */
const ROUNDS = 2;
const INSTALL_LIMIT = 600_000;
const SPAN_LIMIT = 90_000;
const PORT_LIMIT = 60_000;

interface Seen {
  /** Version of the first package of the tracing. */
  readonly version: string;
  readonly install: number;
  readonly firstSpan: number;
  /** Packages of the tracing, in production. */
  readonly packages: number;
  readonly bytes: number;
  /** Above `bytes`, for what the page installs for development. */
  readonly developmentBytes: number;
  readonly files: number;
  readonly lines: number;
}

/** Accepts what any exporter or agent sends, and waits for the name of the span. */
class Backend {
  readonly #server: Server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      if (request.url?.includes('traces') && Buffer.concat(chunks).includes('find')) this.#arrived();
      response.setHeader(
        'content-type',
        request.headers['content-type']?.includes('protobuf') ? 'application/x-protobuf' : 'application/json',
      );
      response.end(request.headers['content-type']?.includes('protobuf') ? '' : '{}');
    });
  });
  #arrived = (): void => {};
  readonly arrival = new Promise<void>((resolve) => {
    this.#arrived = resolve;
  });

  async listen(): Promise<string> {
    this.#server.listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  close(): void {
    this.#server.closeAllConnections();
    this.#server.close();
  }
}

function sizeOf(folder: string): number {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .map((name) => lstatSync(join(folder, name)))
    .reduce((bytes, entry) => bytes + (entry.isFile() ? entry.size : 0), 0);
}

class Newcomer {
  readonly folder = mkdtempSync(join(tmpdir(), 'newcomer-'));

  constructor(
    readonly program: Program,
    readonly tarballs: ReadonlyMap<string, string>,
  ) {
    mkdirSync(join(this.folder, 'node_modules'));
    this.#write('package.json', '{ "private": true }');
  }

  #write(path: string, text: string): void {
    mkdirSync(dirname(join(this.folder, path)), { recursive: true });
    writeFileSync(join(this.folder, path), text);
  }

  /** Seconds. */
  async #install(names: readonly string[], ...flags: string[]): Promise<number> {
    if (names.length === 0) return 0;
    const begin = performance.now();
    const args = ['install', '--prefer-offline', '--no-audit', '--no-fund', '--loglevel=error', ...flags];
    await executeFile('npm', [...args, ...names.map((name) => this.tarballs.get(name) ?? name)], {
      cwd: this.folder,
      timeout: INSTALL_LIMIT,
    });
    return (performance.now() - begin) / 1000;
  }

  #packages(): number {
    const { packages } = JSON.parse(readFileSync(join(this.folder, 'package-lock.json'), 'utf8')) as { packages: object };
    return Object.keys(packages).length - 1;
  }

  async run(): Promise<Seen> {
    const { service, tracing, development, files, lines } = this.program;
    const modules = join(this.folder, 'node_modules');
    await this.#install(service);
    const before = { bytes: sizeOf(modules), packages: service.length > 0 ? this.#packages() : 0 };
    const production = await this.#install(tracing);
    const after = { bytes: sizeOf(modules), packages: this.#packages() };
    const forDevelopment = await this.#install(development, '--save-dev');
    const whole = sizeOf(modules);
    const manifest = JSON.parse(readFileSync(join(this.folder, 'package.json'), 'utf8')) as object;
    for (const [path, text] of Object.entries(files)) {
      this.#write(path, path === 'package.json' ? JSON.stringify({ ...manifest, ...JSON.parse(text) }) : text);
    }
    writeFileSync(join(this.folder, 'tracing-token'), 'mFq2-9xWz-Lr71-Tk8v-Pb3n', { mode: 0o600 });
    const typed = Object.entries(files).filter(([path]) => path !== 'package.json');
    const [first = ''] = tracing.map((name) => name.replace(/(?<=.)@.*$/, ''));
    return {
      version: (JSON.parse(readFileSync(join(modules, first, 'package.json'), 'utf8')) as { version: string }).version,
      install: production + forDevelopment,
      firstSpan: await this.#firstSpan(),
      packages: after.packages - before.packages,
      bytes: after.bytes - before.bytes,
      developmentBytes: whole - after.bytes,
      files: typed.length,
      lines: typed.reduce((sum, [, text]) => sum + lineCount(text), 0) - lines,
    };
  }

  /** Seconds from the first command to the arrival of the span of `find()`. */
  async #firstSpan(): Promise<number> {
    const backend = new Backend();
    const env = { ...process.env, NODE_ENV: 'development', ...this.program.environment(await backend.listen()) };
    const begin = performance.now();
    const before = this.program.commands.slice(0, -1);
    const [command, ...args] = this.program.commands.at(-1) as readonly [string, ...string[]];
    for (const [tool, ...words] of before) await executeFile(tool, words, { cwd: this.folder, env });
    const child = spawn(command, args, {
      cwd: this.folder,
      env,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (part) => (output += part));
    try {
      await this.#request(child);
      const late = pause(SPAN_LIMIT, 'late', { ref: false });
      if ((await Promise.race([backend.arrival, late])) === 'late') throw new Error('no span has arrived');
      return (performance.now() - begin) / 1000;
    } catch (error) {
      throw new Error(`bench: ${this.program.name}: ${(error as Error).message}\n${output}`);
    } finally {
      if (child.exitCode === null) {
        child.kill('SIGKILL');
        await once(child, 'exit');
      }
      backend.close();
    }
  }

  async #request(child: { readonly exitCode: number | null }): Promise<void> {
    const end = performance.now() + PORT_LIMIT;
    while (performance.now() < end) {
      if (child.exitCode !== null) throw new Error(`the service ended with ${child.exitCode}`);
      const answer = await fetch('http://127.0.0.1:3000/orders/7').catch(() => undefined);
      if (answer?.ok) return;
      await pause(50);
    }
    throw new Error('the service does not answer');
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}

const least = (values: readonly number[]): number => Math.min(...values);
const megabytes = (bytes: number): string => (bytes / 1e6).toFixed(bytes < 1e7 ? 1 : 0);
/** 1 for the least. */
const rank = (value: number, all: readonly number[]): number => all.filter((other) => other < value).length + 1;

export async function measureNewcomer(): Promise<Outcome> {
  const all = programs();
  const consumer = new Consumer();
  const results = new Map<Program, Seen[]>();
  const failed = new Set<string>();
  try {
    const [own, viewer] = [await consumer.pack(), await consumer.pack('viewer')];
    const tarballs = new Map([
      ['spanwright', own.path],
      ['@spanwright/viewer', viewer.path],
    ]);
    for (let round = 0; round < ROUNDS; round++) {
      for (const program of round % 2 === 0 ? all : [...all].reverse()) {
        const newcomer = new Newcomer(program, tarballs);
        try {
          const seen = await newcomer.run();
          results.set(program, [...(results.get(program) ?? []), seen]);
          console.error(`${program.name}: ${JSON.stringify(seen)}`);
        } catch (error) {
          failed.add(program.name);
          console.error(`${program.name}: ${error}`);
        } finally {
          newcomer.remove();
        }
      }
    }
  } finally {
    consumer.remove();
  }
  return outcomeOf(results, [...failed]);
}

function outcomeOf(results: ReadonlyMap<Program, readonly Seen[]>, failed: readonly string[]): Outcome {
  const rows = [...results].map(([program, seen]) => {
    const { version, packages, bytes, developmentBytes, files, lines } = seen[0] as Seen;
    const install = least(seen.map((one) => one.install));
    const firstSpan = least(seen.map((one) => one.firstSpan));
    return { program, version, packages, bytes, developmentBytes, files, lines, install, firstSpan };
  });
  const compared = rows.filter(({ program }) => !program.name.startsWith('spanwright,'));
  const plain = compared.filter(({ program }) => program.framework === 'plain Node');
  const own = plain.filter(({ program }) => program.name.startsWith('spanwright'));
  const budget = (what: string, most: number, value: (row: (typeof rows)[number]) => number, unit: string): Budget => {
    const mine = least(own.map(value));
    const others = plain.filter((row) => !own.includes(row)).map(value);
    const place = rank(mine, others);
    const measured = `${mine.toFixed(1).replace('.0', '')} ${unit}, place ${place} of ${others.length + 1}`;
    return {
      what: `newcomer: ${what}, plain Node`,
      limit: most === 1 ? 'the least' : `place ${most}`,
      measured,
      met: place <= most,
    };
  };
  return {
    budgets: [
      budget('lines of tracing', 1, ({ lines }) => lines, 'lines'),
      budget('size in production', 2, ({ bytes }) => bytes / 1e6, 'MB'),
      budget('install and first span', 2, ({ install, firstSpan }) => install + firstSpan, 's'),
    ],
    tables: [
      {
        title: 'The first five minutes',
        note: `From an empty folder to the first span of a method of one's own, which a receiver on the same machine has got. *Lines* are those that tracing adds to the service, in *files*. *MB* and *packages* are what it adds to the service in production, *for development* what the page installs besides. Times are the least of ${ROUNDS} rounds in alternating order, with npm's cache warm, and *ratio* is that of both times together to the first row.${failed.length > 0 ? ` Without a span: ${failed.join(', ')}.` : ''} ${machine()}`,
        head: [
          '',
          'framework',
          'lines',
          'files',
          'MB',
          'for development, MB',
          'packages',
          'install, s',
          'first span, s',
          'ratio',
        ],
        rows: rows.map((row) => [
          row.program.name.startsWith('spanwright') ? row.program.name : `${row.program.name} ${row.version}`,
          row.program.framework,
          String(row.lines),
          String(row.files),
          megabytes(row.bytes),
          megabytes(row.developmentBytes),
          String(row.packages),
          row.install.toFixed(1),
          row.firstSpan.toFixed(1),
          `${((row.install + row.firstSpan) / ((rows[0]?.install ?? 0) + (rows[0]?.firstSpan ?? 0))).toFixed(2)}x`,
        ]),
      },
    ],
  };
}
