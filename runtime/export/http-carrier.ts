// OTLP over HTTP: OpenTelemetry's delegate (`createOtlpHttpExportDelegate`, of which its OTLPTraceExporter is made) with our encoder as its
// serializer, over an Agent that knows each request. The delegate retries by itself with timers that hold the process and cannot be
// ended, and does not expose the status of such answers; so failures that it would retry are hidden from it. delivery.ts retries.
// Built by exporter.ts.

import { type AgentOptions, type ClientRequest, Agent as HttpAgent, type IncomingMessage } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import type { Socket } from 'node:net';
import type { MeterProvider } from '@opentelemetry/api';
import { clearTimeout, now, setTimeout, unref } from '../captured.js';
import type { ExportResult } from '../sdk/contracts.js';
import type { Certificates } from './certificates.js';
import { holdNothing } from './connect-limit.js';
import { exporterMeters } from './exporter-meters.js';
import { ExportTimeout } from './failures.js';
import type { Carrier, ExportDelegate, Serializer } from './otlp.js';
import { retryAfterMillis } from './retry-after.js';

const COMPONENT = 'otlp_http_span_exporter';
/** Added to a status that the delegate would retry, and prefixed to the code of such an error, so that the delegate does not retry. */
const MASK = 1000;
const MASKED_ERROR = 'EXPORT_';
const RETRIED = new Set([429, 502, 503, 504]);
/** Longest timer of Node, because the attempt has a limit of its own. */
const NEVER = 2 ** 31 - 1;

interface HttpSettings {
  readonly url: string;
  readonly headers: () => Promise<Record<string, string>>;
  readonly agentFactory: () => unknown;
  readonly compression: 'gzip' | 'none';
  readonly timeoutMillis: number;
  readonly concurrencyLimit: number;
  readonly userAgent: string;
}

/** The used parts of `@opentelemetry/otlp-exporter-base`, the transformer and the exporter itself; loaded by sdk/packages.ts. */
export interface HttpPackages {
  /** Missing in a version that has changed it: the exporter itself takes its place, with its own serializer. */
  createOtlpHttpExportDelegate?(
    settings: HttpSettings,
    serializer: Serializer,
    component: string,
    helper: unknown,
    meters: MeterProvider,
  ): ExportDelegate;
  TraceExporterMetricsHelper: unknown;
  OTLPTraceExporter: new (settings: object) => ExportDelegate;
}

interface HttpOptions {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly gzip: boolean;
  readonly userAgent: string;
  /** Undefined: plaintext. */
  readonly tls: Certificates | undefined;
}

/** An answer with a status that is no success. */
class HttpFailure extends Error {
  /** @param retryAfterMillis from the header `Retry-After`. */
  constructor(
    readonly code: number,
    message: string,
    readonly retryAfterMillis: number | undefined,
  ) {
    super(message);
    this.name = 'HttpFailure';
  }
}

interface Answer {
  readonly status: number;
  readonly reason: string;
  readonly isText: boolean;
  readonly retryAfterMillis: number | undefined;
}

/** One request: its observed state, and its early end. */
class Attempt {
  request: ClientRequest | undefined;
  answer: Answer | undefined;
  /** The server closed an idle connection just when the request was written to it. */
  isStale = false;
  #end: Error | undefined;

  watch(request: ClientRequest): void {
    this.request = request;
    request.prependOnceListener('response', (response: IncomingMessage) => {
      this.answer = answerOf(response);
      if (RETRIED.has(this.answer.status)) response.statusCode = this.answer.status + MASK;
    });
    request.prependListener('error', (error: NodeJS.ErrnoException) => {
      this.isStale = request.reusedSocket && (error.code === 'ECONNRESET' || error.code === 'EPIPE');
      if (typeof error.code === 'string') error.code = MASKED_ERROR + error.code;
    });
    if (this.#end !== undefined) request.destroy(this.#end);
  }

  end(error: Error): void {
    this.#end = error;
    this.request?.destroy(error);
  }
}

export class HttpCarrier implements Carrier {
  #packages: HttpPackages | undefined;
  #delegate: ExportDelegate | undefined;
  readonly #agent: HttpAgent;
  /** Attempts whose request has not been made, in the order of their calls. */
  readonly #expected: Attempt[] = [];
  readonly #underWay = new Set<(error: Error) => void>();

  constructor(
    readonly options: HttpOptions,
    readonly serializer: Serializer,
    readonly load: () => Promise<HttpPackages>,
  ) {
    this.#agent = createAgent(options.tls, (request) => this.#expected.shift()?.watch(request));
  }

  async prepare(): Promise<void> {
    this.#packages ??= await this.load();
  }

