// W3C trace context and baggage as one OpenTelemetry propagator: what startTracing registers, and what inject() and extract()
// use when nobody registered one. Absent, malformed or oversized values count as absent; nothing here throws.

import {
  type Baggage,
  type BaggageEntry,
  baggageEntryMetadataFromString,
  type Context,
  createTraceState,
  isSpanContextValid,
  propagation,
  type TextMapGetter,
  type TextMapPropagator,
  type TextMapSetter,
  trace,
} from '@opentelemetry/api';
import { SUPPRESS_KEY } from '../context/layer.js';
import { parseTraceparent, printTraceparent } from './traceparent.js';

const TRACEPARENT = 'traceparent';
const TRACESTATE = 'tracestate';
const BAGGAGE = 'baggage';
/** W3C Baggage, section 3.3.2; the third is of its first edition, and what receivers of that edition refuse is not sent. */
export const BAGGAGE_BYTES = 8192;
export const BAGGAGE_ENTRIES = 180;
export const BAGGAGE_MEMBER_BYTES = 4096;
const TRACESTATE_CHARACTERS = 4096;
/** RFC 7230 token: what a baggage key may be. */
export const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/u;

export class SpanwrightPropagator implements TextMapPropagator {
  fields(): string[] {
    return [TRACEPARENT, TRACESTATE, BAGGAGE];
  }

  inject(context: Context, carrier: unknown, setter: TextMapSetter): void {
    if (context.getValue(SUPPRESS_KEY) === true) return;
    const span = trace.getSpanContext(context);
    if (span !== undefined && isSpanContextValid(span)) {
      setter.set(carrier, TRACEPARENT, printTraceparent(span));
      const state = span.traceState?.serialize();
      if (state) setter.set(carrier, TRACESTATE, state);
    }
    const text = printBaggage(propagation.getBaggage(context));
    if (text !== '') setter.set(carrier, BAGGAGE, text);
  }

  extract(context: Context, carrier: unknown, getter: TextMapGetter): Context {
    let extracted = context;
    const span = parseTraceparent(single(getter.get(carrier, TRACEPARENT)));
    if (span !== undefined) {
      const state = joined(getter.get(carrier, TRACESTATE));
      if (state !== '' && state.length <= TRACESTATE_CHARACTERS) span.traceState = createTraceState(state);
      extracted = trace.setSpanContext(extracted, span);
    }
    const baggage = parseBaggage(joined(getter.get(carrier, BAGGAGE)));
    return baggage === undefined ? extracted : propagation.setBaggage(extracted, baggage);
  }
}

/** A header that must stand once: several different values count as absent. */
function single(value: undefined | string | string[]): string | undefined {
  return Array.isArray(value) ? (value.length === 1 ? value[0] : undefined) : value;
}

function joined(value: undefined | string | string[]): string {
  if (Array.isArray(value)) return value.filter((part) => typeof part === 'string').join(',');
  return typeof value === 'string' ? value : '';
}

function printBaggage(baggage: Baggage | undefined): string {
  let text = '';
  let count = 0;
  for (const [key, entry] of baggage?.getAllEntries() ?? []) {
    if (count >= BAGGAGE_ENTRIES) break;
    const member = printMember(key, entry.value, entry.metadata?.toString());
    if (member === undefined || text.length + member.length + 1 > BAGGAGE_BYTES) continue;
    text = text === '' ? member : `${text},${member}`;
    count++;
  }
  return text;
}

/** One member as a header holds it, in characters that are bytes; undefined when it cannot stand there. */
export function printMember(key: string, value: string, metadata: string | undefined): string | undefined {
  if (!TOKEN.test(key)) return undefined;
  // a lone half of a surrogate pair has no UTF-8, and metadata is sent as it is
  if (/\p{Surrogate}/u.test(value) || (metadata && !/^[\x20-\x2b\x2d-\x7e\t]*$/u.test(metadata))) return undefined;
  const member = `${key}=${encodeURIComponent(value)}${metadata ? `;${metadata}` : ''}`;
  return member.length > BAGGAGE_MEMBER_BYTES ? undefined : member;
}

function parseBaggage(text: string): Baggage | undefined {
  if (text === '' || text.length > BAGGAGE_BYTES) return undefined;
  const entries: Record<string, BaggageEntry> = Object.create(null);
  const disputed = new Set<string>();
  let count = 0;
  for (const member of text.split(',')) {
    if (++count > BAGGAGE_ENTRIES) break;
    const [pair = '', ...properties] = member.split(';');
    const at = pair.indexOf('=');
    const key = pair.slice(0, Math.max(at, 0)).trim();
    if (!TOKEN.test(key) || key === '__proto__' || member.length > BAGGAGE_MEMBER_BYTES) continue;
    const value = percentDecoded(pair.slice(at + 1).trim());
    if (value === undefined) continue;
    if (entries[key] !== undefined && entries[key].value !== value) disputed.add(key);
    const metadata = properties.join(';').trim();
    entries[key] = metadata === '' ? { value } : { value, metadata: baggageEntryMetadataFromString(metadata) };
  }
  for (const key of disputed) delete entries[key];
  return Object.keys(entries).length === 0 ? undefined : propagation.createBaggage(entries);
}

/** Undefined when the percent-encoding is broken: that member counts as absent, the others stand. */
function percentDecoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}
