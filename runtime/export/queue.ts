// The queue of ended spans: a SpanProcessor that sends batches and counts each span once. It replaces the SDK's BatchSpanProcessor, which does not
// report drops, keeps the process alive, and stays open when the last flush fails (docs/decisions/0010-queue-encoder-delegates.md).

import { AsyncResource } from 'node:async_hooks';
import { TraceFlags } from '@opentelemetry/api';
import { clearTimeout, now, setImmediate, setTimeout, unref } from '../captured.js';
import { guarded, reportFault } from '../fault.js';
import type { ReadableSpan, SpanProcessor } from '../sdk/contracts.js';
import { releaseErrors } from '../span/events.js';
import { counted } from '../text/counted.js';
import type { Notice } from '../warnings.js';
import { within } from '../within.js';
import type { Delivery } from './delivery.js';

/** A flush that waits until as many spans have left the queue as had entered it. */
interface Flush {
  readonly mark: number;
  /** A failed attempt ends the wait. */
  readonly soft: boolean;
  readonly done: () => void;
}

/** How long a shutdown waits for the lines about its failures, which a probe of the address may delay. */
const SAYING_MS = 500;

const { SAMPLED } = TraceFlags; // an imported binding of the API is read by a call of a getter

/** At any time exported + failed + dropped + queued = ended. */
export interface ExportCounts {
  /** Recorded spans that ended. */
  readonly ended: number;
  /** Accepted by the Collector. */
  readonly exported: number;
  /** Given up: refused for good, rejected, out of time, or lost at shutdown. */
  readonly failed: number;
  /** Did not fit into the queue, or ended after shutdown. */
  readonly dropped: number;
  /** Waiting or under way. */
  readonly queued: number;
}

interface QueueOptions {
  readonly delivery: Delivery;
  readonly maxQueueSize: number;
  readonly maxExportBatchSize: number;
  /** Milliseconds. */
  readonly scheduleDelay: number;
  readonly flushTimeout: number;
  readonly shutdownTimeout: number;
  readonly notice: Notice;
}

/**
 * The first batch holds so many spans, each further one twice as many, up to the limit: before the engine has compiled what serializes
 * and sends them, a full batch of 512 blocks the event loop for 40 to 60 ms.
 */
const FIRST_BATCH = 32;

/**
 * Pause after a batch of which no span was accepted. Without it the next batch would start in the same turn, and a process that its
 * transport keeps alive would never reach `beforeExit`.
 */
const REST_MS = 10;

/** Queues that have taken spans: what they still hold when the process exits is reported. */
const filled = new Set<ExportQueue>();

const reportAtExit = guarded('report at exit', () => {
  for (const queue of filled) queue.reportLost();
});

export class ExportQueue implements SpanProcessor {
  #waiting: ReadableSpan[] = [];
  #underWay = 0;
  #ended = 0;
  #exported = 0;
  #failed = 0;
  #dropped = 0;
  #droppedReported = 0;
  #batchSize: number;
  /** Spans that entered the queue and that left it, in order: a flush waits for the second to reach the first. */
  #entered = 0;
  #left = 0;
  /** Number of spans that had entered when the delay last elapsed; all of them are sent now, in any number of batches. */
  #due = 0;
  #flushes: Flush[] = [];
  #timer: NodeJS.Timeout | undefined;
  #turn: NodeJS.Immediate | NodeJS.Timeout | undefined;
  #closing: Promise<void> | undefined;
  #abandoned = false;
  /** Sends in the asynchronous context of the set-up: the exporter's connection must not keep a request's context alive. */
  readonly #scope = new AsyncResource('SpanwrightExport');
  /** Spans that had failed when the end of the process began: those that fail from then on are reported as lost. */
  #failedBefore: number | undefined;

