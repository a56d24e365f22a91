// The conformance suite, written once: the results that every host must give for the programs. A host compiles the project, or runs
// it, and the suite checks its output. A part that is not installed skips with its reason; in CI that is a failure.

import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { mustSkip } from '../../missing.js';
import type { Program } from './programs.js';
import { type Decorators, type Modules, programsOf, ROOT, type Seen, type Variant, writeProject } from './project.js';

/** Command that runs the compiled project: arguments of `node`, or a whole command. */
export interface Runnable {
  readonly command?: string;
  readonly arguments: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
}

export interface Host {
  readonly name: string;
  /** Folder below .cache/hosts that it needs. */
  readonly part?: string;
  readonly variants: readonly Variant[];
  /** True if the host knows this package; another host makes the same spans with poorer metadata. */
  readonly transforms: boolean;
  readonly compilerOptions?: Readonly<Record<string, unknown>>;
  readonly packages?: () => Readonly<Record<string, string>>;
  /** True for a tool that may measure coverage: nothing is recorded inline. */
  readonly covered?: true;
  /** False where its source maps lead to the right line and not to the column. */
  readonly columns?: false;
  /** Programs that the host gets wrong by itself, with the reason, which is printed; `standard:` before those of one kind of decorators. */
  readonly except?: Readonly<Record<string, string>>;
  /** Compiles in the directory; throws with the output when that fails. */
  build(directory: string, variant: Variant): Runnable | Promise<Runnable>;
}

export const LEGACY: Variant = { decorators: 'legacy', modules: 'commonjs' };
export const STANDARD: Variant = { decorators: 'standard', modules: 'esm' };
export const variant = (decorators: Decorators, modules: Modules): Variant => ({ decorators, modules });

export const part = (...path: string[]): string => join(ROOT, '.cache', 'hosts', ...path);
export const NODE24 = join(ROOT, '.cache', 'node24', 'node_modules', '.bin', 'node');

/** Runs a program to its end; throws with its output when it fails. */
export function execute(directory: string, command: string, args: readonly string[], environment: object = {}): string {
  const { FORCE_COLOR, ...inherited } = process.env;
  const { status, stdout, stderr, error } = spawnSync(command, args, {
    cwd: directory,
    encoding: 'utf8',
    timeout: 120_000,
    env: { ...inherited, NO_COLOR: '1', ...environment },
  });
  if (error !== undefined || status !== 0)
    throw new Error(`${command} ${args.join(' ')} ended with ${status ?? error}:\n${stdout}${stderr}`);
  return stdout + stderr;
}

/**
 * Declares tests that need parts of .ci/setup: `test` itself, or `test.skip` with the reason printed where one is missing.
 * @throws in CI, where nothing may be skipped
 */
export function testWith(...parts: readonly (string | undefined)[]): typeof test.only {
  const found = (name: string): boolean => [part(name), join(ROOT, '.cache', name)].some((at) => existsSync(join(at, '.stamp')));
  const missing = parts.filter((name) => name !== undefined).filter((name) => !found(name));
  return mustSkip(missing) ? test.skip : test;
}

/** Declares the tests of one host. */
export function conformance(host: Host): void {
  const declare = testWith(host.part);
  for (const variant of host.variants) {
    const title = `${host.name}, ${variant.decorators} decorators, ${variant.modules}`;
    const all = programsOf(variant, host.transforms);
    if (all.length === 0) throw new Error(`the suite has no program for ${title}`);
    const reason = (name: string) => host.except?.[name] ?? host.except?.[`${variant.decorators}:${name}`];
    const programs = all.filter(({ name }) => reason(name) === undefined);
    for (const { name } of all) if (reason(name) !== undefined) console.log(`left out of ${title}: ${name}: ${reason(name)}`);
    let printed: Record<string, Seen> = {};
    let output = '';
    declare(`${title}: compiles and runs`, async () => {
      const { compilerOptions, packages } = host;
      const request = { variant, programs, packages: packages?.() ?? {}, ...(compilerOptions && { compilerOptions }) };
      const directory = writeProject(request);
      const { command = process.execPath, arguments: args, environment } = await host.build(directory, variant);
      output = execute(directory, command, args, environment);
      const line = output.split('\n').find((one) => one.startsWith('CONFORMANCE '));
      assert.ok(line, `nothing was printed:\n${output}`);
      printed = JSON.parse(line.slice('CONFORMANCE '.length));
      assert.equal(
        Object.keys(printed),
        programs.map(({ name }) => name),
      );
    });
    for (const program of programs)
      declare(`${title}: ${program.name} behaves as the language says, and is recorded`, () => {
        const seen = printed[program.name];
        assert.ok(seen, 'the program did not run');
        const exact = (value: unknown): unknown => (host.columns === false ? withoutColumns(value) : value);
        assert.equal(exact(seen.off), exact(program.value), 'before tracing starts');
        assert.equal(exact(seen.on), exact(program.value), 'while it records');
        assertAttributes(program, seen);
        if (host.transforms) assertSites(host.covered ? withoutInline(program) : program, seen, variant);
        else assert.is(seen.spans.length, program.unseenByLegacy && variant.decorators === 'legacy' ? 0 : program.spans.length);
      });
    declare(`${title}: says once that the transformer did not run, and only then`, () => {
      assert.is(output.split('SPW015').length - 1, host.transforms ? 0 : 1, output);
    });
  }
}

function withoutInline(program: Program): Program {
  const { spans = [], namespaces = [] } = program.inline ?? {};
  return {
    ...program,
    spans: program.spans.filter((name) => !spans.includes(name)),
    namespaces: program.namespaces.filter((name) => !namespaces.includes(name)),
  };
}

function assertAttributes({ attributes }: Program, seen: Seen): void {
  if (attributes === undefined) return;
  const span = seen.spans.find(({ name }) => name === attributes.span);
  assert.ok(span, `${attributes.span} of ${seen.spans.map(({ name }) => name)}`);
  for (const [key, value] of Object.entries(attributes.holds)) assert.is(span.attributes[key], value, key);
}

function assertSites({ name, source, spans, namespaces }: Program, seen: Seen, { modules }: Variant): void {
  assert.equal(seen.spans.map((span) => span.name).sort(), spans);
  const found = new Set(seen.spans.map(({ attributes }) => attributes['code.namespace']));
  assert.equal([...found].sort(), namespaces);
  for (const { attributes } of seen.spans) {
    const file = String(attributes['code.file.path']);
    assert.match(file, /^src\/[\w-]+\.ts$/);
    if (file !== `src/${name}.ts`) continue;
    const text = modules === 'esm' ? source.replace(/from '(\.\/[\w-]+)'/g, "from '$1.js'") : source;
    const line = text.split('\n')[Number(attributes['code.line.number']) - 1] ?? '';
    const fn = String(attributes['code.function.name']).split('::').pop() ?? '';
    const at = line.slice(Number(attributes['code.column.number']) - 1);
    // The place of a function without a name is the function itself.
    if (fn !== 'anonymous' && !fn.endsWith(' callback'))
      assert.ok(at.replace(/^\[?'?/, '').startsWith(fn.replace(/^\[/, '').replace(/\]$/, '')), `${fn} is not at ${at}`);
  }
}

/** Places such as `9:11` cut to their line. */
function withoutColumns(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value).replace(/"(\d+):\d+"/g, '"$1"'));
}
