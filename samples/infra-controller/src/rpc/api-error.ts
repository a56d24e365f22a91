// Answer of a failed request: the status, and a message that may be shown to callers.

import { UnknownComponentError } from '../api-db/inventory.js';
import { BmcRefusedError } from '../component-manager/bmc-client.js';

/** The request itself is wrong; the message states the fault. */
export class BadRequestError extends Error {
  override readonly name = 'BadRequestError';
  constructor(
    message: string,
    readonly status = 400,
  ) {
    super(message);
  }
}

export function statusOf(error: unknown): number {
  if (error instanceof BadRequestError) return error.status;
  if (error instanceof UnknownComponentError) return 404;
  if (error instanceof BmcRefusedError) return 502;
  return 500;
}

/** Unexpected errors are not described to the caller, because their text may hold anything. */
export function messageOf(error: unknown): string {
  return statusOf(error) === 500 || !(error instanceof Error) ? 'internal error' : error.message;
}
