// Every kind of carrier gives back what was written to it, and an invalid context counts as absent: nothing throws.

import { createServer, IncomingMessage, ServerResponse } from 'node:http';
import { connect, Socket } from 'node:net';
import { Metadata } from '@grpc/grpc-js';
import { type Context, propagation, ROOT_CONTEXT, type SpanContext, trace } from '@opentelemetry/api';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import {
  type CarrierKind,
  carriers,
  correlationAttributes,
  extract,
  inject,
  linksTo,
  SpanwrightError,
} from '../../runtime/index.js';

const TRACE = '0af7651916cd43dd8448eb211c80319c';
const SPAN = 'b7ad6b7169203331';
const HEADER = `00-${TRACE}-${SPAN}-01`;
const OTHER = `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`;

function sent(flags = 1): Context {
  const context = trace.setSpanContext(ROOT_CONTEXT, { traceId: TRACE, spanId: SPAN, traceFlags: flags });
  return propagation.setBaggage(context, propagation.createBaggage({ 'camera.id': { value: 'front door, left' } }));
}
const spanOf = (context: Context): SpanContext | undefined => trace.getSpanContext(context);
const camera = (context: Context): string | undefined => propagation.getBaggage(context)?.getEntry('camera.id')?.value;

/** A request as Node's server hands it over, of headers that went through a socket. */
async function received(rawHeaders: string[]): Promise<IncomingMessage> {
  const lines: string[] = [];
  for (let at = 0; at < rawHeaders.length; at += 2) lines.push(`${rawHeaders[at]}: ${rawHeaders[at + 1]}\r\n`);
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  const arrived = new Promise<IncomingMessage>((resolve) => server.once('request', resolve));
  const socket = connect(port, '127.0.0.1', () => socket.write(`GET / HTTP/1.1\r\nHost: x\r\n${lines.join('')}\r\n`));
  const request = await arrived;
  socket.destroy();
  server.close();
  return request;
}

interface Row {
  readonly name: string;
  readonly kind: CarrierKind<never> | undefined;
  make(): unknown;
  /** True if the carrier has a place for baggage. */
  readonly baggage: boolean;
}

const documents = carriers.document({ traceId: 'metadata.trace_id', spanIds: 'status.spanids', module: 'fault-quarantine' });
const whole = carriers.document({ module: 'a', tracestate: 'carried.state', baggage: ['carried', 'bag.gage'] });
const ids = carriers.annotations({ prefix: 'nvsentinel.nvidia.com', form: 'ids' });
const w3c = carriers.annotations({ prefix: 'example.com/' });
const ROWS: Row[] = [
  { name: 'a record', kind: undefined, make: () => ({}), baggage: true },
  { name: 'a record without a prototype', kind: undefined, make: () => Object.create(null), baggage: true },
  { name: 'Headers', kind: carriers.http, make: () => new Headers(), baggage: true },
  { name: 'Headers by its shape', kind: undefined, make: () => new Headers(), baggage: true },
  { name: 'Request', kind: carriers.http, make: () => new Request('http://localhost/'), baggage: true },
  {
    name: 'ServerResponse',
    kind: carriers.http,
    make: () => new ServerResponse(new IncomingMessage(new Socket())),
    baggage: true,
  },
  { name: 'options of a request', kind: carriers.http, make: () => ({ method: 'GET', headers: {} }), baggage: true },
  { name: 'a flat list of headers', kind: carriers.http, make: () => ['Host', 'x'], baggage: true },
  { name: 'a list of pairs', kind: carriers.http, make: () => [['Host', 'x']], baggage: true },
  { name: 'a Map', kind: carriers.http, make: () => new Map(), baggage: true },
  { name: 'gRPC metadata', kind: carriers.grpc, make: () => new Metadata(), baggage: true },
  { name: 'gRPC metadata by its shape', kind: undefined, make: () => new Metadata(), baggage: true },
  { name: 'a gRPC call', kind: undefined, make: () => ({ metadata: new Metadata(), request: {} }), baggage: true },
  { name: 'a document', kind: documents, make: () => ({ id: 1, metadata: { a: 1 } }), baggage: false },
  { name: 'a document with everything', kind: whole, make: () => ({}), baggage: true },
  { name: 'annotations in W3C form', kind: w3c, make: () => ({ 'example.com/owner': 'x' }), baggage: true },
  { name: 'a resource with annotations', kind: w3c, make: () => ({ kind: 'Job', metadata: { name: 'x' } }), baggage: true },
  { name: 'annotations as ids', kind: ids, make: () => ({}), baggage: false },
  { name: 'options of an AMQP publish', kind: carriers.amqp, make: () => ({ persistent: true }), baggage: true },
  { name: 'an AMQP message by its shape', kind: undefined, make: () => ({ properties: { headers: {} } }), baggage: true },
  { name: 'fields of a Redis stream', kind: carriers.redisStream, make: () => ({ job: '1' }), baggage: true },
  { name: 'an entry of a Redis stream', kind: carriers.redisStream, make: () => ({ id: '1-0', message: {} }), baggage: true },
  { name: 'an entry as ioredis has it', kind: carriers.redisStream, make: () => ['1-0', ['job', '1']], baggage: true },
  { name: 'an element of a Redis list', kind: carriers.redisList, make: () => ({ job: 1 }), baggage: true },
  { name: 'an environment', kind: carriers.environment as CarrierKind<never>, make: () => ({ PATH: '/bin' }), baggage: true },
  { name: 'worker data', kind: carriers.workerData, make: () => ({ job: 1 }), baggage: true },
] as Row[];

