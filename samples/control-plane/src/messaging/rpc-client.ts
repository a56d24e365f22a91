// The sending side. A call waits for its reply, which comes on a queue of the process's own and is identified by the message's
// correlation id; a fan-out goes to every agent of the cluster and waits for nothing. The trace, the baggage and the request id
// travel in the headers of the message.

import { randomUUID } from 'node:crypto';
import type { Channel, Message, Options } from 'amqplib';
import { carriers, inject, instrument } from 'spanwright';
import { currentRequestId, REQUEST_ID_HEADER } from '../request-id.js';
import { type BrokerConnection, names } from './broker-connection.js';
import { type Failure, isExpected, RemoteError } from './remote-error.js';
import { rpcMetrics } from './rpc-metrics.js';

export interface RpcRequest {
  readonly method: string;
  readonly args: unknown;
}

export type RpcReply = { readonly result: unknown } | { readonly failure: Failure };

interface Pending {
  resolve(reply: RpcReply): void;
  readonly limit: NodeJS.Timeout;
}

const CALL_LIMIT_MS = 60_000;

const sending = (destination: string, method: string) => ({
  'messaging.system.name': 'rabbitmq',
  'messaging.operation.type': 'send',
  'messaging.destination.name': destination,
  'rpc.method': method,
});

export class RpcClient {
  private readonly pending = new Map<string, Pending>();
  private readonly channel: Channel;

  private constructor(
    private readonly connection: BrokerConnection,
    private readonly replyQueue: string,
  ) {
    this.channel = connection.channel;
  }

  static async create(connection: BrokerConnection): Promise<RpcClient> {
    const { queue } = await connection.channel.assertQueue(`reply_${randomUUID()}`, { exclusive: true, autoDelete: true });
    const client = new RpcClient(connection, queue);
    await connection.channel.consume(queue, (message) => message && client.take(message), { noAck: true });
    connection.channel.on('return', (message: Message) => client.takeBack(message));
    return client;
  }

  @instrument({
    name: 'rpc.call',
    kind: 'client',
    attributes: (topic: string, method: string) => sending(topic, method),
    expectedErrors: isExpected,
  })
  async call<Result>(topic: string, method: string, args: unknown): Promise<Result> {
    const count = rpcMetrics.begin('call', topic, method);
    const correlationId = randomUUID();
    const reply = this.expect(correlationId, `${method} of ${topic}`);
    const options = { correlationId, replyTo: this.replyQueue, mandatory: true };
    this.publish(names.exchange(this.connection.cluster), topic, { method, args }, options);
    const answer = await reply.catch((error: unknown) => {
      count('exception');
      throw error;
    });
    count('failure' in answer ? 'exception' : 'ok');
    if ('failure' in answer) throw new RemoteError(answer.failure);
    return answer.result as Result;
  }

  /** Sends a message to every agent of the cluster. */
  @instrument({
    name: 'rpc.fanout',
    kind: 'producer',
    attributes(this: RpcClient, method: string) {
      return sending(names.computeFanout(this.connection.cluster), method);
    },
  })
  fanout(method: string, args: unknown): void {
    const exchange = names.computeFanout(this.connection.cluster);
    const count = rpcMetrics.begin('fanout', exchange, method);
    this.publish(exchange, '', { method, args }, {});
    count('ok');
  }

  private publish(exchange: string, routingKey: string, request: RpcRequest, options: Options.Publish): void {
    const requestId = currentRequestId();
    const headers = requestId === undefined ? {} : { [REQUEST_ID_HEADER]: requestId };
    const properties = inject({ ...options, contentType: 'application/json', headers }, carriers.amqp);
    this.channel.publish(exchange, routingKey, Buffer.from(JSON.stringify(request)), properties);
  }

  private expect(correlationId: string, what: string): Promise<RpcReply> {
    return new Promise((resolve, reject) => {
      const limit = setTimeout(() => {
        this.pending.delete(correlationId);
        reject(new Error(`no reply to ${what} within ${CALL_LIMIT_MS} ms`));
      }, CALL_LIMIT_MS);
      this.pending.set(correlationId, { resolve, limit });
    });
  }

  private take(message: Message): void {
    this.settle(message, JSON.parse(message.content.toString()) as RpcReply);
  }

  /** No queue was there for a call: nobody will answer it. */
  private takeBack(message: Message): void {
    const text = `nobody serves ${message.fields.routingKey} in cluster ${this.connection.cluster}`;
    this.settle(message, { failure: { name: 'NoServer', message: text } });
  }

  private settle({ properties }: Message, reply: RpcReply): void {
    const waiting = this.pending.get(properties.correlationId);
    if (waiting === undefined) return; // came too late
    this.pending.delete(properties.correlationId);
    clearTimeout(waiting.limit);
    waiting.resolve(reply);
  }
}
