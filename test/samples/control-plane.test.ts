// The sample control-plane, end to end: its processes over a real RabbitMQ, its configurations in the real Collector, with TLS in between, and
// what Jaeger then has. Missing parts are a printed skip, on a build server a failure.
// limit: 400 s

import { createHash } from 'node:crypto';
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { type ConnectionOptions, connect as connectTls } from 'node:tls';
import { type Channel, type ChannelModel, connect } from 'amqplib';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { type Server, startRabbit } from '../propagation/servers.js';
import { flattenTrace, JAEGER, JaegerServer } from '../real/support/jaeger-server.js';
import { OTELCOL } from '../real/support/otel-collector.js';
import type { FlatSpan } from '../real/support/otlp-json.js';
import { until } from '../real/support/program.js';
import {
  below,
  ControlPlane,
  instanceOf,
  makeCertificates,
  type Order,
  SampleCollector,
  SECRETS,
} from './control-plane-system.js';
import { startService } from './kubernetes-service.js';

const test = suite('control-plane');
const all = JAEGER === undefined || OTELCOL === undefined ? test.skip : test;

/** From a trace's first span to the decision: longer than the slowest order and the way of its spans together. */
const DECISION_S = 10;
/** Limit of each wait; a slow machine may take long. */
const PATIENCE_MS = 60_000;
/** Longer than a span can wait in a gateway's batch, also on a slow machine. */
const QUIET_MS = 3000;
const FAST = { BATCH_TIMEOUT: '200ms' } as const;

let rabbit: Server;
let jaeger: JaegerServer;
let central: SampleCollector;
let gatewayA: SampleCollector;
let gatewayB: SampleCollector;
let cloud: ControlPlane;
let certificates: string;

test.before(async () => {
  if (JAEGER === undefined || OTELCOL === undefined) return;
  await startAll().catch(async (error: unknown) => {
    await stopAll(); // the hook below does not run when this one fails
    throw error;
  });
});
test.after(stopAll);

async function startAll(): Promise<void> {
  rabbit = await startRabbit();
  jaeger = await JaegerServer.start();
  certificates = makeCertificates();
  const decision = { DECISION_WAIT: `${DECISION_S}s`, JAEGER_GRPC: jaeger.url.replace('http://', '') };
  central = await SampleCollector.start('central', { ...FAST, ...decision, TLS_FOLDER: certificates });
  gatewayA = await startGateway('cluster-a', 'eu-de-1');
  gatewayB = await startGateway('cluster-b', 'eu-de-2');
  cloud = await ControlPlane.start(configuration());
}

const startGateway = (cluster: string, region: string): Promise<SampleCollector> =>
  SampleCollector.start('gateway', {
    ...FAST,
    CLUSTER: cluster,
    REGION: region,
    CENTRAL_TLS: central.secondAddress,
    TLS_FOLDER: certificates,
  });

async function stopAll(): Promise<void> {
  await cloud?.stop();
  await Promise.all([gatewayA?.stop(), gatewayB?.stop(), central?.stop(), jaeger?.stop(), rabbit?.stop()]);
  if (certificates !== undefined) rmSync(certificates, { recursive: true });
}

const configuration = () => ({
  AMQP_URL: `amqp://127.0.0.1:${rabbit.port}`,
  GATEWAY_A: gatewayA.url,
  GATEWAY_B: gatewayB.url,
  CENTRAL: central.url,
  GATEWAY_A_OTLP_HTTP: gatewayA.httpUrl,
  GATEWAY_B_OTLP_HTTP: gatewayB.httpUrl,
  OTEL_BSP_SCHEDULE_DELAY: '100',
});

const TAIL = 'otelcol_processor_tail_sampling';
const decided = (labels = '') => central.metric(`${TAIL}_global_count_traces_sampled`, labels);

async function spansAtJaeger(traceId: string | undefined): Promise<FlatSpan[]> {
  const trace = await jaeger.trace(String(traceId));
  return trace === undefined ? [] : flattenTrace(trace);
}

