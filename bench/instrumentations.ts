// Cost of instrumented libraries while tracing is off: each against its real server, as it is, under Spanwright, and under
// the same instrumentation package with an SDK whose sampler drops everything. Processor time of the process that calls, because
// the time until an answer is the server's.

import { type ChildProcess, fork } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';
import { type Server, startMariadb, startPostgres, startRabbit, startRedis } from '../test/propagation/servers.js';
import { factor, type Outcome, signed, type Table, time } from './report.js';
import { spread } from './statistics.js';
import type { Workspace } from './workspace.js';

const STATES = ['nothing', 'spanwright', 'sdk'] as const;
type State = (typeof STATES)[number];

/** Operations of one round, enough for some tens of milliseconds. */
const LIBRARIES: Record<string, { what: string; operations: number }> = {
  http: { what: 'a request, at both ends', operations: 600 },
  fetch: { what: 'a request', operations: 500 },
  grpc: { what: 'a unary call, at both ends', operations: 500 },
  pg: { what: 'a query', operations: 750 },
  mysql2: { what: 'a query', operations: 750 },
  redis: { what: 'a command', operations: 3_000 },
  ioredis: { what: 'a command', operations: 3_000 },
  amqplib: { what: 'a message, published, consumed, acknowledged', operations: 2_000 },
  fs: { what: 'existsSync()', operations: 10_000 },
  dns: { what: 'lookup() of an address', operations: 5_000 },
  net: { what: 'a connection, opened and closed', operations: 150 },
};

const ROUNDS = 13;
const WARM_UPS = 5;
const LIMIT = 1.1;
const ANSWER_LIMIT_MS = 60_000;

export async function measureInstrumentations(workspace: Workspace): Promise<Outcome> {
  const program = compileProgram(workspace);
  const servers = await Promise.all([startPostgres(), startRedis(), startRabbit(), startMariadb()]);
  try {
    const rows: string[][] = [];
    const budgets: Outcome['budgets'][number][] = [];
    for (const [name, { what, operations }] of Object.entries(LIBRARIES)) {
      const samples = await measure(program, name, operations, environment(servers));
      const [alone, ours, sdk] = STATES.map((state) => spread(samples.get(state) as number[]).least) as [number, number, number];
      const over = (ns: number): string[] => [signed(ns - alone, time), factor(ns / alone)];
      rows.push([`${name}: ${what}`, time(alone), ...over(ours), ...over(sdk)]);
      const measured = ours / alone;
      budgets.push({
        what: `off, ${name}, over the library alone`,
        limit: factor(LIMIT),
        measured: factor(measured),
        met: measured <= LIMIT,
      });
    }
    return { tables: [table(rows)], budgets };
  } finally {
    for (const server of servers) await server.stop();
  }
}

function table(rows: string[][]): Table {
  return {
    title: 'Off: instrumented libraries',
    note: `Processor time of one operation against a real server on this machine, the least of ${ROUNDS} rounds, because other load of the machine only adds time. The last two columns: OpenTelemetry's own package under its SDK with a sampler that drops everything.`,
    head: ['', 'the library alone', 'Spanwright off', 'ratio', 'SDK, sampler off', 'ratio'],
    rows,
  };
}

const environment = ([postgres, redis, rabbit, mariadb]: readonly Server[]): Record<string, string> => ({
  POSTGRES: String(postgres?.port),
  REDIS: String(redis?.port),
  RABBIT: String(rabbit?.port),
  MARIADB: String(mariadb?.port),
});

/** Plain JavaScript inside the project, so that no loader is between the engine and the measured code. */
function compileProgram(workspace: Workspace): string {
  const folder = join(workspace.folder, 'instrumentations');
  mkdirSync(folder, { recursive: true });
  const source = readFileSync(join(__dirname, 'instrumentations-program.ts'), 'utf8');
  const compilerOptions = { target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.CommonJS, esModuleInterop: true };
  const file = join(folder, 'program.js');
  writeFileSync(file, ts.transpileModule(source, { compilerOptions }).outputText);
  return file;
}

/** Nanoseconds of processor time an operation, one number for each round, by state. */
async function measure(
  program: string,
  name: string,
  operations: number,
  env: Record<string, string>,
): Promise<Map<State, number[]>> {
  const samples = new Map<State, number[]>(STATES.map((state) => [state, []]));
  const subjects = STATES.map((state) => new Subject(program, name, state, env));
  try {
    for (const subject of subjects) await subject.ready;
    for (let round = -WARM_UPS; round < ROUNDS; round++) {
      for (const subject of round % 2 === 0 ? subjects : [...subjects].reverse()) {
        const spent = await subject.ask(operations);
        if (round >= 0) samples.get(subject.state)?.push(spent);
      }
    }
  } finally {
    for (const subject of subjects) subject.end();
  }
  return samples;
}

class Subject {
  readonly ready: Promise<number>;
  readonly #child: ChildProcess;
  #stderr = '';

  constructor(
    program: string,
    private readonly library: string,
    readonly state: State,
    servers: Record<string, string>,
  ) {
    const env = Object.fromEntries(Object.entries(process.env).filter(([key]) => !/^(OTEL|SPANWRIGHT|NODE_OPTIONS)/.test(key)));
    this.#child = fork(program, [library, state], { env: { ...env, ...servers }, stdio: ['ignore', 'ignore', 'pipe', 'ipc'] });
    this.#child.stderr?.on('data', (chunk: Buffer) => {
      this.#stderr += chunk;
    });
    this.ready = this.#answer();
  }

  ask(operations: number): Promise<number> {
    this.#child.send(operations);
    return this.#answer();
  }

  end(): void {
    if (this.#child.exitCode === null) this.#child.kill('SIGKILL');
  }

  #answer(): Promise<number> {
    return new Promise((resolve, reject) => {
      const fail = (why: string): void =>
        reject(new Error(`bench: ${this.library} under "${this.state}" ${why}:\n${this.#stderr}`));
      const onExit = (code: number | null): void => fail(`ended with status ${code}`);
      const timer = setTimeout(() => fail(`did not answer within ${ANSWER_LIMIT_MS / 1000} s`), ANSWER_LIMIT_MS);
      this.#child.once('exit', onExit).once('message', (value: number) => {
        clearTimeout(timer);
        this.#child.off('exit', onExit);
        resolve(value);
      });
    });
  }
}
