// The flight recorder: while it runs, each call that is not recorded as a span is written into a ring (flight-ring.ts), from which a
// trigger makes traces afterwards. Nothing of it can be seen by the program or sent downstream: the calling call is known by a
// variable while the stack is synchronous, and beyond by an AsyncLocalStorage of its own, which holds a number and no context.

import { AsyncLocalStorage } from 'node:async_hooks';
import type { AttributeValue, Context, Span, SpanContext } from '@opentelemetry/api';
import { apply, getPrototypeOf, now, promisePrototype } from '../captured.js';
import { SPAN_KEY } from '../context/layer.js';
import { throughTransparent } from '../context/transparent.js';
import { reportFault } from '../fault.js';
import type { AnyFunction, Site } from '../site/site.js';
import { AwaitedCall, type InlineCall } from '../site/tables.js';
import { cutText, REDACTED, recordValue, type SpanLimits } from './attributes.js';
import { applicationCode } from './callback.js';
import { describeThrown, isCancellation } from './errors.js';
import { type FlightRing, NO_CALL } from './flight-ring.js';
import { isRecorded } from './recorded.js';
import { followPromise, isClientFault, isExpected, isNewPromise } from './settle.js';

/** Longest text kept of an argument or of an error's message. */
const TEXT_LENGTH = 256;

/** Dependencies of a running flight recorder. */
interface Flight {
  readonly ring: FlightRing;
  readonly limits: SpanLimits;
  /** See Recorder.statusOf. */
  statusOf(error: unknown): number | undefined;
  /** Milliseconds above which a root is slow. */
  readonly slowerThan: number;
  /** Called for each root that has failed or was slow. */
  onRoot(failed: boolean, slow: boolean): void;
}

