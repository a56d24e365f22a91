// Calls of the flight recorder as finished spans: for the exporter, and as the OTLP JSON of a file, in pieces.

import type { Attributes, HrTime, SpanContext, SpanStatus } from '@opentelemetry/api';
import type { Resource } from '../sdk/contracts.js';
import type { Site } from '../site/site.js';
import { type FlightCall, NO_CALL } from '../span/flight-ring.js';
import type { Scope } from '../span/host.js';
import { toHrTime } from '../span/time.js';
import type { EncodableSpan } from './encode.js';

/** Properties that the spans of a dump share. */
export interface Dump {
  readonly calls: Iterable<FlightCall>;
  /** Reason of the dump, on each root as `spanwright.flight.reason`. */
  readonly reason: string;
  /**
   * Sixteen hexadecimal digits of this process, not all zero: together with the number of a call they form its ids, which are the same in
   * each dump.
   */
  readonly process: string;
  /** Milliseconds of the monotonic clock, and what to add to it for the time of day. */
  readonly at: number;
  readonly anchor: number;
  readonly resource: Resource;
  readonly scope: Scope;
  /** The kept trace that the calls are added to. */
  readonly traceId?: string;
  /** Attributes of every call of the site, hidden values replaced. */
  readonly constantOf: (site: Site) => Attributes;
}

const ERROR: SpanStatus['code'] = 2;
const NONE = Object.freeze([]) as unknown as never[];

export class FlightSpan implements EncodableSpan {
  readonly links = NONE;
  readonly events = NONE;
  readonly droppedAttributesCount = 0;
  readonly droppedEventsCount = 0;
  readonly droppedLinksCount = 0;
  readonly ended = true;
  readonly ownAttributes: Attributes;
  readonly #call: FlightCall;
  readonly #dump: Dump;
  readonly #under: SpanContext | undefined;

  /** @param under the recorded span that is its parent; without it the calling call is */
  constructor(call: FlightCall, dump: Dump, under?: SpanContext) {
    this.#call = call;
    this.#dump = dump;
    this.#under = under;
    this.ownAttributes = ownAttributes(call, dump);
  }

  get name(): string {
    return this.#call.site.spanName;
  }
  get kind(): number {
    return this.#call.site.kind;
  }
  get resource(): Dump['resource'] {
    return this.#dump.resource;
  }
  get instrumentationScope(): Scope {
    return this.#dump.scope;
  }
  get constantAttributes(): Attributes {
    return this.#dump.constantOf(this.#call.site);
  }
  get attributes(): Attributes {
    return { ...this.constantAttributes, ...this.ownAttributes };
  }
  get startTime(): HrTime {
    return toHrTime(this.#dump.anchor + this.#call.start);
  }
  get endTime(): HrTime {
    return toHrTime(this.#dump.anchor + (this.#call.end ?? this.#dump.at));
  }
  get duration(): HrTime {
    return toHrTime((this.#call.end ?? this.#dump.at) - this.#call.start);
  }
  get status(): SpanStatus {
    const { failed, detail } = this.#call;
    return failed ? { code: ERROR, message: wellFormed(detail?.error?.message ?? '') } : { code: 0 };
  }
  get parentSpanContext(): SpanContext | undefined {
    const { parent } = this.#call;
    return this.#under ?? (parent === NO_CALL ? undefined : this.#contextOf(parent));
  }

  spanContext(): SpanContext {
    return this.#contextOf(this.#call.call);
  }

  #contextOf(call: number): SpanContext {
    const { process, traceId = `${process}${digits(this.#call.root, 16)}` } = this.#dump;
    return { traceId, spanId: spanIdOf(process, call), traceFlags: 1 };
  }
}

const digits = (number: number, count: number): string => number.toString(16).padStart(count, '0');

/** The span id of a call, in every trace that it is in. */
export function spanIdOf(process: string, call: number): string {
  return `${process.slice(0, 8)}${digits(call, 8)}`;
}

function ownAttributes({ site, parent, end, detail }: FlightCall, { reason, traceId }: Dump): Attributes {
  const own: Attributes = {};
  const { args = [] } = site.options;
  for (const [at, value] of (detail?.values ?? []).entries()) {
    const key = args[at]?.key;
    if (key !== undefined && value !== undefined) own[key] = value;
  }
  if (detail?.error !== undefined) own['error.type'] = detail.error.type;
  if (end === undefined) own['spanwright.flight.open'] = true;
  if (parent === NO_CALL || traceId !== undefined) own['spanwright.flight.reason'] = reason;
  return own;
}

const PIECE = 500;

/** The text of an ExportTraceServiceRequest in JSON, in pieces of some hundred spans. @param count is called with each piece */
export function* otlpJson(dump: Dump, count: (spans: number) => void): Generator<string> {
  const { resource, scope, calls } = dump;
  const head = JSON.stringify({ attributes: pairs(resource.attributes) });
  yield `{"resourceSpans":[{"resource":${head},"scopeSpans":[{"scope":${JSON.stringify({ name: scope.name, version: scope.version })},"spans":[`;
  let piece: string[] = [];
  let first = true;
  function* taken(): Generator<string> {
    if (piece.length === 0) return;
    yield `${first ? '\n' : ',\n'}${piece.join(',\n')}`;
    count(piece.length);
    first = false;
    piece = [];
  }
  for (const call of calls) {
    piece.push(JSON.stringify(otlpSpanOf(new FlightSpan(call, dump))));
    if (piece.length === PIECE) yield* taken();
  }
  yield* taken();
  yield '\n]}]}]}\n';
}

function otlpSpanOf(span: FlightSpan): unknown {
  const { traceId, spanId, traceFlags } = span.spanContext();
  return {
    traceId,
    spanId,
    parentSpanId: span.parentSpanContext?.spanId ?? '',
    flags: traceFlags,
    name: span.name,
    kind: span.kind + 1,
    startTimeUnixNano: nanoseconds(span.startTime),
    endTimeUnixNano: nanoseconds(span.endTime),
    attributes: pairs(span.attributes),
    status: span.status,
  };
}

const nanoseconds = ([seconds, rest]: HrTime): string => `${seconds}${String(rest).padStart(9, '0')}`;

const pairs = (attributes: Attributes): unknown[] =>
  Object.entries(attributes).map(([key, value]) => ({ key, value: anyValue(value) }));

function anyValue(value: unknown): unknown {
  if (typeof value === 'boolean') return { boolValue: value };
  if (Number.isSafeInteger(value)) return { intValue: String(value) };
  // JSON has no word for NaN and infinities; protobuf's mapping to JSON names them
  if (typeof value === 'number') return { doubleValue: Number.isFinite(value) ? value : String(value) };
  return Array.isArray(value) ? { arrayValue: { values: value.map(anyValue) } } : { stringValue: wellFormed(String(value)) };
}

/** Half of a character is no text in UTF-8; readers of OTLP refuse a file that has one. */
const wellFormed = (text: string): string => text.replace(/\p{Surrogate}/gu, '\ufffd');
