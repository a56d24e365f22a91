// Detects whether a context that can still make calls record is reachable while the flag is off. Each such context holds a
// lifetime token, one object per quiet period, so that the cost is one field. When garbage collection has taken the last holder,
// no call can record and the gate becomes idle.

import { CapturedWeakRef } from '../captured.js';

export class LifetimeToken {
  /** Distinguishes tokens in a heap snapshot. */
  constructor(readonly number: number) {}
}

export class LifetimeTokens {
  #live = 0;
  #created = 0;
  #kept: LifetimeToken | undefined;
  #current: WeakRef<LifetimeToken> | undefined;
  readonly #contexts = new WeakMap<object, LifetimeToken>();
  readonly #collected: FinalizationRegistry<number>;

  constructor(onNoneLeft: () => void) {
    this.#collected = new FinalizationRegistry(() => {
      this.#live--;
      if (this.#live === 0) onNoneLeft();
    });
  }

  /** True while a holder of a token may still be reachable. */
  get held(): boolean {
    return this.#live > 0;
  }

  /** Returns the token of this period. An object that stores it counts as a holder until it is collected. */
  take(): LifetimeToken {
    return this.#kept ?? this.#takeWeak();
  }

  /** While the flag is on, keeps a strong reference, because reading the weak one would cost every local trace. */
  keep(on: boolean): void {
    if (on !== (this.#kept !== undefined)) this.#kept = on ? this.#takeWeak() : undefined;
  }

  #takeWeak(): LifetimeToken {
    const current = this.#current?.deref();
    if (current !== undefined) return current;
    const token = new LifetimeToken(++this.#created);
    this.#current = new CapturedWeakRef(token);
    this.#live++;
    this.#collected.register(token, token.number);
    return token;
  }

  /** Attaches the token to an object that has no field for it. */
  hold(holder: object): void {
    if (!this.#contexts.has(holder)) this.#contexts.set(holder, this.take());
  }
}