/** See ModuleTables. */
interface EnteredFunction {
  entered: unknown;
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
      !applicationCode.running &&
      this.depth < flight.limits.callDepth
    );
  }

  /** Number of the calling call. */
  caller(site: Site): number {
    if (site.options.root) return NO_CALL;
    return this.current === NO_CALL ? (this.storage.getStore() ?? NO_CALL) : this.current;
  }

  /** The identity of the recorded span in a context; undefined without one. */
  under(context: Context | undefined): SpanContext | undefined {
    if (context === undefined) return undefined;
    try {
      const span = throughTransparent(context.getValue(SPAN_KEY) as Span | undefined);
      return isRecorded(span) ? span.spanContext() : undefined;
    } catch (fault) {
      reportFault('flight recorder', fault);
      return undefined;
    }
  }

  /**
   * Runs the body as a call of the ring. A fault of Spanwright leaves the call out; the body runs once, with its own outcome.
   * @param under the recorded span in which it is made
   * @param awaits the caller takes an AwaitedCall in place of a promise, and ends it
   * @param tables where a body that has a prologue is noted as entered
   */
  record(
    site: Site,
    self: unknown,
    body: AnyFunction,
    args: ArrayLike<unknown>,
    under?: SpanContext,
    awaits = false,
    tables?: EnteredFunction,
  ): unknown {
    const flight = this.flight as Flight;
    const { current: before, storage } = this;
    let around: number | undefined;
    let isStored = false;
    let call = NO_CALL;
    let isRoot = false;
    try {
      const caller = this.caller(site);
      isRoot = caller === NO_CALL;
      call = flight.ring.begin(site, caller, now());
      if (site.options.args !== undefined) flight.ring.describe(call, { values: argumentsOf(site, args, flight.limits) });
      if (under !== undefined) linkTo(under, flight.ring, call, caller);
    } catch (fault) {
      reportFault(`flight recorder at ${site.id}`, fault);
    }
    if (site.isAsync && call !== NO_CALL) {
      try {
        // as AsyncLocalStorage.run(), which would also need a closure or an array of arguments
        around = storage.getStore();
        storage.enterWith(call);
        isStored = true;
      } catch {
        // on Node 20 and 22 the storage writes to the promise whose reaction runs, which may be frozen
      }
    }
    if (call !== NO_CALL) this.current = call;
    this.depth++;
    let outcome: unknown;
    let threw = false;
    try {
      if (tables !== undefined) tables.entered = body;
      outcome = apply(body, self, args);
    } catch (error) {
      threw = true;
      outcome = error;
    }
    // assignments alone: they cannot fail
    this.current = before;
    this.depth--;
    if (tables !== undefined && tables.entered === body) tables.entered = undefined;
    try {
      if (isStored) storage.enterWith(around as number);
      if (threw && call !== NO_CALL) fail(flight, call, site, isRoot, outcome);
      else if (call !== NO_CALL) return afterReturn(flight, call, site, isRoot, outcome, awaits);
    } catch (fault) {
      reportEnd(fault);
    }
    if (threw) throw outcome;
    return outcome;
  }

  /** As record(), for a function whose body runs in place. @returns what ends the call */
  startInline(site: Site, under: SpanContext | undefined): InlineCall {
    const flight = this.flight as Flight;
    const before = this.current;
    const caller = this.caller(site);
    const isRoot = caller === NO_CALL;
    const call = flight.ring.begin(site, caller, now());
    if (under !== undefined) linkTo(under, flight.ring, call, caller);
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

/** Notes the recorded span in which a call is made, unless the entry of the calling call names it already. */
function linkTo(under: SpanContext, ring: FlightRing, call: number, caller: number): void {
  if (ring.underOf(caller)?.spanId !== under.spanId) ring.describe(call, { under });
}

/** Ends the call, or follows the promise of an async function. @returns what the caller gets */
function afterReturn(flight: Flight, call: number, site: Site, isRoot: boolean, result: unknown, awaits: boolean): unknown {
  // an async function with a prologue never returns a subclass of Promise, so its prototype is enough
  if (site.isAsync && (awaits ? getPrototypeOf(result) === promisePrototype : isNewPromise(result as object))) {
    const awaited = new AwaitedEntry(flight, call, site, isRoot, result as Promise<unknown>);
    return awaits ? awaited : followPromise(awaited, result as Promise<unknown>);
  }
  closeCall(flight, call, isRoot, false);
  return result;
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
    try {
      closeCall(this.flight, this.call, this.isRoot, false);
    } catch (fault) {
      reportEnd(fault);
    }
    return value;
  }

  override x(error: unknown): unknown {
    try {
      fail(this.flight, this.call, this.site, this.isRoot, error);
    } catch (fault) {
      reportEnd(fault);
    }
    return error;
  }
}

function closeCall(flight: Flight, call: number, isRoot: boolean, failed: boolean): void {
  try {
    const ms = flight.ring.end(call, now(), failed);
    const slow = ms > flight.slowerThan;
    if (isRoot && (failed || slow)) flight.onRoot(failed, slow);
  } catch (fault) {
    reportEnd(fault);
  }
}

/** Ends a call that threw. A cancellation, and an error that the site expects, is no failure. */
function fail(flight: Flight, call: number, site: Site, isRoot: boolean, thrown: unknown): void {
  try {
    const described = describeThrown(thrown);
    const failed = !isCancellation(described) && !isClientFault(flight.statusOf(thrown)) && !isExpected(site, thrown);
    if (failed) {
      const error = { type: keptText(described.type), message: keptText(described.message) };
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
  const named = site.options.args ?? [];
  // of the exact length: an array that grows has places for sixteen more
  const values: (AttributeValue | undefined)[] = new Array(named.length);
  for (let at = 0; at < named.length; at++) {
    const { index, parameter, key } = named[at] as (typeof named)[number];
    if (index >= args.length) values[at] = undefined;
    else if (hides !== undefined && (hides(parameter) || hides(key))) values[at] = REDACTED;
    else {
      const value = recordValue(args[index], limits);
      values[at] = typeof value === 'string' || typeof value === 'object' ? keptText(value) : value;
    }
  }
  return values;
}

/** The start of a text. A part of a string keeps the whole of it in memory, so that one that is cut is written again. */
function keptText(value: unknown): string {
  const text = String(value);
  return text.length <= TEXT_LENGTH ? text : Buffer.from(cutText(text, TEXT_LENGTH), 'utf16le').toString('utf16le');
}
