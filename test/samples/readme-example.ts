// The README's smallest example and its code blocks, for the tests and the screenshots that run them.

import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';

/** Asynchronous, because the receiver that the example sends to may live in this process. */
const executeFile = promisify(execFile);
const ROOT = join(__dirname, '../..');
export const README = join(ROOT, 'README.md');
export const readme = readFileSync(README, 'utf8');

/** The contents of the first block of a language after a text. @throws Error where there is none. */
export function readmeBlock(after: string, language: string): string {
  const from = readme.indexOf(after);
  if (from < 0) throw new Error(`README.md has no text "${after}"`);
  const found = new RegExp(`\`\`\`${language}\\n([\\s\\S]*?)\`\`\``).exec(readme.slice(from));
  if (found === null) throw new Error(`README.md has no ${language} block after "${after}"`);
  return found[1] ?? '';
}

/** Folder below the root, so that its packages are found. */
export function exampleFolder(): string {
  mkdirSync(join(ROOT, '.cache'), { recursive: true });
  return mkdtempSync(join(ROOT, '.cache', 'readme-'));
}

/** Builds the smallest example with tspc and runs it. @returns its standard output and the folder that it was built in, which is gone. */
export async function runExample(endpoint: string): Promise<{ stdout: string; project: string }> {
  const project = exampleFolder();
  try {
    mkdirSync(join(project, 'src'));
    writeFileSync(join(project, 'package.json'), '{ "name": "power" }');
    writeFileSync(join(project, 'tsconfig.json'), readmeBlock('`tsconfig.json`', 'json'));
    writeFileSync(join(project, 'src', 'power.ts'), readmeBlock('`src/power.ts`', 'ts'));
    const env = { ...process.env, OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: endpoint };
    await executeFile(process.execPath, [join(ROOT, 'node_modules/ts-patch/bin/tspc.js'), '-p', project], { cwd: project });
    const main = join(project, 'build', 'power.js');
    const { stdout } = await executeFile(process.execPath, ['--enable-source-maps', main], { cwd: project, env });
    return { stdout, project };
  } finally {
    rmSync(project, { recursive: true });
  }
}
