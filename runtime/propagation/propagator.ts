// The propagator that startTracing registers, and that inject() and extract() use when none was registered: OpenTelemetry's own
// propagators (W3C trace context and baggage by default), behind validation of what a carrier holds. Absent, malformed and contradicting
// values count as absent; nothing here throws. OpenTelemetry's package is loaded with the first context to read or write.

import {
  type Context,
  isSpanContextValid,
  propagation,
  type TextMapGetter,
  type TextMapPropagator,
  type TextMapSetter,
  trace,
} from '@opentelemetry/api';
import { SUPPRESS_KEY } from '../context/layer.js';
import { withRequestHeaders } from '../context/request-headers.js';
import { loadCore } from '../sdk/packages.js';
import { textOfThrown } from '../text/thrown.js';
import { notice } from '../warnings.js';
import { validMembers, withEmptyValues, withoutUnfit } from './baggage/member.js';
import { KNOWN_FLAGS, parseTraceparent, printTraceparent } from './traceparent.js';

const TRACEPARENT = 'traceparent';
const TRACESTATE = 'tracestate';
const BAGGAGE = 'baggage';
/** Longer lists are cut behind a member. OpenTelemetry's propagators keep less: whole members up to 512 and 8,192 characters. */
const LIST_CHARACTERS = 16_384;

/** OpenTelemetry's propagators for W3C trace context and baggage. */
function createW3C(): TextMapPropagator {
  const { CompositePropagator, W3CTraceContextPropagator, W3CBaggagePropagator } = loadCore();
  return new CompositePropagator({ propagators: [new W3CTraceContextPropagator(), new W3CBaggagePropagator()] });
}

export class SpanwrightPropagator implements TextMapPropagator {
  #inner: TextMapPropagator | undefined;
  readonly #names: readonly string[];

  /** @param inner default: W3C trace context and baggage, loaded when there is something to read or write */
  constructor(inner?: TextMapPropagator) {
    this.#inner = inner;
    this.#names = inner?.fields() ?? [TRACEPARENT, TRACESTATE, BAGGAGE];
  }

  fields(): string[] {
    return [...this.#names];
  }

  inject(context: Context, carrier: unknown, setter: TextMapSetter): void {
    if (context.getValue(SUPPRESS_KEY) === true) return;
    const baggage = propagation.getBaggage(context);
    const span = trace.getSpanContext(context);
    if (baggage === undefined && (span === undefined || !isSpanContextValid(span))) return;
    let writable = context;
    const fit = baggage === undefined ? undefined : withoutUnfit(baggage);
    if (fit !== undefined && fit !== baggage) writable = propagation.setBaggage(writable, fit);
    // reserved flags are written as zero (W3C Trace Context level 2, section 3.2.2.5)
    if (span !== undefined && (span.traceFlags & ~KNOWN_FLAGS) !== 0)
      writable = trace.setSpanContext(writable, { ...span, traceFlags: span.traceFlags & KNOWN_FLAGS });
    this.#propagator()?.inject(writable, carrier, {
      set: (to, name, value) => {
        if (value !== '') setter.set(to, name, value);
      },
    });
  }

  extract(context: Context, carrier: unknown, getter: TextMapGetter): Context {
    return withRequestHeaders(this.#extract(context, carrier, getter), carrier, getter);
  }

  #extract(context: Context, carrier: unknown, getter: TextMapGetter): Context {
    if (this.#inner === undefined && this.#names.every((name) => getter.get(carrier, name) === undefined)) return context;
    let emptyKeys: readonly string[] = [];
    const valid = {
      get(from: unknown, name: string) {
        const value = getter.get(from, name);
        if (name !== BAGGAGE) return validated(name, value);
        const members = validMembers(cut(joined(value)));
        emptyKeys = members.emptyKeys;
        return members.header;
      },
      keys: (from: unknown) => getter.keys(from),
    };
    const extracted = this.#propagator()?.extract(context, carrier, valid) ?? context;
    const isRead = propagation.getBaggage(extracted) !== propagation.getBaggage(context);
    return isRead && emptyKeys.length > 0 ? withEmptyValues(extracted, emptyKeys) : extracted;
  }

  /** Undefined, with a notice, where a bundler left OpenTelemetry's package out. */
  #propagator(): TextMapPropagator | undefined {
    try {
      this.#inner ??= createW3C();
    } catch (error) {
      notice('SPW018', textOfThrown(error), 'propagator');
    }
    return this.#inner;
  }
}

function validated(name: string, value: undefined | string | string[]): undefined | string | string[] {
  if (name === TRACEPARENT) {
    const span = parseTraceparent(single(value));
    return span === undefined ? undefined : printTraceparent(span);
  }
  return name === TRACESTATE ? cut(joined(value)) : value;
}

/** A header that must occur once: several values count as absent. */
function single(value: undefined | string | string[]): string | undefined {
  return Array.isArray(value) ? (value.length === 1 ? value[0] : undefined) : value;
}

function joined(value: undefined | string | string[]): string {
  if (Array.isArray(value)) return value.filter((part) => typeof part === 'string').join(',');
  return typeof value === 'string' ? value : '';
}

function cut(list: string): string {
  return list.length <= LIST_CHARACTERS ? list : list.slice(0, Math.max(0, list.lastIndexOf(',', LIST_CHARACTERS)));
}
