// Jaeger's HTTP API (the one its own page uses, under /api): traces, services and dependencies, read into the flat form of the
// receiver. Jaeger keeps microseconds, has status and kind as tags, and links as references other than the first CHILD_OF.

import { getJson } from '../../cli/get-json.js';
import type { ReceivedSpan, Value, Values } from '../receiver/decode.js';
import type { Call } from '../receiver/spans.js';
import type { TraceBackend, TraceQuery } from './trace-backend.js';

interface Tag {
  readonly key: string;
  readonly value: Value;
}
export interface JaegerSpan {
  readonly traceID: string;
  readonly spanID: string;
  readonly operationName: string;
  readonly references?: readonly { readonly refType: string; readonly traceID: string; readonly spanID: string }[] | null;
  /** Microseconds. */
  readonly startTime: number;
  readonly duration: number;
  readonly tags?: readonly Tag[] | null;
  readonly logs?: readonly { readonly timestamp: number; readonly fields: readonly Tag[] }[] | null;
  readonly processID: string;
}
export interface JaegerTrace {
  readonly traceID: string;
  readonly spans: readonly JaegerSpan[];
  readonly processes: Readonly<Record<string, { readonly serviceName: string; readonly tags?: readonly Tag[] | null }>>;
}

const KINDS: ReadonlyMap<unknown, ReceivedSpan['kind']> = new Map(
  (['internal', 'server', 'client', 'producer', 'consumer'] as const).map((kind) => [kind, kind]),
);
/** What Jaeger makes tags of and the flat form has fields for. */
const OWN_TAGS = new Set([
  'span.kind',
  'otel.status_code',
  'otel.status_description',
  'otel.scope.name',
  'otel.scope.version',
  'error',
  'w3c.tracestate',
]);

export class Jaeger implements TraceBackend {
  readonly title = 'Jaeger';

  constructor(
    readonly url: string,
    readonly environment: NodeJS.ProcessEnv,
  ) {}

  async trace(id: string): Promise<ReceivedSpan[] | undefined> {
    const trace = (await this.#get<JaegerTrace[]>(`traces/${id}`))?.[0];
    return trace === undefined ? undefined : flatten(trace);
  }

  async search({ service, ...query }: TraceQuery): Promise<ReceivedSpan[][]> {
    // Jaeger asks for a service; without one, each is asked, and a trace through several comes only once.
    const services = service === undefined ? await this.services() : [service];
    const found = new Map<string, ReceivedSpan[]>();
    for (const name of services) {
      for (const trace of (await this.#get<JaegerTrace[]>(`traces?${parametersOf(name, query)}`)) ?? []) {
        found.set(trace.traceID, flatten(trace));
      }
    }
    return [...found.values()].sort((a, b) => latest(b) - latest(a)).slice(0, query.limit);
  }

  async services(): Promise<string[]> {
    return [...((await this.#get<string[]>('services')) ?? [])].sort();
  }

  async calls(from: number, to: number): Promise<Call[]> {
    const rows = await this.#get<{ parent: string; child: string; callCount: number }[]>(
      `dependencies?endTs=${Math.round(to)}&lookback=${Math.round(to - from)}`,
    );
    return (rows ?? []).map(({ parent, child, callCount }) => ({ parent, child, count: callCount }));
  }

  async #get<Data>(path: string): Promise<Data | undefined> {
    const body = await getJson<{ data?: Data | null }>('Jaeger', `${this.url}/api/${path}`, this.environment);
    return body?.data ?? undefined;
  }
}

const latest = (spans: readonly ReceivedSpan[]): number => Math.max(...spans.map((span) => Number(span.startTimeUnixNano)));

function parametersOf(service: string, { from, to, minDurationMs, errors, limit }: Omit<TraceQuery, 'service'>): URLSearchParams {
  const parameters = new URLSearchParams({
    service,
    start: String(Math.round(from * 1000)),
    end: String(Math.round(to * 1000)),
    limit: String(limit),
  });
  if (minDurationMs !== undefined) parameters.set('minDuration', `${Math.round(minDurationMs * 1000)}us`);
  if (errors) parameters.set('tags', JSON.stringify({ error: 'true' }));
  return parameters;
}

function flatten({ spans, processes }: JaegerTrace): ReceivedSpan[] {
  return spans.map((span) => {
    const tags = recordOf(span.tags);
    const process = processes[span.processID];
    const references = span.references ?? [];
    // Jaeger leaves out the zeros at the front of an id.
    const [traceId, spanId] = [span.traceID.padStart(32, '0'), span.spanID.padStart(16, '0')];
    const parent = references.find(({ refType, traceID }) => refType === 'CHILD_OF' && traceID === span.traceID);
    const failed = tags.error === true || tags.error === 'true' || tags['otel.status_code'] === 'ERROR';
    return {
      resource: { attributes: Object.assign(recordOf(process?.tags), { 'service.name': process?.serviceName ?? '' }) },
      scope: { name: String(tags['otel.scope.name'] ?? ''), version: String(tags['otel.scope.version'] ?? ''), attributes: {} },
      traceId,
      spanId,
      parentSpanId: parent?.spanID.padStart(16, '0') ?? '',
      traceState: String(tags['w3c.tracestate'] ?? ''),
      flags: 1,
      name: span.operationName,
      kind: KINDS.get(tags['span.kind']) ?? 'unspecified',
      startTimeUnixNano: String(BigInt(span.startTime) * 1000n),
      endTimeUnixNano: String(BigInt(span.startTime + span.duration) * 1000n),
      attributes: Object.assign(
        Object.create(null),
        Object.fromEntries(Object.entries(tags).filter(([key]) => !OWN_TAGS.has(key))),
      ),
      events: (span.logs ?? []).map(({ timestamp, fields }) => {
        const { event, ...attributes } = recordOf(fields);
        return { name: String(event ?? ''), timeUnixNano: String(BigInt(timestamp) * 1000n), attributes };
      }),
      links: references
        .filter((reference) => reference !== parent)
        .map(({ traceID, spanID }) => ({
          traceId: traceID.padStart(32, '0'),
          spanId: spanID.padStart(16, '0'),
          traceState: '',
          attributes: {},
          flags: 1,
        })),
      status: { code: failed ? 'error' : 'unset', message: String(tags['otel.status_description'] ?? '') },
      dropped: { attributes: 0, events: 0, links: 0 },
    };
  });
}

/** Null-prototype, because keys are text of the sender's. */
function recordOf(tags: readonly Tag[] | null | undefined): Values {
  const record: Values = Object.create(null);
  for (const { key, value } of tags ?? []) record[key] = value;
  return record;
}
