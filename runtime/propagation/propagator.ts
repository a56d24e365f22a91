// W3C trace context and baggage as one OpenTelemetry propagator: what startTracing registers, and what inject() and extract()
// use when nobody registered one. Absent, malformed or oversized values count as absent; nothing here throws.

import {
  type Baggage,
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
/** W3C Baggage, section 3.3.2. */
const BAGGAGE_BYTES = 8192;
const BAGGAGE_ENTRIES = 180;
const TRACESTATE_CHARACTERS = 4096;
/** RFC 7230 token: what a baggage key may be. */
const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/u;

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
    if (count >= BAGGAGE_ENTRIES || !TOKEN.test(key)) continue;
    const metadata = entry.metadata?.toString();
    const member = `${key}=${encodeURIComponent(entry.value)}${metadata ? `;${metadata}` : ''}`;
    if (text.length + member.length + 1 > BAGGAGE_BYTES) continue;
    text = text === '' ? member : `${text},${member}`;
    count++;
  }
  return text;
}

function parseBaggage(text: string): Baggage | undefined {
  if (text === '' || text.length > BAGGAGE_BYTES) return undefined;
  const entries: Parameters<typeof propagation.createBaggage>[0] = {};
  let count = 0;
  for (const member of text.split(',')) {
    const [pair = '', ...properties] = member.split(';');
    const at = pair.indexOf('=');
    const key = pair.slice(0, at).trim();
    if (at < 1 || !TOKEN.test(key) || key === '__proto__' || ++count > BAGGAGE_ENTRIES) continue;
    try {
      const value = decodeURIComponent(pair.slice(at + 1).trim());
      const metadata = properties.join(';').trim();
      entries[key] = metadata === '' ? { value } : { value, metadata: baggageEntryMetadataFromString(metadata) };
    } catch {
      // a member whose percent-encoding is broken counts as absent; the others stand
    }
  }
  return Object.keys(entries).length === 0 ? undefined : propagation.createBaggage(entries);
}
