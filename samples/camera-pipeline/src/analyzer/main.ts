// The analyzer process: takes batches off their list and looks at them with the model.

import { carriers, withRemoteContext } from 'spanwright';
import { openDatabase } from '../pipeline/database.js';
import { endTracing, failed, finished, ready, stopRequested } from '../pipeline/lifecycle.js';
import { createLog } from '../pipeline/log.js';
import { startOperations } from '../pipeline/operations.js';
import { BATCHES, type BatchMessage, consumeList, openRedis } from '../pipeline/queues.js';
import { required } from '../pipeline/settings.js';
import { Analyzer } from './analyzer.js';
import { InferenceClient } from './inference-client.js';
import { modelAccuracy, pipelineErrors } from './metrics.js';
import { started } from './tracing.js';

const log = createLog('analyzer');

async function main(): Promise<void> {
  const tracing = await started;
  const [database, redis] = [openDatabase(), await openRedis()];
  const inference = await InferenceClient.connect(required('INFERENCE_URL'));
  const { name: model, accuracy } = inference.model;
  modelAccuracy.set({ model }, accuracy);
  log.info({ model, accuracy }, 'model ready');
  const analyzer = new Analyzer(database, redis, inference);
  const operations = await startOperations(tracing);
  ready({ service: 'analyzer', operations: operations.address });

  const stopping = new AbortController();
  const consuming = consumeList(
    BATCHES,
    stopping.signal,
    (text) =>
      withRemoteContext(
        text,
        async () => {
          const batch = JSON.parse(text) as BatchMessage;
          await analyzer.analyze(batch);
          log.info({ batch: batch.batch, images: batch.items.length }, 'batch analyzed');
        },
        carriers.redisList,
      ),
    (error) => {
      pipelineErrors.inc({ stage: 'analysis' });
      log.error({ error: String(error) }, 'a batch was not analyzed');
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
