// Compiles a folder's worth of TypeScript with the patched compiler of ts-patch, in a directory of its own that sees this
// project's packages and this package as built. Type errors are errors.

import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { compileFolder } from '../../transformer/compile.js';

export const ROOT = join(__dirname, '..', '..', '..');

const directories: string[] = [];
process.on('exit', () => {
  for (const directory of directories) rmSync(directory, { recursive: true, force: true });
});

export interface Project {
  /** Text by file name. */
  readonly files: Readonly<Record<string, string>>;
  readonly legacy: boolean;
  readonly transformed: boolean;
  /** Instrument undecorated code below `src` too. */
  readonly auto?: boolean;
}

/** The directory of the project; what was emitted is below `out`. */
export function compileProject({ files, legacy, transformed, auto = false }: Project): string {
  const directory = mkdtempSync(join(tmpdir(), 'spanwright-conformance-'));
  directories.push(directory);
  mkdirSync(join(directory, 'src'));
  symlinkSync(join(ROOT, 'node_modules'), join(directory, 'node_modules'), 'junction');
  for (const [name, text] of Object.entries(files)) writeFileSync(join(directory, 'src', name), text);
  writeFileSync(join(directory, 'package.json'), JSON.stringify({ name: '@acme/conformance', type: 'commonjs' }));
  writeFileSync(join(directory, 'tsconfig.json'), JSON.stringify(configuration(legacy, transformed, auto)));
  const { diagnostics } = compileFolder(directory);
  if (diagnostics.length > 0) throw new Error(`the fixtures do not compile:\n${diagnostics.join('\n')}`);
  return directory;
}

function configuration(legacy: boolean, transformed: boolean, auto: boolean): Record<string, unknown> {
  return {
    compilerOptions: {
      target: 'ES2022',
      lib: ['ES2023', 'ESNext.Decorators', 'ESNext.Disposable'],
      module: 'NodeNext',
      moduleResolution: 'NodeNext',
      strict: true,
      esModuleInterop: true,
      skipLibCheck: true,
      types: ['node'],
      rootDir: 'src',
      outDir: 'out',
      ...(legacy ? { experimentalDecorators: true, emitDecoratorMetadata: true } : undefined),
      plugins: transformed ? [{ transform: 'spanwright/transformer', ...(auto && { auto: [{ files: 'src/**' }] }) }] : [],
    },
    include: ['src'],
  };
}

export interface Ran {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs an emitted file as a program. */
export function runEmitted(directory: string, file: string, args: readonly string[], nodeOptions: readonly string[] = []): Ran {
  const given = [...nodeOptions, join(directory, 'out', file), ...args];
  const { status, stdout, stderr } = spawnSync(process.execPath, given, { encoding: 'utf8', timeout: 30_000 });
  return { status, stdout, stderr };
}
