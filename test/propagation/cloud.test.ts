// Carriers of SQS, SNS, EventBridge, Pub/Sub and Kafka: what is injected into a message to send is extracted from the message as it
// is received, by its kind and by its shape.

import { ROOT_CONTEXT, type SpanContext, trace } from '@opentelemetry/api';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { type CarrierKind, carriers, extract, inject } from '../../runtime/index.js';

const SENT = { traceId: '0af7651916cd43dd8448eb211c80319c', spanId: 'b7ad6b7169203331', traceFlags: 1 };
const CONTEXT = trace.setSpanContext(ROOT_CONTEXT, SENT);

// biome-ignore lint/suspicious/noExplicitAny: messages of five services
type Any = any;

interface Row {
  readonly name: string;
  readonly kind: CarrierKind<unknown>;
  readonly message: () => Any;
  /** Forms in which the message arrives. */
  readonly received: Readonly<Record<string, (message: Any) => unknown>>;
}

const attributes = (message: Any, form: (text: string) => object): object =>
  Object.fromEntries(Object.entries<Any>(message.MessageAttributes).map(([name, { StringValue }]) => [name, form(StringValue)]));
const base64 = (text: string): string => Buffer.from(text).toString('base64');
const bytes = (headers: object): [string, Buffer][] =>
  Object.entries(headers).map(([name, value]) => [name, Buffer.from(value as string)]);

const ROWS: readonly Row[] = [
  {
    name: 'SQS',
    kind: carriers.sqs,
    message: () => ({ QueueUrl: 'u', MessageBody: '{}', MessageAttributes: { a: { DataType: 'String', StringValue: '1' } } }),
    received: {
      ReceiveMessage: (message) => ({ MessageId: 'm', Body: '{}', MessageAttributes: message.MessageAttributes }),
      'its attributes alone': (message) => message.MessageAttributes,
      "Lambda's attributes alone": (message) => attributes(message, (stringValue) => ({ stringValue, dataType: 'String' })),
      Lambda: (message) => ({
        messageId: 'm',
        body: '{}',
        attributes: { ApproximateReceiveCount: '1' },
        messageAttributes: attributes(message, (stringValue) => ({ stringValue, dataType: 'String', binaryListValues: [] })),
      }),
      'ReceiveMessage, binary': (message) => ({
        MessageAttributes: attributes(message, (text) => ({ BinaryValue: Buffer.from(text), DataType: 'Binary' })),
      }),
      'Lambda, binary': (message) => ({
        messageAttributes: attributes(message, (text) => ({ binaryValue: base64(text), dataType: 'Binary' })),
      }),
    },
  },
  {
    name: 'SNS',
    kind: carriers.sns,
    message: () => ({ TopicArn: 't', Message: '{}', MessageAttributes: {} }),
    received: {
      Lambda: (message) => ({
        EventSource: 'aws:sns',
        Sns: { Message: '{}', MessageAttributes: attributes(message, (Value) => ({ Type: 'String', Value })) },
      }),
      "Lambda's attributes alone": (message) => attributes(message, (Value) => ({ Type: 'String', Value })),
      'Lambda, binary': (message) => ({
        Sns: { MessageAttributes: attributes(message, (text) => ({ Type: 'Binary', Value: base64(text) })) },
      }),
    },
  },
  {
    name: 'EventBridge',
    kind: carriers.eventBridge,
    message: () => ({ Source: 's', DetailType: 'Placed', Detail: '{"order":1}' }),
    received: {
      event: ({ Detail }) => ({ 'detail-type': 'Placed', source: 's', detail: JSON.parse(Detail) }),
    },
  },
  {
    name: 'Pub/Sub',
    kind: carriers.pubsub,
    message: () => ({ data: Buffer.from('x'), attributes: {} }),
    received: {
      pull: (message) => ({ id: '1', data: message.data, attributes: message.attributes }),
      push: (message) => ({ message: { data: 'eA==', attributes: message.attributes }, subscription: 's' }),
      "Google's client": (message) => ({ id: '1', attributes: { googclient_traceparent: message.attributes.traceparent } }),
    },
  },
  {
    name: 'Kafka',
    kind: carriers.kafka,
    message: () => ({ key: 'k', value: 'v', headers: {} }),
    received: {
      kafkajs: ({ headers }) => ({ key: Buffer.from('k'), headers: Object.fromEntries(bytes(headers)) }),
      'maps of bytes': ({ headers }) => ({ headers: new Map(bytes(headers).map(([name, value]) => [Buffer.from(name), value])) }),
      Lambda: ({ headers }) => ({ topic: 't', headers: bytes(headers).map(([name, value]) => ({ [name]: [...value] })) }),
      'Lambda, signed bytes': ({ headers }) => ({
        topic: 't',
        headers: bytes(headers).map(([name, value]) => ({ [name]: [...new Int8Array(value)] })),
      }),
    },
  },
];

