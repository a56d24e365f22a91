// Interned texts: span names, services and namespaces repeat in every trace, so a trace holds numbers. A text that no trace uses any
// more is released, so that names with ids in them do not accumulate.

/** Texts by what they name, so that a span's name is not taken for a namespace. */
export interface TraceWords {
  readonly services: Words;
  readonly names: Words;
  readonly namespaces: Words;
}

interface Word {
  readonly text: string;
  readonly lower: string;
  uses: number;
}

export class Words {
  readonly #numbers = new Map<string, number>();
  readonly #words = new Map<number, Word>();
  #next = 1;

  /** Number of `text`, which counts as used once more. */
  use(text: string): number {
    const known = this.#numbers.get(text);
    if (known !== undefined) {
      (this.#words.get(known) as Word).uses += 1;
      return known;
    }
    const number = this.#next++;
    this.#numbers.set(text, number);
    this.#words.set(number, { text, lower: text.toLowerCase(), uses: 1 });
    return number;
  }

  /** Number of `text`, when any trace uses it. */
  find(text: string): number | undefined {
    return this.#numbers.get(text);
  }

  release(number: number): void {
    const word = this.#words.get(number);
    if (word === undefined || --word.uses > 0) return;
    this.#words.delete(number);
    this.#numbers.delete(word.text);
  }

  text(number: number): string {
    return this.#words.get(number)?.text ?? '';
  }

  /** Numbers of all texts that pass the test. */
  matching(test: (text: string, lower: string) => boolean): Set<number> {
    const found = new Set<number>();
    for (const [number, { text, lower }] of this.#words) if (test(text, lower)) found.add(number);
    return found;
  }

  /** Texts in use, sorted, without the empty one. */
  texts(): string[] {
    return [...this.#numbers.keys()].filter(Boolean).sort();
  }
}
