// Import of `spanwright` and start of a service that is off, against OpenTelemetry's SDK set up by hand: CPU time of one step, in
// new processes that alternate. The file system's cache is warm.

import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { NODES } from './nodes.js';
import { type Budget, factor, machine, milliseconds, type Outcome, range, samplesOf } from './report.js';
import { paired, spread } from './statistics.js';

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

const STEPS: readonly (readonly [label: string, step: string])[] = [
  ['SDK and gRPC exporter, sampler off', SDK],
  ['@opentelemetry/api', API],
  ['import of spanwright', IMPORT],
  ['import and startTracing(), off', START],
];

interface Figures {
  readonly cpu: number;
  readonly files: number;
}

/** CPU nanoseconds of the step in a new process, and the modules that it loaded. */
function runStep(node: string, step: string): Figures {
  const program = `const before = process.cpuUsage();
    (async () => {
      ${step}
      const { user, system } = process.cpuUsage(before);
      process.stdout.write(JSON.stringify({ cpu: (user + system) * 1000, files: Object.keys(require.cache).length }), () => process.exit());
    })();`;
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^(OTEL|SPANWRIGHT|NODE_OPTIONS)/.test(name)));
  const output = execFileSync(node, ['-e', program], {
    cwd: PROJECT,
    env,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  return JSON.parse(output) as Figures;
}

export function measureLoad(): Outcome {
  const rows: string[][] = [];
  const budgets: Budget[] = [];
  for (const [version, node] of NODES) {
    const samples = new Map<string, number[]>(STEPS.map(([label]) => [label, []]));
    const files = new Map<string, number>();
    for (let round = 0; round < ROUNDS; round++) {
      for (const [label, step] of round % 2 === 0 ? STEPS : [...STEPS].reverse()) {
        const { cpu, files: count } = runStep(node, step);
        samples.get(label)?.push(cpu);
        files.set(label, count);
      }
    }
    const over = (label: string) => paired(samplesOf(samples, label), samplesOf(samples, STEPS[0]?.[0] as string)).ratio.median;
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
    const imported = spread(samplesOf(samples, 'import of spanwright')).median / 1e6;
    const started = over('import and startTracing(), off');
    budgets.push(
      {
        what: `${version}: import of spanwright, CPU`,
        limit: `${IMPORT_MS} ms`,
        measured: `${imported.toFixed(1)} ms`,
        met: imported <= IMPORT_MS,
      },
      {
        what: `${version}: import and start while off, over the SDK with its exporter`,
        limit: factor(START_RATIO),
        measured: factor(started),
        met: started <= START_RATIO,
      },
    );
  }
  const note = `CPU time in ${ROUNDS} new processes each, alternated; the endpoint is set and tracing is off. ${machine(...NODES.map(([, node]) => node))}`;
  return {
    tables: [{ title: 'Import and start', note, head: ['', 'modules', 'median', 'middle half', 'over the first row'], rows }],
    budgets,
  };
}
