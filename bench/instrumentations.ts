// Cost of instrumented libraries while tracing is off: each against its real server, as it is, under Spanwright, and under
// the same instrumentation package with an SDK whose sampler drops everything. Instructions of the process that calls, because
// the time until an answer is the server's.

import { type ChildProcess, fork } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import ts from 'typescript';
import { type Server, startMariadb, startPostgres, startRabbit, startRedis } from '../test/propagation/servers.js';
import { hasCallgrind, howCounted, instructionsOf, underCallgrind } from './callgrind.js';
import { factor, type Outcome, type Table } from './report.js';
import { spread } from './statistics.js';
import type { Workspace } from './workspace.js';

const STATES = ['nothing', 'spanwright', 'sdk'] as const;
type State = (typeof STATES)[number];

const TITLE = 'Off: instrumented libraries';
/** Operations of one round. */
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

/** Rounds before the one that is counted. */
const WARM_UPS = 4;
/** One for each start. */
const SEEDS = [1, 2];
const LIMIT = 1.1;
const ANSWER_LIMIT_MS = 120_000;

export async function measureInstrumentations(workspace: Workspace): Promise<Outcome> {
  if (!hasCallgrind()) return { tables: [table([], 'Not measured: needs Valgrind.')], budgets: [] };
  const program = compileProgram(workspace);
  const servers = await Promise.all([startPostgres(), startRedis(), startRabbit(), startMariadb()]);
  try {
    const rows: string[][] = [];
    const budgets: Outcome['budgets'][number][] = [];
    for (const [name, { what, operations }] of Object.entries(LIBRARIES)) {
      const counts = STATES.map((state) => measure(program, { name, state, operations }, environment(servers)));
      const [alone, ours, sdk] = (await Promise.all(counts)) as [number, number, number];
      const over = (count: number): string[] => [`+${whole(count - alone)}`, factor(count / alone)];
      rows.push([`${name}: ${what}`, whole(alone), ...over(ours), ...over(sdk)]);
      const measured = ours / alone;
      budgets.push({
        what: `off, ${name}, over the library alone`,
        limit: factor(LIMIT),
        measured: factor(measured),
        met: measured <= LIMIT,
      });
    }
    const note = `Instructions of the processor for one operation against a real server on this machine, counted by Valgrind, ${howCounted(SEEDS.length)}. The last two columns: OpenTelemetry's own package under its SDK with a sampler that drops everything.`;
    return { tables: [table(rows, note)], budgets };
  } finally {
    for (const server of servers) await server.stop();
  }
}

const whole = (count: number): string => Math.round(count).toLocaleString('en-US');

function table(rows: string[][], note: string): Table {
  return { title: TITLE, note, head: ['', 'the library alone', 'Spanwright off', 'ratio', 'SDK, sampler off', 'ratio'], rows };
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

interface Measured {
  readonly name: string;
  readonly state: State;
  readonly operations: number;
}

/** Instructions of an operation, in the median of the starts. */
async function measure(program: string, measured: Measured, env: Record<string, string>): Promise<number> {
  const { name, state, operations } = measured;
  const counts: number[] = [];
  for (const seed of SEEDS) {
    const dumps = join(dirname(program), `${name}-${state}-${seed}`);
    const child = fork(program, [name, state], { env: { ...ownEnvironment(), ...env }, ...underCallgrind(dumps, seed) });
    try {
      await answerOf(child, measured);
      for (let round = 0; round < WARM_UPS; round++) await ask(child, measured);
      counts.push((await instructionsOf(child, dumps, () => ask(child, measured))) / operations);
    } finally {
      if (child.exitCode === null) child.kill('SIGKILL');
    }
  }
  return spread(counts).median;
}

const ownEnvironment = (): NodeJS.ProcessEnv =>
  Object.fromEntries(Object.entries(process.env).filter(([key]) => !/^(OTEL|SPANWRIGHT|NODE_OPTIONS)/.test(key)));

function ask(child: ChildProcess, measured: Measured): Promise<void> {
  child.send(measured.operations);
  return answerOf(child, measured);
}

function answerOf(child: ChildProcess, { name, state }: Measured): Promise<void> {
  return new Promise((resolve, reject) => {
    const fail = (why: string): void => reject(new Error(`bench: ${name} under "${state}" ${why}`));
    const onExit = (code: number | null): void => fail(`ended with status ${code}`);
    const timer = setTimeout(() => fail(`did not answer within ${ANSWER_LIMIT_MS / 1000} s`), ANSWER_LIMIT_MS);
    child.once('exit', onExit).once('message', () => {
      clearTimeout(timer);
      child.off('exit', onExit);
      resolve();
    });
  });
}
