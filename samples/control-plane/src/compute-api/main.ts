// The compute API, Nova's part: servers, built by way of the conductor.

import { serveApi } from '../http/serve.js';

serveApi('compute-api', async (services, { amqpUrl, cluster }) => {
  const { connectBroker } = await import('../messaging/broker-connection.js');
  const { RpcClient } = await import('../messaging/rpc-client.js');
  const { METRICS_ROUTE } = await import('../messaging/rpc-metrics.js');
  const { Servers } = await import('./servers.js');
  const broker = await connectBroker(amqpUrl, cluster);
  const servers = new Servers(cluster, await RpcClient.create(broker), services);
  return {
    routes: [
      { method: 'POST', path: '/v2.1/servers', run: (call) => servers.create(call) },
      { method: 'GET', path: '/v2.1/servers/:id', run: (call, id) => servers.show(call, id) },
      { method: 'DELETE', path: '/v2.1/servers/:id', run: (call, id) => servers.delete(call, id) },
      METRICS_ROUTE,
    ],
    close: () => broker.close(),
  };
});