for (const { name, kind, make, baggage } of ROWS) {
  test(`${name} returns the context and baggage written to it`, () => {
    const carrier = inject(make(), kind as never, sent());
    assert.equal({ ...spanOf(extract(carrier, kind as never)) }, { traceId: TRACE, spanId: SPAN, traceFlags: 1, isRemote: true });
    assert.is(camera(extract(carrier, kind as never)), baggage ? 'front door, left' : undefined);
    // a second write replaces the first, instead of adding to it
    const again = inject(carrier, kind as never, sent());
    assert.is(spanOf(extract(again, kind as never))?.spanId, SPAN);
  });

  test(`${name} without trace context yields none, and without a context nothing is written to it`, () => {
    assert.is(extract(make(), kind as never), ROOT_CONTEXT);
    const untouched = inject(make(), kind as never, ROOT_CONTEXT);
    assert.is(spanOf(extract(untouched, kind as never)), undefined);
  });
}

const BAD: [string, string][] = [
  ['all zero trace', `00-${'0'.repeat(32)}-${SPAN}-01`],
  ['all zero span', `00-${TRACE}-${'0'.repeat(16)}-01`],
  ['upper case', HEADER.toUpperCase()],
  ['version ff', `ff-${TRACE}-${SPAN}-01`],
  ['version 00 with more', `${HEADER}-more`],
  ['two joined', `${HEADER}, ${OTHER}`],
  ['two joined of a later version', `01-${TRACE}-${SPAN}-01-x, ${OTHER}`],
  ['short', HEADER.slice(1)],
  ['empty', ''],
  ['not hexadecimal', HEADER.replace('b7', 'zz')],
  ['oversized', `01-${TRACE}-${SPAN}-01-${'x'.repeat(600)}`],
  ['a line break', `${HEADER}\r\nx: y`],
];

for (const [what, text] of BAD) {
  test(`traceparent that is ${what} counts as absent in every carrier`, async () => {
    const metadata = new Metadata();
    if (!/[\r\n]/.test(text)) metadata.set('traceparent', text);
    const subjects: [unknown, CarrierKind<never> | undefined][] = [
      [{ traceparent: text }, undefined],
      [/[\r\n]/.test(text) ? {} : await received(['traceparent', text]), carriers.http],
      [['traceparent', text], carriers.http],
      [metadata, carriers.grpc],
      [{ properties: { headers: { traceparent: Buffer.from(text) } } }, carriers.amqp],
      [JSON.stringify({ traceparent: text }), carriers.redisList],
      [{ TRACEPARENT: text }, carriers.environment as CarrierKind<never>],
      [{ 'example.com/traceparent': text }, w3c],
    ] as never;
    for (const [carrier, kind] of subjects) assert.is(spanOf(extract(carrier, kind as never)), undefined);
  });
}

