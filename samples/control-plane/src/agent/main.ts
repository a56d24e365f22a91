// The process of one hypervisor: compute agent and OVS agent in one. Reports its host to the conductor, then serves calls and notices.

import { join } from 'node:path';
import { startTracing } from 'spanwright';
import { announce, endTracing, run, stopRequested } from '../lifecycle.js';
import { connectBroker, names } from '../messaging/broker-connection.js';
import { RpcClient } from '../messaging/rpc-client.js';
import { RpcServer } from '../messaging/rpc-server.js';
import { readProcessSettings, wholeNumber } from '../settings.js';
import { ComputeManager } from './compute-manager.js';
import { DiskMaker } from './disk.js';
import { FlowTable } from './flow-table.js';
import { ImageCache } from './image-cache.js';
import { InstanceStore } from './instance-store.js';

const DEFAULT_VCPUS = 4;
const MOST_VCPUS = 1024;

run(async () => {
  const { amqpUrl, cluster, instance, dataFolder, tracingFile } = readProcessSettings(process.env);
  const resource = { 'service.instance.id': instance, 'host.name': instance };
  const tracing = await startTracing({ configFile: tracingFile, serviceName: 'hypervisor-agent', resource });

  const broker = await connectBroker(amqpUrl, cluster);
  const flows = new FlowTable(instance, join(dataFolder, 'flows'));
  const manager = new ComputeManager(new ImageCache(dataFolder), new DiskMaker(), new InstanceStore(dataFolder), flows);
  const server = new RpcServer(broker, manager.handlers);
  await server.serveTopic(names.compute(instance));
  await server.serveFanout();
  const rpc = await RpcClient.create(broker);
  const vcpus = wholeNumber(process.env, 'VCPUS', DEFAULT_VCPUS, MOST_VCPUS);
  await rpc.call(names.conductor, 'report_host', { host: instance, vcpus });
  announce({ ready: instance });

  await stopRequested();
  await server.stop();
  await broker.close();
  await endTracing(tracing);
});
