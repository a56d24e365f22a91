// `npm start -w breakfix-pipeline`: starts the whole pipeline, runs all scenarios of scenarios.ts or those named as arguments,
// prints the traces, and ends: with 0 when every event has one trace and every span was delivered, with 1 and the reasons else.

import { deliveryFaults, viewIfAsked } from '@spanwright/stage';
import { Pipeline } from './pipeline.js';
import { exportFaults, printOutcomes, printTraces, traceFaults } from './report.js';
import type { Outcome } from './scenario.js';
import { GROUPS, runScenario, SCENARIOS } from './scenarios.js';

const print = (line: string): void => void process.stdout.write(`${line}\n`);

async function main(pipeline: Pipeline, names: readonly string[]): Promise<number> {
  const unknown = names.filter((name) => !Object.hasOwn(SCENARIOS, name));
  if (unknown.length > 0) {
    print(`There is no scenario "${unknown[0]}". Scenarios: ${Object.keys(SCENARIOS).join(', ')}.`);
    return 2;
  }
  const begin = performance.now();
  const seconds = (): string => `${((performance.now() - begin) / 1000).toFixed(1)} s`;
  await pipeline.start();
  print(`Eight modules run, after ${seconds()}; spans go to ${pipeline.endpoint}.`);
  const outcomes: Outcome[] = [];
  for (const group of GROUPS) {
    const wanted = group.filter((name) => names.length === 0 || names.includes(name));
    outcomes.push(...(await Promise.all(wanted.map((name) => runScenario(pipeline, name)))));
    for (const name of wanted) print(`  ${name}: ${SCENARIOS[name]?.what}: done after ${seconds()}`);
  }
  await pipeline.stop();
  const { arrived } = pipeline;
  print('');
  if (arrived !== undefined) printTraces(outcomes, arrived, print);
  printOutcomes(outcomes, print);
  const faults = [...exportFaults(outcomes, pipeline.sink.deliveries), ...deliveryFaults(pipeline.reports)];
  if (arrived !== undefined) faults.push(...traceFaults(outcomes, arrived));
  for (const fault of faults) print(`NOT AS IT MUST BE: ${fault}`);
  const sum = arrived === undefined ? `spans are at ${pipeline.endpoint}` : `${arrived.length} spans arrived`;
  print(`\n${faults.length === 0 ? 'All as it must be' : 'Failed'}: ${sum}, in ${seconds()}.`);
  await viewIfAsked(arrived, print);
  return faults.length === 0 ? 0 : 1;
}

const pipeline = new Pipeline();
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => void pipeline.stop().finally(() => process.exit(130)));
}
const names = process.argv.slice(2).filter((argument) => argument !== '--view');
void main(pipeline, names)
  .catch((error: unknown) => {
    print(`The run failed: ${error instanceof Error ? error.stack : error}`);
    return 1;
  })
  .then(async (code) => {
    await pipeline.stop().catch(() => undefined);
    process.exit(code);
  });