const clusterOf = (span: FlatSpan): string => instanceOf(span).match(/-([ab])\d?$/)?.[1] ?? 'management';
const ORDERS = 25;
const failed = ({ status }: Order): boolean => status >= 500;
/** Over the Collector's threshold for certain; how near to it the others come differs with the machine. */
const slow = ({ ms }: Order): boolean => ms >= 1000;
const fast = ({ ms }: Order): boolean => ms < 500;

async function ordersPlaced(): Promise<Order[]> {
  const before = await decided();
  const orders = await cloud.placeOrders({ OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: central.url });
  assert.is(orders.length, ORDERS);
  await until(async () => (await decided()) >= before + orders.length, 'the Collector has decided on every trace', PATIENCE_MS);
  return orders;
}

all('tail sampling keeps each trace with an error and each slow one, and of the others few', async () => {
  const orders = await ordersPlaced();
  assert.equal(
    orders.filter(failed).map(({ what, status }) => `${status} ${what}`),
    ['500 boot from a damaged image', '503 boot a server that fits nowhere'],
  );
  const encrypted = orders.filter(({ what }) => what.includes('encrypted'));
  assert.is(encrypted.length, 2);
  assert.ok(encrypted.every(slow), JSON.stringify(encrypted));

  const [kept, dropped] = [await decided('sampled="true"'), await decided('sampled="false"')];
  assert.is(kept + dropped, orders.length, 'one trace an order, and none besides: reports of hosts start no trace');
  const exported = () => central.metric('otelcol_exporter_sent_spans');
  let there: Order[] = [];
  await until(
    async () => {
      const found = await Promise.all(orders.map(async (order) => ({ order, spans: await spansAtJaeger(order.traceId) })));
      there = found.filter(({ spans }) => spans.length > 0).map(({ order }) => order);
      return there.length >= kept && found.reduce((sum, { spans }) => sum + spans.length, 0) === (await exported());
    },
    'what the Collector has kept is at Jaeger',
    PATIENCE_MS,
  );
  assert.is(there.length, kept);
  for (const order of orders.filter((one) => failed(one) || slow(one))) assert.ok(there.includes(order), JSON.stringify(order));
  assert.is(
    await central.metric(`${TAIL}_count_traces_sampled`, 'decision="sampled",policy="error-traces"'),
    orders.filter(failed).length,
  );

  const others = orders.filter((one) => !failed(one) && fast(one));
  const keptOthers = others.filter((one) => there.includes(one)).length;
  assert.ok(
    keptOthers <= Math.max(2, others.length / 2),
    `${keptOthers} of ${others.length} others were kept, of a share of 10 percent`,
  );
  assert.ok(dropped > 0, 'some order is neither failed nor slow, and was not kept');
});

all(
  'spans that Jaeger lacks were sampled out: every span that the gateways accepted has reached the central Collector',
  async () => {
    const taken = async (collector: SampleCollector) => collector.metric('otelcol_receiver_accepted_spans');
    let [a, b, all] = [0, 0, 0];
    // what came last may still be in the batch of a gateway, or of the process that made it
    await until(
      async () => {
        [a, b, all] = [await taken(gatewayA), await taken(gatewayB), await taken(central)];
        return all === a + b + 2 * ORDERS;
      },
      'the central Collector has those of both gateways, and two an order from the management cluster itself',
      PATIENCE_MS,
    );
    assert.ok(a > 0 && b > 0);
    for (const collector of [gatewayA, gatewayB, central]) {
      assert.is(await collector.metric('otelcol_receiver_refused_spans'), 0);
      assert.is(await collector.metric('otelcol_exporter_send_failed_spans'), 0);
    }
    assert.ok((await central.metric('otelcol_exporter_sent_spans')) < all);
  },
);

let orders: Order[];
/** Of the orders whose traces are all kept: the order's and its spans. */
const traceOf = async (what: string): Promise<{ order: Order; spans: FlatSpan[] }> => {
  const order = orders.find((one) => one.what === what) as Order;
  return { order, spans: await spansAtJaeger(order.traceId) };
};

