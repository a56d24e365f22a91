// Shared by tests of whole applications: a receiver, the folders that they fill and the servers that they start, which end with the file.

import { type ChildProcess, type SpawnOptionsWithoutStdio, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { test } from 'uvu';
import { type Receiver, startReceiver } from '../../viewer/receiver/receiver.js';
import { part } from './conformance/suite.js';

export let receiver: Receiver;
const folders: string[] = [];
const servers: ChildProcess[] = [];
test.before(async () => {
  receiver = await startReceiver();
});
test.after(async () => {
  for (const { pid } of servers) if (pid !== undefined) end(pid);
  for (const folder of folders) rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  await receiver.close();
});

/** With its children, which development servers have. */
function end(pid: number): void {
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // it has ended
  }
}

/** A folder beside the packages of a part. */
export function folderIn(name: string): string {
  const folder = mkdtempSync(part(name, 'app-'));
  folders.push(folder);
  return folder;
}

export function startServer(node: string, args: readonly string[], options: SpawnOptionsWithoutStdio) {
  const server = spawn(node, args, { ...options, detached: true });
  servers.push(server);
  return server;
}
