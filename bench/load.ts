// Import of `spanwright` and start of a service that is off, against OpenTelemetry's SDK set up by hand: CPU time of one step, in
// new processes that alternate. The file system's cache is warm.

import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { NODES } from './nodes.js';
import { AT_LOAD, partsTable } from './profile.js';
import type { Profile } from './profiled.js';
import { type Budget, factor, machine, milliseconds, type Outcome, range, samplesOf, type Table } from './report.js';
import { paired, spread } from './statistics.js';
import type { Workspace } from './workspace.js';

const PROJECT = join(__dirname, '..');
const ROUNDS = 11;
const IMPORT_MS = 60;
const START_RATIO = 0.6;

const API = `require('@opentelemetry/api');`;
const IMPORT = `const { startTracing } = require('spanwright');`;
const START = `${IMPORT} await startTracing({ serviceName: 'bench', endpoint: 'http://127.0.0.1:9' });`;
const SDK = `
  const { context, propagation, trace } = require('@opentelemetry/api');
  const { AsyncLocalStorageContextManager } = require('@opentelemetry/context-async-hooks');
  const { W3CTraceContextPropagator } = require('@opentelemetry/core');
  const { OTLPTraceExporter } = require('@opentelemetry/exporter-trace-otlp-grpc');
  const { resourceFromAttributes } = require('@opentelemetry/resources');
  const { AlwaysOffSampler, BasicTracerProvider, BatchSpanProcessor } = require('@opentelemetry/sdk-trace-base');
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  propagation.setGlobalPropagator(new W3CTraceContextPropagator());
  trace.setGlobalTracerProvider(new BasicTracerProvider({
    sampler: new AlwaysOffSampler(),
    resource: resourceFromAttributes({ 'service.name': 'bench' }),
    spanProcessors: [new BatchSpanProcessor(new OTLPTraceExporter({ url: 'http://127.0.0.1:9' }))],
  }));`;

const BASE = 'SDK and gRPC exporter, sampler off';
const IMPORTED = 'import of spanwright';
const STARTED = 'import and startTracing(), off';

/** Steps whose floors are the API, and the text of all their modules in one file that runs nothing. */
const STEPS: ReadonlyMap<string, string> = new Map([
  [BASE, SDK],
  ['@opentelemetry/api', API],
  [IMPORTED, IMPORT],
  [STARTED, START],
]);
const floorOf = (label: string): string => `floor: @opentelemetry/api, and the text of: ${label}`;

const PROFILE_NOTE = 'Microseconds of CPU, by the samples of V8’s profiler in one more process.';
const FLOOR_SHORT = 'the API, and the same text in one file that runs nothing';

interface Figures {
  readonly cpu: number;
  readonly files: readonly string[];
}

/** Output of a program in a new process. */
function runProgram(node: string, program: string): string {
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^(OTEL|SPANWRIGHT|NODE_OPTIONS)/.test(name)));
  return execFileSync(node, ['-e', program], {
    cwd: PROJECT,
    env,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  });
}

/** CPU nanoseconds of the step in a new process, and the modules that it loaded. */
function runStep(node: string, step: string): Figures {
  const program = `const before = process.cpuUsage();
    (async () => {
      ${step}
      const { user, system } = process.cpuUsage(before);
      process.stdout.write(JSON.stringify({ cpu: (user + system) * 1000, files: Object.keys(require.cache) }), () => process.exit());
    })();`;
  return JSON.parse(runProgram(node, program)) as Figures;
}

/** The step that loads one file with the text of every module that another step loads, each in a function that is not called. */
function floorStep(workspace: Workspace, name: string, step: string): string {
  const file = join(workspace.folder, `${name}.js`);
  const modules = runStep(process.execPath, step).files.filter((path) => !path.includes('@opentelemetry/api/'));
  const functions = modules.map((path) => `(exports, require, module) => {\n${readFileSync(path, 'utf8')}\n}`);
  writeFileSync(file, `'use strict';\nmodule.exports = [${functions.join(',')}];\n`);
  return `${API} require(${JSON.stringify(file)});`;
}

/** Parts of the CPU time of a step in a process of its own. @param microseconds of the step without the profiler */
function profileOf(workspace: Workspace, node: string, step: string, microseconds: number): Profile {
  const profiler = join(dirname(workspace.worker()), 'profiler.js');
  const program = `(async () => {
      const profiler = await require(${JSON.stringify(profiler)}).startProfiler();
      ${step}
      const self = await profiler.end();
      process.stdout.write(JSON.stringify(self), () => process.exit());
    })();`;
  const self = JSON.parse(runProgram(node, program)) as Profile['self'];
  return { nsPerCall: microseconds, self: self.map((one) => (/^(file:|\/)/.test(one.url) ? { ...one, url: AT_LOAD } : one)) };
}

export function measureLoad(workspace: Workspace): Outcome {
  const steps = [
    ...STEPS,
    [floorOf(IMPORTED), floorStep(workspace, 'imported', IMPORT)] as const,
    [floorOf(STARTED), floorStep(workspace, 'started', START)] as const,
  ];
  const rows: string[][] = [];
  const budgets: Budget[] = [];
  const profiles: Table[] = [];
  for (const [version, node] of NODES) {
    const samples = new Map<string, number[]>(steps.map(([label]) => [label, []]));
    const files = new Map<string, number>();
    for (let round = 0; round < ROUNDS; round++) {
      for (const [label, step] of round % 2 === 0 ? steps : [...steps].reverse()) {
        const { cpu, files: count } = runStep(node, step);
        samples.get(label)?.push(cpu);
        files.set(label, count.length);
      }
    }
    const over = (label: string) => paired(samplesOf(samples, label), samplesOf(samples, BASE)).ratio.median;
    for (const [label, values] of samples) {
      const own = spread(values);
      rows.push([
        `${version}: ${label}`,
        String(files.get(label)),
        milliseconds(own.median),
        range(own, milliseconds),
        factor(over(label)),
      ]);
    }
    const median = (label: string): number => spread(samplesOf(samples, label)).median / 1e6;
    const columns = [IMPORTED, STARTED, BASE].map((label) => {
      const step = STEPS.get(label) as string;
      return { label, profile: profileOf(workspace, node, step, median(label) * 1000) };
    });
    profiles.push(partsTable(`${version}: where the time of import and start goes`, PROFILE_NOTE, columns));
    const imported = median(IMPORTED);
    const started = over(STARTED);
    budgets.push(
      {
        what: `${version}: import of spanwright, CPU`,
        limit: `${IMPORT_MS} ms`,
        measured: `${imported.toFixed(1)} ms`,
        met: imported <= IMPORT_MS,
        floor: `${median(floorOf(IMPORTED)).toFixed(1)} ms: ${FLOOR_SHORT}`,
      },
      {
        what: `${version}: import and start while off, over the SDK with its exporter`,
        limit: factor(START_RATIO),
        measured: factor(started),
        met: started <= START_RATIO,
        floor: `${factor(over(floorOf(STARTED)))}: ${FLOOR_SHORT}`,
      },
    );
  }
  const note = `CPU time in ${ROUNDS} new processes each, alternated; the endpoint is set and tracing is off. A floor compiles the text of all modules from one file, and runs none of it. ${machine(...NODES.map(([, node]) => node))}`;
  return {
    tables: [
      { title: 'Import and start', note, head: ['', 'files', 'median', 'middle half', 'over the first row'], rows },
      ...profiles,
    ],
    budgets,
  };
}
