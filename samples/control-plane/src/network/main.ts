// The network API, Neutron's part: the port of each server, with an address of its own, and a notice to all agents of the cluster when one
// comes or goes, so that they can send to it.

import { serveApi } from '../http/serve.js';

serveApi('network-api', async (_, { amqpUrl, cluster }) => {
  const { fieldsOf, plainText } = await import('../http/api.js');
  const { connectBroker } = await import('../messaging/broker-connection.js');
  const { RpcClient } = await import('../messaging/rpc-client.js');
  const { METRICS_ROUTE } = await import('../messaging/rpc-metrics.js');
  const { Ports } = await import('./ports.js');
  const broker = await connectBroker(amqpUrl, cluster);
  const ports = new Ports(await RpcClient.create(broker));
  return {
    routes: [
      {
        method: 'POST',
        path: '/v2.0/ports',
        run({ body }) {
          const { server, host } = fieldsOf(body);
          // the name of the other cluster comes before a host of it
          const parts = (typeof host === 'string' ? host.split('/') : [host]).map((part) => plainText('host', part));
          return { status: 201, body: ports.create(plainText('server', server), parts.join('/')) };
        },
      },
      { method: 'DELETE', path: '/v2.0/ports/:server', run: (_call, server) => ({ status: 200, body: ports.delete(server) }) },
      METRICS_ROUTE,
    ],
    close: () => broker.close(),
  };
});
