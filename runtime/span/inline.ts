// Calls of functions that are recorded inline: the body runs once, in its own frame, between startInline() and the end that it returns. The
// context is entered and left by hand, which is what AsyncLocalStorage.run does, so only synchronous functions can be recorded inline.

import { type Context, ROOT_CONTEXT } from '@opentelemetry/api';
import { contexts } from '../context/active.js';
import { SpanLayer } from '../context/layer.js';
import { reportFault } from '../fault.js';
import { abandoned } from '../open/abandoned.js';
import type { Site } from '../site/site.js';
import type { InlineCall } from '../site/tables.js';
import { state } from '../state.js';
import type { RecordedSpan } from './recorded.js';
import { contextToDecide, decide, startSpan } from './run.js';
import { fail, settle } from './settle.js';

/** A local binding, because reading an imported one can be a call of a getter, for which a full stack has no room. */
const faulty = abandoned;

const NO_ARGUMENTS: readonly unknown[] = [];

/** Starts the call: a span if it is to be recorded, else a place in the flight recorder while that runs. */
export function startInline(site: Site): InlineCall | undefined {
  const call = startInlineSpan(site);
  if (call !== undefined) return call;
  const { flight } = state;
  if (!flight.takes(site)) return undefined;
  return flight.startInline(site, flight.under(contextToDecide(site)));
}

/** Under a third-party context manager no context can be entered, so the call is transparent. */
function startInlineSpan(site: Site): InlineCall | undefined {
  if (!contexts.owned) return undefined;
  let span: RecordedSpan | undefined;
  try {
    const active = contextToDecide(site);
    const decision = active === undefined ? undefined : decide(active, site, undefined, NO_ARGUMENTS);
    const { recorder } = state;
    if (decision === undefined || recorder === undefined) return undefined;
    if (!endsAreCompiled) compileEnds(site);
    let inside: Context;
    if ('sampled' in decision && !decision.sampled) inside = decision.context;
    else {
      const started = startSpan(recorder, decision, site, undefined, NO_ARGUMENTS);
      if (!started.ended) span = started;
      inside = new SpanLayer('sampled' in decision ? decision.context : decision, started.active);
    }
    return entered(inside, span, site);
  } catch (fault) {
    // nothing is called for this, because the stack may be full
    if (span !== undefined) {
      span.isAbandoned = true;
      faulty.any = true;
    }
    reportFault(`start of ${site.id}`, fault);
    return undefined;
  }
}

function entered(inside: Context, span: RecordedSpan | undefined, site: Site): InlineCall {
  const { storage } = contexts;
  const before = storage.getStore();
  storage.enterWith(inside);
  function endCall(value?: unknown, threw = false): void {
    try {
      storage.enterWith(before as Context);
      if (span === undefined || span.ended) return;
      if (threw) fail(span, site, value);
      else settle(span, site, undefined, value, inside);
    } catch (fault) {
      try {
        // nothing is called for this, because the stack may be full
        faulty.any = true;
        if (span !== undefined) span.isAbandoned = true;
        reportFault(`end of ${site.id}`, fault);
      } catch {
        // the stack is full, or the application has frozen the span
      }
    }
  }
  endCall.fail = (error: unknown): void => endCall(error, true);
  return endCall;
}

/** Marks the call as failed, and throws the error again. */
export function failInline(error: unknown, call: InlineCall | undefined): never {
  if (call) call.fail(error);
  throw error;
}

let endsAreCompiled = false;

/** Ends a call that has no span. The engine compiles a function when it is first called, for which a full stack has no room. */
function compileEnds(site: Site): void {
  endsAreCompiled = true;
  const call = entered(contexts.storage.getStore() ?? ROOT_CONTEXT, undefined, site);
  try {
    failInline(undefined, call);
  } catch {
    call();
  }
}
