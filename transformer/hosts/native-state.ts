// What the native build remembers of a project beside the state that `tsc` keeps: whether the JavaScript that lies there is of these
// options, this version and that very state, whole and without a diagnostic of the transformer. Removed before anything is written, and
// made when all is; so that a build that was ended in between, or one by plain `tsc`, is noticed.

import { createHash } from 'node:crypto';
import { mkdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { basename, dirname, join, relative, resolve } from 'node:path';
import type ts from 'typescript';
import { CONTRACT } from '../core/edit.js';
import type { NativeProject } from './native-opened.js';
import { sourceTextIfAny } from './source-text.js';

export interface State {
  /** Whether what was written by the last build holds for what `tsc` leaves alone in this one. */
  readonly holds: boolean;
  /** The next build may rely on this one. */
  keep(): void;
}

/** Reads the state, and removes it until it is kept again. */
export function takeState({ configPath, parsed: { options }, texts }: NativeProject): State {
  const info = buildInfoOf(configPath, options);
  const path = info.replace(/\.tsbuildinfo$/, '') + ENDING;
  const { naming, rootDir } = texts.project;
  const facts = JSON.stringify([version(), CONTRACT, options, texts.configuration.plugins, naming, rootDir]);
  const wanted = (): string => createHash('sha256').update(facts).update(stampOf(info)).digest('hex');
  const holds = sourceTextIfAny(path) === wanted();
  rmSync(path, { force: true });
  return {
    holds,
    keep() {
      mkdirSync(dirname(path), { recursive: true });
      writeFileSync(path, wanted());
    },
  };
}

const ENDING = '.spanwrightinfo';

/** Where `tsc` keeps its state: as TypeScript has it, beside the output. */
function buildInfoOf(configPath: string, { tsBuildInfoFile, outDir, rootDir }: ts.CompilerOptions): string {
  if (tsBuildInfoFile) return resolve(dirname(configPath), tsBuildInfoFile);
  const stem = `${basename(configPath, '.json')}.tsbuildinfo`;
  if (outDir === undefined) return join(dirname(configPath), stem);
  return rootDir === undefined ? join(outDir, stem) : resolve(outDir, relative(rootDir, dirname(configPath)), stem);
}

/** Size and time of a file, so that another run of `tsc` shows. */
function stampOf(path: string): string {
  const found = statSync(path, { throwIfNoEntry: false });
  return found === undefined ? 'none' : `${found.size} ${found.mtimeMs}`;
}

/** Of this package, by its own name. */
function version(): string {
  return createRequire(__filename)('spanwright/package.json').version;
}