all('with a share of 100 percent every trace of the same orders is kept', async () => {
  await central.stop();
  await central.start({ KEEP_PERCENTAGE: '100' });
  orders = await ordersPlaced();
  assert.is(await decided('sampled="false"'), 0);
  const accepted = () => central.metric('otelcol_receiver_accepted_spans');
  const counted = async () => (await Promise.all(orders.map(({ traceId }) => spansAtJaeger(traceId)))).flat().length;
  await until(
    async () => (await counted()) === (await accepted()),
    'every span that the central Collector took is at Jaeger, and belongs to an order',
    PATIENCE_MS,
  );
});

all(
  'a request that one cluster hands to the other is one trace, with the spans of both clusters below the calls that caused them',
  async () => {
    const { spans } = await traceOf('boot across clusters');
    const root = spans.filter(({ parentSpanId, links }) => parentSpanId === '' && links.length === 0);
    assert.is(root.length, 1);
    const asksWhoItIs = (process: string, indent: string) => [
      `${indent}${process} GET`,
      `${indent}  identity-${process.at(-1)} GET /v3/auth/tokens`,
    ];
    const image = (cluster: string, indent: string) => [
      `${indent}compute-api-${cluster} GET`,
      `${indent}  image-${cluster} GET /v2/images/:name`,
      ...asksWhoItIs(`image-${cluster}`, `${indent}    `),
    ];
    const port = (cluster: string, indent: string) => [
      `${indent}compute-api-${cluster} POST`,
      `${indent}  network-${cluster} POST /v2.0/ports`,
      ...asksWhoItIs(`network-${cluster}`, `${indent}    `),
      `${indent}    network-${cluster} Ports.create`,
      `${indent}      network-${cluster} rpc.fanout`,
    ];
    assert.equal(
      below(spans.filter(({ name }) => name !== 'rpc.notice')).filter((line) => !line.includes('flows.')),
      [
        'greenhouse order',
        '  greenhouse POST',
        '    compute-api-a POST /v2.1/servers',
        ...asksWhoItIs('compute-api-a', '      '),
        '      compute-api-a Servers.create',
        ...image('a', '        '),
        '        compute-api-a rpc.call',
        '          conductor-a rpc.serve',
        '            conductor-a Conductor.buildServer',
        '              conductor-a placement.claim',
        '        compute-api-a other_cluster.forward',
        '          compute-api-a POST',
        '            compute-api-b POST /v2.1/servers',
        ...asksWhoItIs('compute-api-b', '              '),
        '              compute-api-b Servers.create',
        ...image('b', '                '),
        '                compute-api-b rpc.call',
        '                  conductor-b rpc.serve',
        '                    conductor-b Conductor.buildServer',
        '                      conductor-b placement.claim',
        '                      conductor-b rpc.call',
        '                        agent-b rpc.serve',
        '                          agent-b ComputeManager.buildInstance',
        '                            agent-b image.fetch',
        '                              agent-b GET',
        '                                image-b GET /v2/images/:name/file',
        '                            agent-b disk.create',
        ...port('b', '                '),
        ...port('a', '        '),
      ],
    );
    assert.equal(
      spans.filter(({ status }) => status.code === 'error'),
      [],
      'that the first cluster had no room is an answer, not an error',
    );
  },
);

all(
  'the work of a fan-out is a root in the trace of the request, in every agent of a cluster, linked to its sender',
  async () => {
    for (const [what, notified] of [
      ['boot across clusters', ['a', 'b']],
      ['boot', ['a']],
    ] as const) {
      const { spans } = await traceOf(what);
      for (const cluster of ['a', 'b']) {
        const [sender, ...more] = spans.filter((span) => span.name === 'rpc.fanout' && clusterOf(span) === cluster);
        const notices = spans.filter((span) => span.name === 'rpc.notice' && clusterOf(span) === cluster);
        if (!notified.some((one) => one === cluster)) {
          assert.equal([sender, notices], [undefined, []]);
          continue;
        }
        assert.equal(more, []);
        assert.equal(notices.map(instanceOf).sort(), [`agent-${cluster}1`, `agent-${cluster}2`]);
        for (const notice of notices) {
          assert.equal([notice.parentSpanId, notice.kind, notice.traceId], ['', 'consumer', sender?.traceId]);
          assert.equal(
            notice.links.map(({ traceId, spanId }) => [traceId, spanId]),
            [[sender?.traceId, sender?.spanId]],
          );
          assert.equal(below(spans, notice.spanId), [`agent-${cluster} flows.update`]);
        }
      }
    }
  },
);

