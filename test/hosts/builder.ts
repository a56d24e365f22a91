// A process that runs the `build.mjs` of one folder after another, each as if Node were started in that folder. Loading a bundler, TypeScript and
// Spanwright takes longer than most builds, and Node loads a linked package once, from its real path.

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Socket } from 'node:net';

const PROGRAM = `const { pathToFileURL } = require('node:url');
process.on('message', (directory) => {
  process.chdir(directory);
  import(pathToFileURL(directory + '/build.mjs').href).then(() => process.send(''), (error) => process.send(String(error?.stack ?? error)));
});
process.on('disconnect', () => process.exit());`;
const LIMIT_MS = 120_000;

interface Builder {
  readonly name: string;
  readonly child: ChildProcess;
  printed: string;
}

let current: Builder | undefined;

/** @param name one process has all builds of a name until another name is asked for */
function builderOf(name: string): Builder {
  if (current?.name === name && current.child.connected) return current;
  if (current?.child.connected) current.child.disconnect();
  const { FORCE_COLOR, ...inherited } = process.env;
  const env = { ...inherited, NO_COLOR: '1' };
  const child = spawn(process.execPath, ['-e', PROGRAM], { stdio: ['ignore', 'pipe', 'pipe', 'ipc'], env });
  const started: Builder = { name, child, printed: '' };
  for (const stream of [child.stdout, child.stderr] as unknown as Socket[]) {
    stream.on('data', (data) => (started.printed += data));
    stream.unref();
  }
  current = started;
  return started;
}

/** @throws Error with what the build threw and printed */
export async function runBuild(name: string, directory: string): Promise<void> {
  const builder = builderOf(name);
  const { child } = builder;
  builder.printed = '';
  const ended = new AbortController();
  const end = (): void => ended.abort();
  const timer = setTimeout(end, LIMIT_MS);
  child.once('exit', end);
  child.ref();
  child.channel?.ref();
  try {
    child.send(directory);
    const [fault] = await once(child, 'message', { signal: ended.signal });
    if (fault !== '') throw new Error(String(fault));
  } catch (error) {
    child.kill('SIGKILL'); // the next build starts from nothing
    current = undefined;
    throw new Error(`build.mjs of ${name} failed: ${(error as Error).message}\n${builder.printed}`);
  } finally {
    clearTimeout(timer);
    child.off('exit', end);
    child.unref();
    child.channel?.unref();
  }
}
