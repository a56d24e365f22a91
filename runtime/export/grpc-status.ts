// How a gRPC call ended: the status that the server gave, or the one that the gRPC specification gives to what happened instead ("HTTP2
// Transport Mapping" and "HTTP to gRPC Status Code Mapping"). Read by otlp-grpc.ts.

import { constants, type IncomingHttpHeaders, type IncomingHttpStatusHeader } from 'node:http2';
import { retryInfoOf } from './retry-info.js';

const UNKNOWN = 2;
const INTERNAL = 13;
const UNAVAILABLE = 14;

/** A call that did not succeed. `code` is a gRPC status. */
export class GrpcFailure extends Error {
  /** @param retryAfterMillis how long the server asks us to wait. */
  constructor(
    readonly code: number,
    message: string,
    readonly retryAfterMillis?: number,
  ) {
    super(message);
    this.name = 'GrpcFailure';
  }
}

const OF_HTTP = new Map([
  [400, INTERNAL],
  [401, 16],
  [403, 7],
  [404, 12],
  [429, UNAVAILABLE],
  [502, UNAVAILABLE],
  [503, UNAVAILABLE],
  [504, UNAVAILABLE],
]);

const OF_RESET = new Map<number, number>([
  [constants.NGHTTP2_REFUSED_STREAM, UNAVAILABLE],
  [constants.NGHTTP2_CANCEL, 1],
  [constants.NGHTTP2_ENHANCE_YOUR_CALM, 8],
  [constants.NGHTTP2_INADEQUATE_SECURITY, 7],
]);
/** Resets by which a connection ends, rather than a call: nothing says that the server has judged it. */
const OF_CONNECTION = new Set<number>([constants.NGHTTP2_NO_ERROR, constants.NGHTTP2_CANCEL]);

/** Undefined: success. */
export function statusOf(
  headers: IncomingHttpHeaders & IncomingHttpStatusHeader,
  trailers: IncomingHttpHeaders,
): GrpcFailure | undefined {
  const said = 'grpc-status' in trailers ? trailers : headers;
  if (said['grpc-status'] === undefined) {
    const status = headers[':status'] ?? 0;
    return new GrpcFailure(OF_HTTP.get(status) ?? UNKNOWN, `the server answered with HTTP status ${status}, not with gRPC`);
  }
  const digits = String(said['grpc-status']);
  const code = /^\d{1,2}$/u.test(digits) ? Number(digits) : -1; // an empty text is the number 0 to JavaScript
  if (code === 0) return undefined;
  const known = code > 0 && code <= 16;
  return new GrpcFailure(
    known ? code : UNKNOWN,
    decoded(String(said['grpc-message'] || 'the server gives no reason')),
    waitOf(said),
  );
}

/** Why there was no answer: the connection was not made or was lost, or the server reset the call. */
export function reasonOf(error: Error & { code?: unknown }, resetCode: number): GrpcFailure {
  const reset = error.code === 'ERR_HTTP2_STREAM_ERROR' && !OF_CONNECTION.has(resetCode);
  const code = reset ? (OF_RESET.get(resetCode) ?? INTERNAL) : UNAVAILABLE;
  return new GrpcFailure(code, error.message || String(error.code ?? error.name));
}

function waitOf(said: IncomingHttpHeaders): number | undefined {
  const details = said['grpc-status-details-bin'];
  return typeof details === 'string' ? retryInfoOf(Buffer.from(details, 'base64')) : undefined;
}

/** Percent-encoded; what is not, is shown as it is (gRPC specification, "Responses"). */
function decoded(message: string): string {
  try {
    return decodeURIComponent(message);
  } catch {
    return message;
  }
}
