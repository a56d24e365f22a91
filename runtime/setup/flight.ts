// The flight recorder of a set-up: its ring, what triggers a dump, and the dump: a file of OTLP JSON, and the spans through the exporter.
// Started by startTracing() where `flight_recorder` is set.

import { appendFileSync, closeSync, existsSync, mkdirSync, openSync, renameSync, rmSync } from 'node:fs';
import { open, rename, rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { threadId } from 'node:worker_threads';
import type { Attributes } from '@opentelemetry/api';
import { clearInterval, now, setImmediate, setInterval, unref, wallClock } from '../captured.js';
import type { Configuration } from '../config/configuration.js';
import { type Dump, FlightSpan, otlpJson, spanIdOf } from '../export/flight-spans.js';
import type { KeptLate } from '../export/keep.js';
import { guarded, reportFault } from '../fault.js';
import type { Resource, SpanProcessor } from '../sdk/contracts.js';
import type { Site } from '../site/site.js';
import type { SpanLimits } from '../span/attributes.js';
import { FlightRing } from '../span/flight-ring.js';
import { newSpanId } from '../span/identity.js';
import { withinLimits } from '../span/recorder.js';
import { anchorAt } from '../span/time.js';
import { state } from '../state.js';
import { counted } from '../text/counted.js';
import { textOfThrown } from '../text/thrown.js';
import type { FlightDump } from '../tracing.js';
import { VERSION } from '../version.js';
import { notice } from '../warnings.js';

/** Most calls examined for one trace that is kept late. */
const SEARCHED = 20_000;

/** Spans that are handed to the exporter between two flushes. */
const EXPORTED_AT_ONCE = 256;

/** Time in the name of the last file: no two of a thread have the same. */
let namedAt = 0;

interface FlightParts {
  readonly configuration: Configuration;
  readonly limits: SpanLimits;
  readonly resource: Resource;
  /** Undefined: there is no exporter, so that a dump is a file alone. */
  readonly processor: SpanProcessor | undefined;
}

export class FlightDumps {
  readonly #parts: FlightParts;
  readonly #ring: FlightRing;
  readonly #process = newSpanId();
  /** When a dump was last made, by its cause. */
  readonly #dumpedAt = new Map<string, number>();
  readonly #undo: (() => void)[] = [];
  #pending: Promise<unknown> = Promise.resolve();

  constructor(parts: FlightParts) {
    const { flightMaxCalls, flightMaxBytes, flightErrors, flightSlowerThan } = parts.configuration;
    this.#parts = parts;
    this.#ring = new FlightRing(flightMaxCalls, flightMaxBytes);
    state.flight.start({
      ring: this.#ring,
      limits: parts.limits,
      statusOf: (error) => state.recorder?.statusOf?.(error),
      slowerThan: flightSlowerThan ?? Number.POSITIVE_INFINITY,
      onRoot: (failed, slow) => {
        if (failed && flightErrors) this.trigger('error');
        else if (slow) this.trigger('slow');
      },
    });
    state.gate.fly(true);
    this.#watchExceptions();
    this.#watchLoop();
    this.#listen();
  }

  stop(): void {
    state.flight.stop();
    state.gate.fly(false);
    for (const undo of this.#undo) undo();
  }

  /** Dumps soon, unless the same cause has caused a dump within `flight_interval`. */
  trigger(cause: string): void {
    if (!this.#mayDump(cause)) return;
    setImmediate(() => this.dump(cause).catch(() => {}));
  }

  /** Writes the file if it can, then sends the spans. Dumps are made one after the other. @throws the error of the file system */
  dump(reason: string): Promise<FlightDump> {
    const ring = this.#ring.copy();
    const dump = this.#dumpOf(ring, reason);
    const made = this.#pending.then(() => this.#write(dump));
    this.#pending = made
      .catch((error) => reportUnwritten(reason, error))
      .then(() => this.#export({ ...dump, calls: ring.calls(this.#since(dump.at)) }));
    return made;
  }

  /** Sends what the ring holds of a trace that is kept late: the calls around its root, and those that were not recorded below it. */
  complete(kept: KeptLate, cause: string): void {
    try {
      this.#complete(kept, cause);
    } catch (fault) {
      reportFault('flight recorder', fault);
    }
  }

  #complete({ root, caller, from }: KeptLate, cause: string): void {
    const { processor } = this.#parts;
    if (processor === undefined) return;
    const { traceId } = root.spanContext();
    const dump: Dump = { ...this.#dumpOf(this.#ring, cause), traceId };
    const callers = this.#ring.chainOf(caller);
    const most = Math.min(EXPORTED_AT_ONCE, this.#parts.configuration.maxQueueSize);
    /** Id of the recorded span that a call was made in, by the number of the call. */
    const added = new Map<number, string | undefined>();
    const searched = this.#ring.calls(this.#since(dump.at), callers[0]?.call ?? from, SEARCHED);
    for (const calls of [callers, searched])
      for (const call of calls) {
        const { parent, detail } = call;
        const belongs = detail?.under === undefined ? calls === callers || added.has(parent) : detail.under.traceId === traceId;
        if (!belongs || added.has(call.call)) continue;
        if (added.size === most) break;
        // where its caller was made in the same recorded span, the caller is its parent
        const around = added.get(parent);
        const under = detail?.under?.spanId === around ? undefined : detail?.under;
        added.set(call.call, under?.spanId ?? around);
        processor.onEnd(new FlightSpan(call, dump, under));
      }
    if (added.has(caller) && root.parentSpanContext === undefined)
      root.parentSpanContext = { traceId, spanId: spanIdOf(this.#process, caller), traceFlags: 1 };
  }

  /** Dumps at a signal that ends the process. @returns once the spans have been sent */
  async atSignal(signal: string): Promise<void> {
    if (signal !== 'SIGTERM' || !this.#mayDump(signal)) return;
    this.#writeNow(signal);
    const at = now();
    await this.#export({ ...this.#dumpOf(this.#ring, signal), calls: this.#ring.copy().calls(this.#since(at)) });
  }

  #mayDump(cause: string): boolean {
    const last = this.#dumpedAt.get(cause);
    const at = now();
    if (last !== undefined && at - last < this.#parts.configuration.flightInterval) return false;
    this.#dumpedAt.set(cause, at);
    return true;
  }

  #since(at: number): number {
    return at - (this.#parts.configuration.flightRecorder ?? 0);
  }

  #dumpOf(ring: FlightRing, reason: string): Dump {
    const { configuration, limits, resource } = this.#parts;
    const at = now();
    const known = new Map<Site, Attributes>();
    return {
      calls: ring.calls(this.#since(at)),
      reason,
      process: this.#process,
      at,
      anchor: anchorAt(at),
      resource,
      scope: { name: configuration.tracerName, version: VERSION },
      constantOf: (site) => {
        let attributes = known.get(site);
        if (attributes === undefined) {
          ({ attributes } = withinLimits(site, limits));
          known.set(site, attributes);
        }
        return attributes;
      },
    };
  }

  #path(reason: string): string {
    const directory = resolve(this.#parts.configuration.flightDirectory);
    // not recursive, which never returns below /proc
    if (!existsSync(directory)) mkdirSync(directory);
    namedAt = Math.max(Math.floor(wallClock()), namedAt + 1);
    const time = new Date(namedAt).toISOString().replace(/[:.]/gu, '-');
    const thread = threadId === 0 ? '' : `.${threadId}`;
    const cause = reason.replace(/\W+/gu, '-').slice(0, 40);
    return join(directory, `spanwright-flight-${time}-${process.pid}${thread}-${cause}.json`);
  }

  async #write(dump: Dump): Promise<FlightDump> {
    const path = this.#path(dump.reason);
    let spans = 0;
    // the file gets its final name once it is complete, because the process may end during the write
    const part = `${path}.part`;
    const file = await open(part, 'wx', 0o600);
    try {
      for (const piece of otlpJson(dump, (more) => (spans += more))) {
        await file.appendFile(piece);
        await new Promise<void>((resume) => setImmediate(resume));
      }
      await rename(part, path);
    } catch (error) {
      await rm(part, { force: true });
      throw error;
    } finally {
      await file.close();
    }
    return written({ file: path, spans, reason: dump.reason });
  }

  /** Runs without another turn of the event loop, because there may be none. */
  #writeNow(reason: string): void {
    try {
      const path = this.#path(reason);
      let spans = 0;
      const part = `${path}.part`;
      const file = openSync(part, 'wx', 0o600);
      try {
        for (const piece of otlpJson(this.#dumpOf(this.#ring, reason), (more) => (spans += more))) appendFileSync(file, piece);
        renameSync(part, path);
      } catch (error) {
        rmSync(part, { force: true });
        throw error;
      } finally {
        closeSync(file);
      }
      written({ file: path, spans, reason });
    } catch (error) {
      reportUnwritten(reason, error);
    }
  }

  async #export(dump: Dump): Promise<void> {
    const { processor } = this.#parts;
    if (processor === undefined) return;
    let waiting = 0;
    const most = Math.min(EXPORTED_AT_ONCE, this.#parts.configuration.maxQueueSize);
    for (const call of dump.calls) {
      processor.onEnd(new FlightSpan(call, dump));
      if (++waiting < most) continue;
      waiting = 0;
      await processor.forceFlush();
    }
    await processor.forceFlush();
  }

  /** The monitor is called before an exception ends the process, and does not change that. */
  #watchExceptions(): void {
    const crashed = guarded('flight recorder', (_error: unknown, origin: string) => {
      if (this.#mayDump(origin)) this.#writeNow(origin);
    });
    process.on('uncaughtExceptionMonitor', crashed);
    this.#undo.push(() => process.removeListener('uncaughtExceptionMonitor', crashed));
  }

  #watchLoop(): void {
    const { flightLoopDelay } = this.#parts.configuration;
    if (flightLoopDelay === null) return;
    const monitor = monitorEventLoopDelay({ resolution: Math.min(20, flightLoopDelay) });
    monitor.enable();
    const look = (): void => {
      if (monitor.max / 1e6 <= flightLoopDelay) return;
      // not before: a reset forgets the last tick, and with it the delay that is about to be noted
      monitor.reset();
      this.trigger('event-loop-delay');
    };
    const timer = unref(setInterval(look, Math.max(100, flightLoopDelay)));
    this.#undo.push(() => {
      clearInterval(timer);
      monitor.disable();
    });
  }

  #listen(): void {
    const { flightSignal } = this.#parts.configuration;
    if (flightSignal === 'none') return;
    const dumpAtSignal = (): void => this.trigger(flightSignal);
    process.on(flightSignal, dumpAtSignal);
    this.#undo.push(() => process.removeListener(flightSignal, dumpAtSignal));
  }
}

function written(dump: FlightDump): FlightDump {
  notice('SPW041', `${counted(dump.spans, 'call')} because of ${dump.reason}, in ${dump.file}`, dump.file);
  return dump;
}

function reportUnwritten(reason: string, error: unknown): void {
  notice('SPW042', `because of ${reason}: ${textOfThrown(error)}`, reason);
}
