// Names and attributes of the AMQP instrumentation, which has those of an older edition of the semantic conventions, in today's.

import type { Attributes } from '@opentelemetry/api';

const RENAMED: Record<string, string> = {
  'messaging.destination': 'messaging.destination.name',
  'messaging.rabbitmq.routing_key': 'messaging.rabbitmq.destination.routing_key',
  'messaging.message_id': 'messaging.message.id',
  'messaging.conversation_id': 'messaging.message.conversation_id',
  'messaging.protocol': 'network.protocol.name',
  'messaging.protocol_version': 'network.protocol.version',
  'net.peer.name': 'server.address',
  'net.peer.port': 'server.port',
};
/** `messaging.url` holds the broker's address once more; the kind of destination is none that RabbitMQ has. */
const LEFT_OUT = new Set(['messaging.url', 'messaging.destination_kind']);

export function messagingAttributes(attributes: Attributes): Attributes {
  const renamed: Attributes = {};
  for (const [key, value] of Object.entries(attributes)) {
    if (value !== undefined && !LEFT_OUT.has(key)) renamed[RENAMED[key] ?? key] = value;
  }
  const published = attributes['messaging.operation'] === undefined;
  delete renamed['messaging.operation'];
  renamed['messaging.operation.name'] = published ? 'publish' : 'process';
  renamed['messaging.operation.type'] = published ? 'send' : 'process';
  return renamed;
}

/** `publish jobs`, `process jobs`: the operation first, as today's conventions have it. */
export function messagingName(name: string): string {
  const queue = / process$/u.test(name) ? name.replace(/ process$/u, '') : undefined;
  return queue === undefined ? name : `process ${queue}`;
}
