// Carriers of queues in the cloud, as their SDKs send them and as functions (AWS Lambda) receive them: message attributes of SQS and
// SNS, the detail of EventBridge, attributes of Pub/Sub, headers of Kafka in bytes.

import type { CarrierKind } from './carrier-kind.js';
import { headerNames, isObject, readHeader, write } from './headers.js';

type Fields = Record<string, unknown>;

const fieldsAt = (carrier: unknown, ...names: string[]): Fields | undefined => {
  if (!isObject(carrier)) return undefined;
  for (const name of names) {
    const found = (carrier as Fields)[name];
    if (isObject(found)) return found as Fields;
  }
  return undefined;
};

/** SQS and SNS refuse a message with more attributes. */
const MOST_ATTRIBUTES = 10;

/** Attributes of a request or a message (`MessageAttributes`), or of a record that Lambda gets (`messageAttributes`, `Sns`), or alone. */
function attributesIn(carrier: unknown): Fields | undefined {
  const holder = fieldsAt(carrier, 'Sns') ?? carrier;
  return fieldsAt(holder, 'MessageAttributes', 'messageAttributes') ?? (areAttributes(holder) ? holder : undefined);
}

/** The first field that is no attribute decides, because every carrier without a kind comes here. */
function areAttributes(value: unknown): value is Fields {
  if (!isObject(value)) return false;
  let count = 0;
  for (const name in value) {
    const attribute = (value as Fields)[name];
    if (!isObject(attribute)) return false;
    const { DataType, dataType, Type } = attribute as Fields;
    if (typeof (DataType ?? dataType ?? Type) !== 'string') return false;
    count++;
  }
  return count > 0;
}

/** Binary values are bytes in the SDK, and base64 in what Lambda gets. */
function attributeText(attribute: unknown): unknown {
  if (!isObject(attribute)) return undefined;
  const { StringValue, stringValue, Value, Type, BinaryValue, binaryValue = Type === 'Binary' && Value } = attribute as Fields;
  return (
    StringValue ?? stringValue ?? BinaryValue ?? (typeof binaryValue === 'string' ? Buffer.from(binaryValue, 'base64') : Value)
  );
}

const textsIn = (attributes: Fields | undefined): Fields =>
  Object.fromEntries(Object.entries(attributes ?? {}).map(([name, attribute]) => [name, attributeText(attribute)]));

/** Longest body that is parsed: the limit of a message of SNS and of an event of EventBridge. */
const MAX_BODY = 262_144;

/** The text of a message: `Body` and `body` of SQS, `Message` of SNS. */
function bodyText(carrier: unknown): string | undefined {
  const { Body, body, Message } = (fieldsAt(carrier, 'Sns') ?? carrier) as Fields;
  const text = Body ?? body ?? Message;
  return typeof text === 'string' && text.length <= MAX_BODY && /traceparent/iu.test(text) ? text : undefined;
}

