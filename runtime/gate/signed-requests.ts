// Requests that are recorded regardless of the flag: they carry a header whose value is signed with a secret (HMAC-SHA256) over a path
// and the time at which it expires. A value that is malformed, expired, signed with another secret or for another path is ignored.

import { createHmac, timingSafeEqual } from 'node:crypto';
import type { Context } from '@opentelemetry/api';
import { now as monotonic, wallClock } from '../captured.js';
import { requestHeaders } from '../context/request-headers.js';

const SECOND = 1000;
const MOST_CHARACTERS = 2048;
/** Version, expiry in seconds since 1970, path and signature, both in base64url. */
const FORM = /^1\.(\d{1,12})\.([\w-]{1,1400})\.([\w-]{43})$/;

export interface SignedRequestSettings {
  /** In lower case. */
  readonly header: string;
  readonly secret: string;
  readonly perSecond: number;
}

/** The value of the header. @param path the request's own path, or one above it @param expiresAt seconds since 1970 */
export function signRequest(secret: string, path: string, expiresAt: number): string {
  return `1.${expiresAt}.${Buffer.from(path).toString('base64url')}.${signature(secret, path, expiresAt).toString('base64url')}`;
}

function signature(secret: string, path: string, expiresAt: number): Buffer {
  return createHmac('sha256', secret).update(`spanwright 1\n${expiresAt}\n${path}`).digest();
}

/** The path of a value that is signed with the secret and has not expired. */
export function signedPath(secret: string, value: unknown): string | undefined {
  if (typeof value !== 'string' || value.length > MOST_CHARACTERS) return undefined;
  const [, expiry = '', encoded = '', given = ''] = FORM.exec(value) ?? [];
  if (given === '') return undefined;
  const path = Buffer.from(encoded, 'base64url').toString();
  const isGenuine = timingSafeEqual(signature(secret, path, Number(expiry)), Buffer.from(given, 'base64url'));
  return isGenuine && Number(expiry) * SECOND > wallClock() ? path : undefined;
}

interface Verified {
  readonly path: string;
  admitted: boolean | undefined;
}

export class SignedRequests {
  #settings: SignedRequestSettings | undefined;
  #recorded = 0;
  /** Number of invalid values, and of requests for another path or beyond the rate. */
  #refused = 0;
  /** Verified value by the headers of the request; false if the value is not valid. */
  #verified = new WeakMap<object, Verified | false>();
  #secondBegan = Number.NEGATIVE_INFINITY;
  #inSecond = 0;

  /** Name of the header; undefined: none is read. */
  get header(): string | undefined {
    return this.#settings?.header;
  }

  counts(): { recorded: number; refused: number } | null {
    return this.#settings === undefined ? null : { recorded: this.#recorded, refused: this.#refused };
  }

  /** Counts start at zero. @param settings undefined: no header is read */
  restart(settings: SignedRequestSettings | undefined): void {
    this.#settings = settings;
    this.#recorded = 0;
    this.#refused = 0;
    this.#verified = new WeakMap();
    this.#secondBegan = Number.NEGATIVE_INFINITY;
  }

  /** True when the context belongs to a request with a valid signature, for any path. */
  marks(context: Context): boolean {
    return this.#verify(context) !== undefined;
  }

  /**
   * True when the context belongs to a request that is recorded. The first call for a request decides and is counted. @param path of the
   * request, where a span has it
   */
  admits(context: Context, path: unknown): boolean {
    const verified = this.#verify(context);
    if (verified === undefined) return false;
    if (verified.admitted !== undefined) return verified.admitted;
    const asked = path ?? requestHeaders(context)?.path;
    // the spans of a server and of its middleware come before one that has the path
    if (typeof asked !== 'string') return false;
    verified.admitted = isPathBelow(asked, verified.path) && this.#hasRoom();
    if (verified.admitted) this.#recorded++;
    else this.#refused++;
    return verified.admitted;
  }

  /** True when the context belongs to a request that has been admitted. */
  hasAdmitted(context: Context): boolean {
    return this.#settings !== undefined && this.#verify(context)?.admitted === true;
  }

  #verify(context: Context): Verified | undefined {
    const headers = this.#settings === undefined ? undefined : requestHeaders(context);
    if (headers === undefined) return undefined;
    let verified = this.#verified.get(headers);
    if (verified === undefined) {
      const { header, secret } = this.#settings as SignedRequestSettings;
      const value = headers.values[header];
      const path = signedPath(secret, value);
      if (path === undefined && value !== undefined) this.#refused++;
      verified = path === undefined ? false : { path, admitted: undefined };
      this.#verified.set(headers, verified);
    }
    return verified === false ? undefined : verified;
  }

  #hasRoom(): boolean {
    const now = monotonic();
    if (now - this.#secondBegan >= SECOND) {
      this.#secondBegan = now;
      this.#inSecond = 0;
    }
    return this.#inSecond++ < (this.#settings as SignedRequestSettings).perSecond;
  }
}

/** A segment that leads elsewhere in a program that resolves it: `/v1/power/../admin` is not below `/v1/power`. */
const DOTS = /(?:^|\/)(?:\.|%2e){1,2}(?:\/|$)/iu;

/** True for the path itself and for those below it; what follows `?` is no part of a path. */
function isPathBelow(url: string, prefix: string): boolean {
  const path = url.replace(/[?#].*$/su, '');
  if (DOTS.test(path)) return false;
  const stem = prefix.replace(/\/+$/u, '');
  return path === stem || path.startsWith(`${stem}/`);
}
