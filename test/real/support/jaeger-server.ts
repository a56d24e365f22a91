// Jaeger (all-in-one, spans in memory by default) and what its HTTP API says of them, in the flat form of otlp-json.ts as far as Jaeger's model
// holds it: times are microseconds there, status and kind are tags, links are references.

import type { FlatSpan, Plain } from './otlp-json.js';
import { findPart, freePorts, Program, until } from './program.js';

export const JAEGER = findPart('jaeger/all-in-one');

interface Tag {
  key: string;
  type: string;
  value: Plain;
}

export interface JaegerSpan {
  traceID: string;
  spanID: string;
  operationName: string;
  references: { refType: 'CHILD_OF' | 'FOLLOWS_FROM'; traceID: string; spanID: string }[];
  /** Microseconds. */
  startTime: number;
  duration: number;
  tags: Tag[];
  logs: { timestamp: number; fields: Tag[] }[];
  processID: string;
}

interface JaegerTrace {
  traceID: string;
  spans: JaegerSpan[];
  processes: Record<string, { serviceName: string; tags: Tag[] }>;
}

export class JaegerServer {
  private constructor(
    readonly program: Program,
    readonly otlpPort: number,
    readonly api: string,
    /** Of its own metrics. */
    readonly metricsUrl: string,
  ) {}

  /** @param storage variables that choose its storage */
  static async start(storage: NodeJS.ProcessEnv = { SPAN_STORAGE_TYPE: 'memory' }): Promise<JaegerServer> {
    const [otlp, http, query, queryGrpc, grpc, admin, thrift] = (await freePorts(7)).map((port) => `127.0.0.1:${port}`);
    const args = [
      `--collector.otlp.grpc.host-port=${otlp}`,
      `--collector.otlp.http.host-port=${http}`,
      `--query.http-server.host-port=${query}`,
      `--query.grpc-server.host-port=${queryGrpc}`,
      `--collector.grpc-server.host-port=${grpc}`,
      `--admin.http.host-port=${admin}`,
      `--collector.http-server.host-port=${thrift}`,
    ];
    const portOf = (address = ''): number => Number(address.split(':')[1]);
    const environment = { ...storage, OTEL_TRACES_SAMPLER: 'always_off' };
    const program = await Program.start(JAEGER as string, args, portOf(query), environment);
    const server = new JaegerServer(program, portOf(otlp), `http://${query}/api`, `http://${admin}/metrics`);
    await until(async () => (await fetch(`http://${admin}/`)).ok, 'Jaeger is ready');
    return server;
  }

  get url(): string {
    return `http://127.0.0.1:${this.otlpPort}`;
  }

  async traces(service: string, query: Record<string, string> = {}): Promise<JaegerTrace[]> {
    return this.#get(`traces?${new URLSearchParams({ service, limit: '1500', lookback: '1h', ...query })}`);
  }

  async trace(id: string): Promise<JaegerTrace | undefined> {
    return (await this.#get(`traces/${id}`))[0];
  }

  async services(): Promise<string[]> {
    return this.#get('services');
  }

  /** All spans of a service, once there are `count`. */
  async waitFor(service: string, count: number): Promise<FlatSpan[]> {
    let spans: FlatSpan[] = [];
    await until(async () => {
      spans = (await this.traces(service)).flatMap(flattenTrace);
      return spans.length >= count;
    }, `${count} spans of ${service} at Jaeger`);
    return spans;
  }

  async stop(): Promise<void> {
    await this.program.stop();
  }

  // biome-ignore lint/suspicious/noExplicitAny: shaped by Jaeger
  async #get(path: string): Promise<any> {
    const response = await fetch(`${this.api}/${path}`);
    if (response.status === 404) return [];
    if (!response.ok) throw new Error(`Jaeger answered ${path} with ${response.status}: ${await response.text()}`);
    return ((await response.json()) as { data?: unknown }).data ?? [];
  }
}

/** Tags that Jaeger derives from OTLP fields other than the span's attributes. */
const OF_JAEGER = new Set([
  'span.kind',
  'otel.status_code',
  'otel.status_description',
  'error',
  'otel.scope.name',
  'otel.scope.version',
]);

export function flattenTrace({ spans, processes }: JaegerTrace): FlatSpan[] {
  return spans.map((span) => {
    const tags = record(span.tags);
    const process = processes[span.processID];
    return {
      traceId: span.traceID,
      spanId: span.spanID,
      parentSpanId: span.references.find(({ refType }) => refType === 'CHILD_OF')?.spanID ?? '',
      name: span.operationName,
      kind: String(tags['span.kind'] ?? 'internal'),
      start: String(span.startTime),
      end: String(span.startTime + span.duration),
      status: {
        code: String(tags['otel.status_code'] ?? 'unset').toLowerCase(),
        message: String(tags['otel.status_description'] ?? ''),
      },
      attributes: Object.fromEntries(Object.entries(tags).filter(([key]) => !OF_JAEGER.has(key))),
      events: span.logs.map(({ timestamp, fields }) => {
        const { event, ...attributes } = record(fields);
        return { name: String(event), time: String(timestamp), attributes };
      }),
      links: span.references
        .filter(({ refType }) => refType === 'FOLLOWS_FROM')
        .map(({ traceID, spanID }) => ({ traceId: traceID, spanId: spanID, attributes: {} })),
      scope: String(tags['otel.scope.name'] ?? ''),
      resource: { ...record(process?.tags ?? []), 'service.name': process?.serviceName ?? '' },
    };
  });
}

function record(tags: readonly Tag[]): Record<string, Plain> {
  return Object.fromEntries(tags.map(({ key, value }): [string, Plain] => [key, value]).sort());
}

/** A span of the program as Jaeger's model can hold it: microseconds, lists as JSON text, no attributes of links. */
export function asJaegerHolds(span: FlatSpan): FlatSpan {
  const micros = (nanos: string): string => String(BigInt(nanos) / 1000n);
  const values = (attributes: Record<string, Plain>): Record<string, Plain> =>
    Object.fromEntries(
      Object.entries(attributes).map(([key, value]) => [key, Array.isArray(value) ? JSON.stringify(value) : value]),
    );
  const start = BigInt(micros(span.start));
  return {
    ...span,
    start: String(start),
    end: String(start + (BigInt(span.end) - BigInt(span.start)) / 1000n),
    attributes: values(span.attributes),
    events: span.events.map(({ name, time, attributes }) => ({ name, time: micros(time), attributes: values(attributes) })),
    links: span.links.map((link) => ({ ...link, attributes: {} })),
    resource: values(span.resource),
  };
}
