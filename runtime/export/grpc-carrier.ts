// OTLP over gRPC: OpenTelemetry's delegate (`createOtlpGrpcExportDelegate`, of which its OTLPTraceExporter is made) with our encoder as
// its serializer. It has no deadline of its own, because grpc-js holds the process for its timer; the limit here ends the connection
// instead, which a hanging Collector or a half-open connection requires in any case. Built by exporter.ts.

import type { MeterProvider } from '@opentelemetry/api';
import { clearTimeout, setTimeout, unref } from '../captured.js';
import type { ExportResult } from '../sdk/contracts.js';
import { GRPC_STATUS } from '../text/grpc-status.js';
import type { Certificates } from './certificates.js';
import { exporterMeters } from './exporter-meters.js';
import { type Carrier, type ExportDelegate, MOST_BYTES, type Serializer } from './otlp.js';
import { CAN_GRIP, SocketGrip } from './socket-grip.js';

const NAME = 'TraceExportService';
const METHOD = '/opentelemetry.proto.collector.trace.v1.TraceService/Export';
const COMPONENT = 'otlp_grpc_span_exporter';

/** gRPC metadata as `@grpc/grpc-js` has it. */
interface Metadata {
  set(key: string, value: string): void;
}

interface GrpcSettings {
  readonly url: string;
  readonly metadata: () => unknown;
  readonly credentials: () => unknown;
  readonly compression: 'gzip' | 'none';
  readonly timeoutMillis: number;
  readonly concurrencyLimit: number;
  readonly userAgent: string;
}

/** The used parts of `@opentelemetry/otlp-grpc-exporter-base`, the transformer and the exporter itself; loaded by sdk/packages.ts. */
export interface GrpcPackages {
  createEmptyMetadata(): Metadata;
  createInsecureCredentials(): unknown;
  createSslCredentials(root?: Buffer, key?: Buffer, chain?: Buffer): unknown;
  /** Missing in a version that has changed it: the exporter itself takes its place, with its own serializer. */
  createOtlpGrpcExportDelegate?(
    settings: GrpcSettings,
    serializer: Serializer,
    component: string,
    helper: unknown,
    meters: MeterProvider,
    name: string,
    method: string,
  ): ExportDelegate;
  TraceExporterMetricsHelper: unknown;
  OTLPTraceExporter: new (settings: object) => ExportDelegate;
}

interface GrpcOptions {
  /** `host:port`, or a name as gRPC writes it. */
  readonly target: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly gzip: boolean;
  readonly userAgent: string;
  /** Undefined: plaintext. */
  readonly tls: Certificates | undefined;
  /** Milliseconds of one attempt, where sockets cannot be held. */
  readonly timeout: number;
}

/** A call that did not come back. `code` is a gRPC status. */
class GrpcFailure extends Error {
  constructor(
    readonly code: number,
    message: string,
  ) {
    super(message);
  }
}

export class GrpcCarrier implements Carrier {
  #packages: GrpcPackages | undefined;
  #delegate: ExportDelegate | undefined;
  #grip = new SocketGrip();
  readonly #underWay = new Set<(failure: GrpcFailure) => void>();
  /** The request under way. One memory for all requests of a connection: one for each brings the next marking of the heap nearer. */
  #wire: ArrayBuffer | undefined;

  constructor(
    readonly options: GrpcOptions,
    readonly serializer: Serializer,
    readonly load: () => Promise<GrpcPackages>,
  ) {}

  async prepare(): Promise<void> {
    this.#packages ??= await this.load();
  }

  async send(items: readonly unknown[], limitMillis: number): Promise<ExportResult> {
    const result = await this.#within(limitMillis, items);
    // a connection that was lost: grpc-js would go on connecting while nothing is to be sent
    if (result.code !== 0 && codeOf(result) === GRPC_STATUS.UNAVAILABLE && !this.#grip.connected) this.#leave();
    return result;
  }

  close(): void {
    for (const fail of [...this.#underWay]) fail(new GrpcFailure(GRPC_STATUS.CANCELLED, 'the exporter is shut down'));
    this.#leave();
  }

  /** Promises in between, because the call of grpc-js outlives its answer and must not keep the spans reachable. */
  #within(limitMillis: number, items: readonly unknown[]): Promise<ExportResult> {
    this.#delegate ??= this.#createDelegate();
    const delegate = this.#delegate;
    return new Promise((resolve) => {
      const settle = (result: ExportResult): void => {
        clearTimeout(timer);
        this.#underWay.delete(fail);
        resolve(result);
      };
      const fail = (error: GrpcFailure): void => settle({ code: 1, error });
      const timer = unref(
        setTimeout(() => {
          fail(new GrpcFailure(GRPC_STATUS.DEADLINE_EXCEEDED, `no answer within ${Math.round(limitMillis)} ms`));
          this.#leave();
        }, limitMillis),
      );
      this.#underWay.add(fail);
      // held until the call itself is over, which may be after the limit
      this.#grip.during(() => new Promise<ExportResult>((done) => delegate.export(items, done))).then(settle, fail);
    });
  }

  /** The next attempt opens another connection. */
  #leave(): void {
    const delegate = this.#delegate;
    this.#delegate = undefined;
    this.#wire = undefined; // what was under way may still read it
    this.#grip.end();
    this.#grip = new SocketGrip();
    delegate?.shutdown().catch(() => {});
  }

  /**
   * The request, of which the transport's `Buffer.from()` makes no copy: it shares the memory of an ArrayBuffer that is the value of its
   * argument, all of it.
   */
  #uncopied(request: Uint8Array): Uint8Array {
    if (request.length > MOST_BYTES || this.#underWay.size > 1) return request;
    this.#wire ??= new ArrayBuffer(0, { maxByteLength: MOST_BYTES });
    const wire = this.#wire;
    wire.resize(request.length);
    new Uint8Array(wire).set(request);
    return Object.defineProperty(request, 'valueOf', { configurable: true, value: () => wire });
  }

  #createDelegate(): ExportDelegate {
    const packages = this.#packages as GrpcPackages;
    const { target, headers, gzip, userAgent, tls, timeout } = this.options;
    const settings: GrpcSettings = {
      url: target,
      metadata: () => {
        const metadata = packages.createEmptyMetadata();
        for (const [name, value] of Object.entries(headers)) metadata.set(name, value);
        return metadata;
      },
      credentials: () =>
        tls === undefined ? packages.createInsecureCredentials() : packages.createSslCredentials(tls.ca, tls.key, tls.cert),
      compression: gzip ? 'gzip' : 'none',
      timeoutMillis: CAN_GRIP ? Number.POSITIVE_INFINITY : timeout,
      concurrencyLimit: 30, // with 1 the next batch would fail after each batch that was given up
      userAgent,
    };
    if (packages.createOtlpGrpcExportDelegate === undefined) {
      const { metadata, credentials, ...rest } = settings;
      const scheme = tls === undefined ? 'http' : 'https';
      return new packages.OTLPTraceExporter({
        ...rest,
        url: `${scheme}://${target}`,
        timeoutMillis: timeout,
        metadata: metadata(),
        credentials: credentials(),
      });
    }
    const { TraceExporterMetricsHelper: helper } = packages;
    return packages.createOtlpGrpcExportDelegate(
      settings,
      { ...this.serializer, serializeRequest: (items) => this.#uncopied(this.serializer.serializeRequest(items)) },
      COMPONENT,
      helper,
      exporterMeters(COMPONENT),
      NAME,
      METHOD,
    );
  }
}

function codeOf({ error }: ExportResult): unknown {
  return (error as { code?: unknown } | undefined)?.code;
}
