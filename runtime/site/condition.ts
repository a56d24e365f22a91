// A condition on a call: the expected text of one of its values, without which no trace starts there. Plain data, because worker
// threads get it too. `gate/when.ts` reads it from text, `span/conditional-root.ts` finds the value.

import { types } from 'node:util';
import { isArray, ownElements } from '../captured.js';

export interface Condition {
  /** `value`: a recorded argument or attribute. */
  readonly source: 'value' | 'baggage' | 'header' | 'resource';
  readonly name: string;
  /** `!=` */
  readonly negated: boolean;
  readonly expected: readonly ExpectedValue[];
}

export interface ExpectedValue {
  readonly text: string;
  /** The text is a prefix. */
  readonly open: boolean;
  /** The number that the text represents. */
  readonly number?: number;
}

/** Conditions that hold together. */
export type When = readonly Condition[];

/** A condition on one argument of a function. */
export interface ArgumentCondition {
  readonly index: number;
  readonly condition: Condition;
}

const MOST_ELEMENTS = 100;

/**
 * True when the value, or an element of it, is one of the expected texts; with `!=`, when none is. A value that is missing, or has no
 * text, fulfils neither. Runs no code of the value's.
 */
export function fulfils({ expected, negated }: Condition, value: unknown): boolean {
  if (typeof value !== 'object') return hasText(value) && isExpected(expected, value) !== negated;
  // isArray() throws for a proxy that is revoked
  if (types.isProxy(value) || !isArray(value)) return false;
  const elements = ownElements(value, MOST_ELEMENTS).filter(hasText);
  return elements.length > 0 && elements.some((element) => isExpected(expected, element)) !== negated;
}

type Comparable = string | number | boolean | bigint;

function hasText(value: unknown): value is Comparable {
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean' || typeof value === 'bigint';
}

/** A loop, and numbers compared as such: it runs for every call that could start a trace. */
function isExpected(expected: readonly ExpectedValue[], value: Comparable): boolean {
  for (let at = 0; at < expected.length; at++) {
    const { text, open, number } = expected[at] as ExpectedValue;
    if (typeof value === 'number' && !open) {
      if (value === number) return true;
    } else {
      const found = typeof value === 'string' ? value : String(value);
      if (open ? found.startsWith(text) : found === text) return true;
    }
  }
  return false;
}