test('a later version is read as far as it is known', () => {
  assert.is(spanOf(extract({ traceparent: `01-${TRACE}-${SPAN}-01-more` }))?.traceId, TRACE);
});

test('a header that occurs twice counts as absent, whether its values agree or not', async () => {
  for (const second of [HEADER, OTHER]) {
    const subjects = [
      await received(['traceparent', HEADER, 'Traceparent', second]),
      { traceparent: HEADER, Traceparent: second },
      { traceparent: [HEADER, second] },
      ['traceparent', HEADER, 'TRACEPARENT', second],
      [
        ['traceparent', HEADER],
        ['Traceparent', second],
      ],
      new Headers([
        ['traceparent', HEADER],
        ['traceparent', second],
      ]),
    ];
    for (const subject of subjects) assert.is(spanOf(extract(subject)), undefined);
    const metadata = new Metadata();
    metadata.add('traceparent', HEADER);
    metadata.add('traceparent', second);
    assert.is(spanOf(extract(metadata)), undefined);
  }
  assert.is(spanOf(extract(await received(['TraceParent', HEADER])))?.traceId, TRACE);
});

test('tracestate is carried with traceparent, and ignored without it', () => {
  const both = extract({ traceparent: HEADER, tracestate: 'vendor1=a,vendor2=b' });
  assert.is(spanOf(both)?.traceState?.serialize(), 'vendor1=a,vendor2=b');
  assert.is((inject({}, undefined, both) as Record<string, string>).tracestate, 'vendor1=a,vendor2=b');
  assert.is(extract({ tracestate: 'vendor1=a' }), ROOT_CONTEXT);
});

test('extract and inject never throw, for any carrier', () => {
  const hostile = new Proxy(
    {},
    {
      get: () => assert.unreachable.bind(null),
      ownKeys: () => {
        throw new Error('no');
      },
      getOwnPropertyDescriptor: () => {
        throw new Error('no');
      },
    },
  );
  const things: unknown[] = [
    null,
    undefined,
    0,
    1n,
    '',
    'text',
    '{broken',
    Symbol('x'),
    () => 0,
    [],
    [1],
    [[]],
    hostile,
    new Proxy(
      {},
      {
        get() {
          throw new Error('no');
        },
      },
    ),
  ];
  const kinds = [undefined, documents, ids, w3c, ...Object.values(carriers).filter((kind) => typeof kind === 'object')];
  for (const thing of things) {
    for (const kind of kinds) {
      assert.is(extract(thing, kind as never), ROOT_CONTEXT);
    }
  }
  for (const thing of things) for (const kind of kinds) inject(thing, kind as never, sent());
  const frozen = Object.freeze({});
  assert.is(inject(frozen, undefined, sent()), frozen);
});

test('a document written by a span that nobody keeps stays as it was', () => {
  assert.equal(inject({ id: 1 }, documents, sent(0)), { id: 1 });
  assert.equal(inject({}, ids, sent(0)), {});
});

test('a document holds one span id for each module, and each reads the one before it', () => {
  const from = (module: string, upstream?: string[]) =>
    carriers.document({ traceId: 'metadata.trace_id', spanIds: 'status.spanids', module, ...(upstream ? { upstream } : {}) });
  const at = (spanId: string) => trace.setSpanContext(ROOT_CONTEXT, { traceId: TRACE, spanId, traceFlags: 1 });
  const event: object = {};
  inject(event, from('platform-connector'), at('1'.repeat(16)));
  inject(event, from('fault-quarantine'), at('2'.repeat(16)));
  assert.equal(event, {
    metadata: { trace_id: TRACE },
    status: { spanids: { 'platform-connector': '1'.repeat(16), 'fault-quarantine': '2'.repeat(16) } },
  });
  const read = (...upstream: string[]) => spanOf(extract(event, from('node-drainer', upstream)))?.spanId;
  assert.is(read('fault-quarantine', 'platform-connector'), '2'.repeat(16));
  assert.is(read('janitor', 'platform-connector'), '1'.repeat(16));
  assert.is(read('janitor'), '0'.repeat(16), 'the trace alone');
  // another trace's ids do not stay beside the new one's
  const other = trace.setSpanContext(ROOT_CONTEXT, { traceId: 'c'.repeat(32), spanId: '3'.repeat(16), traceFlags: 1 });
  inject(event, from('janitor'), other);
  assert.equal(event, { metadata: { trace_id: 'c'.repeat(32) }, status: { spanids: { janitor: '3'.repeat(16) } } });
});

