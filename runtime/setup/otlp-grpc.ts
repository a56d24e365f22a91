// OTLP over gRPC, on @grpc/grpc-js: unary calls whose end is ours to decide. Built by sdk.ts. OpenTelemetry's own exporter waits for
// its calls before it closes, so that a collector that hangs holds an ended process until the deadline of the call.

import type { Transport } from './otlp.js';

interface Call {
  cancel(): void;
}

interface Client {
  makeUnaryRequest(
    path: string,
    serialize: (body: Buffer) => Buffer,
    deserialize: (body: Buffer) => Buffer,
    body: Buffer,
    metadata: unknown,
    options: { deadline: number },
    done: (error: Error | null, answer?: Buffer) => void,
  ): Call;
  close(): void;
}

/** The part of `@grpc/grpc-js` that is used. */
export interface GrpcPackage {
  Client: new (address: string, credentials: unknown, options: Record<string, unknown>) => Client;
  Metadata: new () => { set(key: string, value: string): void };
  credentials: {
    createInsecure(): unknown;
    createSsl(root: Buffer | null, key: Buffer | null, chain: Buffer | null): unknown;
  };
}

const METHOD = '/opentelemetry.proto.collector.trace.v1.TraceService/Export';
const GZIP = 2;
const DEADLINE_EXCEEDED = 4;

export interface GrpcOptions {
  /** `host:port`. */
  readonly address: string;
  readonly credentials: unknown;
  readonly metadata: unknown;
  readonly gzip: boolean;
  readonly userAgent: string;
}

export class GrpcTransport implements Transport {
  #client: Client | undefined;
  readonly #calls = new Set<Call>();

  constructor(
    readonly grpc: GrpcPackage,
    readonly options: GrpcOptions,
  ) {}

  send(body: Uint8Array, limitMillis: number): Promise<Uint8Array> {
    this.#client ??= this.#connect();
    const client = this.#client;
    return new Promise((resolve, reject) => {
      const bytes = Buffer.from(body.buffer, body.byteOffset, body.byteLength);
      const limits = { deadline: Date.now() + limitMillis };
      const call = client.makeUnaryRequest(METHOD, itself, itself, bytes, this.options.metadata, limits, (error, answer) => {
        this.#calls.delete(call);
        if (error === null) return resolve(answer ?? Buffer.alloc(0));
        if ((error as { code?: unknown }).code === DEADLINE_EXCEEDED) this.#leave(client);
        reject(error);
      });
      this.#calls.add(call);
    });
  }

  close(): void {
    for (const call of this.#calls) call.cancel();
    this.#client?.close();
    this.#client = undefined;
  }

  /** A connection on which nothing was answered may be dead without knowing it: the next attempt opens another one. */
  #leave(client: Client): void {
    client.close();
    if (this.#client === client) this.#client = undefined;
  }

  #connect(): Client {
    const { address, credentials, gzip, userAgent } = this.options;
    return new this.grpc.Client(address, credentials, {
      'grpc.default_compression_algorithm': gzip ? GZIP : 0,
      'grpc.primary_user_agent': userAgent,
      // else a closed client's connection lives on in the pool of the process, and would be found again
      'grpc.use_local_subchannel_pool': 1,
    });
  }
}

function itself(body: Buffer): Buffer {
  return body;
}
