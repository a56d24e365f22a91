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
import { type EmptyMember, validMembers, withEmptyMembers, withoutUnfit } from './baggage/member.js';
import { KNOWN_FLAGS, parseTraceparent, printTraceparent } from './traceparent.js';

const TRACEPARENT = 'traceparent';
const TRACESTATE = 'tracestate';
const BAGGAGE = 'baggage';
/** Longer lists are cut behind a member. OpenTelemetry's propagators keep less: whole members up to 512 and 8,192 characters. */
const LIST_CHARACTERS = 16_384;
const TRACESTATE_MEMBERS = 32;
const TRACESTATE_CHARACTERS = 512;
const TRACESTATE_LIMITS = 'At most 32 members and 512 characters are propagated. Reduce what upstream services send';
const BAGGAGE_LIMITS =
  'At most 180 members of 4096 bytes, 8192 bytes together, are propagated. Set fewer or shorter values, or send them another way';

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
    let members = baggage?.getAllEntries().length ?? 0;
    if (fit !== undefined && fit !== baggage) writable = propagation.setBaggage(writable, fit);
    // reserved flags are written as zero (W3C Trace Context level 2, section 3.2.2.5)
    if (span !== undefined && (span.traceFlags & ~KNOWN_FLAGS) !== 0)
      writable = trace.setSpanContext(writable, { ...span, traceFlags: span.traceFlags & KNOWN_FLAGS });
    this.#propagator()?.inject(writable, carrier, {
      set: (to, name, value) => {
        if (name === BAGGAGE) members -= value.split(',').length;
        if (value === '') return;
        try {
          setter.set(to, name, value);
        } catch (error) {
          // OpenTelemetry's CompositePropagator would pass it to `diag` only, which most programs leave unset
          notice('SPW018', `the carrier cannot be written: ${textOfThrown(error)}`, 'inject');
        }
      },
    });
    if (members > 0 && this.#names.includes(BAGGAGE))
      notice('SPW040', `own baggage, members left out: ${members}; ${BAGGAGE_LIMITS}`, 'own baggage');
  }

  extract(context: Context, carrier: unknown, getter: TextMapGetter): Context {
    return withRequestHeaders(this.#extract(context, carrier, getter), carrier, getter);
  }

  #extract(context: Context, carrier: unknown, getter: TextMapGetter): Context {
    if (this.#inner === undefined && this.#names.every((name) => getter.get(carrier, name) === undefined)) return context;
    let empty: readonly EmptyMember[] = [];
    const valid = {
      get(from: unknown, name: string) {
        const value = getter.get(from, name);
        if (name !== BAGGAGE) return validated(name, value);
        const members = validMembers(cut(joined(value)));
        empty = members.empty;
        if (members.leftOut > 0)
          notice('SPW040', `received baggage, members left out: ${members.leftOut}; ${BAGGAGE_LIMITS}`, BAGGAGE);
        return members.header;
      },
      keys: (from: unknown) => getter.keys(from),
    };
    const extracted = this.#propagator()?.extract(context, carrier, valid) ?? context;
    const isRead = propagation.getBaggage(extracted) !== propagation.getBaggage(context);
    return empty.length > 0 ? withEmptyMembers(extracted, empty, isRead) : extracted;
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
  if (name !== TRACESTATE) return value;
  const list = joined(value);
  const members = list.split(',').length;
  if (list.length > TRACESTATE_CHARACTERS || members > TRACESTATE_MEMBERS)
    notice('SPW040', `received tracestate of ${members} members, ${list.length} characters; ${TRACESTATE_LIMITS}`, TRACESTATE);
  return cut(list);
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