const spanOf = (carrier: unknown, kind?: CarrierKind<unknown>): SpanContext | undefined =>
  trace.getSpanContext(extract(carrier, kind as never));

for (const { name, kind, message, received } of ROWS) {
  for (const [form, receive] of Object.entries(received)) {
    for (const by of ['its kind', 'its shape'] as const) {
      test(`${name}, ${form}: yields by ${by} the context that was sent, and none where none was sent`, () => {
        const given = by === 'its kind' ? kind : undefined;
        const carrier = receive(inject(message(), given as never, CONTEXT));
        assert.is(spanOf(carrier, given)?.traceId, SENT.traceId);
        assert.is(spanOf(carrier, given)?.spanId, SENT.spanId);
        const empty = JSON.parse(JSON.stringify(carrier).replaceAll('traceparent', 'other'));
        assert.is(spanOf(empty, given), undefined);
      });
    }
  }
}

const TRACEPARENT = `00-${SENT.traceId}-${SENT.spanId}-01`;
const attributed = { MessageAttributes: { traceparent: { Type: 'String', Value: TRACEPARENT } } };
const BODIES: Readonly<Record<string, object>> = {
  'a notification of SNS': { Type: 'Notification', Message: '{}', ...attributed },
  'an event of EventBridge': { 'detail-type': 'Placed', source: 's', detail: { traceparent: TRACEPARENT } },
  'a notification of SNS that holds an event': {
    Type: 'Notification',
    Message: JSON.stringify({ 'detail-type': 'Placed', detail: { traceparent: TRACEPARENT } }),
  },
};
const HOLDERS: Readonly<Record<string, (body: string) => unknown>> = {
  "Lambda's record of SQS": (body) => ({ messageId: 'm', body, attributes: { SentTimestamp: '1' }, messageAttributes: {} }),
  'ReceiveMessage without attributes': (Body) => ({ MessageId: 'm', ReceiptHandle: 'r', Body }),
  "Lambda's record of SNS": (Message) => ({ EventSource: 'aws:sns', Sns: { Message, MessageAttributes: {} } }),
};

for (const [holder, hold] of Object.entries(HOLDERS))
  for (const [name, body] of Object.entries(BODIES))
    test(`${holder}: yields the context of ${name} in its body, and none without one`, () => {
      const text = JSON.stringify(body);
      for (const kind of [carriers.sqs, undefined]) {
        assert.equal(spanOf(hold(text), kind)?.spanId, SENT.spanId);
        assert.is(spanOf(hold(text.replaceAll('traceparent', 'other')), kind), undefined);
      }
    });