all('each gateway adds the origin of a span, the central Collector only attributes that are missing', async () => {
  const expected: Record<string, [string, string]> = {
    a: ['cluster-a', 'eu-de-1'],
    b: ['cluster-b', 'eu-de-2'],
    management: ['management', 'eu-de-0'],
  };
  const { spans } = await traceOf('boot across clusters');
  for (const span of spans)
    assert.equal([span.resource.cluster, span.resource.region], expected[clusterOf(span)], `${instanceOf(span)} ${span.name}`);
  assert.equal([...new Set(spans.map(clusterOf))].sort(), ['a', 'b', 'management']);
});

all('attributes that must not leave a cluster are removed, users are digests, and other addresses are kept', async () => {
  const { spans } = await traceOf('boot across clusters');
  const images = spans.filter(({ attributes }) => /^\/v2\/images\/.*\/file$/.test(String(attributes['url.path'])));
  assert.is(images.length, 2);
  for (const { attributes } of images) assert.equal([attributes['url.query'], attributes['url.full']], [undefined, undefined]);
  const forwarded = spans.find(
    ({ kind, resource, attributes }) =>
      kind === 'client' && resource.cluster === 'cluster-a' && attributes['url.path'] === '/v2.1/servers',
  );
  assert.match(String(forwarded?.attributes['url.full']), /^http:\/\/127\.0\.0\.1:\d+\/v2\.1\/servers$/);
  const users = spans.filter(({ attributes }) => 'user.id' in attributes);
  const digest = createHash('sha256').update('alice@example.com').digest('hex');
  assert.equal(users.map(({ resource, attributes }) => [resource.cluster, attributes['user.id']]).sort(), [
    ['cluster-a', digest],
    ['cluster-b', digest],
  ]);
  const everything = JSON.stringify(await Promise.all(orders.map(({ traceId }) => spansAtJaeger(traceId))));
  for (const text of [
    'temp_url_sig',
    'alice@',
    SECRETS.PASSPHRASE,
    SECRETS.TOKEN_KEY,
    SECRETS.PASSWORD,
    Buffer.from('alice@example.com').toString('base64url'),
  ])
    assert.not.ok(everything.includes(text), text);
});

all(
  'the request id is on every span of the request, finds its trace, and is in the log of every process that worked for it',
  async () => {
    const { order, spans } = await traceOf('boot across clusters');
    assert.equal([...new Set(spans.map(({ attributes }) => attributes['openstack.request_id']))], [order.requestId]);
    const found = await jaeger.traces('hypervisor-agent', { tags: JSON.stringify({ 'openstack.request_id': order.requestId }) });
    assert.equal(
      found.map(({ traceID }) => traceID),
      [order.traceId],
    );
    const other = orders.find(({ what }) => what === 'boot') as Order;
    assert.is.not(other.requestId, order.requestId);
    assert.not.ok(JSON.stringify(spans).includes(other.requestId));

    const lines = cloud.logOf(order.requestId);
    const logged = new Set(lines.map(({ instance }) => instance));
    assert.equal([...logged].sort(), [...new Set(spans.map(instanceOf))].sort());
    assert.is(logged.size, 15);
    assert.ok(lines.every(({ trace_id }) => trace_id === order.traceId));
    const received = spans.filter(({ kind }) => kind === 'server' || kind === 'consumer');
    const header = 'http.request.header.x-openstack-request-id';
    const carried = received.filter(({ attributes }) => String(attributes[header]).includes(order.requestId));
    assert.equal(
      received.filter((span) => !carried.includes(span)).map(({ name }) => name),
      ['GET /v2/images/:name/file'],
      'an agent fetches an image without the header, and the baggage has the id all the same',
    );
  },
);

