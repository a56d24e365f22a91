// The receiving side. A call is work that its sender waits for: its span is a child of the sender's. A fan-out has no waiting
// sender, and may start long after the sender has ended. Its span is a root in the same trace, linked to the sender's.

import type { Channel, ConsumeMessage } from 'amqplib';
import { carriers, correlationAttributes, instrument, withRemoteContext } from 'spanwright';
import { log } from '../log.js';
import { type BrokerConnection, names } from './broker-connection.js';
import { failureOf, isExpected } from './remote-error.js';
import type { RpcReply, RpcRequest } from './rpc-client.js';

/** Takes the message's `args` as they came. */
// biome-ignore lint/suspicious/noExplicitAny: each handler names what its callers send
export type Handler = (args: any) => unknown;

/** Handlers of the process, by method. */
export type Handlers = ReadonlyMap<string, Handler>;

const received = (message: ConsumeMessage, { method }: RpcRequest) => ({
  'messaging.system.name': 'rabbitmq',
  'messaging.operation.type': 'process',
  'messaging.destination.name': message.fields.exchange,
  'rpc.method': method,
  ...correlationAttributes(message),
});

export class RpcServer {
  private readonly channel: Channel;
  private readonly tags: string[] = [];
  private readonly running = new Set<Promise<void>>();

  constructor(
    private readonly connection: BrokerConnection,
    private readonly handlers: Handlers,
  ) {
    this.channel = connection.channel;
  }

  /** Calls for this server: `conductor`, or `compute.<host>`. */
  async serveTopic(topic: string): Promise<void> {
    const exchange = names.exchange(this.connection.cluster);
    const { queue } = await this.channel.assertQueue(`${exchange}.${topic}`, { durable: false, autoDelete: true });
    await this.channel.bindQueue(queue, exchange, topic);
    await this.consume(queue);
  }

  /** Handlers of messages to all agents. */
  async serveFanout(): Promise<void> {
    const { queue } = await this.channel.assertQueue('', { exclusive: true, autoDelete: true });
    await this.channel.bindQueue(queue, names.computeFanout(this.connection.cluster), '');
    await this.consume(queue);
  }

  /** Accepts no more messages, and lets those under way finish. */
  async stop(): Promise<void> {
    for (const tag of this.tags.splice(0)) await this.channel.cancel(tag);
    await Promise.all(this.running);
  }

  private async consume(queue: string): Promise<void> {
    const { consumerTag } = await this.channel.consume(queue, (message) => message && this.receive(message));
    this.tags.push(consumerTag);
  }

  private receive(message: ConsumeMessage): void {
    const work = withRemoteContext(message, () => this.handle(message), carriers.amqp)
      .catch((error: unknown) => log('error', 'a message cannot be handled', { error }))
      .finally(() => {
        this.channel.ack(message);
        this.running.delete(work);
      });
    this.running.add(work);
  }

  /** The trace, the baggage and with it the request id of the message are active in here. */
  private async handle(message: ConsumeMessage): Promise<void> {
    const request = JSON.parse(message.content.toString()) as RpcRequest;
    const { replyTo, correlationId } = message.properties;
    if (replyTo === undefined) {
      await this.serveNotice(message, request).catch((error: unknown) => log('error', `${request.method} failed`, { error }));
      return;
    }
    const reply: RpcReply = await this.serveCall(message, request).then(
      (result) => ({ result }),
      (error: unknown) => {
        log(isExpected(error) ? 'info' : 'error', `${request.method} failed`, { error: failureOf(error) });
        return { failure: failureOf(error) };
      },
    );
    this.channel.sendToQueue(replyTo, Buffer.from(JSON.stringify(reply)), { correlationId, contentType: 'application/json' });
  }

  @instrument({ name: 'rpc.serve', kind: 'server', attributes: received, expectedErrors: isExpected })
  private async serveCall(_message: ConsumeMessage, request: RpcRequest): Promise<unknown> {
    return this.dispatch(request);
  }

  @instrument({ name: 'rpc.notice', kind: 'consumer', attributes: received, link: 'same-trace' })
  private async serveNotice(_message: ConsumeMessage, request: RpcRequest): Promise<unknown> {
    return this.dispatch(request);
  }

  private dispatch({ method, args }: RpcRequest): unknown {
    const handler = this.handlers.get(method);
    if (handler === undefined) throw new Error(`there is no method ${method}; there are ${[...this.handlers.keys()].join(', ')}`);
    return handler(args);
  }
}
