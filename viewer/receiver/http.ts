// OTLP over HTTP: `POST /v1/traces` with protobuf or JSON, plain or gzip. Bounded as the gRPC receiver is. Pages of a development server
// on this machine may send traces; pages of other sites may not.

import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gunzip } from 'node:zlib';
import { isLoopbackAuthority } from '../../runtime/text/loopback.js';
import { fromOtlpJson } from '../formats/otlp-json.js';
import { decodeRequest, type ReceivedSpan } from './decode.js';

export interface HttpReceiver {
  readonly endpoint: string;
  close(): Promise<void>;
}

const MAX_REQUEST_BYTES = 16 * 1024 * 1024;
const PATH = '/v1/traces';

export async function startHttpReceiver(
  host: string,
  port: number,
  onSpans: (spans: readonly ReceivedSpan[]) => void,
): Promise<HttpReceiver> {
  const server = createServer({ requestTimeout: 30_000 }, (request, response) => {
    receive(request, response, onSpans).catch((error: Error) => refuseRequest(response, 400, error.message));
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, resolve);
  });
  const bound = (server.address() as AddressInfo).port;
  return {
    endpoint: `http://${host.includes(':') ? `[${host}]` : host}:${bound}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function receive(
  request: IncomingMessage,
  response: ServerResponse,
  onSpans: (spans: readonly ReceivedSpan[]) => void,
): Promise<void> {
  const { host = '', origin } = request.headers;
  if (!isLoopbackAuthority(host)) return refuseRequest(response, 403, 'unknown host name in the request');
  if (origin !== undefined) {
    if (!URL.canParse(origin) || !isLoopbackAuthority(new URL(origin).host))
      return refuseRequest(response, 403, 'pages of other sites may not send traces');
    response.setHeader('access-control-allow-origin', origin);
    response.setHeader('access-control-allow-headers', 'content-type, content-encoding');
    response.setHeader('vary', 'origin');
    if (request.method === 'OPTIONS') return void response.writeHead(204).end();
  }
  if (new URL(request.url ?? '/', 'http://localhost').pathname !== PATH) return refuseRequest(response, 404, `expected ${PATH}`);
  if (request.method !== 'POST') return refuseRequest(response, 405, 'expected POST');
  const json = /^application\/json\b/.test(request.headers['content-type'] ?? '');
  if (!json && request.headers['content-type'] !== 'application/x-protobuf') {
    return refuseRequest(response, 415, 'expected application/x-protobuf or application/json');
  }
  const sent = await readBytes(request);
  if (sent === undefined) return refuseRequest(response, 413, `the request is longer than ${MAX_REQUEST_BYTES} bytes`);
  const bytes = request.headers['content-encoding'] === 'gzip' ? await inflate(sent) : sent;
  onSpans(json ? fromOtlpJson(JSON.parse(bytes.toString('utf8'))) : decodeRequest(bytes));
  response.writeHead(200, { 'content-type': json ? 'application/json' : 'application/x-protobuf' });
  response.end(json ? '{}' : undefined);
}

async function readBytes(request: IncomingMessage): Promise<Buffer | undefined> {
  const parts: Buffer[] = [];
  let size = 0;
  for await (const part of request as AsyncIterable<Buffer>) {
    size += part.length;
    if (size > MAX_REQUEST_BYTES) return undefined;
    parts.push(part);
  }
  return Buffer.concat(parts);
}

/** @throws Error when it is no gzip, or expands beyond the limit. */
function inflate(bytes: Buffer): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    gunzip(bytes, { maxOutputLength: MAX_REQUEST_BYTES }, (error, content) => (error ? reject(error) : resolve(content)));
  });
}

function refuseRequest(response: ServerResponse, status: number, message: string): void {
  if (response.headersSent) return;
  response.writeHead(status, { 'content-type': 'application/json', connection: 'close' });
  response.end(JSON.stringify({ message }));
}
