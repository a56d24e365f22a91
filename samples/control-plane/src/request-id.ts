// The request id, OpenStack's correlation id from before there were traces: `X-OpenStack-Request-Id` of an HTTP request. Declared as
// baggage, it goes on over HTTP and RabbitMQ wherever the trace goes, and is an attribute of every span on its way.

import { randomUUID } from 'node:crypto';
import { trace } from '@opentelemetry/api';
import { baggage } from 'spanwright';

export const REQUEST_ID_HEADER = 'X-OpenStack-Request-Id';
const KEY = 'openstack.request_id';

/** For `createServer(requestIds.listener(...))`: takes the id from the header, unless baggage brought one. */
export const requestIds = baggage.declare({
  [KEY]: { pattern: /req-[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/, header: REQUEST_ID_HEADER, attribute: true },
});

/** The id of the request that is being worked for; undefined outside any. */
export const currentRequestId = (): string | undefined => requestIds.get(KEY);

export const newRequestId = (): string => `req-${randomUUID()}`;

export function withRequestId<Result>(id: string, fn: () => Result): Result {
  return requestIds.set({ [KEY]: id }, fn);
}

/** Runs `fn` with the id that came with the request, or with a new one, which the span that is open already then gets as well. */
export function ensureRequestId<Result>(fn: () => Result): Result {
  if (currentRequestId() !== undefined) return fn();
  const id = newRequestId();
  trace.getActiveSpan()?.setAttribute(KEY, id);
  return withRequestId(id, fn);
}
