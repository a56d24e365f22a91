// OpenTelemetry's standard variables that this package does not follow, with what takes their place. startTracing() logs those that are
// set, once; docs/write-configuration.ts lists them. Those that are followed are in keys.ts and sampler-variable.ts.

import { variableText } from './env.js';

interface Standard {
  readonly name: string;
  readonly instead: string;
}

export const NOT_FOLLOWED: readonly Standard[] = [
  { name: 'OTEL_CONFIG_FILE', instead: 'the file is the one that `SPANWRIGHT_CONFIG` names' },
];

/** One line for each variable that is set. Values are not shown. */
export function notFollowed(env: NodeJS.ProcessEnv = process.env): { name: string; line: string }[] {
  return NOT_FOLLOWED.flatMap(({ name, instead }) => {
    return variableText(env, name) === undefined ? [] : [{ name, line: `${name}: ${instead.replaceAll('`', '')}` }];
  });
}
