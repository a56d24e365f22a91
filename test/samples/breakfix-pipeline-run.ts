// A run of the built sample breakfix-pipeline, as `npm start` makes it, for the tests of this folder: a process group of its own, so
// that what it leaves behind is seen.

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { FlatSpan } from '../real/support/otlp-json.js';
import { SHORT_LIVED } from './node-flags.js';

export const PIPELINE = join(__dirname, '../../samples/breakfix-pipeline');
const LIMIT_MS = 180_000;

/** A line of the table at the end. */
export interface Row {
  scenario: string;
  node: string;
  quarantine: string;
  remediated: string;
  traceId: string;
}

export interface LogLine {
  module: string;
  level: string;
  msg: string;
  trace_id?: string;
  span_id?: string;
}

export interface Run {
  code: number | null;
  output: string;
  rows: readonly Row[];
  /** The modules' log lines that are JSON. */
  log: readonly LogLine[];
  /** Other lines, including Spanwright's. */
  otherLines: readonly string[];
  /** True when a process that it started is still there. */
  leftBehind: boolean;
}

const running = new Set<ChildProcess>();
process.on('exit', () => {
  for (const child of running) kill(child);
});

function kill({ pid }: ChildProcess): void {
  try {
    if (pid !== undefined) process.kill(-pid, 'SIGKILL');
  } catch {
    // it has ended, which is what was wanted
  }
}

function groupLives(pid: number): boolean {
  try {
    process.kill(-pid, 0);
    return true;
  } catch {
    return false;
  }
}

export async function runPipeline(
  scenarios: readonly string[],
  env: NodeJS.ProcessEnv,
  flags: readonly string[] = [],
): Promise<Run> {
  const entry = join(PIPELINE, 'build', 'drive', 'start.js');
  if (!existsSync(entry)) throw new Error('The sample is not built: run `npm run build && npm run build -w breakfix-pipeline`.');
  const folder = mkdtempSync(join(tmpdir(), 'breakfix-pipeline-'));
  const logFile = join(folder, 'log.jsonl');
  const inherited = Object.entries(process.env).filter(([name]) => !/^(OTEL_|SPANWRIGHT_|NODE_OPTIONS|DATABASE_URL$)/.test(name));
  const child = spawn(process.execPath, [...SHORT_LIVED, ...flags, entry, ...scenarios], {
    cwd: folder,
    detached: true,
    env: { ...Object.fromEntries(inherited), LOG_FILE: logFile, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  running.add(child);
  const limit = setTimeout(() => kill(child), LIMIT_MS);
  try {
    let output = '';
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (text) => (output += String(text)));
    const [code] = await once(child, 'close');
    const lines = existsSync(logFile) ? readFileSync(logFile, 'utf8').split('\n').filter(Boolean) : [];
    const isJson = (line: string): boolean => line.startsWith('{');
    return {
      code,
      output,
      rows: rowsOf(output),
      log: lines.filter(isJson).map((line) => JSON.parse(line) as LogLine),
      otherLines: lines.filter((line) => !isJson(line)),
      leftBehind: groupLives(child.pid as number),
    };
  } finally {
    clearTimeout(limit);
    kill(child);
    running.delete(child);
    rmSync(folder, { recursive: true, force: true });
  }
}

function rowsOf(output: string): Row[] {
  const lines = output.split('\n');
  const head = lines.findIndex((line) => line.startsWith('scenario'));
  if (head < 0) return [];
  const columns = ['node', 'quarantine', 'remediated', 'trace'].map((name) => (lines[head] as string).indexOf(name));
  const [node = 0, quarantine = 0, remediated = 0, trace = 0] = columns;
  const rows: Row[] = [];
  for (const line of lines.slice(head + 1)) {
    if (line === '') break;
    rows.push({
      scenario: line.slice(0, node).trim(),
      node: line.slice(node, quarantine).trim(),
      quarantine: line.slice(quarantine, remediated).trim(),
      remediated: line.slice(remediated, trace).trim(),
      traceId: line.slice(trace).trim(),
    });
  }
  return rows;
}

/** The spans of one trace, in order of their start, and their relations. */
export class TraceView {
  readonly spans: readonly FlatSpan[];
  readonly #ids: ReadonlySet<string>;

  constructor(spans: readonly FlatSpan[]) {
    this.spans = [...spans].sort((a, b) => Number(BigInt(a.start) - BigInt(b.start)));
    this.#ids = new Set(spans.map(({ spanId }) => spanId));
  }

  named(name: string): FlatSpan[] {
    return this.spans.filter((span) => span.name === name);
  }

  /** @throws unless there is exactly one */
  one(name: string): FlatSpan {
    const found = this.named(name);
    if (found.length !== 1)
      throw new Error(`${found.length} spans are named ${name}, not one: ${this.spans.map((span) => span.name).join(', ')}`);
    return found[0] as FlatSpan;
  }

  parentOf(span: FlatSpan): FlatSpan | undefined {
    return this.spans.find(({ spanId }) => spanId === span.parentSpanId);
  }

  /** Spans that no span of this trace is the parent of. */
  get beginnings(): FlatSpan[] {
    return this.spans.filter(({ parentSpanId }) => !this.#ids.has(parentSpanId));
  }

  /** Names of the spans that a span links to; an id where the trace does not have it. */
  linksOf(span: FlatSpan): string[] {
    return span.links.map((link) => this.spans.find(({ spanId }) => spanId === link.spanId)?.name ?? link.spanId);
  }
}

/** Declares a test of a suite of uvu, or a skipped one. */
export type Define = (name: string, run: () => void) => void;

/** Results of a run, to be read inside tests only. */
export interface Seen {
  spans(): readonly FlatSpan[];
  traceOf(scenario: string): TraceView;
}

/** API calls of a trace: name, path and status of each. */
export const callsOf = ({ spans }: TraceView): string[] =>
  spans
    .filter(({ attributes }) => 'url.full' in attributes)
    .map(({ name, attributes }) => {
      const { pathname } = new URL(String(attributes['url.full']));
      return `${name} ${pathname} ${attributes['http.response.status_code']}`;
    });

export const moduleOf = (span: FlatSpan): string => String(span.resource['service.name']);
