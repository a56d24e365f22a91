// Access to the API. On a loopback address every user of the machine may read, as at the admin hook; a page of another site may not,
// because it cannot set the Host header. Beyond loopback every request needs the token. Changes need JSON and the same origin.

import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { isLoopbackAuthority } from '../../runtime/text/loopback.js';
import { ApiFault } from './routes.js';

export interface GuardOptions {
  /** Needed by every request of the API when set. */
  readonly token: string | undefined;
  /** True: names other than loopback ones are accepted in the Host header. */
  readonly remote: boolean;
}

const FORWARDED = ['forwarded', 'x-forwarded-for', 'x-forwarded-host', 'x-real-ip', 'via'];

const digestOf = (text: string): Buffer => createHash('sha256').update(text).digest();

/** @throws ApiFault */
export function checkHost({ headers }: IncomingMessage, { remote, token }: GuardOptions): void {
  if (!remote && !isLoopbackAuthority(headers.host ?? '')) throw new ApiFault(403, 'unknown host name in the request');
  if (token === undefined && FORWARDED.some((name) => headers[name] !== undefined)) {
    throw new ApiFault(403, 'requests through a proxy need a token; start the viewer with --page-token-file');
  }
}

/** @throws ApiFault */
export function checkToken({ headers }: IncomingMessage, { token }: GuardOptions): void {
  if (token === undefined) return;
  const sent = /^Bearer ([\x21-\x7e]{1,500})$/.exec(headers.authorization ?? '')?.[1] ?? '';
  if (!timingSafeEqual(digestOf(sent), digestOf(token)))
    throw new ApiFault(401, 'expected the token of --page-token-file, as Authorization: Bearer');
}

/** @throws ApiFault */
export function checkChange({ headers }: IncomingMessage): void {
  const site = headers['sec-fetch-site'];
  const { origin } = headers;
  const own = origin === undefined || (URL.canParse(origin) && new URL(origin).host === headers.host);
  if (!own || (site !== undefined && site !== 'same-origin' && site !== 'none'))
    throw new ApiFault(403, 'changes are accepted from the same origin only');
  if (headers['content-type']?.split(';')[0]?.trim() !== 'application/json')
    throw new ApiFault(415, 'expected content-type: application/json');
}
