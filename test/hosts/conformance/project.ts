// The project that hosts compile: the programs of the suite, and a main module that runs each before tracing starts and again
// while it records, and prints the results as one line of JSON.

import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { AUTO_DEFAULT, AUTO_SCRIPT, PART, PROGRAMS, type Program, TRACING } from './programs.js';
import { TRAPS } from './traps.js';

export const ROOT = join(__dirname, '..', '..', '..');

export type Decorators = 'legacy' | 'standard';
export type Modules = 'commonjs' | 'esm';

export interface Variant {
  readonly decorators: Decorators;
  readonly modules: Modules;
}

/** Output of the main module for one program. */
export interface Seen {
  /** Results of `run` while tracing was off, and while it recorded; errors as text. */
  readonly off: unknown;
  readonly on: unknown;
  readonly spans: readonly { readonly name: string; readonly attributes: Readonly<Record<string, unknown>> }[];
}

export function programsOf({ decorators }: Variant, auto: boolean): Program[] {
  return [...PROGRAMS, ...TRAPS].filter(
    (program) => (program.decorators ?? decorators) === decorators && (auto || !program.auto),
  );
}

const directories: string[] = [];
process.on('exit', () => {
  for (const directory of directories) rmSync(directory, { recursive: true, force: true });
});

export function newDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), 'spanwright-hosts-'));
  directories.push(directory);
  return directory;
}

export function write(directory: string, path: string, text: string): void {
  mkdirSync(dirname(join(directory, path)), { recursive: true });
  writeFileSync(join(directory, path), text);
}

/** Puts packages of this project into the `node_modules` of another. */
export function link(directory: string, packages: Readonly<Record<string, string>>): void {
  for (const [name, target] of Object.entries(packages)) {
    const path = join(directory, 'node_modules', name);
    mkdirSync(dirname(path), { recursive: true });
    symlinkSync(target, path, 'junction');
  }
}

const OWN = {
  spanwright: ROOT,
  '@opentelemetry': join(ROOT, 'node_modules/@opentelemetry'),
  '@types': join(ROOT, 'node_modules/@types'),
};

export interface ProjectRequest {
  readonly variant: Variant;
  readonly programs: readonly Program[];
  /** Packages beyond our own. */
  readonly packages?: Readonly<Record<string, string>>;
  readonly compilerOptions?: Readonly<Record<string, unknown>>;
}

/** Writes the project and answers its directory. */
export function writeProject({ variant, programs, packages, compilerOptions }: ProjectRequest): string {
  const directory = newDirectory();
  const { decorators, modules } = variant;
  const esm = modules === 'esm';
  const plugin = {
    transform: 'spanwright/transformer',
    namespace: 'conformance',
    auto: [{ files: 'src/auto*.ts', minLines: 1 }],
  };
  const options = {
    target: 'ES2022',
    lib: ['ES2023', 'ESNext.Decorators'],
    module: esm ? 'Node16' : 'CommonJS',
    ...(esm ? { moduleResolution: 'Node16' } : {}),
    experimentalDecorators: decorators === 'legacy',
    strict: true,
    esModuleInterop: true,
    skipLibCheck: true,
    sourceMap: true,
    declaration: true,
    rootDir: 'src',
    outDir: 'out',
    types: ['node'],
    ...compilerOptions,
    plugins: [plugin],
  };
  write(directory, 'tsconfig.json', JSON.stringify({ compilerOptions: options, include: ['src'] }, null, 2));
  const manifest = {
    name: 'conformance',
    type: esm ? 'module' : 'commonjs',
    version: '1.0.0',
    dependencies: { spanwright: '*' },
  };
  write(directory, 'package.json', JSON.stringify(manifest));
  const files: Record<string, string> = {
    'main.ts': mainOf(programs),
    'part.ts': PART,
    'auto-default.ts': AUTO_DEFAULT,
    'auto-script.ts': AUTO_SCRIPT,
    'tracing.ts': TRACING,
  };
  for (const { name, source } of programs) files[`${name}.ts`] = source;
  for (const [name, source] of Object.entries(files))
    write(directory, `src/${name}`, esm ? source.replace(/(from|import) '(\.\/[\w-]+)'/g, "$1 '$2.js'") : source);
  link(directory, { ...OWN, ...packages });
  return directory;
}

function mainOf(programs: readonly Program[]): string {
  const imports = programs.map(({ name }, index) => `import * as program${index} from './${name}';`);
  const rows = programs.map(({ name }, index) => `  ['${name}', program${index}.run],`);
  return `#!/usr/bin/env node
import { startTracing } from 'spanwright';
${imports.join('\n')}

const programs: [string, () => unknown][] = [
${rows.join('\n')}
];

async function answer(run: () => unknown): Promise<unknown> {
  try { return await run(); } catch (error) { return String((error as Error).stack); }
}

async function main(): Promise<void> {
  const off = new Map<string, unknown>();
  for (const [name, run] of programs) off.set(name, await answer(run));
  let ended: { name: string; attributes: object }[] = [];
  const exporter = {
    export(spans: { name: string; attributes: object }[], done: (result: { code: number }) => void) { ended.push(...spans); done({ code: 0 }); },
    async forceFlush() {},
    async shutdown() {},
  };
  const tracing = await startTracing({ serviceName: 'conformance', enabled: true, exporter: exporter as any });
  const seen: Record<string, unknown> = {};
  for (const [name, run] of programs) {
    ended = [];
    const on = await answer(run);
    await tracing.forceFlush();
    seen[name] = { off: off.get(name), on, spans: ended.map(({ name, attributes }) => ({ name, attributes })) };
  }
  await tracing.shutdown();
  console.log('CONFORMANCE ' + JSON.stringify(seen));
}
export const done = main();
`;
}
