// Interfaces of the OpenTelemetry SDK that the runtime relies on, restricted to the members that lines 2 and 3 share.

import type { Attributes, AttributeValue, Context, Span, SpanContext } from '@opentelemetry/api';

/** The properties of a finished span that this package reads; the SDK's `ReadableSpan` has them. */
export interface ReadableSpan {
  readonly name: string;
  readonly resource: { readonly asyncAttributesPending?: boolean; waitForAsyncAttributes?(): Promise<void> };
  spanContext(): SpanContext;
}

/** A span that processors may still write to; the SDK's `Span` has it. */
export type StartedSpan = Span & ReadableSpan;

/** `code` 0 is success, 1 failure (`ExportResultCode` of the SDK). */
export interface ExportResult {
  readonly code: number;
  readonly error?: Error;
  /** Set by Spanwright's exporter: the partial success that the Collector reported. */
  readonly remark?: Remark;
  /** Set by its carriers: the answer came before all of the request was sent, which is still being read. */
  readonly isEarly?: boolean;
}

/** OpenTelemetry's `SpanExporter`, of any SDK version. */
export interface SpanExporter {
  /** @param limitMillis for this attempt; only our own exporter reads it. */
  export(spans: ReadableSpan[], done: (result: ExportResult) => void, limitMillis?: number): void;
  shutdown(): Promise<void>;
  forceFlush?(): Promise<void>;
  /** Spanwright's exporter only: aborts the requests under way. The exporter can be used afterwards. */
  disconnect?(): void;
  /** Spanwright's exporter only: how many of the first spans fit into one request; at least one. */
  fit?(spans: ReadableSpan[]): number;
  /** Spanwright's exporter only: loads what the first export needs. */
  prepare?(): Promise<void>;
}

/** OpenTelemetry's `SpanProcessor`, of any SDK version. */
export interface SpanProcessor {
  onStart(span: StartedSpan, parentContext: Context): void;
  onEnding?(span: StartedSpan): void;
  onEnd(span: ReadableSpan): void;
  /** @param limitMillis longest wait; only our own queue reads it. */
  forceFlush(limitMillis?: number): Promise<void>;
  shutdown(): Promise<void>;
}

export type RawAttribute = [string, AttributeValue | PromiseLike<AttributeValue | undefined> | undefined];

/** OpenTelemetry's `Resource`. */
export interface Resource {
  readonly attributes: Attributes;
  readonly schemaUrl?: string | undefined;
  readonly asyncAttributesPending?: boolean;
  waitForAsyncAttributes?(): Promise<void>;
  merge(other: Resource | null): Resource;
  getRawAttributes(): RawAttribute[];
}

/** OpenTelemetry's `ResourceDetector`, of any SDK version. */
export interface ResourceDetector {
  detect(config?: never): {
    attributes?: Record<string, AttributeValue | PromiseLike<AttributeValue | undefined> | undefined>;
    schemaUrl?: string | undefined;
  };
}

/** Partial success of a Collector's answer (OTLP specification, "Partial Success"). */
export interface Remark {
  /** Number of spans that the Collector rejected. */
  readonly rejected: number;
  readonly message: string;
}
