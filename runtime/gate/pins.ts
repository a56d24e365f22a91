// Tells the gate when a context that could still make calls record is alive, although the flag is off. Whoever has such a context
// holds a pin; a pin is one object per quiet period, so that its price is one field. When the collector has taken the last holder,
// nothing can record any more.

export class Pin {
  /** Distinguishes pins in a heap snapshot. */
  constructor(readonly number: number) {}
}

export class Pins {
  #live = 0;
  #made = 0;
  #kept: Pin | undefined;
  #current: WeakRef<Pin> | undefined;
  readonly #contexts = new WeakMap<object, Pin>();
  readonly #collected: FinalizationRegistry<number>;

  constructor(onNoneLeft: () => void) {
    this.#collected = new FinalizationRegistry(() => {
      this.#live--;
      if (this.#live === 0) onNoneLeft();
    });
  }

  /** True while anything that was pinned may still be reachable. */
  get held(): boolean {
    return this.#live > 0;
  }

  /** The pin of this period; whoever stores it counts as alive for as long as it lives. */
  take(): Pin {
    return this.#kept ?? this.#takeWeak();
  }

  /** While the flag is on the pin is kept at hand: looking through the weak reference would cost every local trace. */
  keep(on: boolean): void {
    if (on !== (this.#kept !== undefined)) this.#kept = on ? this.#takeWeak() : undefined;
  }

  #takeWeak(): Pin {
    const current = this.#current?.deref();
    if (current !== undefined) return current;
    const pin = new Pin(++this.#made);
    this.#current = new WeakRef(pin);
    this.#live++;
    this.#collected.register(pin, pin.number);
    return pin;
  }

  /** Pins an object that has no field for it. */
  hold(holder: object): void {
    if (!this.#contexts.has(holder)) this.#contexts.set(holder, this.take());
  }
}
