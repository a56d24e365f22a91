// The recordable parts of an SQL statement: its text without values and comments, on one line; its operation; its collection. One
// pass over any text, and never further than MAX_READ characters.

const MAX_READ = 20_000;

interface Token {
  /** Words, quoted names without their quotes, and single signs; values are `?`. */
  readonly text: string;
  readonly kind: 'word' | 'name' | 'sign' | 'value';
  /** True if whitespace or a comment separates this token from the one before it. */
  readonly apart: boolean;
}

/**
 * How a database reads its text. In MySQL double quotes hold values, a backslash escapes, and `#` starts a comment. SQLite takes a text
 * in double quotes for a value where no such name exists, so there it is a name only in the place of a table.
 */
export type Dialect = 'ansi' | 'mysql' | 'sqlite';

/**
 * Whitespace and line comments | start of a block comment | strings | dollar quotes | quoted names | a quote without its end |
 * parameters | numbers | words | signs. PostgreSQL takes every character beyond ASCII for a letter; q'[...]' is Oracle's.
 */
const ANSI =
  /(?<space>\s+|--[^\n\r]*)|(?<block>\/\*)|(?<text>\b[nN]?[qQ]'(?:\[[\s\S]*?\]|\([\s\S]*?\)|\{[\s\S]*?\}|<[\s\S]*?>|(?<mark>[^\s\w'[({<])[\s\S]*?\k<mark>)'|\b[eE]'(?:[^'\\]|\\[\s\S]|'')*(?:'|\\?$)|(?:\b[bBxXnN]?'(?:[^']|'')*|'(?:[^']|'')*)(?:'|$))|(?<dollar>\$(?<tag>(?:[A-Za-z_\u{80}-\u{10ffff}][\w\u{80}-\u{10ffff}]*)?)\$[\s\S]*?(?:\$\k<tag>\$|$))|"(?<name>(?:[^"]|"")*)"|`(?<tick>[^`]*)`|(?<unclosed>["`][\s\S]*)|(?<parameter>\$\d+)|(?<number>\d[\w.]*(?:(?<=[eE])[+-]\d+)?)|(?<word>[A-Za-z_\u{80}-\u{10ffff}][\w$\u{80}-\u{10ffff}]*)|(?<sign>[\s\S])/gu;

const TOKENS: Record<Dialect, RegExp> = {
  ansi: ANSI,
  sqlite: ANSI,
  mysql:
    /(?<space>\s+|--[^\n]*|#[^\n]*|\/\*[\s\S]*?(?:\*\/|$))|(?<text>(?:(?:\b[bBxXnN])?'(?:[^'\\]|\\[\s\S]|'')*(?:'|\\?$)|"(?:[^"\\]|\\[\s\S]|"")*(?:"|\\?$)))|`(?<tick>[^`]*)`|(?<unclosed>`[\s\S]*)|(?<number>\d[\w.]*(?:(?<=[eE])[+-]\d+)?)|(?<word>[A-Za-z_\u{80}-\u{10ffff}][\w$\u{80}-\u{10ffff}]*)|(?<sign>[\s\S])/gu,
};

/** Words behind which SQLite takes a text in double quotes for the name of a table. */
const BEFORE_TABLE = new Set(['FROM', 'INTO', 'UPDATE', 'TABLE', 'JOIN', 'EXISTS', 'AS', 'INDEX', 'REFERENCES']);
const CREATED_ON = new Set(['INDEX', 'TRIGGER']);

type Groups = Readonly<Record<string, string | undefined>>;

function tokensOf(sql: string, dialect: Dialect): Token[] {
  const text = sql.slice(0, MAX_READ);
  const pattern = new RegExp(TOKENS[dialect]);
  const tokens: Token[] = [];
  /** Index of the token at which the statement starts: one text may hold several. */
  let first = 0;
  let apart = false;
  for (let found = pattern.exec(text); found !== null; found = pattern.exec(text)) {
    const { groups = {} } = found;
    if (groups.block !== undefined) pattern.lastIndex = endOfComment(text, found.index, dialect === 'ansi');
    if (groups.block !== undefined || groups.space !== undefined) {
      apart = true;
      continue;
    }
    const quoted = dialect !== 'sqlite' || isTable(tokens, text[pattern.lastIndex]);
    tokens.push({ ...written(groups, quoted), apart: apart && tokens.length > 0 });
    apart = false;
    if (groups.sign !== ';') continue;
    if (copiesFromInput(tokens.slice(first))) {
      const end = text.slice(pattern.lastIndex).search(/^\\\.\s*$/mu);
      pattern.lastIndex = end < 0 ? text.length : pattern.lastIndex + end + 2;
      tokens.push({ text: '?', kind: 'value', apart: true });
    }
    first = tokens.length;
  }
  return tokens;
}

/** @param quoted whether a text in double quotes is a name */
function written({ word, name, tick, sign, parameter = '?' }: Groups, quoted: boolean): Omit<Token, 'apart'> {
  if (word !== undefined) return { text: word, kind: 'word' };
  if (sign !== undefined) return { text: sign, kind: 'sign' };
  const text = quoted ? (name ?? tick) : tick;
  return text === undefined ? { text: parameter, kind: 'value' } : { text, kind: 'name' };
}

/** Index behind the comment that starts at `from`. PostgreSQL's nest; without its end a comment goes to the end of the text. */
function endOfComment(text: string, from: number, nests: boolean): number {
  const marks = /\/\*|\*\//gu;
  marks.lastIndex = from + 2;
  let depth = 1;
  for (let mark = marks.exec(text); mark !== null; mark = marks.exec(text)) {
    if (mark[0] === '*/') depth--;
    else if (nests) depth++;
    if (depth === 0) return marks.lastIndex;
  }
  return text.length;
}

/** Data lines follow such a statement in the same text, as pg_dump writes it: `COPY t FROM stdin;`. */
function copiesFromInput(statement: readonly Token[]): boolean {
  const words = statement.filter(({ kind }) => kind === 'word').map(({ text }) => text.toUpperCase());
  return words[0] === 'COPY' && words.includes('FROM') && words.includes('STDIN');
}

function isTable(tokens: readonly Token[], next: string | undefined): boolean {
  const before = tokens[tokens.length - 1];
  if (next === '.' || before?.text === '.') return true;
  if (before?.kind !== 'word') return false;
  const word = before.text.toUpperCase();
  // CREATE INDEX i ON "t"; behind JOIN a condition follows
  if (word === 'ON') return tokens.some(({ text, kind }) => kind === 'word' && CREATED_ON.has(text.toUpperCase()));
  return BEFORE_TABLE.has(word);
}

const QUOTE: Record<Dialect, string> = { ansi: '"', mysql: '`', sqlite: '"' };

function print(tokens: readonly Token[], dialect: Dialect): string {
  const quote = QUOTE[dialect];
  let text = '';
  for (const { text: written, kind, apart } of tokens)
    text += (apart ? ' ' : '') + (kind === 'name' ? `${quote}${written}${quote}` : written);
  return text;
}

const OPERATIONS = new Set(['SELECT', 'INSERT', 'UPDATE', 'DELETE', 'MERGE', 'TRUNCATE', 'COPY', 'CALL']);
/** The word after which an operation names its collection; for the others the name follows at once. */
const MARK: Record<string, string> = { SELECT: 'FROM', DELETE: 'FROM', INSERT: 'INTO', MERGE: 'INTO' };
const BETWEEN = new Set(['ONLY', 'TABLE', 'LATERAL', 'IF', 'EXISTS']);

interface Statement {
  /** The statement without values and comments, on one line. */
  readonly text: string;
  /** In upper case: `UPDATE`. */
  readonly operation: string;
  /** The name as written, without quotes: `public.health_events`. */
  readonly collection: string | undefined;
}

const MAX_REMEMBERED = 500;
const REMEMBERED: Record<Dialect, Map<string, Statement>> = { ansi: new Map(), mysql: new Map(), sqlite: new Map() };

/** The recordable parts of a statement. Programs have few statements: each is read once. */
export function readStatement(sql: string, dialect: Dialect = 'ansi'): Statement {
  const remembered = REMEMBERED[dialect];
  let statement = remembered.get(sql);
  if (statement !== undefined) return statement;
  const tokens = tokensOf(sql, dialect);
  const at = operationAt(tokens);
  const operation = (tokens[at]?.text ?? '').toUpperCase();
  statement = { text: print(tokens, dialect), operation, collection: collectionAfter(tokens, at, operation) };
  if (remembered.size >= MAX_REMEMBERED) remembered.clear();
  if (sql.length <= MAX_READ) remembered.set(sql, statement);
  return statement;
}

/** The first operation outside parentheses: in `WITH x AS (SELECT ...) UPDATE ...` it is UPDATE. */
function operationAt(tokens: readonly Token[]): number {
  const found = outsideParentheses(tokens, 0, (word) => OPERATIONS.has(word));
  return found === -1 ? tokens.findIndex(({ kind }) => kind === 'word') : found;
}

/** Index of the first word outside parentheses that fits, in upper case; -1 without one. */
function outsideParentheses(tokens: readonly Token[], from: number, fits: (word: string) => boolean): number {
  let depth = 0;
  return tokens.findIndex(({ text, kind }, index) => {
    if (index < from) return false;
    if (kind === 'sign') depth += text === '(' ? 1 : text === ')' ? -1 : 0;
    return kind === 'word' && depth === 0 && fits(text.toUpperCase());
  });
}

function collectionAfter(tokens: readonly Token[], at: number, operation: string): string | undefined {
  if (!OPERATIONS.has(operation)) return undefined;
  const mark = MARK[operation];
  const before = mark === undefined ? at : outsideParentheses(tokens, at + 1, (word) => word === mark);
  if (before === -1) return undefined;
  let index = before + 1;
  while (tokens[index]?.kind === 'word' && BETWEEN.has((tokens[index] as Token).text.toUpperCase())) index++;
  let name = '';
  for (let token = tokens[index]; token?.kind === 'word' || token?.kind === 'name'; token = tokens[index]) {
    name += token.text;
    if (tokens[index + 1]?.text !== '.') break;
    name += '.';
    index += 2;
  }
  return name === '' || name.length > 200 ? undefined : name;
}

/** Cut to so many characters, with a mark of the cut. */
export function shortened(text: string, limit: number): string {
  return text.length <= limit ? text : `${text.slice(0, limit)}...`;
}
