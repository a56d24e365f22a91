// The queue of ended spans: a SpanProcessor that sends them in batches and accounts for every one of them. Built by exporter.ts.
// Ours instead of the SDK's BatchSpanProcessor because that one keeps its drops to itself, holds the process with its export
// timer, and leaves its exporter open when the last flush fails (docs/decisions/0006-own-export-queue.md).

import { AsyncResource } from 'node:async_hooks';
import { TraceFlags } from '@opentelemetry/api';
import type { ReadableSpan, SpanProcessor } from '../sdk/contracts.js';
import type { Notice } from '../warnings.js';
import type { Delivery } from './delivery.js';

/** At any time exported + failed + dropped + queued = ended. */
export interface ExportCounts {
  /** Recorded spans that ended. */
  readonly ended: number;
  /** Taken by the collector. */
  readonly exported: number;
  /** Given up: refused for good, rejected, out of time, or lost at shutdown. */
  readonly failed: number;
  /** Did not fit into the queue, or ended after shutdown. */
  readonly dropped: number;
  /** Waiting or under way. */
  readonly queued: number;
}

export interface QueueOptions {
  readonly delivery: Delivery;
  readonly maxQueueSize: number;
  readonly maxExportBatchSize: number;
  /** Milliseconds. */
  readonly scheduleDelay: number;
  readonly exportTimeout: number;
  readonly shutdownTimeout: number;
  readonly notice: Notice;
}

/**
 * The first batch holds so many spans, each further one twice as many, up to the limit: before the engine has compiled what serializes
 * and sends them, a full batch of 512 blocks the event loop for 40 to 60 ms.
 */
const FIRST_BATCH = 32;

export class ExportQueue implements SpanProcessor {
  #waiting: ReadableSpan[] = [];
  #underWay = 0;
  #ended = 0;
  #exported = 0;
  #failed = 0;
  #dropped = 0;
  #droppedSaid = 0;
  #batchSize: number;
  /** Spans that entered the queue and that left it, in order: a flush waits for the second to reach the first. */
  #entered = 0;
  #left = 0;
  /** What had entered when the delay was last over: all of it is due, in however many batches. */
  #due = 0;
  #flushes: { readonly mark: number; readonly done: () => void }[] = [];
  #timer: NodeJS.Timeout | undefined;
  #turn: NodeJS.Immediate | undefined;
  #closing: Promise<void> | undefined;
  #abandoned = false;
  /** Sends in the asynchronous context of the set-up: the exporter's connection must not keep a request's context alive. */
  readonly #scope = new AsyncResource('SpanwrightExport');

  constructor(readonly options: QueueOptions) {
    this.#batchSize = Math.min(FIRST_BATCH, options.maxExportBatchSize);
  }

  get counts(): ExportCounts {
    return {
      ended: this.#ended,
      exported: this.#exported,
      failed: this.#failed,
      dropped: this.#dropped,
      queued: this.#waiting.length + this.#underWay,
    };
  }

  onStart(): void {}