test("a message's own attributes take precedence over its body, which is read once, up to 256 kB, and is never an error", () => {
  const own = { traceparent: { stringValue: `00-${SENT.traceId}-${'1'.repeat(16)}-01`, dataType: 'String' } };
  const body = JSON.stringify(BODIES['a notification of SNS']);
  assert.is(spanOf({ messageId: 'm', body, messageAttributes: own })?.spanId, '1'.repeat(16));
  const padded = (length: number) => body + ' '.repeat(length - body.length);
  assert.is(spanOf({ body: padded(262_144), messageAttributes: {} })?.spanId, SENT.spanId);
  const wrong: readonly unknown[] = [
    { Type: 'Notification', MessageAttributes: { traceparent: { Type: 'Binary', Value: 7 } } },
    { Type: 'Notification', Message: 'traceparent' },
    { Type: 'Notification', MessageAttributes: { traceparent: null } },
    { Type: 'Other', ...attributed },
    { 'detail-type': 'x', detail: 'traceparent' },
    ['traceparent'],
    'traceparent',
  ];
  for (const other of [padded(262_145), body.slice(1), '', 7, null, ...wrong.map((each) => JSON.stringify(each))])
    assert.is(spanOf({ body: other, messageAttributes: {} }), undefined, String(other).slice(0, 80));
  // a request of HTTP with such a body is no message
  assert.is(spanOf({ headers: {}, body }), undefined);
  const parse = JSON.parse;
  let parsed = 0;
  JSON.parse = (...given) => {
    parsed++;
    return parse(...given);
  };
  try {
    spanOf({ body, messageAttributes: {} });
    assert.is(parsed, 1);
    spanOf({ body, messageAttributes: own });
    assert.is(parsed, 1);
  } finally {
    JSON.parse = parse;
  }
});

test('message attributes are not written beyond the ten that SQS and SNS accept', () => {
  const full = Object.fromEntries(Array.from({ length: 10 }, (_, at) => [`a${at}`, { DataType: 'String', StringValue: 'x' }]));
  const message = inject({ MessageAttributes: { ...full } }, carriers.sqs as never, CONTEXT);
  assert.equal(message.MessageAttributes, full);
});

test('attributes alone are written to like those of a message', () => {
  const text = { DataType: 'String', StringValue: 'x' };
  const written = inject({ a: { ...text } } as Any, carriers.sqs as never, CONTEXT);
  assert.equal(
    written,
    inject({ MessageAttributes: { a: { ...text } } } as Any, carriers.sqs as never, CONTEXT).MessageAttributes,
  );
  assert.equal(inject({ a: { ...text } } as Any, undefined, CONTEXT), written);
  assert.is(written.traceparent.DataType, 'String');
});

test('attributes alone are no carrier unless each of them has a type', () => {
  const traceparent = { DataType: 'String', StringValue: `00-${SENT.traceId}-${SENT.spanId}-01` };
  assert.is(spanOf({ traceparent }, carriers.sqs)?.traceId, SENT.traceId);
  for (const other of [{}, { a: 'text' }, { a: null }, { a: { StringValue: 'x' } }]) {
    const isEmpty = Object.keys(other).length === 0;
    assert.is(spanOf({ ...other, traceparent }, carriers.sqs) !== undefined, isEmpty);
    assert.is(spanOf({ ...other, traceparent }) !== undefined, isEmpty);
  }
});

test('a map whose names are bytes is written once', () => {
  const headers = new Map<unknown, unknown>([[Buffer.from('TraceParent'), Buffer.from('old')]]);
  inject({ headers }, carriers.kafka as never, CONTEXT);
  assert.equal([...headers.keys()], ['traceparent']);
});

test('a detail that is not JSON, and headers that are not bytes, yield no context and stay unchanged', () => {
  const entry = { DetailType: 'x', Detail: 'text' };
  assert.equal(inject({ ...entry }, carriers.eventBridge as never, CONTEXT), entry);
  assert.is(spanOf(entry), undefined);
  for (const headers of [[{ traceparent: [] }], [{ traceparent: ['a'] }], [null], [[1, 2]], 'text'])
    assert.is(spanOf({ headers }, carriers.kafka), undefined);
});

test.run();
