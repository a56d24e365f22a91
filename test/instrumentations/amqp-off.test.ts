// Consumers of RabbitMQ while nothing can be recorded: a message goes straight to the consumer, unless it brings a context. In a process
// of its own: what is loaded under one set of instrumentations is not handed to those that a later start adds.
// limit: 200 s

import { InMemorySpanExporter, type ReadableSpan } from '@opentelemetry/sdk-trace-base';
import type { Channel, ChannelModel, ConsumeMessage } from 'amqplib';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { inject, startTracing, type Tracing } from '../../runtime/index.js';
import { state } from '../../runtime/state.js';
import { type Server, startRabbit } from '../propagation/servers.js';

interface Context {
  server: Server;
  tracing: Tracing;
  exporter: InMemorySpanExporter;
  connection: ChannelModel;
  /** Messages that the package has processed. */
  looked(): number;
}

const TRACE = 'a'.repeat(32);
const traceparent = (flags: string): string => `00-${TRACE}-${'b'.repeat(16)}-${flags}`;

const amqp = suite<Context>('AMQP, off');
amqp.before(async (context) => {
  context.server = await startRabbit();
  context.exporter = new InMemorySpanExporter();
  let looked = 0;
  context.looked = () => looked;
  const amqplib = {
    consumeHook: () => {
      looked++;
    },
  };
  context.tracing = await startTracing({
    exporter: context.exporter,
    serviceName: 'consumer',
    enabled: false,
    instrumentations: { amqplib },
  });
  const { connect } = require('amqplib') as typeof import('amqplib');
  context.connection = await connect(`amqp://127.0.0.1:${context.server.port}`);
});
amqp.after(async ({ server, tracing, connection }) => {
  await connection.close();
  await tracing.shutdown();
  await server.stop();
});

/** A queue with one consumer; `next()` is the next message, and what the consumer would send to others. */
async function consumer(channel: Channel, noAck = false) {
  const { queue } = await channel.assertQueue('', { exclusive: true });
  const waiting: ((got: { message: ConsumeMessage | null; onward: Record<string, string> }) => void)[] = [];
  await channel.consume(queue, (message) => waiting.shift()?.({ message, onward: inject({}) }), { noAck });
  const next = () => new Promise<Parameters<(typeof waiting)[number]>[0]>((resolve) => waiting.push(resolve));
  const send = (headers: Record<string, string> = {}) => {
    const arrived = next();
    channel.sendToQueue(queue, Buffer.from('1'), { headers });
    return arrived;
  };
  return { queue, next, send };
}

const ended = async ({ tracing, exporter }: Context): Promise<ReadableSpan[]> => {
  await tracing.forceFlush();
  const spans = [...exporter.getFinishedSpans()];
  exporter.reset();
  return spans;
};

amqp('a message without a context is not touched, acknowledged or not', async (context) => {
  const before = context.looked();
  for (const noAck of [false, true]) {
    const channel = await context.connection.createChannel();
    const { send } = await consumer(channel, noAck);
    assert.ok(state.gate.idle);
    const { message, onward } = await send();
    assert.equal(onward, {});
    if (!noAck) channel.ack(message as ConsumeMessage);
    await channel.close();
  }
  assert.is(context.looked(), before);
  assert.equal(await ended(context), []);
});

amqp(
  'a context that is not sampled passes through, and one that is sampled is recorded until the message is settled',
  async (context) => {
    const before = context.looked();
    const channel = await context.connection.createChannel();
    const { send } = await consumer(channel);
    const passed = await send({ traceparent: traceparent('00') });
    assert.is(passed.onward.traceparent, traceparent('00'));
    channel.ack(passed.message as ConsumeMessage);
    assert.equal(await ended(context), []);
    const sampled = await send({ traceparent: traceparent('01') });
    assert.is(context.looked(), before + 2);
    assert.match(sampled.onward.traceparent as string, new RegExp(`^00-${TRACE}-(?!${'b'.repeat(16)})[0-9a-f]{16}-01$`));
    assert.equal(await ended(context), [], 'it goes on until it is settled');
    channel.nack(sampled.message as ConsumeMessage, false, false);
    const [span] = await ended(context);
    assert.is(span?.parentSpanContext?.spanId, 'b'.repeat(16));
    assert.is(span?.name, 'process (anonymous)');
    assert.is(span?.attributes['network.peer.address'], '127.0.0.1');
    assert.is(span?.status.code, 2, 'the message was refused');
    await channel.close();
  },
);

amqp('the span of an unsettled message ends when its channel closes, and with ackAll()', async (context) => {
  for (const end of [(channel: Channel) => channel.close(), async (channel: Channel) => channel.ackAll()]) {
    const channel = await context.connection.createChannel();
    const { send } = await consumer(channel);
    await send({ traceparent: traceparent('01') });
    await end(channel);
    assert.is((await ended(context)).length, 1);
  }
});

amqp('a consumer that started while off records while tracing is on, and only then', async (context) => {
  const channel = await context.connection.createChannel();
  const { send } = await consumer(channel);
  const received = async (): Promise<number> => {
    const { message } = await send();
    channel.ack(message as ConsumeMessage);
    return (await ended(context)).filter(({ kind }) => kind === 4).length;
  };
  assert.is(await received(), 0);
  const lease = context.tracing.setEnabled(true, { for: '1m' });
  assert.is(await received(), 1);
  context.tracing.endLease(lease.id);
  assert.is(await received(), 0);
  await channel.close();
});

amqp('messages that are unsettled when tracing is switched on or off settle correctly', async (context) => {
  const channel = await context.connection.createChannel();
  const { send } = await consumer(channel);
  const off = await send();
  const lease = context.tracing.setEnabled(true, { for: '1m' });
  channel.ack(off.message as ConsumeMessage);
  assert.equal(
    (await ended(context)).filter(({ kind }) => kind === 4),
    [],
  );
  const on = await send();
  context.tracing.endLease(lease.id);
  channel.ack(on.message as ConsumeMessage);
  assert.is((await ended(context)).filter(({ kind }) => kind === 4).length, 1);
  await channel.close();
});

amqp('a consumer is notified of its cancellation', async (context) => {
  const channel = await context.connection.createChannel();
  const { queue, next } = await consumer(channel);
  const told = next();
  await channel.deleteQueue(queue);
  assert.is((await told).message, null);
  await channel.close();
});

amqp.run();
