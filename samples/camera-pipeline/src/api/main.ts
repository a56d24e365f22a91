// The API process. Prints where it listens when the tables are there.

import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { openDatabase } from '../pipeline/database.js';
import { endTracing, failed, finished, ready, stopRequested } from '../pipeline/lifecycle.js';
import { close, startOperations } from '../pipeline/operations.js';
import { openRedis } from '../pipeline/queues.js';
import { number } from '../pipeline/settings.js';
import { createApp } from './app.js';
import { Images } from './images.js';
import { watchQueues } from './metrics.js';
import { started } from './tracing.js';

async function main(): Promise<void> {
  const tracing = await started;
  const [database, redis] = [openDatabase(), await openRedis()];
  watchQueues(redis);
  const server = createServer(createApp(new Images(database, redis)));
  const port = number('PORT', 0, 0, 65_535);
  await new Promise<void>((listening, refused) => server.once('error', refused).listen(port, '127.0.0.1', listening));
  const operations = await startOperations(tracing);
  const listening = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  ready({ service: 'api', listening, operations: operations.address });
  await stopRequested();
  await close(server);
  await endTracing(tracing);
  await Promise.all([operations.close(), redis.close(), database.end()]);
  finished();
}

main().catch(failed);
