// `npm run bench`: measures, and prints Markdown. Arguments: names of sections (SECTIONS; without one all but those in BY_NAME), and
// `--write <file>` to write the document beside printing it, with named sections only their part of it. `--json <file>` keeps the figures
// for bench/compare.ts. The exit status is 1 when a budget is not met, and 2 for invalid arguments.

import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { measureBuild } from './build.js';
import { measureCapture } from './capture.js';
import type { Kept } from './compare.js';
import { measureExport } from './exported.js';
import { measureFaults } from './faults.js';
import { measureFlight } from './flight.js';
import { measureHttp } from './http.js';
import { measureInstructions } from './instructions.js';
import { measureInstrumentations } from './instrumentations.js';
import { measureLoad } from './load.js';
import { measureSites, measureSitesLong } from './many.js';
import { measureNative } from './native.js';
import { measureNode24 } from './node24.js';
import { measureOff } from './off.js';
import { measureOn } from './on.js';
import { measureOpen } from './open.js';
import { measureOthers } from './others.js';
import { measurePeers } from './peers.js';
import { measureProduction } from './production.js';
import { measureProfile } from './profile.js';
import { measureRecorded } from './recorded.js';
import { document, machine, type Outcome, renew } from './report.js';
import { measureRules } from './rules.js';
import { measureServiceInstructions } from './service-instructions.js';
import { measureServices } from './services.js';
import { measureStartup } from './startup.js';
import { measureText } from './text.js';
import { Modules } from './variants.js';
import { measureView } from './view.js';
import { Workspace } from './workspace.js';

const SECTIONS: Record<string, (modules: Modules) => Promise<Outcome>> = {
  off: measureOff,
  sites: (modules) => measureSites(modules.workspace),
  'sites-long': (modules) => measureSitesLong(modules.workspace),
  others: measureOthers,
  peers: measurePeers,
  on: measureOn,
  recorded: measureRecorded,
  export: measureExport,
  http: measureHttp,
  open: (modules) => measureOpen(modules.workspace),
  production: measureProduction,
  capture: measureCapture,
  flight: measureFlight,
  rules: () => measureRules(),
  profile: measureProfile,
  node24: measureNode24,
  load: async ({ workspace }) => measureLoad(workspace),
  services: (modules) => measureServices(modules.workspace),
  'service-instructions': (modules) => measureServiceInstructions(modules.workspace),
  startup: (modules) => measureStartup(modules.workspace),
  build: (modules) => measureBuild(modules.workspace),
  native: measureNative,
  text: () => measureText(),
  instrumentations: (modules) => measureInstrumentations(modules.workspace),
  faults: () => measureFaults(),
  view: () => measureView(),
  // loaded lazily: it looks for its servers, and prints which are missing
  fleet: async () => (await import('./fleet.js')).measureFleet(),
  instructions: measureInstructions,
  newcomer: async () => (await import('./newcomer.js')).measureNewcomer(),
};

/** Sections that take minutes, or need Valgrind, a browser, a thousand replicas or npm's registry. They run only when named. */
const BY_NAME = new Set([
  'instructions',
  'instrumentations',
  'sites-long',
  'services',
  'service-instructions',
  'view',
  'fleet',
  'newcomer',
]);

interface Arguments {
  readonly positionals: readonly string[];
  readonly write: string | undefined;
  readonly json: string | undefined;
}

/** Undefined, after a line with the reason, for invalid arguments. */
function readArguments(): Arguments | undefined {
  const expected = `expected names of sections (${Object.keys(SECTIONS).join(', ')}) --write FILE and --json FILE`;
  try {
    const { values, positionals } = parseArgs({
      allowPositionals: true,
      options: { write: { type: 'string' }, json: { type: 'string' } },
    });
    const unknown = positionals.find((name) => !Object.hasOwn(SECTIONS, name));
    if (unknown === undefined) return { positionals, write: values.write, json: values.json };
    console.error(`bench: no section is called "${unknown}"; ${expected}.`);
  } catch (error) {
    console.error(`bench: ${(error as Error).message.split('. ')[0]}; ${expected}.`);
  }
  return undefined;
}

async function main(): Promise<void> {
  const given = readArguments();
  if (given === undefined) {
    process.exitCode = 2;
    return;
  }
  const { positionals, write, json } = given;
  const names = positionals.length > 0 ? positionals : Object.keys(SECTIONS).filter((name) => !BY_NAME.has(name));

  const workspace = new Workspace();
  process.once('exit', () => workspace.remove());
  process.once('SIGINT', () => process.exit(130));
  process.once('SIGTERM', () => process.exit(143));
  const modules = new Modules(workspace);
  const outcomes: Outcome[] = [];
  const before = positionals.length > 0 && write !== undefined && existsSync(write) ? readFileSync(write, 'utf8') : undefined;
  for (const name of names) {
    const start = performance.now();
    outcomes.push(await (SECTIONS[name] as (modules: Modules) => Promise<Outcome>)(modules));
    // after each section, so that an interrupted run keeps its results
    if (write !== undefined) writeFileSync(write, before === undefined ? document(outcomes) : renew(before, outcomes));
    if (json !== undefined) writeFileSync(json, JSON.stringify({ machine: machine(), outcomes } satisfies Kept));
    console.error(`${name}: measured in ${Math.round((performance.now() - start) / 1000)} s`);
  }
  console.log(document(outcomes));
  process.exitCode = outcomes.every(({ budgets }) => budgets.every(({ met }) => met)) ? 0 : 1;
}

void main();
