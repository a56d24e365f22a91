// The OTLP exporter: batches as bytes of our encoder, carried by OpenTelemetry's own export delegate (grpc-carrier.ts, http-carrier.ts).
// Added here: a limit for each attempt, an early end, and the spans that a Collector rejects inside a success. Built by exporter.ts, called
// by delivery.ts. After shutdown() nothing of it holds the process.

import type { ExportResult, ReadableSpan, Remark, SpanExporter } from '../sdk/contracts.js';
import type { EncodableSpan } from './encode.js';

/** Loaded with the first batch, and kept: Node takes longer to find a loaded module than to encode a span. */
let loaded: typeof import('./encode.js') | undefined;
const encoder = (): typeof import('./encode.js') => {
  loaded ??= require('./encode.js') as typeof import('./encode.js');
  return loaded;
};

/** `OTLPExportDelegate` of `@opentelemetry/otlp-exporter-base`. */
export interface ExportDelegate {
  export(items: unknown, done: (result: ExportResult) => void): void;
  shutdown(): Promise<void>;
}

/** `ISerializer` of `@opentelemetry/otlp-transformer`. */
export interface Serializer {
  serializeRequest(items: unknown): Uint8Array;
  deserializeResponse(answer: Uint8Array): unknown;
}

/** Carries one batch at a time through a delegate. */
export interface Carrier {
  /** Loads OpenTelemetry's packages, each in its own turn of the event loop. */
  prepare(): Promise<void>;
  /** Settles within the limit. An error has a `code` (gRPC, HTTP or Node). Never rejects. */
  send(items: readonly unknown[], limitMillis: number): Promise<ExportResult>;
  /** Ends what is under way, at once, and frees the connection; what is sent afterwards opens another. */
  close(): void;
}

/** `ProtobufTraceSerializer`'s reading of an answer. */
type Answer = { partialSuccess?: { rejectedSpans?: unknown; errorMessage?: unknown } | null };

/** A Collector refuses messages above 4 MiB by default, gRPC's frame included. */
export const MOST_BYTES = 4 * 1024 * 1024 - 1024;

export class OtlpExporter implements SpanExporter {
  readonly #carry: (serializer: Serializer) => Carrier;
  /** Created when it is first needed. */
  #carrier: Carrier | undefined;
  #closed = false;
  /** The request of the batch that was encoded last. */
  #batch: readonly ReadableSpan[] | undefined;
  #body: Uint8Array = new Uint8Array();
  /** True once an attempt with this request has failed: what is left of it may still be reading the bytes. */
  #failed = false;
  /** The delegate reads an answer and reports its result in one step. */
  #remark: Remark | undefined;

  /**
   * @param timeout milliseconds for one attempt.
   * @param read decodes an ExportTraceServiceResponse.
   */
  constructor(
    carry: (serializer: Serializer) => Carrier,
    readonly read: (answer: Uint8Array) => Answer,
    readonly timeout: number,
  ) {
    this.#carry = carry;
  }

  prepare(): Promise<void> {
    return this.#open().prepare();
  }

  /** How many of the leading spans one request holds: all, unless that exceeds what Collectors take. At least one. */
  fit(spans: ReadableSpan[]): number {
    let count = spans.length;
    for (;;) {
      const batch = count === spans.length ? spans : spans.slice(0, count);
      this.#encode(batch);
      if (this.#body.length <= MOST_BYTES || count === 1) return count;
      count = Math.max(1, Math.floor((count * MOST_BYTES * 0.9) / this.#body.length)); // at least one less, because the bytes are above the limit
    }
  }

  export(spans: ReadableSpan[], done: (result: ExportResult) => void, limitMillis = Number.POSITIVE_INFINITY): void {
    this.#send(spans, Math.max(1, Math.min(this.timeout, limitMillis))).then(done, (error) => done({ code: 1, error }));
  }

  async shutdown(): Promise<void> {
    this.#closed = true;
    this.#carrier?.close();
  }

  disconnect(): void {
    this.#carrier?.close();
  }

  #open(): Carrier {
    this.#carrier ??= this.#carry({
      serializeRequest: () => this.#body,
      deserializeResponse: (answer) => {
        this.#remark = this.#remarkOf(answer);
        return {}; // the delegate would log a partial success
      },
    });
    return this.#carrier;
  }

  async #send(spans: ReadableSpan[], limitMillis: number): Promise<ExportResult> {
    const carrier = this.#open();
    await carrier.prepare();
    if (this.#closed) throw new Error('the exporter is shut down');
    this.#encode(spans);
    this.#remark = undefined;
    const body = this.#body;
    const result = await carrier.send(spans, limitMillis);
    if (result.code !== 0) this.#failed = true;
    else {
      this.#batch = undefined; // while idle, the exporter keeps no spans alive
      if (!this.#failed && result.isEarly !== true) encoder().reuse(body);
    }
    return result.code === 0 && this.#remark !== undefined ? { code: 0, remark: this.#remark } : result;
  }

  /** Keeps the bytes for the next attempts with the same spans. */
  #encode(spans: readonly ReadableSpan[]): void {
    if (sameSpans(this.#batch, spans)) return;
    this.#body = encoder().encodeSpans(spans as readonly unknown[] as readonly EncodableSpan[]);
    this.#batch = spans;
    this.#failed = false;
  }

  #remarkOf(answer: Uint8Array): Remark | undefined {
    if (answer.length === 0) return undefined; // the usual one
    try {
      const { partialSuccess } = this.read(answer);
      const count = Number(partialSuccess?.rejectedSpans ?? 0);
      const rejected = count < 2 ** 63 ? Math.max(0, count) : 0; // a negative int64 is read as an unsigned one
      const message = String(partialSuccess?.errorMessage ?? '');
      return rejected > 0 || message !== '' ? { rejected, message } : undefined;
    } catch {
      return undefined; // the status has reported that the spans were accepted
    }
  }
}

function sameSpans(before: readonly ReadableSpan[] | undefined, spans: readonly ReadableSpan[]): boolean {
  return before === spans || (before?.length === spans.length && spans.every((span, index) => span === before[index]));
}
