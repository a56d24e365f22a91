// The parts of a declarative file on their way to the key table: values with their places, and the small readers that a format of mappings
// and lists needs. Used by declarative.ts and tracer-provider.ts.

import { describeFound } from '../text/found.js';
import { didYouMean } from '../text/nearest.js';
import type { Section } from './section.js';
import { isTable, type ValueType } from './types.js';
import type { Part } from './yaml-file.js';

/** Places whose values may be secrets, in any shape. */
const HOLDS_SECRETS = /\b(?:headers|attributes)\b/u;

export type ReadPart = (part: Part) => void;

export class PartSection implements Section {
  readonly values = new Map<string, unknown>();
  readonly faults: string[] = [];
  readonly notFollowed: string[] = [];
  readonly #origins = new Map<string, string>();

  origin(key: string): string {
    return this.#origins.get(key) ?? '';
  }

  put(key: string, value: unknown, { place }: Part): void {
    this.values.set(key, value);
    this.#origins.set(key, place);
  }

  to(key: string): ReadPart {
    return (part) => this.put(key, part.value, part);
  }

  leave(why: string): ReadPart {
    return ({ place }) => this.notFollowed.push(`${place}: ${why}`);
  }

  refuse(why: string): ReadPart {
    return ({ place }) => this.faults.push(`${place}: is not supported; ${why}.`);
  }

  mustBe({ place, value }: Part, expected: string): void {
    this.faults.push(`${place}: must be ${expected}; found ${describeFound(value, HOLDS_SECRETS.test(place))}.`);
  }

  /** Reads the entries of a mapping in the order of `entries`. One that is null counts as absent, except for those in `empty`. */
  table(part: Part, entries: Readonly<Record<string, ReadPart>>, empty: readonly string[] = []): void {
    if (part.value === null || part.value === undefined) return;
    if (!isTable(part.value)) {
      this.mustBe(part, 'a mapping');
      return;
    }
    const names = Object.keys(entries);
    for (const name of Object.keys(part.value)) {
      const hint = didYouMean(name, names) || ` Expected one of ${names.join(', ')}.`;
      if (!names.includes(name)) this.faults.push(`${part.at(name).place}: unknown name.${hint}`);
    }
    for (const name of names) {
      const entry = part.at(name);
      if (entry.value !== undefined && (entry.value !== null || empty.includes(name))) entries[name]?.(entry);
    }
  }

  /** Reads a mapping with exactly one entry, as exporters and samplers are written. */
  one(part: Part, entries: Readonly<Record<string, ReadPart>>): void {
    if (isTable(part.value) && Object.keys(part.value).length === 1) this.table(part, entries, Object.keys(entries));
    else this.mustBe(part, `a mapping with one entry of ${Object.keys(entries).join(', ')}`);
  }

  list(part: Part, read: ReadPart): void {
    if (part.value === null || part.value === undefined) return;
    if (Array.isArray(part.value)) for (const index of part.value.keys()) read(part.at(index));
    else this.mustBe(part, 'a list');
  }

  /** Adds the pairs of a text such as `key=value,key=value` to `found`. Its values are not shown. */
  pairs(part: Part, type: ValueType<object>, found: Record<string, unknown>): void {
    if (part.value === null || part.value === undefined) return;
    const reading =
      typeof part.value === 'string' ? type.read(part.value, 'environment') : { fault: 'must be text: key=value,key=value' };
    if ('value' in reading) Object.assign(found, reading.value);
    else this.faults.push(`${part.place}: ${'fault' in reading ? reading.fault : `must be ${reading.expected}`}.`);
  }

  /** Entries that are keys of the table under their own names. */
  ownKeys(part: Part, keys: readonly string[]): void {
    this.table(part, Object.fromEntries(keys.map((key) => [key, this.to(key)])));
  }

  /** Limits that stand for all signals and for spans. */
  attributeLimits(): Record<string, ReadPart> {
    return {
      attribute_value_length_limit: this.to('attribute_value_length_limit'),
      attribute_count_limit: this.to('span_attribute_count_limit'),
      attribute_value_depth_limit: this.leave('attributes of spans are scalars and lists here'),
    };
  }
}
