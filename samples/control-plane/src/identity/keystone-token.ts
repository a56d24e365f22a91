// Tokens in the manner of Keystone: the name of a user, signed. A token is a secret: it is passed on from API to API, and is in no span and no
// line of a log.

import { createHmac, timingSafeEqual } from 'node:crypto';

export function issueToken(user: string, key: string): string {
  const name = Buffer.from(user).toString('base64url');
  return `${name}.${signature(name, key)}`;
}

/** The user; undefined when this service did not sign the token. */
export function userOf(token: unknown, key: string): string | undefined {
  const [name, given] = typeof token === 'string' ? token.split('.') : [];
  if (name === undefined || given === undefined) return undefined;
  const [found, right] = [Buffer.from(given), Buffer.from(signature(name, key))];
  return found.length === right.length && timingSafeEqual(found, right) ? Buffer.from(name, 'base64url').toString() : undefined;
}

const signature = (name: string, key: string): string => createHmac('sha256', key).update(name).digest('base64url');
