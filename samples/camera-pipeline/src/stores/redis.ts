// Redis for a run that is given none: the redis-server of this machine, on a free port of 127.0.0.1, in memory alone. This process ends
// when the drive ends in any way, and stops the server with it.

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { freePort } from '@spanwright/stage';
import { failed, finished, ready, stopRequested } from '../pipeline/lifecycle.js';

const ATTEMPTS = 5;

/** Undefined when another process took the port meanwhile. @throws Error when there is no redis-server. */
async function start(port: number): Promise<ChildProcess | undefined> {
  const child = spawn('redis-server', ['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no'], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const missing = new Promise<never>((_, reject) => {
    child.once('error', ({ message }) =>
      reject(
        new Error(
          `Redis is needed, and redis-server cannot be started (${message}). Install it (Debian and Ubuntu: apt-get install redis-server; ` +
            'macOS: brew install redis), or set REDIS_URL to a Redis that runs.',
        ),
      ),
    );
  });
  const ended = once(child, 'exit').then(() => undefined);
  const serving = (async () => {
    for await (const line of createInterface({ input: child.stdout as NodeJS.ReadableStream })) {
      if (line.includes('Ready to accept connections')) return child;
    }
    return undefined;
  })();
  return Promise.race([serving, ended, missing]);
}

async function main(): Promise<void> {
  let server: ChildProcess | undefined;
  let port = 0;
  for (let attempt = 0; server === undefined && attempt < ATTEMPTS; attempt++) {
    port = await freePort();
    server = await start(port);
  }
  if (server === undefined) throw new Error(`redis-server did not start in ${ATTEMPTS} attempts.`);
  const child = server;
  child.stdout?.resume();
  process.once('exit', () => child.kill('SIGKILL'));
  ready({ listening: `redis://127.0.0.1:${port}` });
  await stopRequested();
  const ended = once(child, 'exit');
  child.kill('SIGTERM');
  await ended;
  finished();
}

main().catch(failed);
