// Meaning of export failures: by gRPC status or HTTP status, whether it is worth another attempt (OTLP
// specification, "Failures"), and what a person should do. Read by delivery.ts; a table, so that each status has its own text.

import { SpanwrightError } from '../errors.js';
import { GRPC_STATUS, type GrpcStatusName, grpcStatusName } from '../text/grpc-status.js';
import { retryInfoOf } from './retry-info.js';

interface Row {
  readonly name: string;
  /** Another attempt with the same spans may succeed. */
  readonly retry: boolean;
  /** The connection itself is in doubt: probe.ts finds out more. */
  readonly connection?: true;
  readonly remedy?: string;
}

const CREDENTIALS = 'the Collector refuses our credentials; correct otlp_headers (OTEL_EXPORTER_OTLP_HEADERS)';
const NO_SERVICE =
  'the server has no OTLP trace service at this address; enable the otlp receiver with a traces pipeline, or correct otlp_endpoint';
const TOO_MUCH = 'the Collector has no capacity left; give it more, or lower max_export_batch_size';
const BEHIND = 'the Collector, or its backend, accepts no requests now; see its log';
const NO_ANSWER = 'no answer in time; the Collector is slow or hangs (otlp_timeout)';

/** OTLP specification, "OTLP/gRPC Response", for the statuses that are retryable. */
const GRPC: Readonly<Partial<Record<GrpcStatusName, Omit<Row, 'name'>>>> = {
  CANCELLED: { retry: true },
  INVALID_ARGUMENT: { retry: false, remedy: 'the Collector does not understand the spans; compare its version' },
  DEADLINE_EXCEEDED: { retry: true, connection: true, remedy: NO_ANSWER },
  NOT_FOUND: { retry: false, remedy: NO_SERVICE },
  PERMISSION_DENIED: { retry: false, remedy: CREDENTIALS },
  RESOURCE_EXHAUSTED: { retry: false, remedy: TOO_MUCH },
  ABORTED: { retry: true },
  OUT_OF_RANGE: { retry: true },
  UNIMPLEMENTED: { retry: false, remedy: NO_SERVICE },
  INTERNAL: { retry: false, connection: true, remedy: 'the Collector or a proxy before it failed; see its log' },
  UNAVAILABLE: { retry: true, connection: true, remedy: 'no Collector listens there, or it refuses requests; see its log' },
  DATA_LOSS: { retry: true },
  UNAUTHENTICATED: { retry: false, remedy: CREDENTIALS },
};

/** OTLP specification, "OTLP/HTTP Response": only these four failures are retryable. */
const HTTP: ReadonlyMap<number, Row> = new Map([
  [400, { name: 'HTTP 400', retry: false, remedy: 'the Collector does not understand the spans; compare its version' }],
  [401, { name: 'HTTP 401', retry: false, remedy: CREDENTIALS }],
  [403, { name: 'HTTP 403', retry: false, remedy: CREDENTIALS }],
  [404, { name: 'HTTP 404', retry: false, remedy: NO_SERVICE }],
  [413, { name: 'HTTP 413', retry: false, remedy: TOO_MUCH }],
  [429, { name: 'HTTP 429', retry: true, remedy: TOO_MUCH }],
  [502, { name: 'HTTP 502', retry: true, remedy: BEHIND }],
  [503, { name: 'HTTP 503', retry: true, remedy: BEHIND }],
  [504, { name: 'HTTP 504', retry: true, remedy: BEHIND }],
]);

/**
 * Node's codes for a connection that was not established or was lost. A request may have been read before; the specification accepts that.
 */
const PASSING = new Set([
  'ECONNRESET',
  'ECONNREFUSED',
  'EPIPE',
  'ETIMEDOUT',
  'EAI_AGAIN',
  'ENOTFOUND',
  'ENETUNREACH',
  'EHOSTUNREACH',
]);

/** An export that did not finish within its limit. */
export class ExportTimeout extends Error {
  readonly code = 'TIMEOUT';
  constructor(milliseconds: number) {
    super(`no answer within ${Math.round(milliseconds)} ms`);
    this.name = 'ExportTimeout';
  }
}

export interface Failure extends Row {
  /** The message of the other side or of the operating system. */
  readonly text: string;
  /** Milliseconds that the other side asks us to wait before the next attempt. */
  readonly retryAfter?: number;
}

function failureRow(code: number): Row {
  const name = code === GRPC_STATUS.OK ? undefined : grpcStatusName(code);
  if (name !== undefined) return { retry: false, ...GRPC[name], name };
  return HTTP.get(code) ?? { name: code > 99 ? `HTTP ${code}` : `status ${code}`, retry: false };
}

function waitOf(error: { retryAfterMillis?: unknown; metadata?: unknown }): number | undefined {
  if (typeof error.retryAfterMillis === 'number') return error.retryAfterMillis;
  // as errors of @grpc/grpc-js, and so of exporters given in code, have it
  const [details] = (error.metadata as { get?(key: string): unknown[] } | undefined)?.get?.('grpc-status-details-bin') ?? [];
  return details instanceof Uint8Array ? retryInfoOf(details) : undefined;
}

/** Reads what an exporter reported, which may be any value. Never throws. */
export function readFailure(error: unknown): Failure {
  try {
    const { code, details, message } = error as { code?: unknown; details?: unknown; message?: unknown };
    const text = String(details || message || error).slice(0, 300);
    if (typeof code === 'number') {
      const row = failureRow(code);
      const retryAfter = waitOf(error as object);
      if (retryAfter === undefined) return { ...row, text };
      // retryable only when the server names a delay (OTLP specification, "OTLP/gRPC Throttling")
      return { ...row, retry: row.retry || code === GRPC_STATUS.RESOURCE_EXHAUSTED, text, retryAfter };
    }
    if (error instanceof SpanwrightError) return { name: error.code, retry: false, text };
    if (error instanceof ExportTimeout) return { name: error.code, retry: true, connection: true, remedy: NO_ANSWER, text };
    if (typeof code === 'string') return { name: code, retry: PASSING.has(code), connection: true, text };
    return { name: 'error', retry: false, connection: true, text };
  } catch {
    return { name: 'error', retry: false, text: 'an error that cannot be read' };
  }
}
