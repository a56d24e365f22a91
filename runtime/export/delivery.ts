// Gives batches to a SpanExporter: with tracing suppressed, limited in time, tried again where the OTLP specification
// says so, and reported with one clear line per cause and minute. Called by the queue (queue.ts). Nothing here rejects or holds
// the process.

import { context } from '@opentelemetry/api';
import { clearTimeout, now, round, setTimeout, unref } from '../captured.js';
import { SILENCED } from '../context/layer.js';
import { reportFault } from '../fault.js';
import type { ExportResult, ReadableSpan, Remark, SpanExporter } from '../sdk/contracts.js';
import { counted } from '../text/counted.js';
import type { Notice } from '../warnings.js';
import type { Certificates } from './certificates.js';
import type { Endpoint } from './endpoint.js';
import { ExportTimeout, type Failure, readFailure } from './failures.js';

/** Loaded with the first failure. */
const prober = (): typeof import('./probe.js') => require('./probe.js');

export interface DeliveryOptions {
  readonly exporter: SpanExporter;
  /** Set for our own OTLP exporter, which neither retries nor finds out what is wrong with the address. */
  readonly endpoint: Endpoint | null;
  readonly certificates: Certificates;
  /** Milliseconds for one batch with all attempts. */
  readonly timeout: number;
  readonly notice: Notice;
  /** Called after each attempt that failed. */
  onFailure?: () => void;
}

/** Pauses between attempts, as in OpenTelemetry's exporters over HTTP: from 1 s, times 1.5 each, to 5 s, with a jitter of a fifth. */
const BACKOFF = { first: 1000, factor: 1.5, most: 5000, jitter: 0.2, attempts: 6 };
const PROBE_INTERVAL = 60_000;
/** Milliseconds that resource detectors still have when the process is about to end. */
const GRACE = 200;

/** Outcome of a batch. */
interface Sent {
  /** Leading spans that were dealt with: all, or as many as one request holds. */
  readonly spans: number;
  /** How many of these spans the receiver accepted. */
  readonly accepted: number;
}

/** Outcome of one attempt. Without an error the batch was accepted, possibly with a remark of the Collector. */
interface Outcome {
  readonly error: unknown;
  readonly remark?: Remark | undefined;
}

export class Delivery {
  #failing = false;
  #hurried = false;
  #endPause: (() => void) | undefined;
  #probedAt = Number.NEGATIVE_INFINITY;
  #probed: Promise<string> | undefined;
  #reports: Promise<void> = Promise.resolve();
  /** Start of the attempt that is under way. */
  #attemptedAt: number | undefined;
  /** Error of that attempt, once the end of the process has broken it off. */
  #abandoned: ExportTimeout | undefined;
  /** The last failure, until it is logged or something is accepted. */
  #unlogged: string | undefined;
  /** Resources whose detectors have been waited for. */
  readonly #settled = new WeakSet<ReadableSpan['resource']>();

  constructor(readonly options: DeliveryOptions) {}

