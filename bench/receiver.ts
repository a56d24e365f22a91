// A receiver of OTLP that counts spans and discards them: over HTTP/1.1 (`http/protobuf`) and over HTTP/2 without TLS (gRPC). It runs in
// the process of the coordinator, so that its work is not measured.

import { createServer, type Server } from 'node:http';
import { createServer as createServer2, type Http2Server } from 'node:http2';
import type { AddressInfo } from 'node:net';

/** Longer than the other services of a round take. */
const IDLE_MS = 120_000;

export class Receiver {
  spans = 0;
  /** The last request over HTTP. */
  last = Buffer.alloc(0);
  readonly #http: Server;
  readonly #grpc: Http2Server;

  constructor() {
    this.#http = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        this.last = Buffer.concat(chunks);
        this.spans += countSpans(this.last);
        response.setHeader('content-type', 'application/x-protobuf');
        response.end();
      });
    });
    this.#http.keepAliveTimeout = IDLE_MS;
    this.#grpc = createServer2();
    this.#grpc.on('stream', (stream) => {
      const chunks: Buffer[] = [];
      stream.on('error', () => {});
      stream.on('data', (chunk: Buffer) => chunks.push(chunk));
      stream.on('end', () => {
        this.spans += countSpans(Buffer.concat(chunks).subarray(5));
        stream.respond({ ':status': 200, 'content-type': 'application/grpc' }, { waitForTrailers: true });
        stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }));
        stream.end(Buffer.alloc(5));
      });
    });
  }

  async listen(): Promise<{ http: string; grpc: string }> {
    const address = (server: Server | Http2Server): Promise<string> =>
      new Promise((resolve) =>
        server.listen(0, '127.0.0.1', () => resolve(`http://127.0.0.1:${(server.address() as AddressInfo).port}`)),
      );
    return { http: await address(this.#http), grpc: await address(this.#grpc) };
  }

  close(): void {
    this.#http.close();
    this.#http.closeAllConnections();
    this.#grpc.close();
  }
}

/** Field numbers from an ExportTraceServiceRequest down to its spans: resource_spans, scope_spans, spans. */
const PATH = [1, 2, 2];

function countSpans(message: Buffer, depth = 0): number {
  if (depth === PATH.length) return 1;
  let count = 0;
  let at = 0;
  const varint = (): number => {
    let value = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = message[at++] as number;
      value += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) return value;
    }
  };
  while (at < message.length) {
    const tag = varint();
    if ((tag & 7) !== 2) throw new Error(`bench: field ${tag >> 3} of a request has wire type ${tag & 7}`);
    const length = varint();
    if (tag >> 3 === PATH[depth]) count += countSpans(message.subarray(at, at + length), depth + 1);
    at += length;
  }
  return count;
}
