// The flight recorder: while it runs, each call that is not recorded as a span is written into a ring (flight-ring.ts), from which a
// trigger makes traces afterwards. Nothing of it can be seen by the program or sent downstream: the calling call is known by a
// variable while the stack is synchronous, and beyond by an AsyncLocalStorage of its own, which holds a number and no context.

import { AsyncLocalStorage } from 'node:async_hooks';
import type { AttributeValue, SpanContext } from '@opentelemetry/api';
import { apply, now } from '../captured.js';
import { runStored } from '../context/active.js';
import { reportFault } from '../fault.js';
import type { AnyFunction, Site } from '../site/site.js';
import { AwaitedCall, type InlineCall } from '../site/tables.js';
import { cutText, REDACTED, recordValue, type SpanLimits } from './attributes.js';
import { calling } from './callback.js';
import { describeThrown, isCancellation } from './errors.js';
import { type FlightRing, NO_CALL } from './flight-ring.js';
import { followPromise, isClientFault, isExpected, isNewPromise } from './settle.js';

/** Longest text kept of an argument or of an error's message. */
const TEXT_LENGTH = 256;

/** Dependencies of a running flight recorder. */
interface Flight {
  readonly ring: FlightRing;
  readonly limits: SpanLimits;
  /** See Recorder.statusOf. */
  statusOf(error: unknown): number | undefined;
  /** Called for each root that has ended. @param ms undefined: longer than the ring reaches back */
  onRoot(failed: boolean, ms: number | undefined): void;
}

export class FlightRecorder {
  /** Undefined: it does not run. Read for each call that is not recorded. */
  flight: Flight | undefined = undefined;
  /** Number of the call that is on top of the synchronous stack. */
  current = NO_CALL;
  /** Calls on the stack. */
  depth = 0;
  readonly storage = new AsyncLocalStorage<number>();

  start(flight: Flight): void {
    this.flight = flight;
  }

  stop(): void {
    this.flight = undefined;
    this.storage.disable();
  }

  /** True when the call is written into the ring. A generator is not: its work is that of its steps. */
  takes(site: Site): boolean {
    const { flight } = this;
    return (
      flight !== undefined &&
      !site.iterates &&
      site.options.adds === undefined &&
      !calling &&
      this.depth < flight.limits.callDepth
    );
  }

  /** Number of the calling call. */
  caller(site: Site): number {
    if (site.options.root) return NO_CALL;
    return this.current === NO_CALL ? (this.storage.getStore() ?? NO_CALL) : this.current;
  }

  /**
   * Runs the body as a call of the ring. A fault of Spanwright leaves the call out; the body runs once, with its own outcome.
   * @param under the recorded span in which it is made
   * @param awaits the caller takes an AwaitedCall in place of a promise, and ends it
   */
  record(site: Site, self: unknown, body: AnyFunction, args: ArrayLike<unknown>, under?: SpanContext, awaits = false): unknown {
    const flight = this.flight as Flight;
    const before = this.current;
    let call = NO_CALL;
    let isRoot = false;
    try {
      const caller = this.caller(site);
      isRoot = caller === NO_CALL;
      call = flight.ring.begin(site, caller, now());
      if (site.options.args !== undefined) flight.ring.describe(call, { values: argumentsOf(site, args, flight.limits) });
      if (under !== undefined && flight.ring.underOf(caller)?.spanId !== under.spanId) flight.ring.describe(call, { under });
    } catch (fault) {
      reportFault(`flight recorder at ${site.id}`, fault);
    }
    if (call === NO_CALL) return apply(body, self, args);
    this.current = call;
    this.depth++;
    let result: unknown;
    try {
      result = site.isAsync ? runStored(this.storage, call, body, self, args) : apply(body, self, args);
    } catch (error) {
      this.current = before;
      this.depth--;
      fail(flight, call, site, isRoot, error);
      throw error;
    }
    this.current = before;
    this.depth--;
    if (site.isAsync && isNewPromise(result as object)) {
      const awaited = new AwaitedEntry(flight, call, site, isRoot, result as Promise<unknown>);
      return awaits ? awaited : followPromise(awaited, result as Promise<unknown>);
    }
    closeCall(flight, call, isRoot, false);
    return result;
  }

  /** As record(), for a function whose body runs in place. @returns what ends the call */
  startInline(site: Site): InlineCall {
    const flight = this.flight as Flight;
    const before = this.current;
    const caller = this.caller(site);
    const isRoot = caller === NO_CALL;
    const call = flight.ring.begin(site, caller, now());
    this.current = call;
    this.depth++;
    let failed = false;
    const endCall = (): void => {
      this.current = before;
      this.depth--;
      if (!failed) closeCall(flight, call, isRoot, false);
    };
    endCall.fail = (error: unknown): void => {
      failed = true;
      fail(flight, call, site, isRoot, error);
    };
    return endCall;
  }
}

/** An entry of the ring for the call of an async function, which ends with its promise. */
class AwaitedEntry extends AwaitedCall {
  constructor(
    private readonly flight: Flight,
    private readonly call: number,
    private readonly site: Site,
    private readonly isRoot: boolean,
    promise: Promise<unknown>,
  ) {
    super(promise);
  }

  override v(value: unknown): unknown {
    closeCall(this.flight, this.call, this.isRoot, false);
    return value;
  }

  override x(error: unknown): unknown {
    fail(this.flight, this.call, this.site, this.isRoot, error);
    return error;
  }
}

function closeCall(flight: Flight, call: number, isRoot: boolean, failed: boolean): void {
  try {
    const ms = flight.ring.end(call, now(), failed);
    if (isRoot) flight.onRoot(failed, ms);
  } catch (fault) {
    reportEnd(fault);
  }
}

/** Ends a call that threw. A cancellation, and an error that the site expects, is no failure. */
function fail(flight: Flight, call: number, site: Site, isRoot: boolean, thrown: unknown): void {
  try {
    const failed = !isCancellation(thrown) && !isClientFault(flight.statusOf(thrown)) && !isExpected(site, thrown);
    if (failed) {
      const { type, message } = describeThrown(thrown);
      const error = { type: cutText(type, TEXT_LENGTH), message: cutText(message, TEXT_LENGTH) };
      flight.ring.describe(call, { error });
    }
    closeCall(flight, call, isRoot, failed);
  } catch (fault) {
    reportEnd(fault);
  }
}

function reportEnd(fault: unknown): void {
  try {
    reportFault('flight recorder', fault);
  } catch {
    // the stack is full
  }
}

/** The named arguments of a call; what `redact` covers is replaced here, before it is kept. */
function argumentsOf(site: Site, args: ArrayLike<unknown>, limits: SpanLimits): (AttributeValue | undefined)[] {
  const { hides } = limits;
  const values: (AttributeValue | undefined)[] = [];
  for (const { index, parameter, key } of site.options.args ?? []) {
    if (index >= args.length) values.push(undefined);
    else if (hides !== undefined && (hides(parameter) || hides(key))) values.push(REDACTED);
    else {
      const value = recordValue(args[index], limits);
      values.push(
        typeof value === 'string'
          ? cutText(value, TEXT_LENGTH)
          : typeof value === 'object'
            ? cutText(String(value), TEXT_LENGTH)
            : value,
      );
    }
  }
  return values;
}
