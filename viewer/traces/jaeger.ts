// Jaeger's HTTP API (the one its own page uses, under /api): traces, services and dependencies, read into the flat form of the
// receiver. Jaeger keeps microseconds, has status and kind as tags, and links as references other than the first CHILD_OF.

import { getJson } from '../../cli/get-json.js';
import { type JaegerTrace, spansOfJaeger } from '../formats/jaeger-json.js';
import type { ReceivedSpan } from '../receiver/decode.js';
import type { Call } from '../receiver/spans.js';
import type { TraceBackend, TraceQuery } from './trace-backend.js';

export class Jaeger implements TraceBackend {
  readonly title = 'Jaeger';

  constructor(
    readonly url: string,
    readonly environment: NodeJS.ProcessEnv,
  ) {}

  async trace(id: string): Promise<ReceivedSpan[] | undefined> {
    const trace = (await this.#get<JaegerTrace[]>(`traces/${id}`))?.[0];
    return trace === undefined ? undefined : spansOfJaeger(trace);
  }

  async search({ service, ...query }: TraceQuery): Promise<ReceivedSpan[][]> {
    // Jaeger asks for a service; without one, each is asked, and a trace through several comes only once.
    const services = service === undefined ? await this.services() : [service];
    const found = new Map<string, ReceivedSpan[]>();
    for (const name of services) {
      for (const trace of (await this.#get<JaegerTrace[]>(`traces?${searchParameters(name, query)}`)) ?? []) {
        found.set(trace.traceID, spansOfJaeger(trace));
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

function searchParameters(
  service: string,
  { from, to, minDurationMs, errors, attributes = [], limit }: Omit<TraceQuery, 'service'>,
): URLSearchParams {
  const parameters = new URLSearchParams({
    service,
    start: String(Math.round(from * 1000)),
    end: String(Math.round(to * 1000)),
    limit: String(limit),
  });
  if (minDurationMs !== undefined) parameters.set('minDuration', `${Math.round(minDurationMs * 1000)}us`);
  const tags = [...attributes, ...(errors ? [['error', 'true']] : [])];
  if (tags.length > 0) parameters.set('tags', JSON.stringify(Object.fromEntries(tags)));
  return parameters;
}
