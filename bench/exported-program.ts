// A service in a process of its own that records and exports to a real receiver, or does neither. Started by exported.ts and http.ts, and
// compiled to plain JavaScript first. It answers requests over HTTP, or makes calls when it is ordered to, and reports its CPU time.

import { AsyncLocalStorage } from 'node:async_hooks';
import { readFileSync } from 'node:fs';
import { Agent, createServer, request } from 'node:http';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';
import { Client, credentials } from '@grpc/grpc-js';
import { SpanKind, trace } from '@opentelemetry/api';
import { type Profiler, type SelfTimes, startProfiler } from './profiler.js';

export interface ExportedSetup {
  readonly sync: string;
  readonly async: string;
  /** `context`: nothing is recorded, and each request runs in an AsyncLocalStorage; `floor`: `message` is sent for every 512 spans. */
  readonly recorder: 'none' | 'context' | 'floor' | 'spanwright' | 'sdk';
  /** File of an encoded request with 512 spans. */
  readonly message: string;
  readonly endpoint: string;
  readonly protocol: 'grpc' | 'http/protobuf';
  /** Share of the traces that is kept. */
  readonly ratio: number;
  /** Folder whose node_modules hold the SDK. */
  readonly sdk: string;
}

/** `calls`: this many recorded calls, in bursts that are flushed; `flush`: send what is queued; `profile`: start the profiler, or end it. */
export type ExportedOrder = { readonly calls: number } | 'flush' | 'usage' | 'profile';

export interface ExportedAnswer {
  readonly port: number;
  /** CPU nanoseconds of the process so far. */
  readonly cpu: number;
  /** Set when a profile ends. */
  readonly self?: SelfTimes;
}

interface Callee {
  m(a: number, b: number): number | Promise<number>;
}

/** Calls of one request below its server span: half of them async. */
const CALLS = 16;
/** Half of the smallest queue. */
const BURST = 1024;
/** Spans of a full batch. */
const BATCH = 512;
const SITES = 32;

