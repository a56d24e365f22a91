// Programs that use one library each, written once and run as CommonJS and as ES modules by a Node process of its own, against the
// built package. They do the same thing outside any span and inside one, and the process reports what was recorded.

import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const PROJECT = join(__dirname, '../..');
export const FORMS = ['cjs', 'mjs'] as const;
export type Form = (typeof FORMS)[number];

export interface Program {
  /** Default imports: name in the program, and module. */
  readonly imports: readonly (readonly [string, string])[];
  /** Statements before; `work` is an async function that may use what they declare. */
  readonly before?: string;
  readonly work: string;
  readonly after?: string;
}

export interface ToldSpan {
  readonly name: string;
  readonly kind: number;
  readonly scope: string;
  readonly traceId: string;
  readonly spanId: string;
  readonly parent?: string;
  readonly attributes: Record<string, unknown>;
}
export interface Told {
  /** Spans of `work` outside any span, then those inside one named `enclosing`. */
  readonly outside: readonly ToldSpan[];
  readonly inside: readonly ToldSpan[];
}

/** Servers in the same process end their spans after the client has its answer. */
const TELL = `
  const settled = async () => {
    for (let attempt = 0; tracing.openCount > 0 || attempt < 2; attempt++) {
      if (attempt === 6000) throw new Error('still open: ' + JSON.stringify(tracing.openSpans()));
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  };
  const told = async () => {
    await tracing.forceFlush();
    const spans = exporter.getFinishedSpans().map((span) => ({
      name: span.name, kind: span.kind, scope: span.instrumentationScope.name, attributes: span.attributes,
      traceId: span.spanContext().traceId, spanId: span.spanContext().spanId, parent: span.parentSpanContext?.spanId,
    }));
    exporter.reset();
    return spans;
  };`;

function source(program: Program, form: Form): string {
  const load = ([name, module]: readonly [string, string]): string =>
    form === 'mjs' ? `import ${name} from '${module}';` : `const ${name} = require('${module}');`;
  const instrument =
    form === 'mjs' ? "import { instrument } from 'spanwright';" : "const { instrument } = require('spanwright');";
  return `${program.imports.map(load).join('\n')}\n${instrument}
async function main() {
  const { exporter } = globalThis.started;
  const tracing = await globalThis.started.tracing;${TELL}
  ${program.before ?? ''}
  const work = async () => { ${program.work} };
  await work();
  await settled();
  const outside = await told();
  await instrument({ name: 'enclosing' }, work)();
  await settled();
  const inside = await told();
  ${program.after ?? ''}
  await tracing.shutdown();
  console.log(JSON.stringify({ outside, inside }));
  process.exit(0);
}
main();
`;
}

function setup(options: object, form: Form): string {
  const start = `const exporter = new InMemorySpanExporter();
${form === 'mjs' ? 'const tracing = await startTracing' : 'const starting = startTracing'}({ exporter, serviceName: 'program', enabled: true, ...${JSON.stringify(options)} });
`;
  return form === 'mjs'
    ? `import 'spanwright/hooks';
import { startTracing } from 'spanwright';
import { InMemorySpanExporter } from '@opentelemetry/sdk-trace-base';
${start}globalThis.started = { tracing, exporter };
`
    : `const { startTracing } = require('spanwright');
const { InMemorySpanExporter } = require('@opentelemetry/sdk-trace-base');
${start}globalThis.started = { tracing: starting, exporter };
`;
}

/** Runs a program; rejects with what it printed when it fails. */
export async function runProgram(program: Program, form: Form, options: object, env: Record<string, string> = {}): Promise<Told> {
  const output = await runSource(source(program, form), setup(options, form), form, env);
  return JSON.parse(output.trim().split('\n').at(-1) as string) as Told;
}

/** Below the project, so that packages resolve as they do for a user's program; ignored by git. */
export async function runSource(app: string, tracing: string, form: Form, env: Record<string, string>): Promise<string> {
  const cache = join(PROJECT, '.cache');
  mkdirSync(cache, { recursive: true });
  const folder = mkdtempSync(join(cache, 'program-'));
  try {
    writeFileSync(join(folder, `app.${form}`), app);
    writeFileSync(join(folder, `tracing.${form}`), tracing);
    const preload = [form === 'mjs' ? '--import' : '--require', `./tracing.${form}`];
    const child = spawn(process.execPath, [...preload, `app.${form}`], {
      cwd: folder,
      env: { ...process.env, NODE_OPTIONS: '', NO_COLOR: '1', ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    return await outputOf(child);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function outputOf(child: ChildProcess): Promise<string> {
  let output = '';
  let faults = '';
  child.stdout?.on('data', (chunk) => {
    output += chunk;
  });
  child.stderr?.on('data', (chunk) => {
    faults += chunk;
  });
  const limit = setTimeout(() => child.kill('SIGKILL'), 180_000);
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => {
      clearTimeout(limit);
      if (code === 0) resolve(output);
      else reject(new Error(`the program ended with ${code}:\n${output}\n${faults}`));
    });
  });
}
