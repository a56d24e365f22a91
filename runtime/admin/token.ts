// Reads the tokens of the admin hook and refuses some of them: those that a header cannot hold, those that can be guessed, and
// files that other users of the machine can read or change. Read once, when the handler is created; the command line program reads
// its token file by the same rules.

import { createHash } from 'node:crypto';
import { ConfigurationError } from '../errors.js';
import { readBoundedFile, UnfitFile } from '../text/bounded-file.js';
import { counted } from '../text/counted.js';
import { guessable } from '../text/guessable.js';
import { printable } from '../text/printable.js';
import { TOKEN_VARIABLE } from './defaults.js';

/** SHA-256 of a token: compared instead of the token, so that the time reveals neither its length nor a common prefix. */
export type Digest = Buffer;

interface TokenOptions {
  readonly token?: string | undefined;
  readonly tokenFile?: string | undefined;
}

/** Characters of a token at least. `openssl rand -hex 16` has 32. */
const SHORTEST_TOKEN = 16;
const MOST_BYTES = 64 * 1024;
/**
 * Permissions that are refused: any for other users, and changes by the group. A secret that a container mounts for its group stays
 * possible (0440).
 */
const TOO_OPEN = 0o027;

export const digestOf = (token: string): Digest => createHash('sha256').update(token).digest();

/** @throws ConfigurationError for a token that cannot be sent or is short or regular enough to be guessed; it never holds the token. */
export function checkedToken(token: string, origin: string): Digest {
  const refuse = (why: string, remedy: string): ConfigurationError =>
    new ConfigurationError(`The admin token from ${origin} is refused: ${why}. ${remedy}`);
  if (!/^[\x21-\x7e]+$/.test(token)) {
    const found = token === '' ? 'it is empty' : 'it holds blanks or characters outside ASCII';
    throw refuse(found, 'Use printable ASCII characters: it travels in a header.');
  }
  if (token.length < SHORTEST_TOKEN) {
    const found = `it has ${counted(token.length, 'character')}`;
    throw refuse(`${found}, expected at least ${SHORTEST_TOKEN}`, 'Create one with "openssl rand -hex 32".');
  }
  const pattern = guessable(token);
  if (pattern !== undefined) throw refuse(pattern, 'It can be guessed. Create one with "openssl rand -hex 32".');
  return digestOf(token);
}

/** The text of a token file without its last line break. @throws ConfigurationError naming the file and what to do. */
export function tokenIn(path: string): string {
  const shown = `The token file "${printable(path, 200)}"`;
  let file: ReturnType<typeof readBoundedFile>;
  try {
    file = readBoundedFile(path, MOST_BYTES);
  } catch (error) {
    const why = error instanceof UnfitFile ? error.message : ((error as NodeJS.ErrnoException).code ?? 'error');
    throw new ConfigurationError(`${shown} cannot be read (${why}). Create it, or leave out tokenFile.`);
  }
  const { bytes, mode } = file;
  if (mode !== undefined && (mode & TOO_OPEN) !== 0) {
    const shownMode = mode.toString(8).padStart(3, '0');
    const remedy = `Run "chmod 600" on it; for a secret that Kubernetes mounts, set defaultMode: 0400 (0440 with fsGroup).`;
    throw new ConfigurationError(`${shown} is open to other users of this machine (mode ${shownMode}). ${remedy}`);
  }
  return bytes.toString('utf8').replace(/\r?\n$/, '');
}

/** The token for changes: the option, else the file, else the variable; undefined when none is given. */
export function changeDigest(options: TokenOptions, environment: NodeJS.ProcessEnv): Digest | undefined {
  if (options.token !== undefined) return checkedToken(options.token, 'the option "token"');
  if (options.tokenFile !== undefined) return checkedToken(tokenIn(options.tokenFile), `the file "${options.tokenFile}"`);
  const variable = environment[TOKEN_VARIABLE];
  return variable === undefined || variable === '' ? undefined : checkedToken(variable, `the variable ${TOKEN_VARIABLE}`);
}
