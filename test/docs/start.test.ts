// docs/start/: each page is followed in an empty folder. Its files are written as they are, its commands run, with the packages that
// it installs and no others, and what its commands and the receiver print is what it shows. Ports are free ones. Uses dist/.
// docs/start/next.md and lambda.md are run by test/hosts/next.test.ts and lambda.test.ts.
// limit: 300 s

import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { promisify } from 'node:util';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { ReceivedSpan } from '../../viewer/receiver/decode.js';
import { startHttpReceiver } from '../../viewer/receiver/http.js';
import { TracePrinter } from '../../viewer/receiver/printer.js';
import { startReceiver } from '../../viewer/receiver/receiver.js';
import { invoke } from '../cli/invoke.js';
import { link, newDirectory, ROOT, write } from '../hosts/conformance/project.js';
import { part, testWith } from '../hosts/conformance/suite.js';
import { missingCommands, mustSkip } from '../missing.js';
import { freePorts } from '../real/support/program.js';
import { type Block, blocksOf, type Command, commandsOf, FOLLOWED, fileOf, isFollowed, isShown, normal } from './pages.js';

const executeFile = promisify(execFile);
const READY_MS = 60_000;
const ARRIVES_MS = 15_000;
/** Longer than the exporter's schedule, which is 100 ms here. */
const QUIET_MS = 500;
/** The ports that the pages name. */
const [SERVICE, ADMIN, GRPC, HTTP] = ['3000', '9465', '4317', '4318'];
const COMMANDS: Readonly<Record<string, string>> = {
  node: process.execPath,
  bun: part('bundlers/node_modules/.bin/bun'),
  deno: part('runtimes/node_modules/.bin/deno'),
};

/** Follows one page, in the order of its blocks. */
class Reader {
  readonly #directory = newDirectory();
  readonly #spans: ReceivedSpan[] = [];
  readonly #ports = new Map<string, string>();
  readonly #closes: (() => unknown)[] = [];
  #service: ChildProcess | undefined;
  #printed = '';
  #ready = false;
  #traces = 0;
  #request = '';

  async start(): Promise<void> {
    const add = (spans: readonly ReceivedSpan[]): void => void this.#spans.push(...spans);
    const [grpc, http] = [await startReceiver({ onSpans: add }), await startHttpReceiver('127.0.0.1', 0, add)];
    this.#closes.push(
      () => grpc.close(),
      () => http.close(),
    );
    const [service, admin] = await freePorts(2);
    for (const [from, to] of [
      [SERVICE, service],
      [ADMIN, admin],
      [GRPC, new URL(grpc.endpoint).port],
      [HTTP, new URL(http.endpoint).port],
    ])
      this.#ports.set(String(from), String(to));
    write(this.#directory, 'package.json', '{ "name": "shop", "type": "module" }');
  }

  #own(text: string): string {
    return text.replace(/\b(3000|9465|4317|4318)\b/g, (port) => this.#ports.get(port) as string);
  }