all('a request without an id, or with an invalid one, gets one', async () => {
  for (const headers of [undefined, { 'x-openstack-request-id': 'req-<script>' }]) {
    const response = await cloud.call('b', 'GET', '/v2.1/servers/00000000-0000-4000-8000-000000000000', undefined, headers);
    assert.is(response.status, 404);
    const id = response.headers.get('x-openstack-request-id') as string;
    assert.match(id, /^req-[0-9a-f]{8}-[0-9a-f-]{27}$/);
    await until(() => new Set(cloud.logOf(id).map(({ instance }) => instance)).size >= 6, 'it is in six logs', PATIENCE_MS);
    const instances = [...new Set(cloud.logOf(id).map(({ instance }) => instance))].sort();
    assert.equal(instances, ['compute-api-a', 'compute-api-b', 'conductor-a', 'conductor-b', 'identity-a', 'identity-b']);
  }
});

all('an error is found where it happened, with its reason, and every span on the way to the caller has failed', async () => {
  const { spans } = await traceOf('boot from a damaged image');
  const broken = spans.filter(({ status }) => status.code === 'error');
  const source = broken.find(({ name }) => name === 'image.fetch') as FlatSpan;
  assert.is(source.resource.cluster, 'cluster-a');
  assert.is(source.attributes['error.type'], 'ImageCorrupt');
  assert.match(
    String(source.events[0]?.attributes['exception.message']),
    /content has SHA-256 [0-9a-f]{64}, and [0-9a-f]{64} is on record/,
  );
  assert.equal(
    new Set(broken.map(({ name }) => name)),
    new Set([
      'POST',
      'POST /v2.1/servers',
      'Servers.create',
      'rpc.call',
      'rpc.serve',
      'Conductor.buildServer',
      'ComputeManager.buildInstance',
      'image.fetch',
    ]),
  );
});

all('while a gateway is down requests are served as before, and their spans arrive when it is up again', async () => {
  const traceId = 'ef'.repeat(16);
  const headers = { traceparent: `00-${traceId}-${'cd'.repeat(8)}-01` };
  const server = { name: 'database-2', flavor: 'm1.xlarge', image: 'cirros' };
  const clusters = async () => new Set((await spansAtJaeger(traceId)).map(clusterOf));
  await gatewayB.stop();
  assert.is((await cloud.call('a', 'POST', '/v2.1/servers', server, headers)).status, 201);
  await until(async () => (await clusters()).has('a'), 'the part of cluster a is at Jaeger', PATIENCE_MS);
  assert.not.ok((await clusters()).has('b'));
  await gatewayB.start();
  const ofB = async () => (await spansAtJaeger(traceId)).filter((span) => clusterOf(span) === 'b');
  await until(
    async () => {
      const names = (await ofB()).map(({ name }) => name);
      return names.includes('Servers.create') && names.filter((name) => name === 'flows.update').length === 2;
    },
    'the part of cluster b has followed it, from its API to its agents',
    PATIENCE_MS,
  );
  const api = (await ofB()).find(({ name }) => name === 'Servers.create');
  assert.is(api?.attributes['openstack.forwarded_from'], 'a');
});

all('the volume API sends over HTTP, all others by gRPC', async () => {
  const byTransport = async (transport: string) => gatewayA.metric('otelcol_receiver_accepted_spans', `transport="${transport}"`);
  const { spans } = await traceOf('boot with a volume');
  assert.ok(spans.some((span) => instanceOf(span) === 'volume-a' && span.name === 'Volumes.create'));
  assert.ok((await byTransport('http')) > 0);
  assert.ok((await byTransport('grpc')) > (await byTransport('http')));
});

all(
  'the central Collector takes spans of other clusters over TLS alone, from those who have a certificate of its authority',
  async () => {
    const file = (name: string) => readFileSync(join(certificates, name));
    const [host = '', port] = central.secondAddress.split(':');
    /** True when the connection is still open after a request of HTTP/2. */
    const admits = (options: ConnectionOptions) =>
      new Promise<boolean>((resolve) => {
        const socket = connectTls({ host, port: Number(port), ALPNProtocols: ['h2'], ...options }, () => {
          socket.write('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0');
        });
        socket.once('close', () => resolve(false)).once('error', () => resolve(false));
        socket.once('data', () => {
          resolve(true);
          socket.destroy();
        });
      });
    const own = { ca: file('ca.crt'), cert: file('gateway.crt'), key: file('gateway.key') };
    assert.ok(await admits(own));
    assert.not.ok(await admits({ ca: own.ca }), 'without a certificate');
    const others = makeCertificates();
    const foreign = { cert: readFileSync(join(others, 'gateway.crt')), key: readFileSync(join(others, 'gateway.key')) };
    assert.not.ok(await admits({ ca: own.ca, ...foreign }), 'of another authority');
    assert.not.ok(
      await admits({ ...own, ca: readFileSync(join(others, 'ca.crt')) }),
      'nor does a gateway take another central one',
    );
    rmSync(others, { recursive: true });
  },
);

