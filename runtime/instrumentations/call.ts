// The call of a patched function that is under way, for attributes that its package does not expose: the called client, its
// arguments, its result. Set only while the package's own code runs, and only while calls may be recorded.

import type { Call, PackageRow } from './row.js';

let current: Call | undefined;

/** Calls `patched`; a span that starts within may read the call. */
export function underWay(
  row: PackageRow,
  patched: (...args: never[]) => unknown,
  receiver: unknown,
  args: ArrayLike<unknown>,
): unknown {
  const outer = current;
  const call: Call = { row, receiver, args, result: undefined };
  current = call;
  try {
    call.result = Reflect.apply(patched, receiver, args);
    return row.returned === undefined ? call.result : row.returned(call);
  } finally {
    current = outer;
  }
}

/** The innermost call that is under way, if it is one of this package. */
export function callOf(row: PackageRow): Call | undefined {
  return current?.row === row ? current : undefined;
}
