// The recordable parts of an SQL statement: its text without values and comments, on one line; its operation; its collection. One
// pass over any text, and never further than MAX_READ characters.

import { type Dialect, GRAMMARS, type Grammar } from './sql-grammar.js';

const MAX_READ = 20_000;

interface Token {
  /** Words, quoted names without their quotes, and single signs; values are `?`. */
  readonly text: string;
  readonly kind: 'word' | 'name' | 'sign' | 'value';
  /** True if whitespace or a comment separates this token from the one before it. */
  readonly apart: boolean;
}

/** Words behind which a text in double quotes is the name of a table also where it may be a value elsewhere. */
const BEFORE_TABLE = new Set(['FROM', 'INTO', 'UPDATE', 'TABLE', 'JOIN', 'EXISTS', 'AS', 'INDEX', 'REFERENCES']);
const CREATED_ON = new Set(['INDEX', 'TRIGGER']);
const JOINS = new Set(['JOIN']);
/** Operations on files, whose names are values. */
const FILES = new Set(['VACUUM', 'ATTACH']);

type Groups = Readonly<Record<string, string | undefined>>;

function tokensOf(sql: string, dialect: Dialect): Token[] {
  const text = sql.slice(0, MAX_READ);
  const { tokens: grammar, nests, quotesValues } = GRAMMARS[dialect];
  const pattern = new RegExp(grammar);
  const tokens: Token[] = [];
  /** Index of the token at which the statement starts: one text may hold several. */
  let first = 0;
  let apart = false;
  /** Everything up to the end of the statement belongs to a value. */
  let hidden = false;
  for (let found = pattern.exec(text); found !== null; found = pattern.exec(text)) {
    const { groups = {} } = found;
    if (groups.block !== undefined) pattern.lastIndex = endOfComment(text, found.index, nests);
    if (groups.block !== undefined || groups.space !== undefined) {
      apart = true;
      continue;
    }
    const ends = groups.sign === ';';
    if (hidden && !ends) continue;
    const quoted = !quotesValues || isTable(tokens, text[pattern.lastIndex]);
    tokens.push({ ...written(groups, quoted), apart: apart && !hidden && tokens.length > 0 });
    apart = false;
    hidden = false;
    if (ends) {
      if (copiesFromInput(tokens.slice(first))) {
        const end = text.slice(pattern.lastIndex).search(/^\\\.\s*$/mu);
        pattern.lastIndex = end < 0 ? text.length : pattern.lastIndex + end + 2;
        tokens.push(LEFT_OUT);
      }
      first = tokens.length;
    } else if (precedesSecret(tokens, first)) {
      hidden = true;
      tokens.push(LEFT_OUT);
    } else if (dialect === 'other' && precedesData(tokens, first)) {
      tokens.push(LEFT_OUT);
      break;
    }
  }
  return tokens;
}

const LEFT_OUT: Token = { text: '?', kind: 'value', apart: true };

/** @param quoted whether a text in double quotes is a name */
function written({ word, name, tick, bracket, sign, parameter = '?' }: Groups, quoted: boolean): Omit<Token, 'apart'> {
  if (word !== undefined) return { text: word, kind: 'word' };
  if (sign !== undefined) return { text: sign, kind: 'sign' };
  const text = (quoted ? name : undefined) ?? tick ?? bracket;
  return text === undefined ? { text: parameter, kind: 'value' } : { text, kind: 'name' };
}

/** Index behind the comment that starts at `from`; without its end a comment goes to the end of the text. */
function endOfComment(text: string, from: number, nests: Grammar['nests']): number {
  const marks = /\/\*|\*\//gu;
  marks.lastIndex = from + 2;
  let depth = 1;
  for (let mark = marks.exec(text); mark !== null; mark = marks.exec(text)) {
    if (mark[0] === '*/') depth--;
    else if (nests === true) depth++;
    else if (nests === 'unclear') return text.length;
    if (depth === 0) return marks.lastIndex;
  }
  return text.length;
}

const upperAt = (tokens: readonly Token[], at: number): string => {
  const token = tokens.at(at);
  return token?.kind === 'word' ? token.text.toUpperCase() : '';
};

const ACCOUNTS = new Set(['USER', 'ROLE', 'LOGIN', 'GROUP']);
const DEFINES = new Set(['CREATE', 'ALTER', 'MODIFY']);

/** True behind `IDENTIFIED BY`, `ALTER USER x PASSWORD` and `PRAGMA key`: some databases take a password without quotes, or in those of names. */
function precedesSecret(tokens: readonly Token[], first: number): boolean {
  const last = upperAt(tokens, -1);
  if (last === 'BY') return upperAt(tokens, -2) === 'IDENTIFIED';
  if (last === 'PASSWORD') return DEFINES.has(upperAt(tokens, first)) && ACCOUNTS.has(upperAt(tokens, first + 1));
  return last.endsWith('KEY') && first < tokens.length - 1 && upperAt(tokens, first) === 'PRAGMA' && !last.startsWith('FOREIGN');
}

/** True where the rows follow the statement in the form that it names, as in ClickHouse: `INSERT INTO t FORMAT CSV`. */
function precedesData(tokens: readonly Token[], first: number): boolean {
  return upperAt(tokens, first) === 'INSERT' && upperAt(tokens, -2) === 'FORMAT' && upperAt(tokens, -1) !== '';
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
  const holds = (words: ReadonlySet<string>) => tokens.some(({ text, kind }) => kind === 'word' && words.has(text.toUpperCase()));
  // CREATE INDEX i ON "t"; behind JOIN a condition follows
  if (word === 'ON') return holds(CREATED_ON) && !holds(JOINS);
  if (word === 'FROM' && upperAt(tokens, -2) === 'DISTINCT') return false;
  return BEFORE_TABLE.has(word) && !holds(FILES);
}

function print(tokens: readonly Token[], dialect: Dialect): string {
  const [open, close] = GRAMMARS[dialect].quotes;
  let text = '';
  for (const { text: written, kind, apart } of tokens)
    text += (apart ? ' ' : '') + (kind === 'name' ? open + written + close : written);
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
const REMEMBERED: Record<Dialect, Map<string, Statement>> = {
  ansi: new Map(),
  mysql: new Map(),
  sqlite: new Map(),
  mssql: new Map(),
  other: new Map(),
};

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
