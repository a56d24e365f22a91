// Who may read and who may change. Tokens are compared as SHA-256 digests in constant time, so neither their length nor a
// common beginning shows; wrong ones are counted per peer and then answered 429 without a comparison. A token comes from the
// options, else from a file, else from the environment; it is read once, when the handler is made.

import { createHash, timingSafeEqual } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { ConfigurationError } from '../errors.js';
import { TOKEN_VARIABLE } from './defaults.js';
import { Refusal } from './refusal.js';

export interface AccessOptions {
  /** The token for changes, `Authorization: Bearer <token>`. Without one, every change is refused. */
  readonly token?: string;
  /** A file that holds the token, as a secret is mounted; its last line break is not part of it. */
  readonly tokenFile?: string;
  /** A second token, for reads alone. With it, reads need this or the change token. */
  readonly readToken?: string;
  /** True: anybody who reaches the hook may read. Default: only callers on this machine, the others need a token. */
  readonly openReads?: boolean;
  /** After `most` wrong tokens from one peer within `withinSeconds`, further ones are answered 429. Default 10 in 60. */
  readonly failures?: { readonly most: number; readonly withinSeconds: number };
}

/** What the adapter knows of the caller. The handler alone knows nothing, and takes the caller for a stranger. */
export interface Caller {
  /** True when the connection comes from this machine and no proxy stands between. */
  readonly local?: boolean;
  /** The peer's address; wrong tokens are counted by it. */
  readonly address?: string;
}

export interface Grant {
  readonly read: boolean;
  readonly change: boolean;
}

type Digest = Buffer;

const digestOf = (token: string): Digest => createHash('sha256').update(token).digest();
const CHALLENGE = 'Bearer realm="spanwright"';
/** Peers remembered at most; beyond it the oldest is forgotten. */
const MOST_PEERS = 1000;

function checkToken(token: string, origin: string): Digest {
  if (!/^[\x21-\x7e]+$/.test(token)) {
    const found = token === '' ? 'it is empty' : 'it holds blanks or characters outside ASCII';
    throw new ConfigurationError(
      `The admin token from ${origin} cannot travel in a header: ${found}. Use printable ASCII characters.`,
    );
  }
  return digestOf(token);
}

function tokenFrom(file: string): string {
  try {
    return readFileSync(file, 'utf8').replace(/\r?\n$/, '');
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? 'error';
    throw new ConfigurationError(`The admin token file "${file}" cannot be read (${code}). Create it, or leave out tokenFile.`);
  }
}

function changeDigest(options: AccessOptions, environment: NodeJS.ProcessEnv): Digest | undefined {
  if (options.token !== undefined) return checkToken(options.token, 'the option "token"');
  if (options.tokenFile !== undefined) return checkToken(tokenFrom(options.tokenFile), `the file "${options.tokenFile}"`);
  const variable = environment[TOKEN_VARIABLE];
  return variable === undefined || variable === '' ? undefined : checkToken(variable, `the variable ${TOKEN_VARIABLE}`);
}

interface Failures {
  count: number;
  endsAt: number;
}

/** The access rules of one handler. */
export class Access {
  readonly #change: Digest | undefined;
  readonly #read: Digest | undefined;
  readonly #openReads: boolean;
  readonly #limit: { readonly most: number; readonly withinSeconds: number };
  readonly #failures = new Map<string, Failures>();

  /** @param tell gets a line at a peer's first wrong token, and when there are too many: two at most in its time. */
  constructor(
    options: AccessOptions,
    private readonly tell: (line: string) => void,
    environment: NodeJS.ProcessEnv = process.env,
  ) {
    this.#change = changeDigest(options, environment);
    this.#read = options.readToken === undefined ? undefined : checkToken(options.readToken, 'the option "readToken"');
    this.#openReads = options.openReads ?? false;
    this.#limit = options.failures ?? { most: 10, withinSeconds: 60 };
  }

  /** What the request may do. @throws Refusal 401 for a wrong token, 429 after too many. */
  grant(request: Request, caller: Caller): Grant {
    const open = this.#read === undefined && (this.#openReads || caller.local === true);
    const header = request.headers.get('authorization') ?? '';
    const token = /^bearer +(\S+) *$/i.exec(header)?.[1];
    const configured = this.#change !== undefined || this.#read !== undefined;
    if (token === undefined || !configured) return { read: open, change: false };
    const peer = caller.address ?? '';
    this.#refuseTooMany(peer);
    const digest = digestOf(token);
    const change = this.#change !== undefined && timingSafeEqual(digest, this.#change);
    const read = this.#read !== undefined && timingSafeEqual(digest, this.#read);
    if (change || read) return { read: true, change };
    this.#countFailure(peer);
    throw new Refusal('unauthenticated', 'The token is wrong.', {
      headers: { 'www-authenticate': `${CHALLENGE}, error="invalid_token"` },
    });
  }

  /** @throws Refusal 401 or 403 unless the grant holds the permission. */
  require(permission: 'read' | 'change', grant: Grant): void {
    if (grant[permission]) return;
    if (permission === 'change' && this.#change === undefined) {
      const remedy = `Set the option "token" or "tokenFile", or the variable ${TOKEN_VARIABLE}.`;
      throw new Refusal('denied', `Changes are refused: no admin token is configured. ${remedy}`);
    }
    if (permission === 'change' && grant.read && this.#read !== undefined) {
      throw new Refusal('denied', 'This needs the token for changes; what was sent allows reading only.');
    }
    throw new Refusal('unauthenticated', `To ${permission}, send the token as "Authorization: Bearer <token>".`, {
      headers: { 'www-authenticate': CHALLENGE },
    });
  }

  #refuseTooMany(peer: string): void {
    const failures = this.#failures.get(peer);
    if (failures === undefined || failures.count < this.#limit.most) return;
    const left = Math.ceil((failures.endsAt - performance.now()) / 1000);
    if (left <= 0) {
      this.#failures.delete(peer);
      return;
    }
    throw new Refusal('tooMany', `Too many wrong tokens; try again in ${left} s.`, { headers: { 'retry-after': String(left) } });
  }

  #countFailure(peer: string): void {
    const now = performance.now();
    const failures = this.#failures.get(peer);
    const { most, withinSeconds } = this.#limit;
    const from = peer === '' ? 'an unknown address' : peer;
    if (failures !== undefined && failures.endsAt > now) {
      failures.count += 1;
      if (failures.count === most) this.tell(`${most} wrong tokens from ${from}: every token from there is refused for now`);
      return;
    }
    this.tell(`a wrong token from ${from}; ${most} of them within ${withinSeconds} s are too many`);
    this.#failures.delete(peer);
    const oldest = this.#failures.size >= MOST_PEERS ? this.#failures.keys().next().value : undefined;
    if (oldest !== undefined) this.#failures.delete(oldest);
    this.#failures.set(peer, { count: 1, endsAt: now + withinSeconds * 1000 });
  }
}
