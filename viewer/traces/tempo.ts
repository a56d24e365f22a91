// Grafana Tempo's HTTP API: a trace by its id (OTLP's JSON form), search by TraceQL, values of a tag. Ids come as hexadecimal or,
// from older versions, as base64. Tempo has no list of calls; it is counted from the newest traces.

import { getJson } from '../../cli/get-json.js';
import { spansOfGroup } from '../formats/otlp-json.js';
import type { ReceivedSpan } from '../receiver/decode.js';
import { type Attribute, type Call, callsIn } from '../receiver/spans.js';
import type { TraceBackend, TraceQuery } from './trace-backend.js';

/** OTLP's JSON, of which the readers below take the fields that they name. */
// biome-ignore lint/suspicious/noExplicitAny: shaped by OTLP
type Json = any;

const TRACES_FOR_CALLS = 200;

export class Tempo implements TraceBackend {
  readonly title = 'Tempo';

  constructor(
    readonly url: string,
    readonly environment: NodeJS.ProcessEnv,
  ) {}

  async trace(id: string): Promise<ReceivedSpan[] | undefined> {
    const body = await this.#get<Json>(`traces/${id}`);
    if (body === undefined) return undefined;
    const groups: Json[] = body.batches ?? body.resourceSpans ?? body.trace?.resourceSpans ?? [];
    const spans = groups.flatMap(spansOfGroup);
    return spans.length === 0 ? undefined : spans;
  }

  async search({
    service,
    from,
    to,
    minDurationMs,
    errors,
    attributes = [],
    limit,
  }: TraceQuery): Promise<(readonly ReceivedSpan[])[]> {
    const conditions = [
      ...(service === undefined ? [] : [`resource.service.name=${JSON.stringify(service)}`]),
      ...(minDurationMs === undefined ? [] : [`duration>=${Math.round(minDurationMs * 1000)}us`]),
      ...(errors ? ['status=error'] : []),
      ...attributes.map(conditionOf),
    ];
    const parameters = new URLSearchParams({
      q: `{${conditions.join(' && ')}}`,
      start: String(Math.floor(from / 1000)),
      end: String(Math.ceil(to / 1000)),
      limit: String(limit),
    });
    const body = await this.#get<{ traces?: { traceID: string }[] }>(`search?${parameters}`);
    const traces: (readonly ReceivedSpan[])[] = [];
    for (const { traceID } of (body?.traces ?? []).slice(0, limit)) {
      const spans = await this.trace(traceID.padStart(32, '0'));
      if (spans !== undefined) traces.push(spans);
    }
    return traces;
  }

  async services(): Promise<string[]> {
    const body = await this.#get<{ tagValues?: string[] }>('search/tag/service.name/values');
    return [...(body?.tagValues ?? [])].sort();
  }

  async calls(from: number, to: number): Promise<Call[]> {
    return callsIn(await this.search({ from, to, limit: TRACES_FOR_CALLS }));
  }

  #get<Body>(path: string): Promise<Body | undefined> {
    return getJson<Body>('Tempo', `${this.url}/api/${path}`, this.environment);
  }
}

/** Other names are quoted, which needs Tempo 2.3. */
const PLAIN_NAME = /^[\p{L}_][\p{L}\p{N}_.-]*$/u;
/** Literals of TraceQL; it rejects leading zeros, and integers beyond 64 bits. */
const NUMBER_OR_BOOLEAN = /^(-?(0|[1-9]\d{0,17})(\.\d+)?|true|false)$/;

/**
 * TraceQL compares a number or a boolean only with a value of the same type, and the text does not show which type was recorded.
 * A JSON string is a TraceQL string, so that no text can end it early.
 */
function conditionOf([key, value]: Attribute): string {
  const name = `.${PLAIN_NAME.test(key) ? key : JSON.stringify(key)}`;
  const asText = `${name}=${JSON.stringify(value)}`;
  return NUMBER_OR_BOOLEAN.test(value) ? `(${asText} || ${name}=${value})` : asText;
}
