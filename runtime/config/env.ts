// Reads environment variables for keys. An empty variable counts as unset (OpenTelemetry specification, "General SDK
// configuration"), and so does one of white space, which deployment templates may produce.

import type { KeyRow } from './key-row.js';

interface Variable {
  readonly name: string;
  readonly value: string;
}

/** The first variable of the row that is set. */
export function readVariable(row: KeyRow, env: NodeJS.ProcessEnv): Variable | undefined {
  for (const name of row.env) {
    const value = variableText(env, name);
    if (value !== undefined) return { name, value };
  }
  return undefined;
}

/** The trimmed value of a variable, undefined when it is unset or empty. */
export function variableText(env: NodeJS.ProcessEnv, name: string): string | undefined {
  const value = env[name]?.trim();
  return value === '' ? undefined : value;
}