  onEnd(span: ReadableSpan): void {
    if ((span.spanContext().traceFlags & TraceFlags.SAMPLED) === 0) return;
    this.#ended++;
    if (this.#closing !== undefined || this.#waiting.length >= this.options.maxQueueSize) {
      if (this.#dropped++ === this.#droppedSaid && this.#closing === undefined) this.#sayDropped();
      return;
    }
    this.#entered++;
    this.#waiting.push(span);
    this.#schedule();
  }

  /** Resolves when all spans that ended before the call are sent or given up, at the latest after the export timeout. */
  forceFlush(): Promise<void> {
    return this.#drain(this.options.exportTimeout);
  }

  /** As a flush, but with one attempt a batch, and no longer than the limit: what is under way then is given up. */
  async flushWithin(limitMillis: number): Promise<void> {
    const { delivery } = this.options;
    delivery.hurry();
    await this.#drain(limitMillis);
    if (this.#closing !== undefined) return;
    if (this.#underWay > 0) delivery.options.exporter.disconnect?.();
    delivery.relax();
  }

  /** Sends what is queued, within the shutdown limit, and closes the exporter. Never rejects; idempotent. */
  shutdown(): Promise<void> {
    this.#closing ??= this.#close(); // set in the same turn: #close runs to its first await
    return this.#closing;
  }

  async #close(): Promise<void> {
    const started = performance.now();
    const { delivery, shutdownTimeout, maxExportBatchSize, notice } = this.options;
    delivery.hurry();
    this.#batchSize = maxExportBatchSize; // time is short, and what would be blocked is about to end
    await this.#drain(shutdownTimeout);
    clearTimeout(this.#timer);
    const lost = this.#waiting.length + this.#underWay;
    if (lost > 0) {
      this.#abandoned = true;
      this.#waiting = [];
      this.#underWay = 0;
      this.#failed += lost;
      this.#left = this.#entered;
      this.#endFlushes();
      notice('SPW006', `${lost} spans after ${shutdownTimeout} ms (shutdown_timeout)`);
    }
    const rest = Math.max(0, shutdownTimeout - (performance.now() - started));
    await within(rest, closeExporter(delivery));
  }

  async #drain(limit: number): Promise<void> {
    if (this.#left === this.#entered) return;
    await within(
      limit,
      new Promise<void>((done) => {
        this.#flushes.push({ mark: this.#entered, done });
        this.#schedule();
      }),
    );
  }

  /** One batch at a time, so that at most a batch and a queue are in memory however slow the collector is. */
  #schedule(): void {
    if (this.#waiting.length === 0) return;
    this.#timer ??= setTimeout(() => this.#fallDue(), this.options.scheduleDelay).unref();
    if (this.#underWay > 0) return;
    if (this.#waiting.length >= this.#batchSize || this.#flushes.length > 0 || this.#left < this.#due) this.#sendSoon();
  }

  #fallDue(): void {
    this.#timer = undefined;
    this.#due = this.#entered;
    this.#schedule();
  }

  /** In a turn of its own: serializing a batch must not lengthen the call that ended its last span. */
  #sendSoon(): void {
    this.#turn ??= setImmediate(() => {
      this.#turn = undefined;
      this.#scope.runInAsyncScope(() => void this.#send());
    });
  }

  async #send(): Promise<void> {
    if (this.#underWay > 0 || this.#waiting.length === 0) return;
    const batch = this.#waiting.splice(0, this.#batchSize);
    this.#batchSize = Math.min(this.#batchSize * 2, this.options.maxExportBatchSize);
    this.#underWay = batch.length;
    if (this.#waiting.length === 0) {
      clearTimeout(this.#timer);
      this.#timer = undefined;
    }
    const taken = await this.options.delivery.send(batch);
    if (this.#abandoned) return;
    this.#underWay = 0;
    this.#exported += taken;
    this.#failed += batch.length - taken;
    this.#left += batch.length;
    this.#droppedSaid = this.#dropped;
    this.#endFlushes();
    this.#schedule();
  }

  #endFlushes(): void {
    for (const { mark, done } of this.#flushes) if (mark <= this.#left) done();
    this.#flushes = this.#flushes.filter(({ mark }) => mark > this.#left);
  }

  #sayDropped(): void {
    this.options.notice(
      'SPW005',
      `${this.options.maxQueueSize} spans wait already (max_queue_size), ${this.#dropped} dropped so far; the collector is too slow or absent, or more is recorded than it can take`,
    );
  }
}

/** Waits for `work`, but no longer than `limit`. The timer holds the process on purpose: somebody awaits this. */
async function within(limit: number, work: Promise<void>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  await Promise.race([work, new Promise<void>((resolve) => (timer = setTimeout(resolve, limit)))]);
  clearTimeout(timer);
}

async function closeExporter(delivery: Delivery): Promise<void> {
  try {
    await delivery.options.exporter.shutdown();
  } catch {
    // The spans are accounted for; an exporter that cannot close itself is no reason to fail the program.
  }
}
