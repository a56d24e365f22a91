// How databases read the text of a statement: what encloses values and names, and what starts a comment. Read by statement.ts.

/**
 * - `ansi`: PostgreSQL, Oracle and others that follow the standard
 * - `mysql`: double quotes enclose values, a backslash escapes, and `#` starts a comment
 * - `sqlite`: names in brackets. A text in double quotes is a value where no such name exists, so there it is a name only in the place
 *   of a table.
 * - `mssql`: the same with comments that nest, because a setting of the session decides about double quotes
 * - `other`: where databases differ, what follows counts as a value
 */
export type Dialect = 'ansi' | 'mysql' | 'sqlite' | 'mssql' | 'other';

export interface Grammar {
  /**
   * Its groups: `space`, also line comments; `block`, the start of a comment; `name`, `tick` and `bracket`, a quoted name; `word`; `sign`;
   * `parameter`. Everything else is a value.
   */
  readonly tokens: RegExp;
  /** A comment in a comment: `unclear` where databases differ. */
  readonly nests: boolean | 'unclear';
  /** A text in double quotes is a name in the place of a table only. */
  readonly quotesValues: boolean;
  /** Printed around a quoted name. */
  readonly quotes: readonly [string, string];
}

const { raw } = String;
const BLOCK = raw`(?<block>\/\*)`;
const STANDARD_SPACE = raw`(?<space>\s+|--[^\n\r]*)`;
const STANDARD_TEXT = raw`(?:\b[bBxXnN]?'(?:[^']|'')*|'(?:[^']|'')*)(?:'|$)`;
const ESCAPED = raw`'(?:[^'\\]|\\[\s\S]|'')*(?:'|\\?$)`;
/** PostgreSQL reads a text behind an E'' with nothing but whitespace and comments between as its continuation. */
const POSTGRES_TEXT = raw`\b[eE]${ESCAPED}(?:\s*(?:--[^\n\r]*[\n\r]\s*)*${ESCAPED})*`;
/** q'[...]', with any character but whitespace in the place of the brackets. */
const ORACLE_TEXT = raw`\b[nN]?[qQ]'(?:\[[\s\S]*?(?:\]'|$)|\([\s\S]*?(?:\)'|$)|\{[\s\S]*?(?:\}'|$)|<[\s\S]*?(?:>'|$)|(?<mark>[^\s[({<])[\s\S]*?(?:\k<mark>'|$))`;
const DOLLAR_TEXT = raw`\$(?<tag>(?:[A-Za-z_\u{80}-\u{10ffff}][\w\u{80}-\u{10ffff}]*)?)\$[\s\S]*?(?:\$\k<tag>\$|$)`;
const NAME = raw`"(?<name>(?:[^"]|"")*)"`;
const TICK = raw`${'`'}(?<tick>[^${'`'}]*)${'`'}`;
/** PostgreSQL takes every character beyond ASCII for a letter. */
const REST = raw`(?<parameter>\$\d+)|\d[\w.]*(?:(?<=[eE])[+-]\d+)?|(?<word>[A-Za-z_\u{80}-\u{10ffff}][\w$\u{80}-\u{10ffff}]*)|(?<sign>[\s\S])`;
/** A quote without its end. */
const UNCLOSED = raw`["${'`'}][\s\S]*`;
const UNCLOSED_BRACKET = raw`["[${'`'}][\s\S]*`;

const STANDARD = [ORACLE_TEXT, POSTGRES_TEXT, STANDARD_TEXT, DOLLAR_TEXT, NAME, TICK, UNCLOSED, REST];
/** In MySQL whitespace or a control character follows `--`. Whether it runs a comment `/*!` depends on its version. */
const MYSQL = [
  raw`(?<space>\s+|--(?=[ \p{Cc}]|$)[^\n]*|#[^\n]*|\/\*(?!M?!(?:(?!\*\/)[^'"${'`'}])*['"${'`'}])[\s\S]*?(?:\*\/|$))|\/\*[\s\S]*`,
  raw`(?:\b[bBxXnN])?${ESCAPED}|"(?:[^"\\]|\\[\s\S]|"")*(?:"|\\?$)`,
  TICK,
  raw`${'`'}[\s\S]*`,
  REST,
];
const SQLITE = [
  raw`(?<space>\s+|--[^\n]*)`,
  BLOCK,
  STANDARD_TEXT,
  NAME,
  TICK,
  raw`\[(?<bracket>[^\]]*)\]`,
  UNCLOSED_BRACKET,
  REST,
];
const MSSQL = [STANDARD_SPACE, BLOCK, STANDARD_TEXT, NAME, raw`\[(?<bracket>(?:[^\]]|\]\])*)\]`, UNCLOSED_BRACKET, REST];
/** A backslash before a quote, quotes in threes, and a quote behind `#` or `//`, which start comments in some databases. */
const UNCLEAR = raw`(?:'''|"""|'(?:[^'\\]|''|\\[^'])*\\'|#|\/\/)[\s\S]*`;
const OTHER = [
  raw`(?<space>\s+|--[^\n\r]*|(?:#|\/\/)[^\n\r'"${'`'}]*(?:[\n\r]|$))`,
  BLOCK,
  UNCLEAR,
  ...STANDARD.filter((part) => part !== ORACLE_TEXT),
];

const tokens = (parts: readonly string[]): RegExp => new RegExp(parts.join('|'), 'gu');

export const GRAMMARS: Readonly<Record<Dialect, Grammar>> = {
  ansi: { tokens: tokens([STANDARD_SPACE, BLOCK, ...STANDARD]), nests: true, quotesValues: false, quotes: ['"', '"'] },
  mysql: { tokens: tokens(MYSQL), nests: false, quotesValues: false, quotes: ['`', '`'] },
  sqlite: { tokens: tokens(SQLITE), nests: false, quotesValues: true, quotes: ['"', '"'] },
  mssql: { tokens: tokens(MSSQL), nests: true, quotesValues: true, quotes: ['[', ']'] },
  other: { tokens: tokens(OTHER), nests: 'unclear', quotesValues: true, quotes: ['"', '"'] },
};

const SYSTEMS: readonly (readonly [RegExp, Dialect])[] = [
  [/^(?:mysql|mariadb)$/u, 'mysql'],
  [/sqlite|libsql|turso/u, 'sqlite'],
  [/^(?:microsoft\.|azure\.)?(?:sql_?server|mssql)$/u, 'mssql'],
  [/postgres|^(?:pg|pglite|cockroachdb|oracle(?:\.db)?|(?:ibm\.)?db2|derby|h2|hsqldb|firebird\w*|duckdb)$/u, 'ansi'],
];

/** The dialect of a database, named as in `db.system.name`. */
export function dialectOf(system: string): Dialect {
  const name = system.toLowerCase();
  return SYSTEMS.find(([names]) => names.test(name))?.[1] ?? 'other';
}
