// The OTLP exporter: serialization by OpenTelemetry's package, one request per call over a transport, and the answer read, which
// OpenTelemetry's exporters keep to themselves: spans that the collector rejects inside a success are told to the caller.
// Built by sdk.ts, called by delivery.ts. After shutdown() nothing of it is left that could hold the process.

import type { ExportResult, ReadableSpan, Remark, SpanExporter } from '../sdk/contracts.js';

/** `ProtobufTraceSerializer` of `@opentelemetry/otlp-transformer`. */
export interface Serializer {
  serializeRequest(spans: ReadableSpan[]): Uint8Array | undefined;
  deserializeResponse(answer: Uint8Array): { partialSuccess?: { rejectedSpans?: unknown; errorMessage?: unknown } | null };
}

/** One request at a time or several; each settles within its limit. */
export interface Transport {
  /** Resolves with the body of a success; rejects with an error that has a `code` (gRPC, HTTP or Node). */
  send(body: Uint8Array, limitMillis: number): Promise<Uint8Array>;
  /** Ends what is under way, at once, and frees the connection; what is sent afterwards opens another. */
  close(): void;
}

export class OtlpExporter implements SpanExporter {
  #closed = false;

  /** @param timeout milliseconds for one attempt. */
  constructor(
    readonly serializer: Serializer,
    readonly transport: Transport,
    readonly timeout: number,
  ) {}

  export(spans: ReadableSpan[], done: (result: ExportResult) => void, limitMillis = Number.POSITIVE_INFINITY): void {
    this.#send(spans, Math.max(1, Math.min(this.timeout, limitMillis))).then(done, (error) => done({ code: 1, error }));
  }

  async shutdown(): Promise<void> {
    this.#closed = true;
    this.transport.close();
  }

  disconnect(): void {
    this.transport.close();
  }

  async #send(spans: ReadableSpan[], limitMillis: number): Promise<ExportResult> {
    if (this.#closed) throw new Error('the exporter is shut down');
    const body = this.serializer.serializeRequest(spans);
    if (body === undefined) throw new Error('the spans could not be serialized');
    const remark = this.#read(await this.transport.send(body, limitMillis));
    return remark === undefined ? { code: 0 } : { code: 0, remark };
  }

  #read(answer: Uint8Array): Remark | undefined {
    try {
      const { partialSuccess } = this.serializer.deserializeResponse(answer);
      const count = Number(partialSuccess?.rejectedSpans ?? 0);
      const rejected = count < 2 ** 63 ? Math.max(0, count) : 0; // the serializer reads a negative int64 as an unsigned one
      const message = String(partialSuccess?.errorMessage ?? '');
      return rejected > 0 || message !== '' ? { rejected, message } : undefined;
    } catch {
      return undefined; // the spans were taken, whatever the server put into its answer
    }
  }
}