  /** Sends the leading spans that one request holds. Never rejects. */
  async send(waiting: ReadableSpan[]): Promise<Sent> {
    const deadline = now() + this.options.timeout;
    await this.#settleResources(waiting);
    const count = this.#fit(waiting);
    return { spans: count, accepted: await this.#deliver(waiting.slice(0, count), deadline) };
  }

  /** How many of the spans were taken. */
  async #deliver(spans: ReadableSpan[], deadline: number): Promise<number> {
    for (let attempt = 1; ; attempt++) {
      const last = this.#hurried;
      this.#attemptedAt = now();
      const { error, remark } = await this.#attempt(spans, Math.max(1, deadline - this.#attemptedAt));
      this.#attemptedAt = undefined;
      if (error === undefined) {
        this.#abandoned = undefined;
        this.#recover();
        return remark === undefined ? spans.length : this.#acceptedOf(spans.length, remark);
      }
      const failure = readFailure(this.#abandoned ?? error);
      this.#abandoned = undefined;
      this.#report(failure);
      this.options.onFailure?.();
      if (last || this.options.endpoint === null || !failure.retry || attempt >= BACKOFF.attempts) return 0;
      const backoff =
        Math.min(BACKOFF.first * BACKOFF.factor ** (attempt - 1), BACKOFF.most) * (1 + BACKOFF.jitter * (2 * Math.random() - 1));
      const wait = Math.max(backoff, failure.retryAfter ?? 0);
      if (!this.#hurried && now() + wait >= deadline) return 0;
      await this.#pause(wait);
    }
  }

  /** Limits each batch to one attempt without delay from now on, because the process is about to end. */
  hurry(): void {
    this.#hurried = true;
    this.#endPause?.();
  }

  /** Undoes `hurry()`, when the process keeps running. */
  relax(): void {
    this.#hurried = false;
  }

  /** Ends the pause before the next attempt. */
  nudge(): void {
    this.#endPause?.();
  }

  /** Resolves when all failures so far have been logged. */
  logged(): Promise<void> {
    return this.#reports;
  }

  /** Ends the attempt that is under way: its limit is over, and the process is about to end. */
  abandonAttempt(): void {
    if (this.#attemptedAt === undefined) return;
    this.#abandoned = new ExportTimeout(now() - this.#attemptedAt);
    this.options.exporter.disconnect?.();
  }

  /** Why spans have not been accepted; empty where a line before says it. */
  cause(): string {
    const where = this.options.endpoint?.url ?? 'the exporter given in code';
    if (this.#unlogged !== undefined) return `; ${where}: ${this.#unlogged}`;
    if (this.#attemptedAt !== undefined) return `; no answer from ${where} for ${round(now() - this.#attemptedAt)} ms`;
    return this.#failing ? '' : '; not sent yet';
  }

  /** A span that cannot be encoded makes the attempt fail. */
  #fit(spans: ReadableSpan[]): number {
    const { exporter } = this.options;
    try {
      if (exporter.fit !== undefined) return exporter.fit(spans);
      // objects that a user's exporter derives from the spans would each draw an id of their own
      for (const span of spans) span.spanContext();
      return spans.length;
    } catch {
      return spans.length;
    }
  }

  /** Waits for attributes that resource detectors have not found yet; within their limit, or shortly where the process is to end. */
  async #settleResources(spans: readonly ReadableSpan[]): Promise<void> {
    const pending: ReadableSpan['resource'][] = [];
    let last: ReadableSpan['resource'] | undefined;
    for (const { resource } of spans) {
      if (resource === last || !resource) continue;
      last = resource;
      if (this.#settled.has(resource)) continue;
      this.#settled.add(resource);
      pending.push(resource);
    }
    if (pending.length === 0) return;
    const shortly = new Promise<void>((resolve) => {
      this.#endPause = () => unref(setTimeout(resolve, GRACE));
      if (this.#hurried) this.#endPause();
    });
    await Promise.race([Promise.allSettled(pending.map(async (resource) => resource.waitForAsyncAttributes?.())), shortly]);
  }

  #attempt(spans: ReadableSpan[], limit: number): Promise<Outcome> {
    return new Promise((resolve) => {
      const timer = unref(setTimeout(() => resolve({ error: new ExportTimeout(limit) }), limit));
      const settle = (error: unknown, remark?: Remark): void => {
        clearTimeout(timer);
        resolve({ error, remark });
      };
      const judge = (result: ExportResult): void => {
        try {
          const { code, error, remark } = result;
          if (code === 0) settle(undefined, remark);
          else settle(error ?? new Error('the exporter reported a failure without an error'));
        } catch {
          settle(new Error('the exporter reported a result that cannot be read'));
        }
      };
      try {
        const returned: unknown = context.with(SILENCED, () => this.options.exporter.export(spans, judge, limit));
        // An exporter written as an async function reports its failure by rejecting.
        if (returned instanceof Promise) returned.catch((error) => settle(error ?? new Error('the exporter rejected')));
        if (keepsSpans(this.options.exporter)) settle(undefined);
      } catch (error) {
        settle(error ?? new Error('the exporter threw'));
      }
    });
  }

  /** Spans that a Collector rejects in a partial success must not be sent again (OTLP specification, "Partial Success"). */
  #acceptedOf(sent: number, { rejected, message }: Remark): number {
    const lost = Math.min(Math.max(0, Math.trunc(rejected) || 0), sent);
    const what = lost > 0 ? `rejected ${lost} of ${counted(sent, 'span')}` : `accepted ${counted(sent, 'span')}`;
    const url = this.options.endpoint?.url ?? 'the exporter given in code';
    this.#after(() => this.options.notice('SPW009', `${url} ${what}: ${message || 'no message'}`));
    return sent - lost;
  }

  #pause(milliseconds: number): Promise<void> {
    if (this.#hurried) return Promise.resolve();
    return new Promise((resolve) => {
      const timer = unref(setTimeout(resolve, milliseconds));
      this.#endPause = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  #report(failure: Failure): void {
    this.#failing = true;
    const unlogged = `${failure.name}: ${failure.text}`;
    this.#unlogged = unlogged;
    this.#after(async () => {
      const found = failure.connection ? await this.#probe() : undefined;
      const { endpoint } = this.options;
      const proxy = failure.connection && endpoint ? prober().throughProxy(endpoint) : '';
      const where = endpoint ? `to ${endpoint.url}${proxy}` : 'through the exporter given in code';
      const what = found ?? `${failure.text}${failure.remedy ? `; ${failure.remedy}` : ''}`;
      this.options.notice(
        'SPW003',
        `${where}: ${failure.name}: ${what}. The service continues.`,
        `${failure.name} ${found ?? ''}`,
      );
      if (this.#unlogged === unlogged) this.#unlogged = undefined;
    });
  }

  #recover(): void {
    if (!this.#failing) return;
    this.#failing = false;
    this.#unlogged = undefined;
    this.#after(() => this.options.notice('SPW004', this.options.endpoint?.url));
  }

  /** Logs in the order of the causes. */
  #after(log: () => void | Promise<void>): void {
    this.#reports = this.#reports.then(log).catch((fault) => reportFault('export', fault));
  }

  /** The fault that a probe found, at most one probe a minute; undefined when it finds none. */
  async #probe(): Promise<string | undefined> {
    const { endpoint, certificates } = this.options;
    if (endpoint === null) return undefined;
    if (now() - this.#probedAt >= PROBE_INTERVAL) {
      this.#probedAt = now();
      this.#probed = prober()
        .probe(endpoint, { certificates, background: true })
        .then(
          ({ finding, message }) => (finding === 'reachable' ? '' : message),
          () => '',
        );
    }
    return (await this.#probed) || undefined;
  }
}

/**
 * True for OpenTelemetry's InMemorySpanExporter and its like, which have the spans when `export()` returns. It reports its result from a
 * timer, which never runs under the fake clock of a test.
 */
function keepsSpans(exporter: object): boolean {
  return typeof (exporter as { getFinishedSpans?: unknown }).getFinishedSpans === 'function';
}
