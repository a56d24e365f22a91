// Applies the commands of a control source to the tracing of this process, as leases. Called by the sources with all that
// they hold, as often as they like: a command is put in force once, a lower revision never replaces a higher one, and what
// other people set stays. It never throws; a change that cannot be put in force is logged and changes nothing.

import type { Lease, Tracing } from '../tracing.js';
import { notice } from '../warnings.js';
import type { HeldCommand, ReplicaCommand, Setting } from './command.js';

/** The followed source, and the function that stops it. */
export interface Control {
  /** The highest revision seen; 0 before the first command. */
  readonly revision: number;
  /** Stops following. What is in force stays until its lease ends. */
  close(): Promise<void>;
}

/** The part of {@link Tracing} that a control source needs. */
export type Controlled = Pick<Tracing, 'setEnabled' | 'setRules' | 'setDrop' | 'endLease' | 'leases'>;

/** Order of the changes: 0 for a change that only adds a lease, 1 for empty rules, 2 for the flag. */
const endsOthers = ({ setting, value }: ReplicaCommand): number => (setting === 'enabled' ? 2 : Number(value === ''));

/** When a change ends, in words. */
export function untilWhen({ expiresAt, value }: Lease): string {
  if (value === '') return 'the leases of this kind are ended';
  return expiresAt === null ? 'until tracing is switched on' : `until ${expiresAt}`;
}

/** Commands with less time left are ignored. */
const LEAST_MILLISECONDS = 5;

export class Follower {
  revision = 0;
  readonly #seen = new Map<Setting, number>();
  readonly #leases = new Map<Setting, string>();

  /** @param source what the source is called in notices and as the actor of its leases, such as `redis spanwright:control` */
  constructor(
    private readonly tracing: Controlled,
    private readonly source: string,
  ) {}

  /** True when the revision of a command is higher than what was put in force, or refused, before. */
  isNew(setting: Setting, revision: number): boolean {
    return revision > (this.#seen.get(setting) ?? 0);
  }

  /** Puts the commands in force as a whole, or none of them. Returns the reason if none was put in force. */
  follow(commands: readonly HeldCommand[]): string | undefined {
    const newer = commands.filter(({ command, revision }) => this.isNew(command.setting, revision));
    for (const { command, revision } of newer) {
      this.#seen.set(command.setting, revision);
      this.revision = Math.max(this.revision, revision);
    }
    // Commands that end leases of others come last, because nothing brings those back; new leases begin before the old ones end,
    // so that there is no moment without either.
    newer.sort((a, b) => endsOthers(a.command) - endsOthers(b.command));
    const begun: (readonly [HeldCommand, Lease | undefined])[] = [];
    try {
      for (const held of newer) begun.push([held, this.#begin(held)]);
      for (const [held, lease] of begun) this.#settle(held, lease);
      return undefined;
    } catch (error) {
      for (const [, lease] of begun) if (lease !== undefined) this.tracing.endLease(lease.id);
      this.fault(`revision ${this.revision}: ${(error as Error).message}`);
      return (error as Error).message;
    }
  }

  /** Logs why the source cannot be followed, once a minute for each kind of fault. */
  fault(message: string, kind = message): void {
    notice('SPW022', `${this.source}: ${message}`, `${this.source} ${kind}`);
  }

  #begin({ command: { setting, value, ...options }, remaining }: HeldCommand): Lease | undefined {
    if (value === null || remaining < LEAST_MILLISECONDS) return undefined;
    const time = remaining === Number.POSITIVE_INFINITY ? undefined : { for: remaining };
    const lease = { ...options, ...time, actor: `${options.actor ?? 'unnamed'}, by ${this.source}`.slice(0, 500) };
    if (setting === 'enabled') return this.tracing.setEnabled(value as boolean, lease);
    return setting === 'rules' ? this.tracing.setRules(value as string, lease) : this.tracing.setDrop(value as string, lease);
  }

  #settle({ command, revision }: HeldCommand, lease: Lease | undefined): void {
    const before = this.#leases.get(command.setting);
    if (before !== undefined) this.tracing.endLease(before);
    if (lease === undefined) this.#leases.delete(command.setting);
    else this.#leases.set(command.setting, lease.id);
    this.#report(command, revision, lease);
  }

  #report({ setting, value, reason, actor }: ReplicaCommand, revision: number, lease: Lease | undefined): void {
    const until = lease === undefined ? (value === null ? 'ended' : 'it has expired already') : untilWhen(lease);
    const who = `${actor === undefined ? '' : ` by ${actor}`}${reason === undefined ? '' : `, reason: ${reason}`}`;
    notice(
      'SPW021',
      `${this.source}, revision ${revision}: ${setting}${value === null ? '' : ` ${value === '' ? '(empty)' : String(value)}`}, ${until}${who}`,
    );
  }
}
