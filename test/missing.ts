// Requirements of tests beside the sources: shells, a browser, parts of .ci/setup. If one is missing, its tests are skipped with
// the reason printed, as the runner requires; in CI that is an error.

import { spawnSync } from 'node:child_process';

/**
 * True where something is missing. Prints what.
 * @throws when CI=true, where nothing may be skipped
 */
export function mustSkip(missing: readonly string[]): boolean {
  if (missing.length === 0) return false;
  const reason = `not installed: ${missing.join(', ')}; run .ci/setup`;
  if (process.env.CI === 'true') throw new Error(reason);
  console.log(`skip: ${reason}`);
  return true;
}

/** The given commands that cannot be started. */
export const missingCommands = (...commands: string[]): string[] =>
  commands.filter((command) => spawnSync(command, ['--version']).error !== undefined);
