// Options that several commands share, and the full list of what one command takes. Read by the parser, help and completion.

import { DEFAULT_ADMIN_PORT, DEFAULT_PREFIX, TOKEN_VARIABLE } from '../runtime/admin/defaults.js';
import type { Command, CommandOption } from './command.js';

/** The admin hook that the live commands use without `--url`. */
export const DEFAULT_URL = `http://127.0.0.1:${DEFAULT_ADMIN_PORT}${DEFAULT_PREFIX}`;

/** Options that every command takes. */
export const GLOBAL_OPTIONS: readonly CommandOption[] = [
  { name: 'help', short: 'h', type: 'flag', summary: 'Show the help of the program or of the command.' },
  { name: 'version', type: 'flag', summary: 'Print the version.' },
];

/** Options of the commands that connect to a running process. */
export const LIVE_OPTIONS: readonly CommandOption[] = [
  {
    name: 'url',
    type: 'text',
    value: 'URL',
    summary: `The admin hook. Default: SPANWRIGHT_ADMIN_URL, else ${DEFAULT_URL}.`,
  },
  { name: 'socket', type: 'text', value: 'PATH', file: true, summary: 'Reach the admin hook through this Unix socket.' },
  {
    name: 'token-file',
    type: 'text',
    value: 'PATH',
    file: true,
    summary: `File that holds the token. Default: the variable ${TOKEN_VARIABLE}.`,
  },
  { name: 'json', type: 'flag', summary: 'Print the answer as JSON, for programs.' },
];

/** All options that a command takes. */
export function optionsOfCommand(command: Command): readonly CommandOption[] {
  return [...command.options, ...(command.live ? LIVE_OPTIONS : []), ...GLOBAL_OPTIONS];
}
