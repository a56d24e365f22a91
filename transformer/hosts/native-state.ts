// State that the native build keeps of a project beside the state of `tsc`: whether the JavaScript in the output belongs to these options,
// this version and that state, whole and without a diagnostic of the transformer. It is removed before anything is written, and created
// when everything is written, so that an interrupted build, or one by plain `tsc`, is noticed.

import { createHash } from 'node:crypto';
import { mkdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { basename, dirname, join, relative, resolve } from 'node:path';
import type ts from 'typescript';
import { CONTRACT } from '../core/edit.js';
import type { NativeProject } from './native-opened.js';
import { sourceTextIfAny } from './source-text.js';

export interface State {
  /** True if the output of the last build is valid for the files that `tsc` leaves alone in this one. */
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

/** Path of the state of `tsc`: as in TypeScript, beside the output. */
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

/** Version of this package, found by its own name. */
function version(): string {
  return createRequire(__filename)('spanwright/package.json').version;
}
