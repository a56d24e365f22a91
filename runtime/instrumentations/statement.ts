// What may be said of an SQL statement: its text without values and comments, on one line; its operation; its collection. One
// pass over the text, whatever it holds, and never further than MAX_READ characters.

const MAX_READ = 20_000;

interface Token {
  /** Words, quoted names without their quotes, and single signs; values are `?`. */
  readonly text: string;
  readonly kind: 'word' | 'name' | 'sign' | 'value';
}

/** Whitespace and comments | strings | dollar quotes | quoted names | parameters | numbers | words | signs. */
const TOKEN =
  /(?<space>\s+|--[^\n]*|\/\*[\s\S]*?(?:\*\/|$))|(?<text>(?:\b[eE]'(?:[^'\\]|\\[\s\S]|'')*|\b[bBxXnN]?'(?:[^']|'')*|'(?:[^']|'')*)(?:'|$))|(?<dollar>\$(?<tag>\w*)\$[\s\S]*?(?:\$\k<tag>\$|$))|"(?<name>(?:[^"]|"")*)(?:"|$)|`(?<tick>[^`]*)(?:`|$)|(?<parameter>\$\d+)|(?<number>\d[\w.]*(?:[eE][+-]?\d+)?)|(?<word>[\p{L}_][\p{L}\p{N}_$]*)|(?<sign>[\s\S])/gu;

function tokensOf(sql: string): Token[] {
  const tokens: Token[] = [];
  for (const { groups = {} } of sql.slice(0, MAX_READ).matchAll(TOKEN)) {
    const name = groups.name ?? groups.tick;
    if (groups.space !== undefined) continue;
    if (groups.word !== undefined) tokens.push({ text: groups.word, kind: 'word' });
    else if (name !== undefined) tokens.push({ text: name, kind: 'name' });
    else if (groups.sign !== undefined) tokens.push({ text: groups.sign, kind: 'sign' });
    else tokens.push({ text: groups.parameter ?? '?', kind: 'value' });
  }
  return tokens;
}

const CLOSE_LEFT = new Set([',', ')', ';', '.', ']']);
const CLOSE_RIGHT = new Set(['(', '.', '[']);
const JOINED = /^[<>=!|&:~@#?-]$/u;

function print(tokens: readonly Token[]): string {
  let text = '';
  let before: Token | undefined;
  for (const token of tokens) {
    const close =
      before === undefined ||
      (token.kind === 'sign' && CLOSE_LEFT.has(token.text)) ||
      (before.kind === 'sign' && CLOSE_RIGHT.has(before.text)) ||
      (token.text === '(' && before.kind === 'word' && !KEYWORDS_BEFORE_PARENTHESIS.has(before.text.toUpperCase())) ||
      (token.kind === 'sign' && before.kind === 'sign' && JOINED.test(token.text) && JOINED.test(before.text)) ||
      (before.text === ':' && text.endsWith('::'));
    text += (close ? '' : ' ') + (token.kind === 'name' ? `"${token.text}"` : token.text);
    before = token;
  }
  return text;
}

const KEYWORDS_BEFORE_PARENTHESIS = new Set(['IN', 'VALUES', 'AND', 'OR', 'NOT', 'WHERE', 'AS', 'FROM', 'ON', 'USING', 'EXISTS', 'SELECT', 'WITH', 'BY', 'SET', 'JOIN', 'UNION', 'ALL', 'ANY']); // biome-ignore format: a list

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
const remembered = new Map<string, Statement>();

/** What may be said of a statement. Programs have few statements: they are read once. */
export function readStatement(sql: string): Statement {
  let statement = remembered.get(sql);
  if (statement !== undefined) return statement;
  const tokens = tokensOf(sql);
  const at = operationAt(tokens);
  const operation = (tokens[at]?.text ?? '').toUpperCase();
  statement = { text: print(tokens), operation, collection: collectionAfter(tokens, at, operation) };
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
