// Traces as Jaeger's HTTP API gives them, in the form in which the investigations read them. The traces are their only source.

type TagValue = string | number | boolean;

interface JaegerSpan {
  traceID: string;
  spanID: string;
  operationName: string;
  references: { refType: 'CHILD_OF' | 'FOLLOWS_FROM'; traceID: string; spanID: string }[];
  startTime: number;
  duration: number;
  tags: { key: string; value: TagValue }[];
  processID: string;
}

interface JaegerTrace {
  spans: JaegerSpan[];
  processes: Record<string, { serviceName: string }>;
}

export interface Span {
  traceId: string;
  spanId: string;
  name: string;
  /** The module. */
  service: string;
  /** Undefined for a root; may name a span that never arrived. */
  parentId: string | undefined;
  /** Milliseconds since the epoch. */
  start: number;
  end: number;
  tags: ReadonlyMap<string, TagValue>;
  failed: boolean;
}

export interface Trace {
  traceId: string;
  /** Spans in order of their start. */
  spans: Span[];
}

export const EVENT_SPAN = 'platform_connector.process_event';

export class Jaeger {
  constructor(
    private readonly url: string,
    private readonly lookback: string,
  ) {}

  /** The traces of health events, or those of them whose spans have these tags. */
  async eventTraces(tags: Record<string, string> = {}): Promise<Trace[]> {
    const traces = await this.#search({ service: 'platform-connector', operation: EVENT_SPAN });
    const matches = ({ spans }: Trace): boolean =>
      Object.entries(tags).every(([key, value]) => spans.some((span) => span.tags.get(key) === value));
    return traces.filter(matches);
  }

  async trace(traceId: string): Promise<Trace | undefined> {
    return (await this.#get(`traces/${encodeURIComponent(traceId)}`))[0];
  }

  /** Everything that any module did. */
  async allTraces(): Promise<Trace[]> {
    const response = await fetch(`${this.url}/api/services`);
    if (!response.ok) throw new Error(`Jaeger at ${this.url} answered ${response.status}`);
    const { data } = (await response.json()) as { data: string[] | null };
    const found = new Map<string, Trace>();
    for (const service of data ?? []) {
      for (const trace of await this.#search({ service })) found.set(trace.traceId, trace);
    }
    return [...found.values()];
  }

  #search(query: Record<string, string>): Promise<Trace[]> {
    return this.#get(`traces?${new URLSearchParams({ ...query, limit: '1000', lookback: this.lookback })}`);
  }

  async #get(path: string): Promise<Trace[]> {
    const response = await fetch(`${this.url}/api/${path}`);
    if (response.status === 404) return [];
    if (!response.ok) throw new Error(`Jaeger at ${this.url} answered ${response.status}: ${await response.text()}`);
    const { data } = (await response.json()) as { data: JaegerTrace[] | null };
    return (data ?? []).map(readTrace);
  }
}

function readTrace({ spans, processes }: JaegerTrace): Trace {
  const read = spans.map((span): Span => {
    const tags = new Map(span.tags.map(({ key, value }) => [key, value]));
    const start = span.startTime / 1000;
    return {
      traceId: span.traceID,
      spanId: span.spanID,
      name: span.operationName,
      service: processes[span.processID]?.serviceName ?? '',
      parentId: span.references.find(({ refType }) => refType === 'CHILD_OF')?.spanID,
      start,
      end: start + span.duration / 1000,
      tags,
      failed: tags.get('error') === true || tags.get('otel.status_code') === 'ERROR',
    };
  });
  return { traceId: spans[0]?.traceID ?? '', spans: read.sort((a, b) => a.start - b.start) };
}
