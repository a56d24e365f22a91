// OTLP over gRPC: unary calls on one HTTP/2 connection of Node's own client. Built by sdk.ts. The connection does not hold the process,
// and every call ends within its limit: @grpc/grpc-js keeps its connections and timers referenced while a call is under way, so that
// a program at its end would wait for a collector that hangs (docs/decisions/0008).

import {
  type ClientHttp2Session,
  type ClientHttp2Stream,
  connect,
  constants,
  type IncomingHttpHeaders,
  type IncomingHttpStatusHeader,
} from 'node:http2';
import { connect as connectTcp, isIP } from 'node:net';
import { connect as connectTls } from 'node:tls';
import type { Certificates } from './certificates.js';
import { holdNothing } from './connection.js';
import { frame, unframe } from './grpc-message.js';
import { GrpcFailure, reasonOf, statusOf } from './grpc-status.js';
import type { Transport } from './otlp.js';

const METHOD = '/opentelemetry.proto.collector.trace.v1.TraceService/Export';
const DEADLINE_EXCEEDED = 4;
const CANCELLED = 1;
/** MB. The whole of a batch is written at once; 10, which is the default, is less than 2048 spans may have. */
const SESSION_MEMORY = 1024;

export interface GrpcOptions {
  readonly host: string;
  readonly port: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly gzip: boolean;
  readonly userAgent: string;
  /** Undefined: plaintext. */
  readonly tls: Certificates | undefined;
}

export class GrpcTransport implements Transport {
  #session: ClientHttp2Session | undefined;
  readonly #open = new Set<(failure: GrpcFailure) => void>();

  constructor(readonly options: GrpcOptions) {}

  async send(body: Uint8Array, limitMillis: number): Promise<Uint8Array> {
    const { headers, gzip, userAgent } = this.options;
    const message = await frame(body, gzip);
    const all = {
      ...headers,
      ':method': 'POST',
      ':path': METHOD,
      te: 'trailers',
      'content-type': 'application/grpc',
      'user-agent': userAgent,
      'grpc-timeout': `${Math.min(Math.ceil(limitMillis), 99_999_999)}m`,
      'grpc-accept-encoding': 'identity,gzip',
      ...(gzip && { 'grpc-encoding': 'gzip' }),
    };
    const session = this.#connected();
    return new Promise((resolve, reject) => {
      let stream: ClientHttp2Stream;
      try {
        stream = session.request(all);
      } catch (error) {
        this.#leave(session);
        return reject(reasonOf(error as Error, constants.NGHTTP2_NO_ERROR));
      }
      let lost: Error | undefined;
      const fail = (failure: GrpcFailure): void => {
        settle();
        reject(failure);
        stream.close(constants.NGHTTP2_CANCEL);
      };
      const timer = setTimeout(() => {
        this.#leave(session);
        fail(new GrpcFailure(DEADLINE_EXCEEDED, `no answer within ${Math.round(limitMillis)} ms`));
      }, limitMillis).unref();
      const loseSession = (error?: Error): void => {
        lost ??= error;
      };
      const settle = (): void => {
        clearTimeout(timer);
        this.#open.delete(fail);
        session.removeListener('error', loseSession);
      };
      this.#open.add(fail);
      session.once('error', loseSession);
      read(stream).then(
        (answer) => {
          settle();
          if (!stream.writableFinished) stream.close(constants.NGHTTP2_CANCEL); // it did not want the rest of the message
          const failure = statusOf(answer.headers, answer.trailers);
          if (failure === undefined) unframe(answer.body, answer.headers['grpc-encoding']).then(resolve, reject);
          else reject(failure);
        },
        (error: Error) => {
          settle();
          reject(reasonOf(lost ?? error, stream.rstCode));
        },
      );
      stream.end(message);
    });
  }

  close(): void {
    for (const fail of [...this.#open]) fail(new GrpcFailure(CANCELLED, 'the exporter is shut down'));
    if (this.#session !== undefined) this.#leave(this.#session);
  }

  /** A connection on which nothing was answered may be dead without knowing it: the next attempt opens another one. */
  #leave(session: ClientHttp2Session): void {
    session.destroy();
    if (this.#session === session) this.#session = undefined;
  }

  #connected(): ClientHttp2Session {
    if (this.#session !== undefined && !this.#session.closed && !this.#session.destroyed) return this.#session;
    const { host, port, tls } = this.options;
    const socket =
      tls === undefined
        ? connectTcp({ host, port })
        : connectTls({ host, port, ALPNProtocols: ['h2'], ...serverName(host), ...tls });
    holdNothing(socket);
    const session = connect(`${tls === undefined ? 'http' : 'https'}://${authority(host, port)}`, {
      createConnection: () => socket,
      maxSessionMemory: SESSION_MEMORY,
    });
    const forget = (): void => {
      if (this.#session === session) this.#session = undefined;
    };
    // what a call needs to know of an error it hears by itself; without a listener an idle connection's would be thrown
    session.on('error', forget).on('close', forget);
    session.on('goaway', () => {
      forget();
      session.close(); // once the call under way is answered
    });
    session.unref();
    this.#session = session;
    return session;
  }
}

/** TLS knows names only (RFC 6066, section 3). */
function serverName(host: string): { servername?: string } {
  return isIP(host) === 0 ? { servername: host } : {};
}

function authority(host: string, port: number): string {
  return `${isIP(host) === 6 ? `[${host}]` : host}:${port}`;
}

interface Answer {
  readonly headers: IncomingHttpHeaders & IncomingHttpStatusHeader;
  readonly trailers: IncomingHttpHeaders;
  readonly body: Buffer;
}

/** An answer holds at most a remark; what is longer is read and thrown away. */
const MOST_BYTES = 64 * 1024;

/** Resolves with whatever the server said, also while the message is still on its way; rejects when the stream ends without an answer. */
function read(stream: ClientHttp2Stream): Promise<Answer> {
  return new Promise((resolve, reject) => {
    let headers: Answer['headers'] | undefined;
    let trailers: IncomingHttpHeaders = {};
    const chunks: Buffer[] = [];
    let length = 0;
    stream.once('response', (found) => {
      headers = found;
    });
    stream.once('trailers', (found) => {
      trailers = found;
    });
    stream.on('data', (chunk: Buffer) => {
      length += chunk.length;
      if (length <= MOST_BYTES) chunks.push(chunk);
    });
    let broken: Error | undefined;
    stream.on('error', (error) => {
      broken = error;
    });
    const judge = (): void => {
      const body = length <= MOST_BYTES ? Buffer.concat(chunks) : Buffer.alloc(0);
      if (headers !== undefined && isWhole(headers, trailers)) resolve({ headers, trailers, body });
      else reject(broken ?? new Error('the connection ended without an answer'));
    };
    stream.once('end', () => headers !== undefined && isWhole(headers, trailers) && judge()).once('close', judge);
  });
}

/** An answer of gRPC without a status broke off; one of something else never has one. */
function isWhole(headers: Answer['headers'], trailers: IncomingHttpHeaders): boolean {
  const isGrpc = headers[':status'] === 200 && headers['content-type']?.startsWith('application/grpc') === true;
  return !isGrpc || 'grpc-status' in headers || 'grpc-status' in trailers;
}
