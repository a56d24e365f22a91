// A connection to RabbitMQ and what a cluster calls its exchanges and queues: as OpenStack's oslo.messaging has them, one topic
// exchange a cluster, a queue for each kind of server, a fan-out exchange for messages to all agents. Nothing outlives its users.

import { type Channel, type ChannelModel, connect } from 'amqplib';

const PREFETCH = 8;

export const names = {
  exchange: (cluster: string): string => `nova-${cluster}`,
  conductor: 'conductor',
  compute: (host: string): string => `compute.${host}`,
  computeFanout: (cluster: string): string => `nova-${cluster}.compute_fanout`,
} as const;

export interface BrokerConnection {
  readonly channel: Channel;
  readonly cluster: string;
  close(): Promise<void>;
}

/** A process that has lost its broker can do nothing: it ends, and its supervisor starts it again. */
export async function connectBroker(url: string, cluster: string): Promise<BrokerConnection> {
  const connection: ChannelModel = await connect(url).catch((error: NodeJS.ErrnoException) => {
    throw new Error(`no connection to RabbitMQ at ${new URL(url).host} (AMQP_URL): ${error.code ?? error.message}`);
  });
  let closing = false;
  connection.on('error', () => undefined); // `close` follows
  connection.on('close', () => {
    if (closing) return;
    process.stderr.write(`the connection to RabbitMQ at ${new URL(url).host} is lost\n`);
    process.exit(1);
  });
  const channel = await connection.createChannel();
  await channel.prefetch(PREFETCH);
  await channel.assertExchange(names.exchange(cluster), 'topic', { durable: false, autoDelete: true });
  await channel.assertExchange(names.computeFanout(cluster), 'fanout', { durable: false, autoDelete: true });
  return {
    channel,
    cluster,
    async close() {
      closing = true;
      await channel.close();
      await connection.close();
    },
  };
}