/** A message in another one: a notification of SNS without raw delivery, or an event of EventBridge, also inside a notification. */
function fieldsInBody(text: string): Fields | undefined {
  const value = parsed(text);
  if (!isObject(value)) return undefined;
  const { Type, Message, detail } = value as Fields;
  if ('detail-type' in value) return isObject(detail) ? (detail as Fields) : undefined;
  if (Type !== 'Notification') return undefined;
  const texts = textsIn(fieldsAt(value, 'MessageAttributes'));
  const event = 'traceparent' in texts || typeof Message !== 'string' ? undefined : parsed(Message);
  return isObject(event) && 'detail-type' in event ? fieldsAt(event, 'detail') : texts;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Bodies are parsed once, although each name of the context is read by itself. */
const parsedBodies = new WeakMap<object, { text: string; fields: Fields | undefined }>();

/** The sources of a context, best first: the body counts only where the message's own attributes hold no traceparent. */
function sourcesOf(carrier: unknown): Fields[] {
  const own = textsIn(attributesIn(carrier));
  if (!isObject(carrier) || readHeader(own, 'traceparent') !== undefined) return [own];
  const text = bodyText(carrier);
  if (text === undefined) return [own];
  let held = parsedBodies.get(carrier);
  if (held?.text !== text) {
    held = { text, fields: fieldsInBody(text) };
    parsedBodies.set(carrier, held);
  }
  return held.fields === undefined ? [own] : [held.fields, own];
}

/** Carrier of SQS and SNS. It is written only while the message has fewer than the ten attributes that both accept. */
const messageAttributes: CarrierKind<unknown> = {
  get(carrier, name) {
    for (const source of sourcesOf(carrier)) {
      const found = readHeader(source, name);
      if (found !== undefined) return found;
    }
    return undefined;
  },
  keys: (carrier) => sourcesOf(carrier).flatMap((source) => Object.keys(source)),
  set(carrier, name, value) {
    if (!isObject(carrier)) return;
    const message = carrier as { MessageAttributes?: Fields };
    if (!areAttributes(carrier)) message.MessageAttributes ??= {};
    const held = message.MessageAttributes ?? (carrier as Fields);
    if (Object.keys(held).length >= MOST_ATTRIBUTES && !Object.hasOwn(held, name)) return;
    held[name] = { DataType: 'String', StringValue: value };
  },
};

/** Longest detail that is parsed; EventBridge accepts 256 KB. */
const MAX_DETAIL = 1_048_576;

function detailOf(carrier: unknown): unknown {
  const { Detail, detail } = (isObject(carrier) ? carrier : {}) as Fields;
  if (typeof Detail !== 'string') return detail;
  return Detail.length > MAX_DETAIL ? undefined : parsed(Detail);
}

/** EventBridge: an entry of PutEvents, whose `Detail` is JSON, or the event that arrives. */
const eventBridge: CarrierKind<unknown> = {
  get: (carrier, name) => readHeader(detailOf(carrier), name),
  keys: (carrier) => Object.keys((detailOf(carrier) as object | undefined) ?? {}),
  set(carrier, name, value) {
    const detail = detailOf(carrier);
    if (!isObject(detail) || Array.isArray(detail)) return;
    write(detail, name, value);
    const entry = carrier as Fields;
    if (typeof entry.Detail === 'string') entry.Detail = JSON.stringify(detail);
  },
};

/** Pub/Sub: a message to publish or one received, also wrapped as push subscriptions post it. Google's client writes a prefix. */
const pubsub: CarrierKind<unknown> = {
  get(carrier, name) {
    const attributes = fieldsAt(fieldsAt(carrier, 'message') ?? carrier, 'attributes');
    return readHeader(attributes, name) ?? readHeader(attributes, `googclient_${name}`);
  },
  keys: (carrier) => Object.keys(fieldsAt(fieldsAt(carrier, 'message') ?? carrier, 'attributes') ?? {}),
  set(carrier, name, value) {
    if (!isObject(carrier)) return;
    const message = carrier as { attributes?: object };
    message.attributes ??= {};
    write(message.attributes, name, value);
  },
};

/** One record of the headers: Lambda has a list of records of one header each, and bytes as arrays of numbers. */
function kafkaHeaders(carrier: unknown): object | undefined {
  const headers = fieldsAt(carrier, 'headers');
  if (!Array.isArray(headers)) return headers;
  return headers.filter(isObject).flatMap((each) => Object.entries(each).map(([name, value]) => [name, bytesOf(value)]));
}

function bytesOf(value: unknown): unknown {
  const isBytes = Array.isArray(value) && value.length > 0 && value.every((byte) => typeof byte === 'number');
  return isBytes ? Uint8Array.from(value as number[], (byte) => byte & 255) : value;
}

/** Kafka: a message of kafkajs and its like, whose values can be bytes, or a record that Lambda gets. */
const kafka: CarrierKind<unknown> = {
  get: (carrier, name) => readHeader(kafkaHeaders(carrier), name),
  keys: (carrier) => headerNames(kafkaHeaders(carrier)),
  set(carrier, name, value) {
    if (!isObject(carrier)) return;
    const message = carrier as { headers?: object };
    message.headers ??= {};
    write(message.headers, name, value);
  },
};

export const cloud = { sqs: messageAttributes, sns: messageAttributes, eventBridge, pubsub, kafka } as const;

/** The kind that shows by the carrier's shape. */
export function cloudKindOf(carrier: unknown): CarrierKind<unknown> | undefined {
  if (!isObject(carrier)) return undefined;
  if (attributesIn(carrier) !== undefined || (typeof (carrier as Fields).Body === 'string' && 'ReceiptHandle' in carrier))
    return messageAttributes;
  const { Detail, detail, attributes, headers, message } = carrier as Fields;
  if ((typeof Detail === 'string' && 'DetailType' in carrier) || (isObject(detail) && 'detail-type' in carrier))
    return eventBridge;
  if (Array.isArray(headers) && headers.length > 0 && headers.every((each) => isObject(each) && !Array.isArray(each)))
    return kafka;
  const wrapped = fieldsAt(message, 'attributes');
  if (isObject(attributes) ? !('traceparent' in carrier) : wrapped !== undefined) return pubsub;
  return undefined;
}
