// The native `tsc` itself, as a process: it checks, writes declarations and keeps the state of a build where there is one. Returns
// the written files.

import { spawn } from 'node:child_process';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { stripVTControlCharacters } from 'node:util';

export interface Compiled {
  readonly exit: number;
  readonly errors: number;
  /** Output of `tsc`, without the list of files. */
  readonly output: string;
  /** Absolute paths of the files that were written in this run. */
  readonly written: ReadonlySet<string>;
}

/** An error in what is printed, in either form. */
const ERROR = /(?:^|: |- )error TS\d+: /gm;
const LISTED = /^TSFILE: +(.*)\r?\n/gm;

/** @param args as a person would give them. */
export async function tsc(configPath: string, args: readonly string[], { pretty }: { pretty: boolean }): Promise<Compiled> {
  const script = join(dirname(createRequire(configPath).resolve('typescript/package.json')), 'bin/tsc');
  const child = spawn(process.execPath, [script, ...args, '--listEmittedFiles', '--pretty', String(pretty)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const chunks: Buffer[] = [];
  child.stdout.on('data', (chunk: Buffer) => chunks.push(chunk));
  const exit = await new Promise<number>((ended, failed) => {
    child.once('error', failed);
    // Ended by a signal, it has compiled nothing that could be relied on.
    child.once('close', (code) => ended(code ?? 1));
  });
  const printed = Buffer.concat(chunks).toString('utf8');
  const written = new Set([...printed.matchAll(LISTED)].map((match) => match[1] as string));
  const output = printed.replace(LISTED, '');
  return { exit, errors: stripVTControlCharacters(output).match(ERROR)?.length ?? 0, output, written };
}
