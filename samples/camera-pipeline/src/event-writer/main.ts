// The event writer process: takes results off their list and makes events of them.

import { carriers, withRemoteContext } from 'spanwright';
import { openDatabase } from '../pipeline/database.js';
import { endTracing, failed, finished, ready, stopRequested } from '../pipeline/lifecycle.js';
import { createLog } from '../pipeline/log.js';
import { startOperations } from '../pipeline/operations.js';
import { consumeList, EVENTS, type EventMessage, openRedis } from '../pipeline/queues.js';
import { Events } from './events.js';
import { pipelineErrors } from './metrics.js';
import { started } from './tracing.js';

const log = createLog('event-writer');

async function main(): Promise<void> {
  const tracing = await started;
  const [database, redis] = [openDatabase(), await openRedis()];
  const events = new Events(database, redis);
  const operations = await startOperations(tracing);
  ready({ service: 'event-writer', operations: operations.address });

  const stopping = new AbortController();
  const consuming = consumeList(
    EVENTS,
    stopping.signal,
    (text) =>
      withRemoteContext(
        text,
        async () => {
          const message = JSON.parse(text) as EventMessage;
          const id = await events.create(message);
          log.info(
            { event: id, image: message.image, camera: message.camera, object: message.object, risk: message.risk },
            'event',
          );
        },
        carriers.redisList,
      ),
    (error) => {
      pipelineErrors.inc({ stage: 'event' });
      log.error({ error: String(error) }, 'an event was not created');
    },
  );
  await stopRequested();
  stopping.abort();
  await consuming;
  await endTracing(tracing);
  await Promise.all([operations.close(), redis.close(), database.end()]);
  finished();
}

main().catch(failed);
