// AMQP in today's semantic conventions; the package has those of an older edition. A destination is the exchange, the routing key and
// the queue, as far as they are known; the span's name holds the exchange or the queue only, because routing keys may be many.

import type { Attributes } from '@opentelemetry/api';

const EXCHANGE = 'messaging.destination';
const ROUTING_KEY = 'messaging.rabbitmq.routing_key';

const RENAMED: Record<string, string> = {
  'messaging.system': 'messaging.system.name',
  [ROUTING_KEY]: 'messaging.rabbitmq.destination.routing_key',
  'messaging.message_id': 'messaging.message.id',
  'messaging.conversation_id': 'messaging.message.conversation_id',
  'messaging.protocol': 'network.protocol.name',
  'messaging.protocol_version': 'network.protocol.version',
  'net.peer.name': 'server.address',
  'net.peer.port': 'server.port',
};
/** `messaging.url` repeats the broker's address; RabbitMQ has no such kind of destination. */
const LEFT_OUT = new Set([EXCHANGE, 'messaging.url', 'messaging.destination_kind', 'messaging.operation']);

/** Queues whose name the broker has generated. */
const ANONYMOUS = /^amq\.gen-/u;
const PROCESS = / process$/u;

/** `jobs process` is the package's name of a consumer's span. */
const queueOf = (name: string): string | undefined => (PROCESS.test(name) ? name.replace(PROCESS, '') : undefined);

export function messagingAttributes(attributes: Attributes, name: string): Attributes {
  const renamed: Attributes = {};
  for (const [key, value] of Object.entries(attributes)) {
    if (value !== undefined && !LEFT_OUT.has(key)) renamed[RENAMED[key] ?? key] = value;
  }
  const protocol = renamed['network.protocol.name'];
  if (typeof protocol === 'string') renamed['network.protocol.name'] = protocol.toLowerCase();
  const queue = queueOf(name);
  const parts = new Set([attributes[EXCHANGE], attributes[ROUTING_KEY], queue].filter((part) => part));
  if (parts.size > 0) renamed['messaging.destination.name'] = [...parts].join(':');
  if (ANONYMOUS.test(destinationOf(queue, attributes))) renamed['messaging.destination.anonymous'] = true;
  renamed['messaging.operation.name'] = queue === undefined ? 'publish' : 'process';
  renamed['messaging.operation.type'] = queue === undefined ? 'send' : 'process';
  return renamed;
}

/** The default exchange has no name and delivers to the queue that the routing key names. */
function destinationOf(queue: string | undefined, attributes: Attributes): string {
  return String(queue ?? (attributes[EXCHANGE] || attributes[ROUTING_KEY] || 'amq.default'));
}

/** `publish jobs`, `process jobs`: the operation first, as today's conventions have it. */
export function messagingName(name: string, attributes: Attributes): string {
  const queue = queueOf(name);
  const place = destinationOf(queue, attributes);
  return `${queue === undefined ? 'publish' : 'process'} ${ANONYMOUS.test(place) ? '(anonymous)' : place}`;
}