  /** A request that met a stale connection is sent again at once, on another one. */
  async send(items: readonly unknown[], limitMillis: number): Promise<ExportResult> {
    const first = new Attempt();
    const began = now();
    const result = await this.#request(first, items, limitMillis);
    if (result.code === 0 || !first.isStale) return result;
    return this.#request(new Attempt(), items, Math.max(1, limitMillis - (now() - began)));
  }

  #request(attempt: Attempt, items: readonly unknown[], limitMillis: number): Promise<ExportResult> {
    this.#delegate ??= this.#createDelegate();
    const delegate = this.#delegate;
    this.#expected.push(attempt);
    return new Promise((resolve) => {
      const settle = (result: ExportResult): void => {
        clearTimeout(timer);
        this.#underWay.delete(end);
        resolve({ ...judge(result, attempt.answer), isEarly: attempt.request?.writableFinished !== true });
      };
      const end = (error: Error): void => {
        attempt.end(error);
        settle({ code: 1, error });
      };
      const timer = unref(setTimeout(() => end(new ExportTimeout(limitMillis)), limitMillis));
      this.#underWay.add(end);
      delegate.export(items, (result) => {
        const unmade = this.#expected.indexOf(attempt);
        if (unmade >= 0) this.#expected.splice(unmade, 1);
        settle(result);
      });
    });
  }

  close(): void {
    for (const end of [...this.#underWay]) end(new Error('the exporter is shut down'));
    this.#agent.destroy();
  }

  #createDelegate(): ExportDelegate {
    const packages = this.#packages as HttpPackages;
    const { url, headers, gzip, userAgent } = this.options;
    const settings: HttpSettings = {
      url,
      headers: async () => ({ ...headers, 'Content-Type': 'application/x-protobuf' }),
      agentFactory: () => this.#agent,
      compression: gzip ? 'gzip' : 'none',
      timeoutMillis: NEVER,
      concurrencyLimit: 30, // with 1 the next batch would fail after each batch that was given up
      userAgent,
    };
    if (packages.createOtlpHttpExportDelegate === undefined) {
      const { agentFactory: httpAgentOptions, ...rest } = settings;
      return new packages.OTLPTraceExporter({ ...rest, headers: { ...headers }, httpAgentOptions });
    }
    const { TraceExporterMetricsHelper: helper } = packages;
    return packages.createOtlpHttpExportDelegate(settings, this.serializer, COMPONENT, helper, exporterMeters(COMPONENT));
  }
}

/** Methods of Node's Agent; the types leave out the first. */
interface AgentMethods {
  addRequest(request: ClientRequest, options: AgentOptions): void;
  createConnection(options: AgentOptions, done: (error: Error | null, socket: Socket) => void): Socket;
  reuseSocket(socket: Socket, request: ClientRequest): void;
}

/** An Agent whose connections do not hold the process: a caller that waits for a flush holds it. */
function createAgent(tls: Certificates | undefined, watch: (request: ClientRequest) => void): HttpAgent {
  const agent = (tls === undefined
    ? new HttpAgent({ keepAlive: true })
    : new HttpsAgent({ keepAlive: true, ...tls })) as unknown as AgentMethods;
  const { addRequest, createConnection, reuseSocket } = agent;
  agent.addRequest = (request, options) => {
    watch(request);
    addRequest.call(agent, request, options);
  };
  agent.createConnection = (options, done) => {
    const socket = createConnection.call(agent, options, done);
    holdNothing(socket);
    return socket;
  };
  // Node's own method removes the listeners of an idle connection; from Node 24 on, one of these listeners closes a connection that
  // receives data
  agent.reuseSocket = (socket, request) => {
    reuseSocket.call(agent, socket, request);
    socket.unref();
  };
  return agent as unknown as HttpAgent;
}

/** The status alone decides whether the spans were accepted; a truncated body changes nothing. */
function judge(result: ExportResult, answer: Answer | undefined): ExportResult {
  if (answer === undefined) return { ...result, ...(result.error && { error: unmasked(result.error) }) };
  if (answer.status >= 200 && answer.status < 300) return { code: 0 };
  const { data } = (result.error ?? {}) as { data?: unknown };
  const text = answer.isText && typeof data === 'string' ? data.slice(0, 300) : '';
  return { code: 1, error: new HttpFailure(answer.status, text || answer.reason, answer.retryAfterMillis) };
}

function unmasked(error: NodeJS.ErrnoException): Error {
  if (typeof error.code === 'string' && error.code.startsWith(MASKED_ERROR)) error.code = error.code.slice(MASKED_ERROR.length);
  return error;
}

function answerOf({ statusCode = 0, statusMessage = '', headers }: IncomingMessage): Answer {
  return {
    status: statusCode,
    reason: statusMessage,
    isText: /^(text\/|application\/json)/u.test(headers['content-type'] ?? ''),
    retryAfterMillis: retryAfterMillis(headers['retry-after']),
  };
}
