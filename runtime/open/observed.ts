// An open span of the user's own SDK, as an entry of the table: counted, listed and watched like ours.

import type { Attributes, AttributeValue, Span, SpanContext } from '@opentelemetry/api';
import { now } from '../captured.js';
import type { Site } from '../site/site.js';
import type { OpenEntry, OpenSpan } from './table.js';

/** The part of the SDK's span that is read; 2.x and 3.x agree on it. */
export interface SdkSpan extends Span {
  readonly name: string;
  readonly attributes: Attributes;
  readonly parentSpanContext?: SpanContext;
  readonly status: { readonly code: number };
  readonly instrumentationScope: { readonly name: string; readonly version?: string };
}

export class ObservedSpan implements OpenSpan {
  before: OpenEntry | undefined = undefined;
  after: OpenEntry | undefined = undefined;
  listed = false;
  readonly #startedAt = now();

  constructor(
    readonly site: Site,
    readonly span: SdkSpan,
  ) {}

  get name(): string {
    return this.span.name;
  }
  get attributes(): Attributes {
    return this.span.attributes;
  }
  get parentSpanContext(): SpanContext | undefined {
    return this.span.parentSpanContext;
  }
  spanContext(): SpanContext {
    return this.span.spanContext();
  }
  ageMs(): number {
    return now() - this.#startedAt;
  }
  setAttribute(key: string, value: AttributeValue): void {
    this.span.setAttribute(key, value);
  }
  end(): void {
    this.span.end();
  }
}
