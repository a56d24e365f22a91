// `npm start -w street-ops`: fills a trace backend with the breakfix pipeline and the desk, then runs each recipe as an operator
// would, and prints question, command and answer. Ends with 0 only when every answer was as expected.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { deliveryFaults, SPANWRIGHT, startReceiver, viewIfAsked } from '@spanwright/stage';
import type { ReceivedSpan } from '@spanwright/viewer';
import { kept, type Ran, runProgram, spanReports, startTraced, stopServers } from './processes.js';
import { type Found, PORT_OF_JAEGER, RECIPES, type Recipe } from './recipes.js';

const SAMPLES = join(__dirname, '..', '..', '..');
const DESK = join(__dirname, '..', 'desk');
/** Lines of a table or tree that are printed; run the command for the rest. */
const LINES_SHOWN = 14;
/** Scenarios of the breakfix pipeline that the recipes ask about: one that goes well, one that is slow, one that fails. */
const SCENARIOS = ['healthy', 'slow-drain', 'lost-machine'];
/**
 * Spans that have been sent may still be on their way, in the batches of a Collector or into a store: for this time an answer may still be
 * wrong.
 */
const ARRIVAL_LIMIT_MS = 60_000;
const ASK_AGAIN_MS = 500;

interface Backend {
  otlp: string;
  jaeger: string;
  /** Received spans, at the embedded receiver. */
  spans?: readonly ReceivedSpan[];
}

const print = (line = ''): void => void process.stdout.write(`${line}\n`);

/** The configured one, or a receiver of our own that answers as Jaeger does. */
async function findBackend(): Promise<Backend> {
  const { OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: otlp, SPANWRIGHT_JAEGER_URL: jaeger } = process.env;
  if (otlp && jaeger) return { otlp, jaeger };
  if (otlp || jaeger) {
    throw new Error('OTEL_EXPORTER_OTLP_TRACES_ENDPOINT and SPANWRIGHT_JAEGER_URL: set both, for your own Jaeger, or neither.');
  }
  const spans: ReceivedSpan[] = [];
  const receiver = await kept(startReceiver((span) => spans.push(span), undefined, ['--query-port', '0']));
  return { otlp: receiver.address, jaeger: String(receiver.ready.query), spans };
}

async function fill({ otlp }: Backend, logFile: string): Promise<void> {
  const env = { OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: otlp, LOG_FILE: logFile };
  const { code, out, err } = await runProgram(join(SAMPLES, 'breakfix-pipeline', 'build', 'drive', 'start.js'), SCENARIOS, env);
  if (code !== 0) throw new Error(`the breakfix pipeline ended with ${code}:\n${out}${err}`);
}

async function openDesk({ otlp }: Backend): Promise<Pick<Found, 'intake' | 'brokenIntake'>> {
  const env = { OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: otlp, OTEL_BSP_SCHEDULE_DELAY: '200' };
  const start = (name: string, more: NodeJS.ProcessEnv = {}): Promise<string> =>
    startTraced(name, join(DESK, `${name}.js`), { ...env, ...more });
  const dispatch = await start('dispatch');
  const [intake, brokenIntake] = await Promise.all([
    start('intake', { DISPATCH_URL: dispatch }),
    start('intake', { DISPATCH_URL: dispatch, HANDS_ON: 'false' }),
  ]);
  return { intake, brokenIntake };
}

/** @returns what is wrong, one line each. */
async function ask(backend: Backend, found: Found): Promise<string[]> {
  const faults: string[] = [];
  for (const recipe of RECIPES) {
    const { question, command, apart, cluster = PORT_OF_JAEGER } = recipe;
    const args = ['traces', ...command(found)];
    const env = apart ? {} : { SPANWRIGHT_JAEGER_URL: backend.jaeger };
    print(`-- ${question}`);
    print(`# in a cluster: ${cluster}`);
    print(`$ npx spanwright ${args.join(' ')}`);
    // Asked twice: for the check, and for a person. A request that `verify` sends is sent twice, too.
    const limit = performance.now() + (apart ? 0 : ARRIVAL_LIMIT_MS);
    let fault = wrongIn(await runProgram(SPANWRIGHT, [...args, '--json'], env), recipe, found);
    while (fault !== undefined && performance.now() < limit) {
      await new Promise((resolve) => setTimeout(resolve, ASK_AGAIN_MS));
      fault = wrongIn(await runProgram(SPANWRIGHT, [...args, '--json'], env), recipe, found);
    }
    const shown = await runProgram(SPANWRIGHT, args, env);
    const lines = `${shown.out}${shown.err}`.trimEnd().split('\n');
    for (const line of lines.slice(0, LINES_SHOWN)) print(line.length > 180 ? `${line.slice(0, 179)}…` : line);
    if (lines.length > LINES_SHOWN) print(`... ${lines.length - LINES_SHOWN} more lines`);
    print();
    if (fault !== undefined) faults.push(`${question} ${fault}`);
  }
  return faults;
}

/** The fault of an answer to `--json`, if any. */
function wrongIn(read: Ran, { code, check }: Recipe, found: Found): string | undefined {
  try {
    if (read.code !== code) return `exit code ${read.code}, not ${code}: ${read.err}`;
    check(JSON.parse(read.out), found);
    return undefined;
  } catch (error) {
    return (error as Error).message;
  }
}

async function main(folder: string): Promise<number> {
  const begin = performance.now();
  const backend = await findBackend();
  print(`Spans go to ${backend.otlp}, queries to ${backend.jaeger}.`);
  const logFile = join(folder, 'modules.log');
  const [desk] = await Promise.all([openDesk(backend), fill(backend, logFile)]);
  print(`The breakfix pipeline has run, the desk is open, after ${((performance.now() - begin) / 1000).toFixed(1)} s.\n`);
  const collectorConfig = join(SAMPLES, 'infra-controller', 'collector', 'shared.yaml');
  const faults = await ask(backend, { logFile, collectorConfig, ...desk });
  await stopServers();
  faults.push(...deliveryFaults(spanReports()));
  for (const fault of faults) print(`NOT AS IT MUST BE: ${fault}`);
  print(`${faults.length === 0 ? 'All as it must be' : 'Failed'}, in ${((performance.now() - begin) / 1000).toFixed(1)} s.`);
  await viewIfAsked(backend.spans, print);
  return faults.length === 0 ? 0 : 1;
}

const folder = mkdtempSync(join(tmpdir(), 'street-ops-'));
const end = async (code: number): Promise<never> => {
  await stopServers();
  rmSync(folder, { recursive: true, force: true });
  process.exit(code);
};
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => void end(130));
void main(folder)
  .catch((error: unknown) => {
    print(`The run failed: ${error instanceof Error ? error.message : error}`);
    return 1;
  })
  .then(end);