all('the RPC of each API is counted, by method, and a bucket of its duration names a trace', async () => {
  const metrics = async (service: string): Promise<string> => (await fetch(`${cloud.address(service, 'a')}/metrics`)).text();
  /** The sum over the rows of a metric whose labels hold `labels`. */
  const counted = (text: string, name: string, labels: string): number =>
    text
      .split('\n')
      .filter((row) => row.startsWith(`oslo_messaging_rpc_client_${name}{`) && row.includes(labels))
      .reduce((sum, row) => sum + Number(row.split('} ')[1]), 0);
  const build = 'call_type="call",target="conductor",method="build_server"';
  const update = 'call_type="fanout",target="nova-a.compute_fanout",method="port_update"';
  const before = { compute: await metrics('compute'), network: await metrics('network') };
  const server = { name: 'web-3', flavor: 'm1.small', image: 'cirros' };
  const traceId = '9'.repeat(32);
  const headers = { traceparent: `00-${traceId}-${'cd'.repeat(8)}-01` };
  assert.is((await cloud.call('a', 'POST', '/v2.1/servers', { ...server, flavor: 'm1.giant' })).status, 503);
  assert.is((await cloud.call('a', 'POST', '/v2.1/servers', server, headers)).status, 201); // the last one that a bucket names
  const after = { compute: await metrics('compute'), network: await metrics('network') };
  const more = (service: 'compute' | 'network', name: string, labels: string): number =>
    counted(after[service], name, labels) - counted(before[service], name, labels);
  assert.is(more('compute', 'invocation_start_total', build), 2);
  assert.is(more('compute', 'invocation_end_total', `${build},outcome="ok"`), 1);
  assert.is(more('compute', 'invocation_end_total', `${build},outcome="exception"`), 1);
  assert.is(more('compute', 'processing_seconds_count', build), 2);
  assert.is(more('network', 'invocation_start_total', update), 1);
  const exemplar = `_processing_seconds_bucket{${build},le="[^"]+"} \\d+ # {trace_id="${traceId}"} [\\d.]+\n`;
  assert.match(after.compute, new RegExp(exemplar));
});

all('the loss of one of two replicas of a gateway loses no span: senders go on with the other', async () => {
  const second = await startGateway('cluster-b', 'eu-de-2');
  const service = await startService([gatewayB.port, second.port]);
  const http = await startService([Number(new URL(gatewayB.httpUrl).port), Number(new URL(second.httpUrl).port)]);
  await cloud.stop();
  cloud = await ControlPlane.start({ ...configuration(), GATEWAY_B: service.url, GATEWAY_B_OTLP_HTTP: http.url });
  try {
    const boot = async (digit: string): Promise<FlatSpan[]> => {
      const traceId = digit.repeat(32);
      const server = { name: `web-${digit}`, flavor: 'm1.small', image: 'cirros', volumeGb: 1 };
      const headers = { traceparent: `00-${traceId}-${'cd'.repeat(8)}-01` };
      assert.is((await cloud.call('b', 'POST', '/v2.1/servers', server, headers)).status, 201);
      let spans: FlatSpan[] = [];
      await until(
        async () => {
          spans = await spansAtJaeger(traceId);
          return new Set(spans.map(instanceOf)).size === 8 && spans.filter(({ name }) => name === 'flows.update').length === 2;
        },
        'every process of cluster b has its spans at Jaeger',
        PATIENCE_MS,
      );
      return spans;
    };
    const before = await boot('1');
    const taken = async () => [
      await gatewayB.metric('otelcol_receiver_accepted_spans'),
      await second.metric('otelcol_receiver_accepted_spans'),
    ];
    const [first = 0, other = 0] = await taken();
    assert.ok(first > 0 && other > 0, 'both replicas have taken spans');
    await gatewayB.kill();
    const after = await boot('2');
    assert.equal(after.map(({ name }) => name).sort(), before.map(({ name }) => name).sort());
    assert.ok((await second.metric('otelcol_receiver_accepted_spans')) >= other + after.length);
  } finally {
    await cloud.stop();
    service.close();
    http.close();
    await second.stop();
    await gatewayB.start();
  }
});

