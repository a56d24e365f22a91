// The API's process, one for each cluster. Tracing starts before anything loads node:http, so that its instrumentation can patch it:
// hence the server is imported afterwards.

import { join } from 'node:path';
import { startTracing } from 'spanwright';
import { announce, endTracing, run, stopRequested } from '../lifecycle.js';
import { readProcessSettings, required, wholeNumber } from '../settings.js';

run(async () => {
  const { amqpUrl, cluster, instance, dataFolder, tracingFile } = readProcessSettings(process.env);
  const resource = { 'service.instance.id': instance };
  const tracing = await startTracing({ configFile: tracingFile, serviceName: 'compute-api', resource });

  const { HttpServer } = await import('./http-server.js');
  const { ImageService } = await import('./images.js');
  const { Neighbour } = await import('./neighbour.js');
  const { Servers } = await import('./servers.js');
  const { connectBroker } = await import('../messaging/broker-connection.js');
  const { RpcClient } = await import('../messaging/rpc-client.js');

  const tokenKey = required(process.env, 'TOKEN_KEY');
  const broker = await connectBroker(amqpUrl, cluster);
  const rpc = await RpcClient.create(broker);
  const images = new ImageService(join(dataFolder, 'images'), tokenKey);
  const neighbour = new Neighbour(cluster, required(process.env, 'CATALOG'));
  const server = new HttpServer(images, new Servers(cluster, rpc, images, neighbour), tokenKey);
  images.address = await server.listen(wholeNumber(process.env, 'PORT', 0, 65_535));
  announce({ ready: instance, listening: images.address });

  await stopRequested();
  await server.close();
  await broker.close();
  await endTracing(tracing);
});
