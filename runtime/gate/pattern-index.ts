// Patterns indexed by their text, so that a subject is judged in a few look-ups however many patterns there are: a change of 400
// rules judges 10,000 sites. Answers exactly what `specificity()` says pattern by pattern; a property test holds that.

import { isWordAt, type Pattern, type Subject, specificity } from './pattern.js';

interface Entry<Value> {
  readonly pattern: Pattern;
  readonly value: Value;
}

/** Up to this many entries are compared one by one; with more, the subject is looked up once for each length of a pattern. */
const FEW = 12;

/** Entries by text. */
class PrefixMap<Value> {
  readonly #entries = new Map<string, Entry<Value>>();
  /** The longest text first. */
  #sorted: Entry<Value>[] = [];
  /** Descending. */
  #lengths: number[] = [];

  constructor(
    /** True: a text matches only at the end of a segment of the subject. */
    private readonly segments: boolean,
  ) {}

  set(entry: Entry<Value>): void {
    const { text } = entry.pattern;
    this.#entries.set(text, entry);
    if (this.#entries.size <= FEW) {
      this.#sorted = [...this.#entries.values()].sort((a, b) => b.pattern.text.length - a.pattern.text.length);
    }
    if (!this.#lengths.includes(text.length)) this.#lengths = [...this.#lengths, text.length].sort((a, b) => b - a);
  }

  /** The entry with the longest text that `text` starts with, of fewer characters than `below`. */
  longest(text: string, below = Number.POSITIVE_INFINITY): Entry<Value> | undefined {
    if (this.#entries.size <= FEW) {
      for (const entry of this.#sorted) {
        const prefix = entry.pattern.text;
        if (prefix.length < below && beginsWith(text, prefix) && this.#endsAt(text, prefix.length)) return entry;
      }
      return undefined;
    }
    for (const length of this.#lengths) {
      if (length > text.length || length >= below || !this.#endsAt(text, length)) continue;
      const entry = this.#entries.get(text.slice(0, length));
      if (entry !== undefined) return entry;
    }
    return undefined;
  }

  #endsAt(text: string, length: number): boolean {
    return !this.segments || length === text.length || !isWordAt(text, length);
  }
}

export class PatternIndex<Value> {
  #all: Entry<Value> | undefined;
  #namespaces: PrefixMap<Value> | undefined;
  #scopes: TextIndex<Value> | undefined;
  #names: TextIndex<Value> | undefined;
  #places: Map<string | undefined, Entry<Value>> | undefined;

  /** If a pattern has several values, the last one applies. */
  constructor(entries: Iterable<readonly [Pattern, Value]>) {
    for (const [pattern, value] of entries) this.#add({ pattern, value });
  }

  /** The value of the most specific pattern that fits, or undefined. */
  find(subject: Subject): Value | undefined {
    const { qualified, scope } = subject;
    const atPlace = this.#places?.get(subject.place);
    if (atPlace !== undefined) return atPlace.value;
    let best = this.#all;
    if (this.#namespaces !== undefined && qualified !== undefined) best = this.#namespaces.longest(qualified) ?? best;
    if (this.#scopes !== undefined && scope !== undefined) best = better(best, this.#scopes.best(scope), subject);
    if (this.#names !== undefined) best = better(best, this.#names.best(subject.spanName), subject);
    return best?.value;
  }

  /** Calls `found` with the value of every pattern that fits. */
  matches(subject: Subject, found: (value: Value) => void): void {
    const { qualified, scope } = subject;
    if (this.#all !== undefined) found(this.#all.value);
    if (this.#namespaces !== undefined && qualified !== undefined) eachPrefix(this.#namespaces, qualified, found);
    if (scope !== undefined) this.#scopes?.each(scope, found);
    this.#names?.each(subject.spanName, found);
    const atPlace = this.#places?.get(subject.place);
    if (atPlace !== undefined) found(atPlace.value);
  }

  #add(entry: Entry<Value>): void {
    switch (entry.pattern.kind) {
      case 'all':
        this.#all = entry;
        break;
      case 'namespace':
        this.#namespaces ??= new PrefixMap(true);
        this.#namespaces.set(entry);
        break;
      case 'scope':
        this.#scopes ??= new TextIndex();
        this.#scopes.set(entry);
        break;
      case 'name':
        this.#names ??= new TextIndex();
        this.#names.set(entry);
        break;
      case 'place':
        this.#places ??= new Map();
        this.#places.set(entry.pattern.text, entry);
        break;
      case 'kind':
    }
  }
}

/** Scope or name patterns: a whole text, or the start of one. */
class TextIndex<Value> {
  readonly #whole = new Map<string, Entry<Value>>();
  readonly #starts = new PrefixMap<Value>(false);

  set(entry: Entry<Value>): void {
    if (entry.pattern.open) this.#starts.set(entry);
    else this.#whole.set(entry.pattern.text, entry);
  }

  best(text: string): Entry<Value> | undefined {
    return this.#whole.get(text) ?? this.#starts.longest(text);
  }

  each(text: string, found: (value: Value) => void): void {
    const whole = this.#whole.get(text);
    if (whole !== undefined) found(whole.value);
    eachPrefix(this.#starts, text, found);
  }
}

/** `startsWith` takes twice as long over thousands of texts of which most differ at the last character. */
function beginsWith(text: string, prefix: string): boolean {
  const last = prefix.length - 1;
  return last < 0 || (text.charCodeAt(last) === prefix.charCodeAt(last) && text.startsWith(prefix));
}

function eachPrefix<Value>(map: PrefixMap<Value>, text: string, found: (value: Value) => void): void {
  let entry = map.longest(text);
  while (entry !== undefined) {
    found(entry.value);
    entry = map.longest(text, entry.pattern.text.length);
  }
}

function better<Value>(
  best: Entry<Value> | undefined,
  other: Entry<Value> | undefined,
  subject: Subject,
): Entry<Value> | undefined {
  if (best === undefined || other === undefined) return other ?? best;
  return specificity(other.pattern, subject) > specificity(best.pattern, subject) ? other : best;
}
