// The conductor's process. One for each cluster.

import { join } from 'node:path';
import { startTracing } from 'spanwright';
import { announce, endTracing, run, stopRequested } from '../lifecycle.js';
import { connectBroker, names } from '../messaging/broker-connection.js';
import { RpcClient } from '../messaging/rpc-client.js';
import { RpcServer } from '../messaging/rpc-server.js';
import { readProcessSettings } from '../settings.js';
import { Conductor } from './conductor.js';
import { Placement } from './placement.js';

run(async () => {
  const { amqpUrl, cluster, instance, dataFolder, tracingFile } = readProcessSettings(process.env);
  const resource = { 'service.instance.id': instance };
  const tracing = await startTracing({ configFile: tracingFile, serviceName: 'conductor', resource });

  const broker = await connectBroker(amqpUrl, cluster);
  const rpc = await RpcClient.create(broker);
  const conductor = new Conductor(new Placement(join(dataFolder, 'placement.json')), rpc);
  const server = new RpcServer(broker, conductor.handlers);
  await server.serveTopic(names.conductor);
  announce({ ready: instance });

  await stopRequested();
  await server.stop();
  await broker.close();
  await endTracing(tracing);
});