async function main(setup: ExportedSetup): Promise<void> {
  const send = await RECORDERS[setup.recorder](setup);
  let ended = 0;
  const flush = (): Promise<void> => {
    const spans = ended;
    ended = 0;
    return send(spans);
  };
  const sites = (path: string): Callee[] => (require(path) as { sites: Callee[] }).sites;
  const [sync, async] = [sites(setup.sync), sites(setup.async)];

  async function work(seed: number): Promise<number> {
    let sum = seed;
    for (let call = 0; call < CALLS / 2; call++) {
      sum = (sum + ((sync[(seed + call) % SITES] as Callee).m(call, sum) as number)) | 0;
      sum = (sum + (await (async[(seed + call) % SITES] as Callee).m(call, sum))) | 0;
    }
    return sum;
  }

  const tracer = trace.getTracer('bench');
  // that of the floor's methods, where there are any
  const storage = (globalThis as { floorStorage?: AsyncLocalStorage<unknown> }).floorStorage ?? new AsyncLocalStorage<unknown>();
  const answer = (seed: number): Promise<number> => {
    ended += CALLS + 1;
    if (setup.recorder === 'none') return work(seed);
    return setup.recorder === 'context' || setup.recorder === 'floor'
      ? storage.run({}, work, seed)
      : tracer.startActiveSpan('GET /work', { kind: SpanKind.SERVER }, async (span) => {
          try {
            return await work(seed);
          } finally {
            span.end();
          }
        });
  };

  const server = createServer(async (request, response) => {
    const seed = Number(new URL(request.url ?? '/', 'http://127.0.0.1').searchParams.get('seed'));
    const sum = await answer(seed);
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify({ seed, sum }));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;

  async function makeCalls(count: number): Promise<void> {
    let sum = 0;
    for (let done = 0; done < count; done += BURST) {
      for (let call = 0; call < BURST; call++) sum = (sum + ((sync[call % SITES] as Callee).m(call, sum) as number)) | 0;
      ended += BURST;
      await flush();
    }
  }

  const report = (self?: SelfTimes): void => {
    const { user, system } = process.cpuUsage();
    process.send?.({ port, cpu: (user + system) * 1000, ...(self && { self }) } satisfies ExportedAnswer);
  };
  let profiler: Profiler | undefined;
  process.on('message', async (order: ExportedOrder) => {
    if (order === 'profile' && profiler === undefined) profiler = await startProfiler();
    else if (order === 'profile') return report(await profiler?.end());
    else if (order === 'flush') await flush();
    else if (order !== 'usage') await makeCalls(order.calls);
    report();
  });
  process.on('disconnect', () => process.exit(0));
  report();
}

/** Sends the spans that ended since the last time. */
type Send = (ended: number) => Promise<void>;

const RECORDERS: Record<ExportedSetup['recorder'], (setup: ExportedSetup) => Promise<Send>> = {
  none: async () => async () => {},
  context: async () => async () => {},
  async floor({ endpoint, protocol, message }) {
    const bytes = readFileSync(message);
    const post = protocol === 'grpc' ? postByGrpc(endpoint) : postByHttp(endpoint);
    let waiting = 0;
    return async (ended) => {
      waiting += ended;
      for (; waiting >= BATCH; waiting -= BATCH) await post(bytes);
    };
  },
  async spanwright({ endpoint, protocol, ratio }) {
    const { startTracing } = await import('spanwright');
    const tracing = await startTracing({
      serviceName: 'bench',
      endpoint,
      otlpProtocol: protocol,
      enabled: true,
      rules: ratio < 1 ? `*=${ratio}` : '',
    });
    return () => tracing.forceFlush();
  },
  /** Sets the SDK up as its documentation does. */
  async sdk({ endpoint, protocol, ratio, sdk }) {
    // biome-ignore lint/suspicious/noExplicitAny: two lines of the SDK, whose types differ
    const load = createRequire(`${sdk}/`) as (name: string) => any;
    const { context } = load('@opentelemetry/api');
    const { AsyncLocalStorageContextManager } = load('@opentelemetry/context-async-hooks');
    const { resourceFromAttributes } = load('@opentelemetry/resources');
    const traces = load(packageOfSdk(load));
    const { OTLPTraceExporter } = load(`@opentelemetry/exporter-trace-otlp-${protocol === 'grpc' ? 'grpc' : 'proto'}`);
    const url = protocol === 'grpc' ? endpoint : `${endpoint}/v1/traces`;
    const provider = new (traces.BasicTracerProvider ?? traces.TracerProvider)({
      resource: resourceFromAttributes({ 'service.name': 'bench' }),
      sampler: new traces.ParentBasedSampler({ root: new traces.TraceIdRatioBasedSampler(ratio) }),
      spanProcessors: [new traces.BatchSpanProcessor(new OTLPTraceExporter({ url }))],
    });
    context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
    load('@opentelemetry/api').trace.setGlobalTracerProvider(provider);
    return () => provider.forceFlush();
  },
};

type Post = (bytes: Buffer) => Promise<void>;

function postByHttp(endpoint: string): Post {
  const agent = new Agent({ keepAlive: true });
  const options = { method: 'POST', agent, headers: { 'content-type': 'application/x-protobuf' } };
  return (bytes) =>
    new Promise((resolve, reject) => {
      const post = request(`${endpoint}/v1/traces`, options, (response) => void response.resume().on('end', resolve));
      post.on('error', reject).end(bytes);
    });
}

function postByGrpc(endpoint: string): Post {
  const client = new Client(endpoint.replace('http://', ''), credentials.createInsecure());
  const path = '/opentelemetry.proto.collector.trace.v1.TraceService/Export';
  const same = (bytes: Buffer): Buffer => bytes;
  return (bytes) =>
    new Promise((resolve, reject) => {
      client.makeUnaryRequest(path, same, same, bytes, (error) => (error ? reject(error) : resolve()));
    });
}

/** The package was renamed with version 3. */
function packageOfSdk(load: (name: string) => unknown): string {
  try {
    load('@opentelemetry/sdk-trace-base');
    return '@opentelemetry/sdk-trace-base';
  } catch {
    return '@opentelemetry/sdk-trace';
  }
}

void main(JSON.parse(process.argv[2] ?? '{}') as ExportedSetup);
