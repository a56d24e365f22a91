// A record of any content as one line of JSON: errors with their message and stack, bigints as text, circular and unreadable values
// named as such. Logging must not fail.

const MAX_DEPTH = 20;

export function printJson(record: object): string {
  try {
    return JSON.stringify(record, replacer()) ?? '{}';
  } catch (error) {
    return JSON.stringify({ level: 'error', msg: 'a log record cannot be printed', error: textOfError(error) });
  }
}

/** A value that a record throws may be unreadable as well. */
function textOfError(error: unknown): string {
  try {
    return String(error);
  } catch {
    return '[unreadable]';
  }
}

function replacer(): (this: unknown, key: string, value: unknown) => unknown {
  const path: unknown[] = [];
  return function replace(this: unknown, _key, value) {
    if (typeof value === 'bigint') return value.toString();
    if (typeof value !== 'object' || value === null) return value;
    const plain = value instanceof Error ? describeError(value) : value;
    // an ancestor of `this` must not appear again below it
    while (path.length > 0 && path.at(-1) !== this) path.pop();
    if (path.includes(plain)) return '[circular]';
    if (path.length >= MAX_DEPTH) return '[deep]';
    path.push(plain);
    return plain;
  };
}

export function describeError(error: Error): Record<string, unknown> {
  const { name, message, stack, cause } = error;
  const code = (error as { code?: unknown }).code;
  return { ...error, name, message, ...(code === undefined ? {} : { code }), stack, ...(cause === undefined ? {} : { cause }) };
}
