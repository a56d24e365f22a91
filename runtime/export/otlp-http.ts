// OTLP over HTTP: binary protobuf by POST over one kept-alive connection of Node's own client. Built by sdk.ts. The connection
// never holds the process: whoever waits for a flush holds it.

import { Agent, type IncomingMessage, request } from 'node:http';
import { Agent as TlsAgent, request as tlsRequest } from 'node:https';
import { gzip } from 'node:zlib';
import type { Certificates } from './certificates.js';
import { holdNothing } from './connection.js';
import { ExportTimeout } from './failures.js';
import type { Transport } from './otlp.js';

/** An answer holds at most a remark; what is longer is not read on. */
const MOST_BYTES = 64 * 1024;

/** An answer with a status that is no success. */
export class HttpFailure extends Error {
  /** @param retryAfterMillis what the header `Retry-After` says. */
  constructor(
    readonly code: number,
    message: string,
    readonly retryAfterMillis: number | undefined,
  ) {
    super(message);
    this.name = 'HttpFailure';
  }
}

export interface HttpOptions {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly gzip: boolean;
  readonly userAgent: string;
  /** Undefined: plaintext. */
  readonly tls: Certificates | undefined;
}

export class HttpTransport implements Transport {
  readonly #agent: Agent;
  readonly #open = new Set<() => void>();

  constructor(readonly options: HttpOptions) {
    this.#agent = options.tls ? new TlsAgent({ keepAlive: true, ...options.tls }) : new Agent({ keepAlive: true });
  }

  async send(body: Uint8Array, limitMillis: number): Promise<Uint8Array> {
    const { url, headers, tls, userAgent } = this.options;
    const bytes = this.options.gzip ? await compress(body) : body;
    return new Promise((resolve, reject) => {
      const post = (tls ? tlsRequest : request)(url, {
        method: 'POST',
        agent: this.#agent,
        headers: {
          ...headers,
          'content-type': 'application/x-protobuf',
          'content-length': bytes.byteLength,
          'user-agent': userAgent,
          ...(this.options.gzip && { 'content-encoding': 'gzip' }),
        },
      });
      const end = (): void => void post.destroy(new Error('the exporter is shut down'));
      const timer = setTimeout(() => post.destroy(new ExportTimeout(limitMillis)), limitMillis).unref();
      this.#open.add(end);
      const settle = (): void => {
        clearTimeout(timer);
        this.#open.delete(end);
      };
      post.once('socket', holdNothing);
      let answered = false;
      post.on('error', (error) => {
        if (answered) return; // the answer breaks off too, and is judged there
        settle();
        reject(error);
      });
      post.once('response', (answer) => {
        answered = true;
        // the status alone says whether the spans were taken; a body that breaks off changes nothing
        const judge = (received: Buffer): void => {
          settle();
          if (isSuccess(answer)) resolve(received);
          else reject(failureOf(answer, received));
        };
        read(answer).then(judge, () => judge(Buffer.alloc(0)));
      });
      post.end(bytes);
    });
  }

  close(): void {
    for (const end of [...this.#open]) end();
    this.#agent.destroy();
  }
}

function isSuccess({ statusCode = 0 }: IncomingMessage): boolean {
  return statusCode >= 200 && statusCode < 300;
}

async function read(answer: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of answer) {
    length += (chunk as Buffer).length;
    if (length > MOST_BYTES) break; // leaving the loop destroys the connection
    chunks.push(chunk as Buffer);
  }
  return Buffer.concat(chunks);
}

function failureOf({ statusCode = 0, statusMessage, headers }: IncomingMessage, body: Buffer): HttpFailure {
  const text = /^(text\/|application\/json)/u.test(headers['content-type'] ?? '') ? body.toString('utf8', 0, 300) : '';
  return new HttpFailure(statusCode, text || (statusMessage ?? ''), waitOf(headers['retry-after']));
}

/** Seconds, or a date (RFC 9110, section 10.2.3). */
function waitOf(header: string | undefined): number | undefined {
  if (header === undefined) return undefined;
  const seconds = /^\d{1,6}$/u.test(header) ? Number(header) * 1000 : Date.parse(header) - Date.now();
  return Number.isFinite(seconds) ? Math.max(0, seconds) : undefined;
}

function compress(body: Uint8Array): Promise<Buffer> {
  return new Promise((resolve, reject) => gzip(body, (error, result) => (error ? reject(error) : resolve(result))));
}