/** Messages on the exchanges of cluster a, copied beside their receivers. */
async function tap(): Promise<{ connection: ChannelModel; messages: Record<string, unknown>[] }> {
  const connection = await connect(`amqp://127.0.0.1:${rabbit.port}`);
  const channel: Channel = await connection.createChannel();
  const { queue } = await channel.assertQueue('', { exclusive: true });
  for (const exchange of ['nova-a', 'nova-a.compute_fanout']) await channel.bindQueue(queue, exchange, '#');
  const messages: Record<string, unknown>[] = [];
  await channel.consume(queue, (message) => message && messages.push({ ...message.properties.headers }), { noAck: true });
  return { connection, messages };
}

all('while tracing is off there are no spans, and every message carries the context of its request', async () => {
  assert.is(await cloud.stop(), 0);
  const counts = () => Promise.all([gatewayA, gatewayB, central].map((one) => one.metric('otelcol_receiver_accepted_spans')));
  // what was sent while tracing was on may still be on its way through the batches of the gateways
  let before = await counts();
  await until(async () => {
    const last = String(before);
    await new Promise((resolve) => setTimeout(resolve, QUIET_MS));
    before = await counts();
    return String(before) === last;
  }, 'the gateways have sent on what they had');
  cloud = await ControlPlane.start({ ...configuration(), SPANWRIGHT_ENABLED: 'false', SPANWRIGHT_REMOTE_PARENT: 'ignore' });
  const { connection, messages } = await tap();
  const requestId = 'req-01234567-89ab-4cde-8f01-23456789abcd';
  const server = { name: 'quiet-1', flavor: 'm1.small', image: 'cirros' };
  for (const flags of ['01', '00']) {
    messages.length = 0;
    const traceparent = `00-${'ab'.repeat(16)}-${'cd'.repeat(8)}-${flags}`;
    const headers = { traceparent, 'x-openstack-request-id': requestId };
    assert.is((await cloud.call('a', 'POST', '/v2.1/servers', server, headers)).status, 201);
    // to the conductor, to an agent, to all agents
    await until(() => messages.length >= 3, 'three messages have gone over the exchanges');
    for (const message of messages) {
      assert.is(message.traceparent, traceparent);
      assert.is(message.baggage, `openstack.request_id=${requestId}`);
      assert.is(message['X-OpenStack-Request-Id'], requestId);
    }
  }
  messages.length = 0;
  assert.is((await cloud.call('a', 'POST', '/v2.1/servers', server)).status, 201);
  await until(() => messages.length >= 3, 'three messages more');
  assert.ok(messages.every((message) => message.traceparent === undefined && message.baggage !== undefined));
  await connection.close();

  const logged = cloud.logOf(requestId);
  assert.ok(logged.length >= 6 && logged.every(({ trace_id }) => trace_id === 'ab'.repeat(16)));
  assert.is(await cloud.stop(), 0);
  assert.equal(await counts(), before);
});

all('the sample removes its exchanges and queues from a broker that it did not start', async () => {
  const connection = await connect(`amqp://127.0.0.1:${rabbit.port}`);
  for (const look of [
    (channel: Channel) => channel.checkExchange('nova-a'),
    (channel: Channel) => channel.checkExchange('nova-b.compute_fanout'),
    (channel: Channel) => channel.checkQueue('nova-a.conductor'),
  ]) {
    // a broker deletes a queue once it has noticed that the connection of its consumer is closed
    await until(async () => {
      const channel = await connection.createChannel(); // closed by the broker when there is no such thing
      channel.on('error', () => undefined);
      return /NOT_FOUND/.test(String(await look(channel).catch(String)));
    }, `it is gone: ${look}`);
  }
  await connection.close();
});

test.run();
