// `npm run sizing -w street-ops -- --rate 10000 --wait 30 --spans 8`: the memory that tail sampling takes in a real Collector. Traces are
// sent into a decision window that does not end meanwhile; the memory by trace is extrapolated to all traces of the window asked for.
// The Collector is OTELCOL, else `otelcol` of the PATH.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { freePort, SPANWRIGHT } from '@spanwright/stage';
import { runProgram } from '../drive/processes.js';
import { lineThrough, type Point } from './line.js';
import { traceOf } from './traces.js';

const { values } = parseArgs({
  options: {
    rate: { type: 'string', default: '10000' },
    wait: { type: 'string', default: '30' },
    spans: { type: 'string', default: '8' },
    traces: { type: 'string', default: '15000' },
  },
});
const [rate, wait, spans, most] = [values.rate, values.wait, values.spans, values.traces].map(Number) as [
  number,
  number,
  number,
  number,
];
const STEPS = 6;
const TRACES_A_REQUEST = 250;
const START_LIMIT_MS = 30_000;
/** Time in which memory that was allocated for requests is released. */
const SETTLED_MS = 1500;

function configuration(port: number, metrics: number): string {
  const reader = { pull: { exporter: { prometheus: { host: '127.0.0.1', port: metrics } } } };
  return JSON.stringify({
    receivers: { otlp: { protocols: { http: { endpoint: `127.0.0.1:${port}` } } } },
    processors: {
      tail_sampling: {
        decision_wait: '1h',
        num_traces: 2 * (most + STEPS * TRACES_A_REQUEST),
        policies: [{ name: 'errors', type: 'status_code', status_code: { status_codes: ['ERROR'] } }],
      },
    },
    exporters: { debug: {} },
    service: {
      telemetry: { logs: { level: 'error' }, metrics: { level: 'normal', readers: [reader] } },
      pipelines: { traces: { receivers: ['otlp'], processors: ['tail_sampling'], exporters: ['debug'] } },
    },
  });
}

/** @returns how many traces it sent: whole requests, at least `count`. */
async function send(port: number, count: number): Promise<number> {
  let sent = 0;
  for (; sent < count; sent += TRACES_A_REQUEST) {
    const scopeSpans = [
      { scope: { name: 'sizing' }, spans: Array.from({ length: TRACES_A_REQUEST }, () => traceOf(spans)).flat() },
    ];
    const resource = { attributes: [{ key: 'service.name', value: { stringValue: 'sizing' } }] };
    const response = await fetch(`http://127.0.0.1:${port}/v1/traces`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ resourceSpans: [{ resource, scopeSpans }] }),
    });
    if (!response.ok) throw new Error(`The Collector answered ${response.status}: ${await response.text()}`);
  }
  return sent;
}

async function memoryMB(metrics: number): Promise<number | undefined> {
  const { out } = await runProgram(SPANWRIGHT, ['traces', 'collector', `http://127.0.0.1:${metrics}`, '--json']);
  return out === '' ? undefined : (JSON.parse(out) as { memoryMB: number }).memoryMB;
}

/** The memory at each number of traces that wait for their decision. */
async function measure(port: number, metrics: number): Promise<Point[]> {
  const limit = performance.now() + START_LIMIT_MS;
  while ((await memoryMB(metrics)) === undefined)
    if (performance.now() > limit) throw new Error('The Collector does not answer; set OTELCOL to the path of one.');
  const points: Point[] = [];
  let sent = 0;
  for (let step = 1; step <= STEPS; step++) {
    sent += await send(port, most / STEPS);
    await pause(SETTLED_MS);
    const point = { x: sent, y: (await memoryMB(metrics)) ?? 0 };
    points.push(point);
    print(`${String(point.x).padStart(10)} traces wait   ${String(point.y).padStart(8)} MB`);
  }
  return points;
}

async function main(folder: string): Promise<void> {
  const [port, metrics] = [await freePort(), await freePort()];
  const path = join(folder, 'collector.yaml');
  writeFileSync(path, configuration(port, metrics));
  const collector = spawn(process.env.OTELCOL || 'otelcol', ['--config', path], { stdio: ['ignore', 'inherit', 'inherit'] });
  try {
    await once(collector, 'spawn').catch((error: Error) => {
      throw new Error(`${error.message}; set OTELCOL to the path of a Collector.`);
    });
    const { slope, offset } = lineThrough(await measure(port, metrics));
    const waiting = rate * wait;
    print(
      `A trace of ${spans} spans takes ${(slope * 1024).toFixed(1)} KB; ${rate} a second for ${wait} s are ${waiting} traces.`,
    );
    print(`The Collector needs ${((offset + slope * waiting) / 1024).toFixed(1)} GB for them.`);
  } finally {
    collector.kill('SIGKILL');
  }
}

const print = (line: string): void => void process.stdout.write(`${line}\n`);

const folder = mkdtempSync(join(tmpdir(), 'street-ops-sizing-'));
void main(folder)
  .catch((error: Error) => {
    print(`Not measured: ${error.message}`);
    process.exitCode = 1;
  })
  .finally(() => rmSync(folder, { recursive: true, force: true }));