test('a document whose ids are zero, malformed or of another type names no trace', () => {
  for (const trace_id of ['0'.repeat(32), '', 'xyz', TRACE.toUpperCase(), 7, null, {}, `${TRACE} `]) {
    const document = { metadata: { trace_id }, status: { spanids: { 'fault-quarantine': SPAN } } };
    assert.is(extract(document, documents), ROOT_CONTEXT);
  }
  for (const spanId of ['0'.repeat(16), '', 'xyz', 7]) {
    const context = spanOf(
      extract({ metadata: { trace_id: TRACE }, status: { spanids: { 'fault-quarantine': spanId } } }, documents),
    );
    assert.ok(context && !trace.isSpanContextValid(context));
  }
  const inherited = Object.create({ metadata: { trace_id: TRACE }, status: { spanids: { 'fault-quarantine': SPAN } } });
  assert.is(extract(inherited, documents), ROOT_CONTEXT);
});

test('the changes of a document are a record from dotted path to text, for one update', () => {
  assert.equal(documents.changes(sent()), { 'metadata.trace_id': TRACE, 'status.spanids.fault-quarantine': SPAN });
  assert.equal(documents.changes(ROOT_CONTEXT), {});
});

test('paths through a prototype and prefixes that Kubernetes refuses throw where the kind is created', () => {
  const wrong = [
    () => carriers.document({ module: '__proto__' }),
    () => carriers.document({ module: 'a', traceId: 'constructor.prototype.x' }),
    () => carriers.document({ module: 'a', spanIds: '' }),
    () => carriers.annotations({ prefix: 'Not A Domain' }),
    () => carriers.annotations({ prefix: 'x'.repeat(254) }),
  ];
  for (const make of wrong) {
    assert.throws(
      make,
      (error: unknown) => error instanceof SpanwrightError && error.code === 'MISUSE' && /expected/.test(error.message),
    );
  }
  assert.is((Object.prototype as { trace_id?: string }).trace_id, undefined);
});

test('a batch links to the span of each of its messages', () => {
  const links = linksTo([{ traceparent: HEADER }, {}, { traceparent: 'wrong' }, null, { traceparent: OTHER }]);
  assert.equal(
    links.map(({ context }) => context.spanId),
    [SPAN, 'b'.repeat(16)],
  );
});

test('what is not iterable, or ends with an error, has the links that could be read', () => {
  function* broken(): Generator<object> {
    yield { traceparent: HEADER };
    throw new Error('broken');
  }
  assert.is(linksTo(broken()).length, 1);
  for (const odd of [undefined, null, 7, {}]) assert.equal(linksTo(odd as never), []);
});

test('request ids become attributes, and what is long, spaced or there twice does not', () => {
  const found = correlationAttributes({ 'X-OpenStack-Request-Id': 'req-3ccf6ad1', 'x-request-id': '7f' });
  assert.equal(found, {
    'http.request.header.x-openstack-request-id': ['req-3ccf6ad1'],
    'http.request.header.x-request-id': ['7f'],
  });
  for (const value of ['', 'a b', 'x'.repeat(129), 'a\nb', 'ü'])
    assert.equal(correlationAttributes({ 'x-request-id': value }), {});
  assert.equal(correlationAttributes({ 'x-request-id': 'a', 'X-Request-Id': 'b' }), {});
  assert.equal(correlationAttributes(undefined), {});
});

test.run();
