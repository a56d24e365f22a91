// Random finished spans for the tests of the encoder: every member of a ReadableSpan, with the values that encoders get wrong. A
// seed repeats a run.

import { type Attributes, createTraceState, type HrTime, type SpanContext } from '@opentelemetry/api';
import type { EncodableSpan } from '../../runtime/export/encode.js';
import { randomFrom } from '../random.js';

const NUMBERS = [
  0,
  -0,
  1,
  -1,
  127,
  128,
  300,
  2 ** 31,
  2 ** 32 - 1,
  2 ** 32,
  -(2 ** 32),
  2 ** 53 - 1,
  2 ** 53 + 2,
  -(2 ** 53),
  2 ** 62,
  -(2 ** 63),
  2 ** 63,
  -(2 ** 63) - 2048,
  1e300,
  0.1,
  -0.5,
  Number.MIN_VALUE,
  Number.NaN,
  Number.POSITIVE_INFINITY,
  Number.NEGATIVE_INFINITY,
];

const TEXTS = [
  '',
  'a',
  'plain text',
  'x'.repeat(63),
  'x'.repeat(64),
  'x'.repeat(65),
  'x'.repeat(127),
  'x'.repeat(128),
  'é'.repeat(42),
  'é'.repeat(64),
  '\u0000\u007f\u0080\u07ff\u0800\uffff',
  '𝒳𝒴 emoji 🚀',
  'lone \ud800 high',
  'lone \udc00 low',
  '\ud800',
  `${'y'.repeat(16_383)}é`,
  'z'.repeat(20_000),
  'ж'.repeat(20_000),
];

export class SpanGenerator {
  readonly #next: () => number;
  readonly #constants: Attributes[];
  readonly #resources: EncodableSpan['resource'][];
  readonly #scopes: EncodableSpan['instrumentationScope'][];

  constructor(seed: number) {
    this.#next = randomFrom(seed);
    this.#constants = [
      {},
      { 'code.function.name': 'carbide.Api.create', 'code.line.number': 12 },
      ...this.#list(6, () => this.attributes()),
    ].map((one) => Object.freeze(one));
    this.#resources = this.#list(3, () => ({
      attributes: this.attributes(),
      ...(this.chance(0.3) && { schemaUrl: this.of(TEXTS) }),
    }));
    this.#scopes = this.#list(4, () => ({
      name: this.of(TEXTS),
      ...(this.chance(0.5) && { version: this.of(['', '1.2.3']) }),
      ...(this.chance(0.3) && { schemaUrl: this.of(['', 'https://example.com/schema']) }),
      ...(this.chance(0.3) && { attributes: this.attributes() }),
      ...(this.chance(0.3) && { droppedAttributesCount: this.below(300) }),
    }));
  }

  below(limit: number): number {
    return Math.floor(this.#next() * limit);
  }
  chance(probability: number): boolean {
    return this.#next() < probability;
  }
  of<T>(values: readonly T[]): T {
    return values[this.below(values.length)] as T;
  }

  batch(most: number): EncodableSpan[] {
    return this.#list(1 + this.below(most), () => this.span());
  }

  span(): EncodableSpan {
    const own = this.chance(0.2) ? undefined : this.attributes();
    const constant = this.chance(0.6) ? this.of(this.#constants) : undefined;
    if (own !== undefined && constant !== undefined && this.chance(0.2)) {
      for (const key in constant) own[key] = this.value(0) as never; // overridden
    }
    const context = this.context();
    return {
      name: this.of(TEXTS),
      kind: this.below(5),
      spanContext: () => context,
      parentSpanContext: this.chance(0.6) ? this.context() : undefined,
      startTime: this.time(),
      endTime: this.time(),
      status: { code: this.below(3), ...(this.chance(0.4) && { message: this.of(TEXTS) }) },
      attributes: { ...constant, ...own },
      ...(constant !== undefined && { constantAttributes: constant, ownAttributes: own }),
      events: this.#list(this.chance(0.7) ? 0 : this.below(4), () => ({
        name: this.of(TEXTS),
        time: this.time(),
        ...(this.chance(0.6) && { attributes: this.attributes() }),
        ...(this.chance(0.4) && { droppedAttributesCount: this.below(300) }),
      })),
      links: this.#list(this.chance(0.7) ? 0 : this.below(4), () => ({
        context: this.context(),
        ...(this.chance(0.6) && { attributes: this.attributes() }),
        ...(this.chance(0.4) && { droppedAttributesCount: this.below(300) }),
      })),
      droppedAttributesCount: this.of([0, 0, 1, 200, 70_000]),
      droppedEventsCount: this.of([0, 0, 1, 200]),
      droppedLinksCount: this.of([0, 0, 1, 200]),
      resource: this.of(this.#resources),
      instrumentationScope: this.of(this.#scopes),
    };
  }

  context(): SpanContext {
    return {
      traceId: this.#hex(32),
      spanId: this.#hex(16),
      traceFlags: this.below(256),
      ...(this.chance(0.4) && { isRemote: this.chance(0.5) }),
      ...(this.chance(0.2) && { traceState: createTraceState(this.of(['a=1', 'ot=th:8,vendor=x', `long=${'v'.repeat(200)}`])) }),
    };
  }

  attributes(): Attributes {
    const attributes: Record<string, unknown> = {};
    for (let count = this.below(6); count > 0; count--) attributes[this.of(KEYS)] = this.value(0);
    return attributes as Attributes;
  }

  /** Also values that only third-party spans have: maps, bytes, lists in lists, and what has no place in OTLP. */
  value(depth: number): unknown {
    const kinds = depth > 2 ? 3 : 8;
    switch (this.below(kinds)) {
      case 0:
        return this.of(TEXTS);
      case 1:
        return this.of(NUMBERS);
      case 2:
        return this.chance(0.5);
      case 3:
        return this.#list(this.below(5), () => this.value(depth + 1));
      case 4:
        return Object.fromEntries(this.#list(this.below(4), () => [this.of(KEYS), this.value(depth + 1)]));
      case 5:
        return Uint8Array.from(this.#list(this.of([0, 1, 127, 128, 300]), () => this.below(256)));
      case 6:
        return this.of([null, undefined]);
      default:
        return this.#list(this.below(200), () => this.of(NUMBERS));
    }
  }

  time(): HrTime {
    return [
      this.of([0, 1, 1_700_000_000, 2_147_483_648, 4_294_967_296, 9_223_372_036]),
      this.of([0, 1, 999_999_999, 123_456_789]),
    ];
  }

  #hex(length: number): string {
    return Array.from({ length }, () => this.below(16).toString(16)).join('');
  }
  #list<T>(length: number, make: () => T): T[] {
    return Array.from({ length }, make);
  }
}

const KEYS = ['a', 'http.request.method', 'Ключ', '', 'k'.repeat(130), 'code.line.number', 'constructor', '0'];
