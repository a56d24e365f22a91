// Builds the path of a span after its end: the export queue, and the application's own span processors. Called by
// startTracing() once. Nothing that these parts do later reaches the service: no throw, no rejection, no timer that holds it.

import { types } from 'node:util';
import type { Context } from '@opentelemetry/api';
import { apply, promiseThen } from '../captured.js';
import type { Configuration } from '../config/configuration.js';
import type { ReadableSpan, SpanExporter, SpanProcessor, StartedSpan } from '../sdk/contracts.js';
import { loadTraceSdk } from '../sdk/packages.js';
import type { AnyFunction } from '../site/site.js';
import { untraced } from '../span/callback.js';
import { textOfThrown } from '../text/thrown.js';
import type { Notice } from '../warnings.js';
import { within } from '../within.js';
import { readCertificates } from './certificates.js';
import { Delivery, type DeliveryOptions } from './delivery.js';
import { checkEndpoint, type Endpoint } from './endpoint.js';
import { createExporter } from './exporter.js';
import { type ExportCounts, ExportQueue } from './queue.js';

export interface Pipeline {
  readonly processor: SpanProcessor;
  /** Live: read it again for the figures of that moment. All zero where only span processors were given. */
  readonly counts: ExportCounts;
  /** Sends the queued spans, with one attempt per batch, within the limit. Never rejects. */
  flushWithin(limitMillis: number): Promise<void>;
  /** Logs how many spans are lost with the process; see ExportQueue. */
  reportLost(when?: string): void;
  /** Null where the application gave its own exporter or only span processors. */
  readonly endpoint: Endpoint | null;
}

const NOTHING: ExportCounts = Object.freeze({ ended: 0, exported: 0, failed: 0, dropped: 0, queued: 0 });

/**
 * The pipeline, or null when there is nothing to send to: no endpoint, exporter or span processor is configured, tracing is
 * disabled, or the endpoint cannot be used, which is logged as a notice.
 * @throws ConfigurationError when a certificate file cannot be read or used.
 */
export function buildPipeline(configuration: Configuration, notice: Notice): Pipeline | null {
  if (configuration.disabled) {
    notice('SPW008');
    return null;
  }
  const given = configuration.exporter ?? consoleExporter(configuration);
  const endpoint = given === null ? usableEndpoint(configuration, notice) : null;
  const certificates = endpoint?.tls ? readCertificates(configuration, 'otlp') : {};
  const exporter = given ?? (endpoint === null ? null : createExporter(endpoint, certificates, configuration));
  const queue = exporter === null ? null : buildQueue({ exporter, endpoint, certificates }, configuration, notice);
  const processors: SpanProcessor[] = configuration.spanProcessors.map(
    (processor, index) => new Guarded(processor, index, configuration, notice),
  );
  if (queue) processors.push(queue);
  const [first] = processors;
  if (first === undefined) return null;
  return {
    processor: processors.length === 1 ? first : new Several(processors),
    get counts() {
      return queue?.counts ?? NOTHING;
    },
    flushWithin: async (limitMillis) => queue?.flushWithin(limitMillis),
    reportLost: (when) => queue?.reportLost(when),
    endpoint,
  };
}

/** OpenTelemetry's exporter to standard output, where the configuration asks for it. */
function consoleExporter({ tracesExporter }: Configuration): SpanExporter | null {
  return tracesExporter === 'console' ? new (loadTraceSdk().ConsoleSpanExporter)() : null;
}

function usableEndpoint(configuration: Configuration, notice: Notice): Endpoint | null {
  if (configuration.endpoint === null || configuration.tracesExporter === 'none') return null;
  const check = checkEndpoint(configuration.endpoint, configuration.otlpProtocol, {
    generic: configuration.endpointIsGeneric,
    insecure: configuration.otlpInsecure,
  });
  if (check.ok) return check.endpoint;
  notice('SPW002', `${check.message} The service continues without tracing.`, check.message);
  return null;
}

