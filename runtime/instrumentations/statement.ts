// What may be said of an SQL statement: its text without values and comments, on one line; its operation; its collection. One
// pass over the text, whatever it holds, and never further than MAX_READ characters.

const MAX_READ = 20_000;

interface Token {
  /** Words, quoted names without their quotes, and single signs; values are `?`. */
  readonly text: string;
  readonly kind: 'word' | 'name' | 'sign' | 'value';
  /** Whitespace or a comment stands before it, and another token before that. */
  readonly apart: boolean;
}

/** How a database reads its text: in MySQL double quotes hold values, a backslash escapes, and `#` starts a comment. */
export type Dialect = 'ansi' | 'mysql';

/** Whitespace and comments | strings | dollar quotes | quoted names | parameters | numbers | words | signs. */
const TOKENS: Record<Dialect, RegExp> = {
  ansi: /(?<space>\s+|--[^\n]*|\/\*[\s\S]*?(?:\*\/|$))|(?<text>(?:\b[eE]'(?:[^'\\]|\\[\s\S]|'')*|\b[bBxXnN]?'(?:[^']|'')*|'(?:[^']|'')*)(?:'|$))|(?<dollar>\$(?<tag>\w*)\$[\s\S]*?(?:\$\k<tag>\$|$))|"(?<name>(?:[^"]|"")*)(?:"|$)|`(?<tick>[^`]*)(?:`|$)|(?<parameter>\$\d+)|(?<number>\d[\w.]*(?:[eE][+-]?\d+)?)|(?<word>[\p{L}_][\p{L}\p{N}_$]*)|(?<sign>[\s\S])/gu,
  mysql:
    /(?<space>\s+|--[^\n]*|#[^\n]*|\/\*[\s\S]*?(?:\*\/|$))|(?<text>(?:(?:\b[bBxXnN])?'(?:[^'\\]|\\[\s\S]|'')*(?:'|$)|"(?:[^"\\]|\\[\s\S]|"")*(?:"|$)))|`(?<tick>[^`]*)(?:`|$)|(?<number>\d[\w.]*(?:[eE][+-]?\d+)?)|(?<word>[\p{L}_][\p{L}\p{N}_$]*)|(?<sign>[\s\S])/gu,
};

function tokensOf(sql: string, dialect: Dialect): Token[] {
  const tokens: Token[] = [];
  let apart = false;
  const add = (text: string, kind: Token['kind']): void => {
    tokens.push({ text, kind, apart: apart && tokens.length > 0 });
    apart = false;
  };
  for (const { groups = {} } of sql.slice(0, MAX_READ).matchAll(TOKENS[dialect])) {
    const name = groups.name ?? groups.tick;
    if (groups.space !== undefined) apart = true;
    else if (groups.word !== undefined) add(groups.word, 'word');
    else if (name !== undefined) add(name, 'name');
    else if (groups.sign !== undefined) add(groups.sign, 'sign');
    else add(groups.parameter ?? '?', 'value');
  }
  return tokens;
}

const QUOTE: Record<Dialect, string> = { ansi: '"', mysql: '`' };

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

export interface Statement {
  /** Without values and comments, on one line. */
  readonly text: string;
  /** In upper case: `UPDATE`. */
  readonly operation: string;
  /** As written, quotes left out: `public.health_events`. */
  readonly collection: string | undefined;
}

const MAX_REMEMBERED = 500;
const REMEMBERED: Record<Dialect, Map<string, Statement>> = { ansi: new Map(), mysql: new Map() };

/** What may be said of a statement. Programs have few statements: they are read once. */
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
  let depth = 0;
  for (const [index, { text, kind }] of tokens.entries()) {
    if (text === '(' && kind === 'sign') depth++;
    else if (text === ')' && kind === 'sign') depth--;
    else if (depth === 0 && kind === 'word' && OPERATIONS.has(text.toUpperCase())) return index;
  }
  return tokens.findIndex(({ kind }) => kind === 'word');
}

function collectionAfter(tokens: readonly Token[], at: number, operation: string): string | undefined {
  if (!OPERATIONS.has(operation)) return undefined;
  const mark = MARK[operation];
  let index = at + 1;
  let depth = 0;
  if (mark !== undefined) {
    for (; index < tokens.length; index++) {
      const { text, kind } = tokens[index] as Token;
      if (kind === 'sign' && text === '(') depth++;
      else if (kind === 'sign' && text === ')') depth--;
      else if (depth === 0 && kind === 'word' && text.toUpperCase() === mark) break;
    }
    index++;
  }
  while (tokens[index]?.kind === 'word' && BETWEEN.has((tokens[index] as Token).text.toUpperCase())) index++;
  let name = '';
  for (; index < tokens.length; index++) {
    const { text, kind } = tokens[index] as Token;
    if (kind !== 'word' && kind !== 'name') break;
    name += text;
    if (tokens[index + 1]?.text !== '.') break;
    name += '.';
    index++;
  }
  return name === '' || name.length > 200 ? undefined : name;
}

/** Cut to so many characters, with what shows that it was. */
export function shortened(text: string, limit: number): string {
  return text.length <= limit ? text : `${text.slice(0, limit)}...`;
}
