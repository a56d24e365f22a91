// Calls of functions that are recorded inline: the body runs once, in its own frame, between startInline() and the end that it returns. The
// context is entered and left by hand, which is what AsyncLocalStorage.run does, so only synchronous functions can be recorded inline.

import type { Context } from '@opentelemetry/api';
import { contexts } from '../context/active.js';
import { SpanLayer } from '../context/layer.js';
import { reportFault } from '../fault.js';
import type { Site } from '../site/site.js';
import type { InlineCall } from '../site/tables.js';
import { state } from '../state.js';
import { endAbandoned } from './abandoned.js';
import type { RecordedSpan } from './recorded.js';
import { contextToDecide, decide, startSpan } from './run.js';
import { abandon, fail, settle } from './settle.js';

const NO_ARGUMENTS: readonly unknown[] = [];

/** Starts the call: a span if it is to be recorded, else a place in the flight recorder while that runs. */
export function startInline(site: Site): InlineCall | undefined {
  const call = startInlineSpan(site);
  const { flight } = state;
  if (call !== undefined || !flight.takes(site)) return call;
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
    endAbandoned();
    let inside: Context;
    if ('sampled' in decision && !decision.sampled) inside = decision.context;
    else {
      const started = startSpan(recorder, decision, site, undefined, NO_ARGUMENTS);
      if (!started.ended) span = started;
      inside = new SpanLayer('sampled' in decision ? decision.context : decision, started.active);
    }
    return entered(inside, span, site);
  } catch (fault) {
    if (span !== undefined) abandon(span, site, fault);
    else reportFault(`start of ${site.id}`, fault);
    return undefined;
  }
}

function entered(inside: Context, span: RecordedSpan | undefined, site: Site): InlineCall {
  const { storage } = contexts;
  const before = storage.getStore();
  storage.enterWith(inside);
  const leave = (): void => storage.enterWith(before as Context);
  function endCall(value?: unknown): void {
    leave();
    if (span === undefined || span.ended) return;
    try {
      settle(span, site, undefined, value, inside);
    } catch (fault) {
      abandon(span, site, fault);
    }
  }
  endCall.fail = (error: unknown): void => {
    if (span === undefined) return;
    try {
      fail(span, site, error);
    } catch (fault) {
      abandon(span, site, fault);
    }
  };
  return endCall;
}

/** Marks the call as failed, and throws the error again. */
export function failInline(error: unknown, call: InlineCall | undefined): never {
  if (call) call.fail(error);
  throw error;
}
