// A project and a service that `spanwright doctor` and `spanwright explain` examine, and ways to run them: the program as a person
// runs it, and the command alone, which is what most tests need and starts no process.

import { type ChildProcess, spawn } from 'node:child_process';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import * as assert from 'uvu/assert';
import { runDoctor } from '../../cli/doctor/command.js';
import type { Finding, FindingName } from '../../cli/doctor/finding.js';
import { stepOnce } from './built.js';
import { ROOT, write, writeProject } from './conformance/project.js';
import { LEGACY } from './conformance/suite.js';
import '../runner/dynamic-imports.js';

const MAIN = join(ROOT, 'dist/cli/main.js');
export const CLASSIC = { typescript: join(ROOT, 'node_modules/typescript'), 'ts-patch': join(ROOT, 'node_modules/ts-patch') };
export const SOUND = `import { instrument } from 'spanwright';\nexport class Work { @instrument({ args: ['job'] }) run(job: string) { return job; } }\n`;

export interface Checked {
  readonly status: number;
  readonly findings: readonly Finding[];
  /** All findings as text, for messages. */
  readonly text: string;
}

/** Runs the program without blocking, so that servers of this process answer it. */
export function spanwright(
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

/** Port 9 of this machine is closed in tests: no service, and no Collector, is met by chance. */
export const NO_SERVICE = { SPANWRIGHT_ADMIN_URL: 'http://127.0.0.1:9' };
const NO_SIDECAR = 'http://127.0.0.1:9';

/** The command, by the options that the program takes. */
export async function doctor(
  directory: string | undefined,
  environment: Record<string, string> = {},
  options: Readonly<Record<string, string | number>> = {},
): Promise<Checked> {
  const lines: string[] = [];
  const status = await runDoctor({
    arguments: directory === undefined ? [] : [directory],
    options: new Map<string, string | number | true>(Object.entries({ sidecar: NO_SIDECAR, ...options, json: true as const })),
    environment: { ...NO_SERVICE, ...environment },
    out: (line) => lines.push(line),
    err: (line) => assert.unreachable(line),
    colours: false,
  });
  const text = lines.join('\n');
  return { status, findings: (JSON.parse(text) as { findings: Finding[] }).findings, text };
}

export const names = ({ findings }: Checked): FindingName[] => findings.flatMap(({ name }) => name ?? []);

export function project(packages: Record<string, string> = CLASSIC, compilerOptions: Record<string, unknown> = {}): string {
  // no source of it uses Node, whose types take longer than the rest of a compilation
  const directory = writeProject({ variant: LEGACY, programs: [], packages, compilerOptions: { types: [], ...compilerOptions } });
  for (const name of ['main.ts', 'part.ts', 'auto-default.ts', 'auto-script.ts', 'tracing.ts'])
    rmSync(join(directory, 'src', name));
  write(directory, 'src/work.ts', SOUND);
  return directory;
}

export function compile(directory: string, program = 'ts-patch/bin/tspc.js'): void {
  stepOnce(directory, directory, [join(ROOT, 'node_modules', program)]);
}

/** A service of its own process, with the admin hook; what it calls is as the environment says. */
const SERVICE = `
const { createSampler, instrument, startTracing } = require('spanwright');
const { startAdminServer } = require('spanwright/admin');
async function main() {
  const options = { serviceName: process.env.SERVICE_NAME ?? 'patient', configFile: process.env.CONFIG || undefined };
  const { propagation } = require('@opentelemetry/api');
  if (process.env.PROPAGATOR) propagation.setGlobalPropagator({ inject() {}, extract: (given) => given, fields: () => process.env.PROPAGATOR.split(',') });
  if (process.env.PROVIDER && process.env.PROVIDER !== 'none') require('@opentelemetry/api').trace.setGlobalTracerProvider(new (require('@opentelemetry/sdk-trace-base').BasicTracerProvider)());
  const tracing = ['connected', 'none'].includes(process.env.PROVIDER) ? createSampler(options).tracing : await startTracing(options);
  if (process.env.SITES === 'plain') instrument({ name: 'plain' }, function plain() {})();
  if (process.env.SITES === 'built') { const { Work } = require('./out/work.js'); for (let n = 0; n < 8; n++) new Work().run('job'); }
  await tracing.forceFlush();
  setInterval(() => {}, 1000);
  const admin = await startAdminServer({ tracing, port: Number(process.env.PORT ?? 0), token: 'secret-token-of-the-test' });
  console.log(JSON.stringify({ url: String(admin.url ?? admin) }));
}
main();
`;

/** Exports fail after a second instead of being retried for half a minute. */
const IMPATIENT = { CONFIG: 'service.toml', OTEL_EXPORTER_OTLP_TIMEOUT: '1000', OTEL_BSP_EXPORT_TIMEOUT: '1000' };

/** Arguments with which the commands reach the service. */
export const TOKEN = { SPANWRIGHT_ADMIN_TOKEN: 'secret-token-of-the-test' };

export async function withService(
  directory: string,
  { toml = '', ...environment }: Record<string, string>,
  look: (url: string, pid: number) => Promise<void>,
): Promise<void> {
  write(directory, 'service.cjs', SERVICE);
  write(directory, 'service.toml', `[tracing]\n${toml}\n`);
  const { PATH, HOME } = process.env;
  const child: ChildProcess = spawn(process.execPath, ['service.cjs'], {
    cwd: directory,
    env: { PATH, HOME, ...IMPATIENT, ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const ended = new Promise((done) => child.once('close', done));
  try {
    const line = await new Promise<string>((done, fail) => {
      let said = '';
      child.stderr?.on('data', (data) => {
        said += data;
      });
      child.stdout?.once('data', (data) => done(String(data)));
      child.once('exit', () => fail(new Error(`the service ended:\n${said}`)));
    });
    await look(JSON.parse(line).url, child.pid as number);
  } finally {
    child.kill('SIGKILL');
    await ended;
  }
}
