// The detector process: reads images from the stream as a member of the group, one after the other.

import { setTimeout as pause } from 'node:timers/promises';
import { carriers, withRemoteContext } from 'spanwright';
import { openDatabase } from '../pipeline/database.js';
import { endTracing, failed, finished, ready, stopRequested } from '../pipeline/lifecycle.js';
import { createLog } from '../pipeline/log.js';
import { startOperations } from '../pipeline/operations.js';
import { DETECTORS, IMAGES, openRedis, type Redis, UNREADABLE } from '../pipeline/queues.js';
import { number } from '../pipeline/settings.js';
import { Batches } from './batches.js';
import { Detector } from './detector.js';
import { imagesProcessed, pipelineErrors } from './metrics.js';
import { started } from './tracing.js';

const log = createLog('detector');
const NAME = process.env.DETECTOR_NAME ?? 'detector-1';

interface Entry {
  readonly id: string;
  readonly message: { readonly image?: string; readonly camera?: string };
}

async function main(): Promise<void> {
  const tracing = await started;
  const [database, redis, reader] = [openDatabase(), await openRedis(), await openRedis()];
  await redis.xGroupCreate(IMAGES, DETECTORS, '0', { MKSTREAM: true }).catch((error: Error) => {
    if (!error.message.includes('BUSYGROUP')) throw error;
  });
  const batches = new Batches(redis, number('BATCH_SIZE', 4, 1, 64), number('BATCH_IDLE_MS', 1000, 10, 90_000), (error) => {
    pipelineErrors.inc({ stage: 'batch' });
    log.error({ error: String(error) }, 'a batch was not sent');
  });
  const detector = new Detector(database, batches);
  const operations = await startOperations(tracing);
  ready({ service: 'detector', operations: operations.address });

  let stopping = false;
  const reading = (async () => {
    // first the images that this detector took and did not finish, then unclaimed ones
    for (let from = '0'; !stopping; ) {
      try {
        const streams = await reader.xReadGroup(DETECTORS, NAME, { key: IMAGES, id: from }, { COUNT: 8, BLOCK: 5000 });
        const entries = ((streams ?? []) as readonly { messages: readonly Entry[] }[]).flatMap(({ messages }) => messages);
        if (entries.length === 0) from = '>';
        for (const entry of entries) {
          await withRemoteContext(entry, () => handle(entry, detector, redis), carriers.redisStream);
        }
      } catch (error) {
        if (stopping) return;
        log.error({ error: String(error) }, 'the stream cannot be read');
        await pause(500);
      }
    }
  })();
  await stopRequested();
  stopping = true;
  reader.destroy();
  await reading;
  await batches.flush();
  await endTracing(tracing);
  await Promise.all([operations.close(), redis.close(), database.end()]);
  finished();
}

/**
 * Runs in the context that the entry carries. An image that cannot be read is set aside with the reason, and does not delay the next one.
 */
async function handle({ id, message }: Entry, detector: Detector, redis: Redis): Promise<void> {
  const { image = '', camera = '' } = message;
  try {
    const found = await detector.process(image, camera);
    imagesProcessed.inc({ outcome: found > 0 ? 'found' : 'empty' });
    log.info({ camera, image, found }, 'image processed');
  } catch (error) {
    imagesProcessed.inc({ outcome: 'failed' });
    pipelineErrors.inc({ stage: 'detection' });
    log.error({ camera, image, error: String(error) }, 'image cannot be processed');
    await redis.lPush(UNREADABLE, JSON.stringify({ image, camera, error: String(error) }));
  }
  await redis.xAck(IMAGES, DETECTORS, id);
  await redis.xDel(IMAGES, id);
}

main().catch(failed);
