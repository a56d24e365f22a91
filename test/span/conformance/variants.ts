// The same fixtures in four compilations: legacy and TC39 decorators, through the transformer and as plain TypeScript. Each is
// compiled once and loaded into the process of the test, where all share the runtime as built.

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { compileProject, type Ran, runEmitted } from './compile.js';

export interface Variant {
  readonly name: string;
  readonly legacy: boolean;
  readonly transformed: boolean;
  readonly directory: string;
  /** The module of a fixture, loaded once. */
  load<Module>(fixture: string): Module;
  /** Runs a fixture as a program of its own. */
  execute(fixture: string, ...args: string[]): Ran;
}

/** Fixtures that only one kind of decorators can express. */
const LEGACY_ONLY = join(__dirname, 'legacy', 'fixtures');
const STANDARD_ONLY = join(__dirname, 'standard', 'fixtures');

function filesIn(folder: string): Record<string, string> {
  const names = readdirSync(folder).filter((name) => name.endsWith('.ts'));
  if (names.length === 0) throw new Error(`no fixtures in ${folder}`);
  return Object.fromEntries(names.map((name) => [name, readFileSync(join(folder, name), 'utf8')]));
}

function buildVariant(legacy: boolean, transformed: boolean): Variant {
  const files = { ...filesIn(join(__dirname, 'fixtures')), ...filesIn(legacy ? LEGACY_ONLY : STANDARD_ONLY) };
  const directory = compileProject({ files, legacy, transformed });
  const emitted = readFileSync(join(directory, 'out', 'results.js'), 'utf8').includes('spanwright/emitted');
  if (emitted !== transformed) throw new Error(`results.js: found ${emitted ? 'transformed' : 'plain'} code; expected the other`);
  return {
    name: `${legacy ? 'legacy' : 'TC39'}, ${transformed ? 'transformed' : 'untransformed'}`,
    legacy,
    transformed,
    directory,
    load: (fixture) => require(join(directory, 'out', `${fixture}.js`)),
    execute: (fixture, ...args) => runEmitted(directory, `${fixture}.js`, args, ['--expose-gc']),
  };
}

/** All four. */
export function buildVariants(): Variant[] {
  return [true, false].flatMap((legacy) => [true, false].map((transformed) => buildVariant(legacy, transformed)));
}
