// A real OTLP/gRPC trace receiver on a loopback port: what `spanwright receive` runs, and what tests listen with.
// Speaks opentelemetry.proto.collector.trace.v1.TraceService/Export, plaintext, with gzip (grpc-js's own). Memory is bounded:
// the newest `limit` spans are kept, older ones are released and counted.

import type { Server, ServerUnaryCall, ServiceDefinition, sendUnaryData } from '@grpc/grpc-js';
import * as grpc from '@grpc/grpc-js';
import { InvalidArgumentError } from '../../runtime/errors.js';
import { isLoopbackHost } from '../../runtime/text/loopback.js';
import { decodeRequest, type ReceivedSpan } from './decode.js';

export interface ReceiverOptions {
  /** Port. Default 0: a free one. */
  port?: number;
  /** A loopback address; anything else is refused, since what arrives is neither authenticated nor encrypted. */
  host?: string;
  /** Spans kept; older ones are dropped and counted. Default 50,000; with 0 only `onSpans` sees them. */
  limit?: number;
  /** Called with the spans of each request, after they are kept. */
  onSpans?: (spans: readonly ReceivedSpan[]) => void;
}

export interface Receiver {
  /** URL for `OTEL_EXPORTER_OTLP_TRACES_ENDPOINT`, for example `http://127.0.0.1:40117`. */
  readonly endpoint: string;
  readonly port: number;
  /** The kept spans, oldest first. */
  readonly spans: readonly ReceivedSpan[];
  /** Number of spans that arrived, kept or not; `dropped` of them were released. */
  readonly received: number;
  readonly dropped: number;
  readonly requests: number;
  /**
   * Resolves once `predicate` holds of the kept spans; asked at once and after each request.
   * @param timeoutMs Default 10,000; then rejects, naming how many spans were there.
   */
  waitFor(predicate: (spans: readonly ReceivedSpan[]) => boolean, timeoutMs?: number): Promise<readonly ReceivedSpan[]>;
  /** Forgets the kept spans and the counts, so that a next phase starts from nothing. */
  clear(): void;
  close(): Promise<void>;
}

const DEFAULT_LIMIT = 50_000;
const MAX_REQUEST_BYTES = 16 * 1024 * 1024;

/**
 * Starts a receiver.
 * @throws InvalidArgumentError when the host is not loopback.
 * @example
 * const receiver = await startReceiver();
 * // ... OTEL_EXPORTER_OTLP_TRACES_ENDPOINT=receiver.endpoint ...
 * await receiver.waitFor((spans) => spans.some((span) => span.name === 'request'));
 * await receiver.close();
 */
export async function startReceiver(options: ReceiverOptions = {}): Promise<Receiver> {
  const { port = 0, host = '127.0.0.1', limit = DEFAULT_LIMIT, onSpans } = options;
  if (!isLoopbackHost(host)) {
    throw new InvalidArgumentError(
      'host',
      `host: "${host}" is not a loopback address; the receiver listens on 127.0.0.1, ::1 or localhost only, because what it receives is not encrypted.`,
    );
  }
  const waiting = new Set<() => void>();
  let spans: ReceivedSpan[] = [];
  const counts = { received: 0, dropped: 0, requests: 0 };

  function keep(arrived: readonly ReceivedSpan[]): void {
    counts.requests += 1;
    counts.received += arrived.length;
    spans = spans.concat(arrived); // not push(...arrived): one request can hold more spans than a call may have arguments
    if (spans.length > limit) {
      counts.dropped += spans.length - limit;
      spans = limit === 0 ? [] : spans.slice(-limit);
    }
    onSpans?.(arrived);
    for (const ask of [...waiting]) ask();
  }

  function answer(call: ServerUnaryCall<Uint8Array, Uint8Array>, reply: sendUnaryData<Uint8Array>): void {
    let arrived: ReceivedSpan[];
    try {
      arrived = decodeRequest(call.request);
    } catch (error) {
      reply({ code: grpc.status.INVALID_ARGUMENT, details: `Not an ExportTraceServiceRequest: ${(error as Error).message}` });
      return;
    }
    keep(arrived);
    reply(null, new Uint8Array(0)); // an ExportTraceServiceResponse with no partial success is no bytes at all
  }

  const server = new grpc.Server({ 'grpc.max_receive_message_length': MAX_REQUEST_BYTES });
  server.addService(TRACE_SERVICE, { Export: answer });
  const bound = await bind(server, `${host.includes(':') ? `[${host}]` : host}:${port}`, grpc.ServerCredentials.createInsecure());

  return {
    endpoint: `http://${host.includes(':') ? `[${host}]` : host}:${bound}`,
    port: bound,
    get spans() {
      return spans;
    },
    get received() {
      return counts.received;
    },
    get dropped() {
      return counts.dropped;
    },
    get requests() {
      return counts.requests;
    },
    waitFor(predicate, timeoutMs = 10_000) {
      return new Promise((resolve, reject) => {
        const timer = setTimeout(() => {
          waiting.delete(ask);
          reject(new Error(`Waited ${timeoutMs} ms for spans that did not arrive; ${spans.length} did: ${spanNames(spans)}`));
        }, timeoutMs);
        function ask(): void {
          try {
            if (!predicate(spans)) return;
            resolve(spans);
          } catch (error) {
            reject(error); // an error of the predicate concerns the owner, not the exporter whose request is being answered
          }
          clearTimeout(timer);
          waiting.delete(ask);
        }
        waiting.add(ask);
        ask();
      });
    },
    clear() {
      spans = [];
      Object.assign(counts, { received: 0, dropped: 0, requests: 0 });
    },
    close: () => close(server),
  };
}

const TRACE_SERVICE: ServiceDefinition = {
  Export: {
    path: '/opentelemetry.proto.collector.trace.v1.TraceService/Export',
    requestStream: false,
    responseStream: false,
    requestSerialize: (bytes: Uint8Array) => Buffer.from(bytes),
    requestDeserialize: (bytes: Buffer) => bytes,
    responseSerialize: (bytes: Uint8Array) => Buffer.from(bytes),
    responseDeserialize: (bytes: Buffer) => bytes,
  },
};

type Credentials = Parameters<Server['bindAsync']>[1];

function bind(server: Server, address: string, credentials: Credentials): Promise<number> {
  return new Promise((resolve, reject) => {
    server.bindAsync(address, credentials, (error, port) => (error ? reject(error) : resolve(port)));
  });
}

/** Closes at once if the clients disconnect, and by force after a second otherwise, because an exporter keeps its connection open. */
function close(server: Server): Promise<void> {
  return new Promise((resolve) => {
    const force = setTimeout(() => {
      server.forceShutdown();
      resolve();
    }, 1000);
    server.tryShutdown(() => {
      clearTimeout(force);
      resolve();
    });
  });
}

function spanNames(spans: readonly ReceivedSpan[]): string {
  const shown = [...new Set(spans.map((span) => span.name))].slice(0, 20).join(', ');
  return shown || 'none';
}
