// Supervisor of RabbitMQ: a process that ends with its owner, regardless of how that ended, and removes the server and its files.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { announce, run, stopRequested } from '../lifecycle.js';
import { RabbitMq } from './rabbitmq.js';

run(async () => {
  const folder = mkdtempSync(join(tmpdir(), 'control-plane-rabbitmq-'));
  try {
    const stop = stopRequested();
    const rabbit = await RabbitMq.start(folder);
    announce({ ready: 'rabbitmq', listening: rabbit.url });
    await stop;
    await rabbit.stop();
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