function buildQueue(
  target: Pick<DeliveryOptions, 'exporter' | 'endpoint' | 'certificates'>,
  configuration: Configuration,
  notice: Notice,
): ExportQueue {
  const { maxQueueSize, maxExportBatchSize, scheduleDelay, exportTimeout, otlpTimeout, shutdownTimeout } = configuration;
  const flushTimeout = Math.min(onRequestPath() ? REQUEST_FLUSH_MS : otlpTimeout, exportTimeout);
  if (configuration.enabled) target.exporter.prepare?.().catch(() => {}); // the first export reports what is wrong
  const delivery = new Delivery({ ...target, timeout: exportTimeout, notice });
  return new ExportQueue({ delivery, maxQueueSize, maxExportBatchSize, scheduleDelay, flushTimeout, shutdownTimeout, notice });
}

/** Default limit of a flush on platforms that await it in each request. */
const REQUEST_FLUSH_MS = 2000;

/** AWS Lambda freezes the process between requests, so that each one ends with a flush. */
function onRequestPath(): boolean {
  return process.env.AWS_LAMBDA_FUNCTION_NAME !== undefined;
}

/** Several processors, called in order. Each of them handles its own faults. */
class Several implements SpanProcessor {
  constructor(readonly parts: readonly SpanProcessor[]) {}

  onStart(span: StartedSpan, parentContext: Context): void {
    for (const part of this.parts) part.onStart(span, parentContext);
  }
  onEnding(span: StartedSpan): void {
    for (const part of this.parts) part.onEnding?.(span);
  }
  onEnd(span: ReadableSpan): void {
    for (const part of this.parts) part.onEnd(span);
  }
  async forceFlush(limitMillis?: number): Promise<void> {
    await Promise.all(this.parts.map((part) => part.forceFlush(limitMillis)));
  }
  async shutdown(): Promise<void> {
    await Promise.all(this.parts.map((part) => part.shutdown()));
  }
}

/** A span processor of the application: its exceptions are logged and swallowed, and it cannot hold up a shutdown. */
class Guarded implements SpanProcessor {
  constructor(
    readonly inner: SpanProcessor,
    readonly index: number,
    readonly configuration: Configuration,
    readonly notice: Notice,
  ) {}

  onStart(span: StartedSpan, parentContext: Context): void {
    this.#call('onStart', span, parentContext);
  }
  onEnding(span: StartedSpan): void {
    if (this.inner.onEnding !== undefined) this.#call('onEnding', span);
  }
  onEnd(span: ReadableSpan): void {
    span.spanContext(); // objects that are derived from the span would each draw an id of their own
    this.#call('onEnd', span);
  }
  forceFlush(limitMillis = this.configuration.exportTimeout): Promise<void> {
    return this.#await('forceFlush', limitMillis, () => this.inner.forceFlush());
  }
  shutdown(): Promise<void> {
    return this.#await('shutdown', this.configuration.shutdownTimeout, () => this.inner.shutdown());
  }

  /** Calls made by the processor are not traced: it would get their spans too, and call for ever. */
  #call(method: 'onStart' | 'onEnding' | 'onEnd', ...args: unknown[]): void {
    try {
      const returned = untraced(this.inner[method] as AnyFunction, this.inner, args);
      // an async method fails by rejecting
      if (types.isPromise(returned)) apply(promiseThen, returned, [undefined, (error: unknown) => this.#report(method, error)]);
    } catch (error) {
      this.#report(method, error);
    }
  }

  async #await(method: string, limit: number, call: () => Promise<void>): Promise<void> {
    try {
      await within(limit, call(), () => {
        throw new Error(`not done after ${limit} ms`);
      });
    } catch (error) {
      this.#report(method, error);
    }
  }

  #report(method: string, error: unknown): void {
    this.notice('SPW007', `spanProcessors[${this.index}].${method}: ${textOfThrown(error)}`, `${this.index} ${method}`);
  }
}
