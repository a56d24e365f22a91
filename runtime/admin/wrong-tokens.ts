// Delays for wrong tokens: after a few of them every further one from the same network is answered after a delay, and only a few
// wait at a time. The right token is compared first and never waits, so nobody can lock the operator out by guessing.

import { isIPv4, isIPv6 } from 'node:net';
import { now as monotonic, setTimeout, unref } from '../captured.js';
import { printable } from '../text/printable.js';

export interface FailureLimit {
  /** Wrong tokens from one network before the delay starts. */
  readonly most: number;
  /** Seconds from the first wrong token in which further ones are counted. */
  readonly withinSeconds: number;
}

/** The answer to a wrong token: given at once, after a delay, or refused with 429 because too many wait. */
type Penalty = { readonly kind: 'none' | 'delayed' } | { readonly kind: 'refused'; readonly seconds: number };

interface Counted {
  count: number;
  waiting: number;
  endsAt: number;
}

/** Networks remembered at most; beyond it the oldest is forgotten. */
const MOST_NETWORKS = 1000;
const DELAY_MILLISECONDS = 1000;
/** Lines in the time of the limit, from all networks: a sender with an IPv6 /48 has 65,536 of them. */
const MOST_LINES = 20;
/** Delayed answers of one network at a time, far below the connections of the admin server. */
const MOST_WAITING = 5;

/**
 * The network of an address, as one sender can change its address freely inside it: 127.0.0.0/8, an IPv4 /24, an IPv6 /64. IPv4
 * addresses written as IPv6 are the IPv4 addresses. A text that is not an address stands for itself.
 */
export function networkOf(address: string): string {
  const plain = address.replace(/%.*$/, '');
  const v6 = isIPv6(plain) ? new URL(`http://[${plain}]`).hostname.slice(1, -1) : undefined;
  // The URL parser writes each IPv6 address in one form: RFC 5952, an embedded IPv4 address in hexadecimal.
  const embedded = /^::ffff:([0-9a-f]{1,4}):([0-9a-f]{1,4})$/.exec(v6 ?? '')?.slice(1);
  const octets = embedded?.flatMap((group) => [Number.parseInt(group, 16) >> 8, Number.parseInt(group, 16) & 255]);
  const [a, b, c] = octets ?? (isIPv4(plain) ? plain.split('.').map(Number) : []);
  if (a === 127 || v6 === '::1') return '127.0.0.0/8';
  if (a !== undefined) return `${a}.${b}.${c}.0/24`;
  return v6 === undefined ? plain : `${prefixOf(v6)}::/64`;
}

/** The first four groups of an IPv6 address in its normal form. */
function prefixOf(v6: string): string {
  const [head = '', tail] = v6.split('::');
  const left = head === '' ? [] : head.split(':');
  const right = tail === undefined || tail === '' ? [] : tail.split(':');
  const zeros = new Array<string>(8 - left.length - right.length).fill('0');
  return [...left, ...zeros, ...right].slice(0, 4).join(':');
}

/** The count of wrong tokens by network. Bounded; the count of a network expires. */
export class WrongTokens {
  readonly #networks = new Map<string, Counted>();
  #lines = { count: 0, endsAt: 0 };

  /** @param log gets a line at the first wrong token of a network, and when the delay starts: two at most in its time, and 20 of all networks. */
  constructor(
    private readonly limit: FailureLimit,
    private readonly log: (line: string) => void,
  ) {}

  /** Counts a wrong token, and waits if a delay is due. */
  async penalise(address: string | undefined): Promise<Penalty> {
    const network = networkOf(address ?? '');
    const counted = this.#count(network, address);
    if (counted.count <= this.limit.most) return { kind: 'none' };
    if (counted.waiting >= MOST_WAITING) {
      return { kind: 'refused', seconds: Math.max(1, Math.ceil((counted.endsAt - monotonic()) / 1000)) };
    }
    counted.waiting += 1;
    await new Promise<void>((resolve) => {
      unref(setTimeout(resolve, DELAY_MILLISECONDS));
    });
    counted.waiting -= 1;
    return { kind: 'delayed' };
  }

  #count(network: string, address: string | undefined): Counted {
    const now = monotonic();
    const { most, withinSeconds } = this.limit;
    const known = this.#networks.get(network);
    if (known !== undefined && (known.endsAt > now || known.waiting > 0)) {
      known.count += 1;
      if (known.count === most)
        this.#log(`${most} wrong tokens from ${printable(network, 60)}: further ones are answered after a delay`);
      return known;
    }
    const from = address === undefined || address === '' ? 'an unknown address' : printable(address, 60);
    this.#log(`a wrong token from ${from}; after ${most} within ${withinSeconds} s they are answered after a delay`);
    this.#networks.delete(network);
    const oldest = this.#networks.size >= MOST_NETWORKS ? this.#networks.keys().next().value : undefined;
    if (oldest !== undefined) this.#networks.delete(oldest);
    const counted = { count: 1, waiting: 0, endsAt: now + withinSeconds * 1000 };
    this.#networks.set(network, counted);
    return counted;
  }

  #log(line: string): void {
    const at = monotonic();
    const held = this.#lines.endsAt > at ? 0 : Math.max(0, this.#lines.count - MOST_LINES);
    if (this.#lines.endsAt <= at) this.#lines = { count: 0, endsAt: at + this.limit.withinSeconds * 1000 };
    this.#lines.count += 1;
    if (this.#lines.count <= MOST_LINES) this.log(held === 0 ? line : `${line} (${held} more like this since the last line)`);
  }
}