  constructor(readonly options: QueueOptions) {
    this.#batchSize = Math.min(FIRST_BATCH, options.maxExportBatchSize);
    options.delivery.options.onFailure = () => this.#releaseFlushes();
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
    if ((span.spanContext().traceFlags & SAMPLED) === 0) return;
    this.#ended++;
    if (this.#closing !== undefined || this.#waiting.length >= this.options.maxQueueSize) {
      releaseErrors(span);
      if (this.#dropped++ === this.#droppedReported && this.#closing === undefined) this.#reportDropped();
      return;
    }
    if (this.#entered++ === 0) this.#watchExit();
    this.#waiting.push(span);
    this.#schedule();
  }

  /**
   * Sends what has ended now, without waiting for the delay or between attempts. Resolves when it is sent or given up, when an attempt
   * fails (the spans stay, and are tried again later), at the latest after the limit.
   */
  forceFlush(limitMillis = this.options.flushTimeout): Promise<void> {
    this.options.delivery.nudge();
    return this.#drain(limitMillis, true);
  }

  /** Flushes with one attempt for each batch, and no longer than the limit; what is under way then is given up. */
  async flushWithin(limitMillis: number): Promise<void> {
    const { delivery } = this.options;
    this.#failedBefore ??= this.#failed;
    delivery.hurry();
    await this.#drain(limitMillis);
    if (this.#closing !== undefined) return;
    delivery.abandonAttempt();
    delivery.relax();
  }

  /** Sends what is queued, within the shutdown limit, and closes the exporter. Never rejects; idempotent. */
  shutdown(): Promise<void> {
    this.#closing ??= this.#close(); // set in the same turn: #close runs to its first await
    return this.#closing;
  }

  /**
   * Logs how many spans are lost at the end of the process, once: those that wait or are under way, and those that have failed since
   * the end began. Called before a signal ends the process and when it exits; what is queued counts as failed from then on.
   */
  reportLost(when = 'at the exit of the process'): void {
    const queued = this.#waiting.length + this.#underWay;
    if (queued > 0) {
      this.#abandoned = true;
      for (const span of this.#waiting) releaseErrors(span);
      this.#waiting = [];
      this.#underWay = 0;
      this.#failed += queued;
      this.#left = this.#entered;
      this.#endFlushes();
    }
    const lost = this.#failedBefore === undefined ? queued : this.#failed - this.#failedBefore;
    this.#failedBefore = this.#failed;
    if (lost > 0) this.options.notice('SPW006', `${counted(lost, 'span')} ${when}${this.options.delivery.cause()}`, when);
  }

  async #close(): Promise<void> {
    const started = now();
    const { delivery, shutdownTimeout, maxExportBatchSize } = this.options;
    this.#failedBefore ??= this.#failed;
    delivery.hurry();
    this.#batchSize = maxExportBatchSize; // the process is about to end, so that blocking it does no harm
    await this.#drain(shutdownTimeout);
    clearTimeout(this.#timer);
    if (this.#waiting.length + this.#underWay > 0) this.reportLost(`after ${shutdownTimeout} ms (shutdown_timeout)`);
    delivery.abandonAttempt();
    const rest = (): number => Math.max(0, shutdownTimeout - (now() - started));
    await within(rest(), closeExporter(delivery), giveUp);
    await within(Math.min(rest(), SAYING_MS), delivery.logged(), giveUp); // logs the cause before the number
    this.reportLost('at shutdown');
    this.#leaveExit();
  }

  /** @param soft resolves also when an attempt fails. */
  async #drain(limit: number, soft = false): Promise<void> {
    if (this.#left === this.#entered) return;
    let flush: Flush | undefined;
    const drained = new Promise<void>((done) => {
      flush = { mark: this.#entered, soft, done };
      this.#flushes.push(flush);
      this.#schedule();
    });
    await within(limit, drained, giveUp);
    this.#flushes = this.#flushes.filter((one) => one !== flush); // a flush that timed out must not keep the queue sending
  }

  #watchExit(): void {
    if (filled.size === 0) process.on('exit', reportAtExit);
    filled.add(this);
  }

  #leaveExit(): void {
    if (filled.delete(this) && filled.size === 0) process.removeListener('exit', reportAtExit);
  }

  /** One batch at a time, so that at most a batch and a queue are in memory however slow the Collector is. */
  #schedule(): void {
    if (this.#waiting.length === 0) return;
    this.#timer ??= unref(setTimeout(() => this.#fallDue(), this.options.scheduleDelay));
    if (this.#underWay > 0) return;
    if (this.#waiting.length >= this.#batchSize || this.#flushes.length > 0 || this.#left < this.#due) this.#sendSoon();
  }

  #fallDue(): void {
    this.#timer = undefined;
    this.#due = this.#entered;
    this.#schedule();
  }

  /** Sends in a turn of its own, because serializing a batch must not lengthen the call that ended its last span. */
  #sendSoon(): void {
    this.#turn ??= setImmediate(() => this.#sendNow());
  }

  #sendNow(): void {
    this.#turn = undefined;
    this.#scope.runInAsyncScope(() => void this.#send().catch((fault) => this.#giveUpBatch(fault)));
  }

  /** Counts the batch under way as failed, after a fault in Spanwright. */
  #giveUpBatch(fault: unknown): void {
    reportFault('export', fault);
    if (!this.#abandoned) this.#account(this.#underWay, 0);
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
    const { spans, accepted } = await this.options.delivery.send(batch);
    for (let at = 0; at < spans; at++) releaseErrors(batch[at] as ReadableSpan);
    if (this.#abandoned) return;
    if (spans < batch.length) this.#waiting = batch.slice(spans).concat(this.#waiting); // the spans did not fit into one request
    this.#account(spans, accepted);
  }

  #account(spans: number, accepted: number): void {
    this.#underWay = 0;
    this.#exported += accepted;
    this.#failed += spans - accepted;
    this.#left += spans;
    this.#droppedReported = this.#dropped;
    if (accepted === 0) this.#turn ??= unref(setTimeout(() => this.#rested(), REST_MS));
    this.#endFlushes();
    if (accepted > 0) this.#schedule();
  }

  #rested(): void {
    this.#turn = undefined;
    this.#schedule();
  }

  #endFlushes(): void {
    for (const { mark, done } of this.#flushes) if (mark <= this.#left) done();
    this.#flushes = this.#flushes.filter(({ mark }) => mark > this.#left);
  }

  /** An attempt has failed: a flush on the path of a request must not wait for the next one. */
  #releaseFlushes(): void {
    for (const { soft, done } of this.#flushes) if (soft) done();
    this.#flushes = this.#flushes.filter(({ soft }) => !soft);
  }

  #reportDropped(): void {
    this.options.notice(
      'SPW005',
      `${this.#dropped} dropped so far, max_queue_size is ${this.options.maxQueueSize}; the Collector is too slow or absent, or more is recorded than it can take`,
    );
  }
}

function giveUp(): void {} // after the limit the shutdown continues, and unsent spans are counted

async function closeExporter(delivery: Delivery): Promise<void> {
  try {
    await delivery.options.exporter.shutdown();
  } catch {
    // The spans are accounted for; an exporter that cannot close itself is no reason to fail the program.
  }
}
