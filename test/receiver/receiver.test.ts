// The embedded receiver against the exporter that services really use, over a real socket.
import * as grpc from '@grpc/grpc-js';
import { ROOT_CONTEXT, SpanKind, SpanStatusCode, TraceFlags, trace } from '@opentelemetry/api';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-grpc';
import { CompressionAlgorithm } from '@opentelemetry/otlp-exporter-base';
import { resourceFromAttributes } from '@opentelemetry/resources';
import { BasicTracerProvider, SimpleSpanProcessor } from '@opentelemetry/sdk-trace-base';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { type Receiver, startReceiver } from '../../viewer/receiver/receiver.js';

let receiver: Receiver;
test.before(async () => {
  receiver = await startReceiver();
});
test.before.each(() => receiver.clear());
test.after(() => receiver.close());

function provider(url: string, compression = CompressionAlgorithm.NONE): BasicTracerProvider {
  return new BasicTracerProvider({
    resource: resourceFromAttributes({ 'service.name': 'under-test', answers: [1, 2] }),
    spanProcessors: [new SimpleSpanProcessor(new OTLPTraceExporter({ url, compression }))],
  });
}

test('a span arrives with every field that it was sent with', async () => {
  const sender = provider(receiver.endpoint);
  const tracer = sender.getTracer('scope', '1.2.3');
  const parent = { traceId: 'a'.repeat(32), spanId: 'b'.repeat(16), traceFlags: TraceFlags.SAMPLED };
  const linked = { traceId: 'c'.repeat(32), spanId: 'd'.repeat(16), traceFlags: TraceFlags.SAMPLED };
  const span = tracer.startSpan(
    'work',
    {
      kind: SpanKind.CLIENT,
      links: [{ context: linked, attributes: { why: 'queue' } }],
      startTime: [1_700_000_000, 123_456_789],
    },
    trace.setSpanContext(ROOT_CONTEXT, parent),
  );
  span.setAttributes({ text: 'ä', flag: false, whole: -7, part: 0.5, list: ['x', 'y'], empty: '' });
  span.addEvent('exception', { 'exception.message': 'no' });
  span.setStatus({ code: SpanStatusCode.ERROR, message: 'no' });
  span.end([1_700_000_001, 0]);
  await sender.forceFlush();

  const [got] = await receiver.waitFor((spans) => spans.length === 1);
  if (!got) throw new Error('no span');
  assert.is(got.resource.attributes['service.name'], 'under-test');
  assert.equal(got.resource.attributes.answers, [1, 2]);
  assert.is(got.scope.name, 'scope');
  assert.is(got.scope.version, '1.2.3');
  assert.is(got.traceId, parent.traceId);
  assert.is(got.parentSpanId, parent.spanId);
  assert.match(got.spanId, /^[0-9a-f]{16}$/);
  assert.is(got.name, 'work');
  assert.is(got.kind, 'client');
  assert.is(got.startTimeUnixNano, '1700000000123456789');
  assert.is(got.endTimeUnixNano, '1700000001000000000');
  assert.equal({ ...got.attributes }, { text: 'ä', flag: false, whole: -7, part: 0.5, list: ['x', 'y'], empty: '' });
  assert.is(got.events[0]?.name, 'exception');
  assert.is(got.events[0]?.attributes['exception.message'], 'no');
  assert.is(got.links[0]?.traceId, linked.traceId);
  assert.is(got.links[0]?.attributes.why, 'queue');
  assert.equal(got.status, { code: 'error', message: 'no' });
  assert.is(got.flags & 1, 1);
  await sender.shutdown();
});

test('gzip is understood', async () => {
  const sender = provider(receiver.endpoint, CompressionAlgorithm.GZIP);
  sender.getTracer('t').startSpan('squeezed').end();
  await sender.forceFlush();
  await receiver.waitFor((spans) => spans[0]?.name === 'squeezed');
  await sender.shutdown();
});

/** Calls Export with bytes of our own, as no exporter would. */
function exportBytes(bytes: Buffer): Promise<{ code: number; details: string }> {
  const client = new grpc.Client(receiver.endpoint.replace('http://', ''), grpc.credentials.createInsecure());
  return new Promise((resolve) => {
    client.makeUnaryRequest(
      '/opentelemetry.proto.collector.trace.v1.TraceService/Export',
      (value: Buffer) => value,
      (value: Buffer) => value,
      bytes,
      (error) => {
        client.close();
        resolve({ code: error?.code ?? grpc.status.OK, details: error?.details ?? '' });
      },
    );
  });
}

