// Grafana Tempo's HTTP API: a trace by its id (OTLP's JSON form), search by TraceQL, values of a tag. Ids come as hexadecimal or,
// from older versions, as base64. Tempo has no list of calls; it is counted from the newest traces.

import { getJson } from '../../cli/get-json.js';
import { printable } from '../../runtime/text/printable.js';
import type { ReceivedSpan, Value, Values } from '../receiver/decode.js';
import { type Call, callsIn } from '../receiver/spans.js';
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
    const spans = groups.flatMap(flattenGroup);
    return spans.length === 0 ? undefined : spans;
  }

  async search({ service, from, to, minDurationMs, errors, limit }: TraceQuery): Promise<(readonly ReceivedSpan[])[]> {
    const conditions = [
      ...(service === undefined ? [] : [`resource.service.name=${quoted(service)}`]),
      ...(minDurationMs === undefined ? [] : [`duration>=${Math.round(minDurationMs * 1000)}us`]),
      ...(errors ? ['status=error'] : []),
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

/** A TraceQL string: no text of a user's can end it early. */
const quoted = (text: string): string => JSON.stringify(printable(text, 200));

function flattenGroup(group: Json): ReceivedSpan[] {
  const resource = { attributes: tempoAttributes(group.resource?.attributes) };
  return (group.scopeSpans ?? group.instrumentationLibrarySpans ?? []).flatMap((scoped: Json) => {
    const scope = { name: scoped.scope?.name ?? '', version: scoped.scope?.version ?? '' };
    return (scoped.spans ?? []).map((span: Json) => flattenSpan(span, resource, scope));
  });
}

/** `SPAN_KIND_SERVER` or its number. */
const KINDS = ['unspecified', 'internal', 'server', 'client', 'producer', 'consumer'] as const;
function kindOf(kind: Json): ReceivedSpan['kind'] {
  const name = typeof kind === 'string' ? kind.replace('SPAN_KIND_', '').toLowerCase() : KINDS[kind ?? 0];
  return KINDS.find((known) => known === name) ?? 'unspecified';
}

function flattenSpan(span: Json, resource: ReceivedSpan['resource'], scope: { name: string; version: string }): ReceivedSpan {
  const failed = span.status?.code === 'STATUS_CODE_ERROR' || span.status?.code === 2;
  return {
    resource,
    scope: { ...scope, attributes: {} },
    traceId: id(span.traceId, 16),
    spanId: id(span.spanId, 8),
    parentSpanId: span.parentSpanId ? id(span.parentSpanId, 8) : '',
    traceState: span.traceState ?? '',
    flags: 1, // what a backend has was sampled
    name: span.name ?? '',
    kind: kindOf(span.kind),
    startTimeUnixNano: String(span.startTimeUnixNano ?? 0),
    endTimeUnixNano: String(span.endTimeUnixNano ?? 0),
    attributes: tempoAttributes(span.attributes),
    events: (span.events ?? []).map((event: Json) => ({
      name: event.name ?? '',
      timeUnixNano: String(event.timeUnixNano ?? 0),
      attributes: tempoAttributes(event.attributes),
    })),
    links: (span.links ?? []).map((link: Json) => ({
      traceId: id(link.traceId, 16),
      spanId: id(link.spanId, 8),
      traceState: link.traceState ?? '',
      attributes: tempoAttributes(link.attributes),
      flags: 1,
    })),
    status: { code: failed ? 'error' : 'unset', message: span.status?.message ?? '' },
    dropped: { attributes: 0, events: 0, links: 0 },
  };
}

function id(text: string, bytes: number): string {
  return /^[0-9a-fA-F]+$/.test(text) && text.length === bytes * 2
    ? text.toLowerCase()
    : Buffer.from(text, 'base64')
        .toString('hex')
        .padStart(bytes * 2, '0');
}

/** Null-prototype, because keys are text of the sender's. */
function tempoAttributes(pairs: readonly Json[] | undefined): Values {
  const record: Values = Object.create(null);
  for (const { key, value } of pairs ?? []) record[key] = plain(value);
  return record;
}

function plain(value: Json): Value {
  if (value?.intValue !== undefined)
    return Number.isSafeInteger(Number(value.intValue)) ? Number(value.intValue) : value.intValue;
  if (value?.arrayValue !== undefined) return (value.arrayValue.values ?? []).map(plain);
  if (value?.kvlistValue !== undefined) return tempoAttributes(value.kvlistValue.values);
  return value?.stringValue ?? value?.boolValue ?? value?.doubleValue ?? value?.bytesValue ?? null;
}
