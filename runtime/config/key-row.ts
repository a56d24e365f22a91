// Shape of one row of the key table: name, option, type, default, variables and text of one configuration key.

import type { ValueType } from './types.js';

export interface KeyRow {
  /** Name in the TOML file. */
  readonly key: string;
  /** Name among the options of startTracing(). */
  readonly option: string;
  // biome-ignore lint/suspicious/noExplicitAny: a table of rows of different types
  readonly type: ValueType<any, any>;
  readonly default: unknown;
  /** Variables, in order of precedence. */
  readonly env: readonly string[];
  readonly doc: string;
  /** The value for a malformed variable; default: the variable counts as unset. */
  readonly whenMalformed?: unknown;
  /** The value is never shown. */
  readonly secret?: true;
  /** Sources add to each other, attribute by attribute, instead of replacing each other. */
  readonly merge?: true;
}