test('integers beyond 2^53, nested lists, bytes and fields of a later version come through by hand-made bytes', async () => {
  const field = (number: number, type: number, body: Buffer): Buffer => {
    const tag = (number << 3) | type;
    const head = tag < 128 ? [tag] : [(tag & 127) | 128, tag >> 7];
    return Buffer.concat([Buffer.from(type === 2 ? [...head, body.length] : head), body]);
  };
  const max = Buffer.from([0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f]); // 2^63 - 1 as a varint
  const pair = (key: string, value: Buffer): Buffer => Buffer.concat([field(1, 2, Buffer.from(key)), field(2, 2, value)]);
  const inner = field(1, 2, pair('deep', field(3, 0, Buffer.from([5]))));
  const span = Buffer.concat([
    field(1, 2, Buffer.alloc(16, 1)),
    field(2, 2, Buffer.alloc(8, 2)),
    field(5, 2, Buffer.from('raw')),
    field(9, 2, pair('big', field(3, 0, max))),
    field(9, 2, pair('map', field(6, 2, inner))),
    field(9, 2, pair('bytes', field(7, 2, Buffer.from('hi')))),
    field(9, 2, pair('none', Buffer.alloc(0))),
    field(9, 2, pair('__proto__', field(1, 2, Buffer.from('own')))),
    field(99, 0, Buffer.from([1])),
  ]);
  const answer = await exportBytes(field(1, 2, field(2, 2, field(2, 2, span))));
  assert.is(answer.code, grpc.status.OK);
  const [got] = receiver.spans;
  assert.is(got?.attributes.big, '9223372036854775807');
  assert.equal({ ...(got?.attributes.map as object) }, { deep: 5 });
  assert.is(got?.attributes.bytes, Buffer.from('hi').toString('base64'));
  assert.is(got?.attributes.none, null);
  assert.is(Object.getOwnPropertyDescriptor(got?.attributes, '__proto__')?.value, 'own');
  assert.is(got?.traceId, '01'.repeat(16));
});

test('bytes that are not an export request are refused as InvalidArgument, and the receiver continues', async () => {
  const answer = await exportBytes(Buffer.from([0x0a, 0xff, 0xff]));
  assert.is(answer.code, grpc.status.INVALID_ARGUMENT);
  assert.match(answer.details, /Not an ExportTraceServiceRequest/);
  assert.is(receiver.received, 0);
  assert.is((await exportBytes(Buffer.alloc(0))).code, grpc.status.OK);
});

test('memory is bounded: the oldest spans are released and counted', async () => {
  const small = await startReceiver({ limit: 3 });
  const sender = provider(small.endpoint);
  const tracer = sender.getTracer('t');
  for (let index = 0; index < 5; index += 1) {
    tracer.startSpan(`n${index}`).end();
    await sender.forceFlush();
  }
  await small.waitFor(() => small.received === 5);
  assert.is(small.spans.length, 3);
  assert.is(small.dropped, 2);
  assert.is(small.spans[0]?.name, 'n2');
  await sender.shutdown();
  await small.close();
});

test('a wait that times out reports which spans arrived', async () => {
  const sender = provider(receiver.endpoint);
  sender.getTracer('t').startSpan('something else').end();
  await sender.forceFlush();
  const error = await receiver
    .waitFor((spans) => spans.length > 9, 50)
    .then(
      () => undefined,
      (reason: Error) => reason,
    );
  assert.match(error?.message ?? '', /Waited 50 ms.*1 did: something else/);
  await sender.shutdown();
});

test('an address that is not loopback is refused before anything listens', async () => {
  const error = await startReceiver({ host: '0.0.0.0' }).then(
    (other) => other.close().then(() => undefined),
    (reason: Error) => reason,
  );
  assert.match(error?.message ?? '', /"0\.0\.0\.0" is not a loopback address/);
});

test('the same port twice is an error, not a second listener', async () => {
  const error = await startReceiver({ port: receiver.port }).then(
    (other) => other.close().then(() => undefined),
    (reason: Error) => reason,
  );
  assert.match(error?.message ?? '', /EADDRINUSE|No address added/);
});

test.run();
