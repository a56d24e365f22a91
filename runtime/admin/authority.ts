// Checks of the Host and Origin headers of a request. The Host must be one that the operator knows, which stops DNS
// rebinding (a page whose name suddenly resolves to this machine); a change that a browser sends must come from the hook's
// own page, which stops forged cross-site requests. Both are checked before any token.

import { InvalidArgumentError } from '../errors.js';
import { isLoopbackAuthority } from '../text/loopback.js';
import { printable } from '../text/printable.js';
import { Refusal } from './refusal.js';

const AUTHORITY = /^(?:[a-z0-9._-]+|\[[0-9a-f:.]+\])(?::[0-9]{1,5})?$/;

/** Host and port that the request was sent to, in lower case. */
function authorityOf(request: Request): string {
  return (request.headers.get('host') ?? new URL(request.url).host).toLowerCase();
}

const hostnameOf = (authority: string) => authority.replace(/:[0-9]*$/, '');

/** Hosts that a request may be sent to: loopback names, and those of the `allowedHosts` option. */
export class AllowedHosts {
  readonly #names: ReadonlySet<string>;
  readonly #any: boolean;

  /** @throws InvalidArgumentError for an entry that is not a host name, an address or `*`. */
  constructor(names: readonly string[]) {
    this.#any = names.includes('*');
    this.#names = new Set(names.filter((name) => name !== '*').map((name) => name.toLowerCase()));
    for (const name of this.#names) {
      if (AUTHORITY.test(name) && hostnameOf(name) === name) continue;
      const message = `allowedHosts: "${printable(name, 80)}" is not a host name or address without port; use "*" to allow any.`;
      throw new InvalidArgumentError('allowedHosts', message);
    }
  }

  /** @throws Refusal (421) for a host that is not allowed. */
  check(request: Request): void {
    const authority = authorityOf(request);
    const name = hostnameOf(authority);
    if (AUTHORITY.test(authority) && (this.#any || isLoopbackAuthority(name) || this.#names.has(name))) return;
    const shown = printable(authority, 80);
    throw new Refusal('wrongHost', `Host "${shown}" is not allowed here. If it is right, add it to the option allowedHosts.`);
  }
}

/** @throws Refusal (403) when a browser sends a change from a page that is not the hook's own. */
export function checkOrigin(request: Request): void {
  const refuse = (from: string): Refusal =>
    new Refusal('denied', `A change must come from the admin page itself or from a program; this one comes from ${from}.`);
  const site = request.headers.get('sec-fetch-site');
  if (site === 'cross-site' || site === 'same-site') throw refuse('another site');
  const given = request.headers.get('origin');
  if (given === null) return;
  const origin = URL.canParse(given) ? new URL(given) : undefined;
  const own = `${origin?.protocol}//${authorityOf(request)}`;
  const same =
    origin !== undefined && /^https?:$/.test(origin.protocol) && URL.canParse(own) && new URL(own).host === origin.host;
  if (!same) throw refuse(`origin "${printable(given, 80)}"`);
}