  async follow(block: Block): Promise<void> {
    const file = fileOf(block);
    if (file !== undefined) {
      const code = file === 'tsconfig.json' ? JSON.stringify(JSON.parse(block.code)) : this.#own(block.code);
      write(this.#directory, file, code);
    } else if (block.language === 'sh') for (const command of commandsOf(block)) await this.#run(command, block.place);
    else if (block.language === 'text') await this.#expectTrace(block);
    else assert.unreachable(`${block.place}: nothing runs this block`);
  }

  async #run({ line, output }: Command, place: string): Promise<void> {
    const [, own] = /^npx spanwright (.*)$/.exec(line) ?? [];
    if (line.startsWith('npm install ')) this.#install(line);
    else if (own === 'receive') assert.ok(this.#closes.length > 0);
    else if (own !== undefined) {
      const words = this.#own(own).replace('tracing-token', join(this.#directory, 'tracing-token')).split(' ');
      const environment = { SPANWRIGHT_ADMIN_URL: `http://127.0.0.1:${this.#ports.get(ADMIN)}/tracing` };
      const lease = (text: string): string => normal(text).replace(/lease \d+/, 'lease <n>');
      await invoke(['set', 'tracing-enabled', 'false', ...words.slice(words.indexOf('--for') + 2)], environment);
      await this.#expectSpans(false, line);
      const { out, err } = await invoke(words, environment);
      assert.is(lease(out), lease(output), `${place}: ${line}\n${err}`);
      await this.#expectSpans(true, line);
    } else if (line.startsWith('OTEL_')) await this.#serve(line);
    else {
      this.#request = line;
      const { stdout } = await executeFile('sh', ['-c', this.#own(line).replace(/^curl /, 'curl -s ')], { cwd: this.#directory });
      assert.is(stdout.trim(), output.trim(), `${place}: ${line}`);
    }
  }

  /** Sends the page's request again: it is recorded, or it is not, by the switch. */
  async #expectSpans(recorded: boolean, line: string): Promise<void> {
    // spans of earlier requests may still arrive
    await wait(QUIET_MS);
    const before = this.#spans.length;
    await executeFile('sh', ['-c', this.#own(this.#request).replace(/^curl /, 'curl -s ')], { cwd: this.#directory });
    const until = Date.now() + (recorded ? ARRIVES_MS : QUIET_MS);
    while (this.#spans.length === before && Date.now() < until) await wait(50);
    assert.is(this.#spans.length > before, recorded, `${line}: recorded`);
  }

  /** Links the packages that a command names, and what development needs. */
  #install(line: string): void {
    const names = line
      .split(' ')
      .slice(2)
      .filter((word) => !word.startsWith('-'))
      .map((word) => word.replace(/(?<=.)@[\d^].*$/, ''));
    for (const name of names) {
      const at =
        name === 'spanwright' ? ROOT : name === '@spanwright/viewer' ? join(ROOT, 'viewer') : join(ROOT, 'node_modules', name);
      assert.ok(readFileSync(join(at, 'package.json'), 'utf8').includes(`"${name}"`), `${line}: ${name} is a package`);
      link(this.#directory, { [name]: at });
    }
  }

  async #serve(line: string): Promise<void> {
    const [, variables = '', program = '', args = ''] = /^((?:\w+=\S+ )+)(\S+) (.*)$/.exec(this.#own(line)) ?? [];
    const env = Object.fromEntries(
      variables
        .trim()
        .split(' ')
        .map((pair) => pair.split('=', 2) as [string, string]),
    );
    const words = args.split(' ');
    const command = COMMANDS[program] as string;
    const child = spawn(command, words, {
      cwd: this.#directory,
      env: { ...process.env, NO_COLOR: '1', OTEL_BSP_SCHEDULE_DELAY: '100', ...env },
    });
    this.#service = child;
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (data) => this.#hear(data));
    const until = Date.now() + READY_MS;
    while (!this.#ready && child.exitCode === null && Date.now() < until) {
      await wait(50);
      this.#ready = await fetch(`http://127.0.0.1:${this.#ports.get(SERVICE)}/`).then(
        () => true,
        () => false,
      );
    }
    assert.ok(this.#ready, `${line}: ${this.#printed}`);
  }

  #hear(data: Buffer): void {
    this.#printed += data;
  }

  /** The trace of the last request is the one that the page shows. */
  async #expectTrace({ code, place }: Block): Promise<void> {
    const wanted = code.replace(/^trace .*\n/, '');
    const until = Date.now() + ARRIVES_MS;
    let seen: string[] = [];
    while (Date.now() < until) {
      seen = this.#shown();
      if (seen.some((trace) => isShown(wanted, trace))) break;
      await wait(100);
    }
    assert.ok(
      seen.some((trace) => isShown(wanted, trace)),
      `${place}: the page shows\n${code}\nand what arrived is\n${seen.join('\n\n')}\n${this.#printed}`,
    );
    this.#traces += 1;
  }

  #shown(): string[] {
    const lines: string[] = [];
    const printer = new TracePrinter((line) => lines.push(line));
    printer.add([...this.#spans].sort((a, b) => (BigInt(a.startTimeUnixNano) < BigInt(b.startTimeUnixNano) ? -1 : 1)));
    printer.flush();
    return lines
      .join('\n')
      .split(/^trace .*\n/m)
      .filter((text) => text !== '');
  }

  async end(): Promise<void> {
    this.#service?.kill('SIGKILL');
    for (const close of this.#closes) await close();
  }

  get followed(): boolean {
    return this.#service !== undefined && this.#traces > 0;
  }
}

const NEEDS: Readonly<Record<string, string>> = { 'docs/start/bun.md': 'bundlers', 'docs/start/deno.md': 'runtimes' };
const hasShell = !mustSkip(missingCommands('sh', 'curl', 'openssl'));
for (const page of FOLLOWED)
  (hasShell ? testWith(NEEDS[page]) : test.skip)(`${page}: a reader who follows it sees what it shows`, async () => {
    const reader = new Reader();
    try {
      await reader.start();
      for (const block of blocksOf(page).filter(isFollowed)) await reader.follow(block);
      assert.ok(reader.followed, `${page} starts a service and shows a trace`);
    } finally {
      await reader.end();
    }
  });

test.run();
