// The file that an option names for a token: bounded, and closed to other users, as for the admin hook.

import { tokenIn } from '../runtime/admin/token.js';
import { UsageError } from './command.js';

/** @throws UsageError naming the option. */
export function tokenFrom(path: string, option: string): string {
  try {
    return tokenIn(path).trim();
  } catch (error) {
    throw new UsageError((error as Error).message.replace('Create it, or leave out tokenFile.', `Correct ${option}.`));
  }
}
