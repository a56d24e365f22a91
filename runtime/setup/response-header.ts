// Answers HTTP requests with the trace id of the span that is active when the head of the answer is written, through Node's own
// diagnostics channel of its HTTP server, below every framework. For calls that are not recorded the answer is as it was.

import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import type { ServerResponse } from 'node:http';
import type { Span } from '@opentelemetry/api';
import { apply } from '../captured.js';
import { activeContext } from '../context/active.js';
import { SPAN_KEY } from '../context/layer.js';
import { isSampled } from '../context/origin.js';
import { reportFault } from '../fault.js';

const REQUEST_START = 'http.server.request.start';

/** @param name of the header @returns undoes it, for requests that arrive from then on */
export function answerWithTraceId(name: string): () => void {
  function onRequest(message: unknown): void {
    const { response } = message as { response: ServerResponse };
    const { writeHead } = response;
    Object.defineProperty(response, 'writeHead', {
      configurable: true,
      writable: true,
      value: function writeHeadWithTraceId(this: ServerResponse, ...head: unknown[]): unknown {
        addTraceId(this, name);
        return apply(writeHead as (...head: unknown[]) => unknown, this, head);
      },
    });
  }
  subscribe(REQUEST_START, onRequest);
  return () => unsubscribe(REQUEST_START, onRequest);
}

/** A header that the program has set stays. */
function addTraceId(response: ServerResponse, name: string): void {
  try {
    const span = (activeContext().getValue(SPAN_KEY) as Span | undefined)?.spanContext();
    if (span === undefined || !isSampled(span) || response.headersSent || response.hasHeader(name)) return;
    response.setHeader(name, span.traceId);
  } catch (fault) {
    reportFault('response header', fault);
  }
}
