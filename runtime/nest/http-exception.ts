// The status of Nest's HttpException, by structure, so that exceptions of every copy of Nest are recognised.

import { types } from 'node:util';

/** The HTTP status of an exception; undefined for other errors, and for proxies, whose traps it does not run. Never throws. */
export function statusOfException(error: unknown): number | undefined {
  if (types.isProxy(error)) return undefined;
  try {
    const { getStatus } = (error ?? {}) as { getStatus?: () => unknown };
    const status = typeof getStatus === 'function' ? getStatus.call(error) : undefined;
    return typeof status === 'number' && Number.isInteger(status) && status >= 400 && status < 600 ? status : undefined;
  } catch {
    return undefined;
  }
}
