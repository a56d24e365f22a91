// Access to the hook: read or change. Tokens are compared as SHA-256 digests in constant time. The cost of a wrong one is in
// wrong-tokens.ts, token.ts reads the tokens.

import { timingSafeEqual } from 'node:crypto';
import { TOKEN_VARIABLE } from './defaults.js';
import { Refusal } from './refusal.js';
import { changeDigest, checkedToken, type Digest, digestOf } from './token.js';
import { type FailureLimit, WrongTokens } from './wrong-tokens.js';

/** Options that decide who may read and change. */
export interface AccessOptions {
  /** The token for changes, `Authorization: Bearer <token>`, at least 16 characters. Without one, every change is refused. */
  readonly token?: string | undefined;
  /** A file that holds the token, as a secret is mounted; its last line break is not part of it. Refused when other users can read it. */
  readonly tokenFile?: string | undefined;
  /** A second token, for reads alone. With it, reads need this or the change token. */
  readonly readToken?: string | undefined;
  /** True: every caller may read without a token. Default: only callers on this machine. */
  readonly openReads?: boolean | undefined;
  /** After `most` wrong tokens from one network within `withinSeconds`, further ones are answered after a delay. Default 10 in 60. */
  readonly failures?: FailureLimit;
}

/** The caller, as far as the adapter knows it. Without it the handler treats the caller as remote. */
export interface Caller {
  /** True when the connection comes from this machine without a proxy in between. */
  readonly local?: boolean;
  /** The peer's address; wrong tokens are counted by its network. */
  readonly address?: string;
  /** True when the application has authenticated the caller already, for reads and changes. */
  readonly trusted?: boolean;
}

export interface Grant {
  readonly read: boolean;
  readonly change: boolean;
}

const CHALLENGE = 'Bearer realm="spanwright"';

/** The access rules of one handler. */
export class Access {
  readonly #change: Digest | undefined;
  readonly #read: Digest | undefined;
  readonly #openReads: boolean;
  readonly #wrong: WrongTokens;

  /** @param log receives the lines about wrong tokens. @throws ConfigurationError for a token or token file that is refused. */
  constructor(options: AccessOptions, log: (line: string) => void, environment: NodeJS.ProcessEnv = process.env) {
    this.#change = changeDigest(options, environment);
    this.#read = options.readToken === undefined ? undefined : checkedToken(options.readToken, 'the option "readToken"');
    this.#openReads = options.openReads ?? false;
    this.#wrong = new WrongTokens(options.failures ?? { most: 10, withinSeconds: 60 }, log);
  }

  /** The access of a request. @throws Refusal 401 for a wrong token, late after too many; 429 where too many wait. */
  async grant(request: Request, caller: Caller): Promise<Grant> {
    if (caller.trusted === true) return { read: true, change: true };
    const open = this.#read === undefined && (this.#openReads || caller.local === true);
    const header = request.headers.get('authorization') ?? '';
    const token = /^bearer +(\S+) *$/i.exec(header)?.[1];
    const configured = this.#change !== undefined || this.#read !== undefined;
    if (token === undefined || !configured) return { read: open, change: false };
    const digest = digestOf(token);
    const change = this.#change !== undefined && timingSafeEqual(digest, this.#change);
    const read = this.#read !== undefined && timingSafeEqual(digest, this.#read);
    if (change || read) return { read: true, change };
    const penalty = await this.#wrong.penalise(caller.address);
    if (penalty.kind === 'refused') {
      throw new Refusal('tooMany', 'Too many wrong tokens from this network; the correct one is accepted at any time.', {
        headers: { 'retry-after': String(penalty.seconds) },
      });
    }
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
      throw new Refusal('denied', 'This needs the token for changes; the token that was sent allows reading only.');
    }
    throw new Refusal('unauthenticated', `To ${permission}, send the token as "Authorization: Bearer <token>".`, {
      headers: { 'www-authenticate': CHALLENGE },
    });
  }
}
