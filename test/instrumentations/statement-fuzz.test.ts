// SQL texts against real parsers (pgsql-ast-parser, and node-sql-parser for each dialect): what is left of a random statement holds none
// of its values, still parses, and is the same statement with other values. The seed is printed; SPANWRIGHT_SEED repeats a run.

import { Parser as MySql } from 'node-sql-parser/build/mysql.js';
import { Parser as PostgreSql } from 'node-sql-parser/build/postgresql.js';
import { Parser as Sqlite } from 'node-sql-parser/build/sqlite.js';
import { Parser as SqlServer } from 'node-sql-parser/build/transactsql.js';
import { type Expr, parse, toSql } from 'pgsql-ast-parser';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { Dialect } from '../../runtime/instrumentations/sql-grammar.js';
import { readStatement } from '../../runtime/instrumentations/statement.js';
import { randomFrom } from '../random.js';

const SEED = Number(process.env.SPANWRIGHT_SEED ?? Date.now() % 1_000_000);
const STATEMENTS = Number(process.env.SPANWRIGHT_STATEMENTS ?? 400);
const MARK = 's3cr3t';

const random = randomFrom(SEED);
const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)] as T;
const some = (most: number, make: () => string): string =>
  Array.from({ length: 1 + Math.floor(random() * most) }, make).join(', ');

interface Forms {
  readonly names: readonly string[];
  readonly tables: readonly string[];
  /** Literals of the dialect beside those of all. Each holds only marks, digits from 1000 on, and signs. */
  readonly values: readonly (() => string)[];
}
/** Texts that the parser knows, with and without what looks like syntax inside. */
const inner = (): string =>
  pick([MARK, `${MARK} -- x`, `/* ${MARK} */`, `${MARK}; DROP TABLE x`, `$$${MARK}`, `"${MARK}"`, `${MARK}\n${MARK}`]);
const FORMS: Readonly<Record<Dialect, Forms>> = {
  ansi: {
    names: ['id', 'name', 'u.age', '"Group"', 'a1', '"we""ird"'],
    tables: ['users', 'public.users', '"My Table"', 'tab_1'],
    values: [() => `E'it\\'s ${MARK}'`],
  },
  mysql: {
    names: ['id', 'name', 'u.age', '`Group`', 'a1', '`a b`'],
    tables: ['users', 'public.users', '`My Table`', 'tab_1'],
    values: [
      () => `"${MARK} it's"`,
      () => `'it\\'s ${MARK}'`,
      () => `"${MARK}\\"${MARK}"`,
      () => `"# ${MARK}"`,
      () => `x'${digits()}'`,
      () => `0x${digits()}`,
      () => `N'${MARK}'`,
      () => `DATE '${digits()}-01-01'`,
    ],
  },
  sqlite: {
    names: ['id', 'name', 'u.age', 'a1', "[it's]"],
    tables: ['users', '"My Table"', 'tab_1', "[bob's]"],
    values: [() => `"${MARK}"`, () => `"${MARK} it's"`],
  },
  mssql: {
    names: ['id', 'name', 'u.age', '[Group]', "[it's]"],
    tables: ['users', 'dbo.users', '[My Table]', "[bob's]"],
    values: [() => `N'${MARK}'`, () => `N'it''s ${MARK}'`, () => `0x${digits()}`],
  },
  other: {
    names: ['id', 'name', 'u.age', '`Group`'],
    tables: ['users', 'public.users', '`My Table`'],
    values: [() => `"${MARK}"`, () => `'it\\'s ${MARK}'`, () => `"it's ${MARK}"`],
  },
};
let forms = FORMS.ansi;
const column = (): string => pick(forms.names);
const table = (): string => pick(forms.tables);
const digits = (): string => String(1000 + 2 * Math.floor(random() * 4500));
const value = (): string =>
  pick([
    ...forms.values,
    () => `'${inner()}'`,
    () => `'it''s ${inner()}'`,
    () => `-${digits()}`,
    () => String(Math.floor(random() * 1e9) + 1000),
    () => `${Math.floor(random() * 1000) + 10}.25`,
    () => 'NULL',
    () => 'true',
    () => (forms === FORMS.ansi ? `$${1 + Math.floor(random() * 9)}` : forms === FORMS.mssql ? '@p' : '?'),
  ])();
/** Positions of comments: the parser misreads a comment that holds a quote, so it gets the statement without them. */
const COMMENT = '\u0001';
const comment = (): string => pick(['', '', '', COMMENT]);
/** The statement as the parsers know it: without comments, and without E'', whose backslashes they do not read. */
const known = (sql: string): string => sql.replaceAll(COMMENT, ' ').replaceAll("E'it\\'s", "'it''s");
const written = (sql: string): string => sql.replaceAll(COMMENT, () => pick([` /* ${MARK} ' " */ `, ` -- ${MARK} ' $$\n`]));
function condition(depth = 0): string {
  if (depth > 2 || random() < 0.4) return `${column()} ${pick(['=', '<', '>=', '<>', 'LIKE'])} ${value()}${comment()}`;
  return pick([
    () => `(${condition(depth + 1)} ${pick(['AND', 'OR'])} ${condition(depth + 1)})`,
    () => `${column()} IN (${some(4, value)})`,
    () => `${column()} BETWEEN ${value()} AND ${value()}`,
    () => `${column()} IS NOT NULL`,
    () => `lower(${column()}) = ${value()}`,
    () => `NOT ${column()} = ${value()}`,
    () => `CASE WHEN ${column()} = ${value()} THEN ${value()} ELSE ${value()} END = ${value()}`,
    () => `concat(${some(3, value)}) <> ${value()}`,
    () => `${column()} + ${digits()}*${digits()} > ${value()}`,
    () => `EXISTS (SELECT ${value()} FROM ${table()} WHERE ${condition(depth + 1)})`,
    () => `id IN (SELECT id FROM ${table()} WHERE ${condition(depth + 1)})`,
  ])();
}
const statement = (): string =>
  pick([
    () => `SELECT ${some(3, column)}${comment()} FROM ${table()} u WHERE ${condition()} ORDER BY ${column()} LIMIT 7`,
    () => `INSERT INTO ${table()} (id, name) VALUES (${value()}, ${value()}), (${value()}, ${value()})`,
    () => `UPDATE ${table()} SET name = ${value()}, age = ${value()}${comment()} WHERE ${condition()}`,
    () => `DELETE FROM ${table()} WHERE ${condition()}`,
    () => `SELECT ${value()} AS v, u.age FROM ${table()} u JOIN ${table()} p ON ${condition()}`,
    () => `SELECT ${column()} FROM ${table()} WHERE ${condition()} UNION ALL SELECT ${value()} FROM ${table()}`,
    () => `WITH x AS (SELECT ${value()} AS v FROM ${table()}) SELECT v FROM x WHERE ${condition()}`,
  ])();

/** The statement with each value replaced by one: two statements that differ in their values only print the same. */
function withoutValues(sql: string): string {
  return JSON.stringify(parse(sql), (_key, node: Expr) =>
    typeof node === 'object' && node !== null && VALUES.has(node.type) ? { type: 'value' } : node,
  );
}
const VALUES = new Set(['string', 'integer', 'numeric', 'null', 'boolean', 'parameter', 'constant']);

test(`${STATEMENTS} random statements lose their values and nothing else (seed ${SEED})`, () => {
  let compared = 0;
  for (let at = 0; at < STATEMENTS; at += 1) {
    const plain = statement();
    const sql = written(plain);
    const { text } = readStatement(sql);
    const shown = `seed ${SEED}, statement ${at}\n${sql}\n${text}`;
    assert.not.ok(text.includes(MARK), shown);
    assert.not.match(text, /[1-9]\d{3}/, shown);
    let before: string;
    try {
      before = withoutValues(known(plain));
    } catch {
      continue; // a form that the parser does not know
    }
    assert.is(withoutValues(text.replaceAll('?', '1')), before, shown);
    assert.is(readStatement(text).text, text, shown);
    compared += 1;
  }
  assert.ok(compared > STATEMENTS * 0.7, `${compared} of ${STATEMENTS} were understood by the parser`);
  assert.ok(toSql.statement(parse('SELECT 1')[0] as never).includes('1'));
});

const PARSERS: Readonly<Record<Dialect, { parser: MySql; database: string }>> = {
  ansi: { parser: new PostgreSql(), database: 'postgresql' },
  mysql: { parser: new MySql(), database: 'mysql' },
  sqlite: { parser: new Sqlite(), database: 'sqlite' },
  mssql: { parser: new SqlServer(), database: 'transactsql' },
  other: { parser: new MySql(), database: 'mysql' },
};
/** Types of node-sql-parser's literals; `null` and `bool` are words. In PostgreSQL it takes a name in double quotes for a string. */
const LITERALS = /^(?:\w*string|number|bigint|origin|param|var|date|time|timestamp|datetime)$/u;
const isLiteral = (type: unknown, dialect: Dialect): boolean =>
  LITERALS.test(String(type)) && type !== 'backticks_quote_string' && !(dialect === 'ansi' && type === 'double_quote_string');

/** The statement with its values replaced, and the values. */
function shapeOf(sql: string, dialect: Dialect): { shape: string; values: string[] } {
  const { parser, database } = PARSERS[dialect];
  // the parsers cannot read a quote in a name
  const quotable = sql.replaceAll('"we""ird"', '"weird"').replaceAll(/\[(it|bob)'s\]|"(it|bob)'s"/gu, '$1$2s');
  const values: string[] = [];
  const shape = JSON.stringify(parser.astify(quotable, { database }), (key, node: { type?: unknown; value?: unknown } | null) => {
    if (key === 'columnList') return undefined; // names that were guessed from the text
    if (node === null || !isLiteral(node.type, dialect)) return node;
    values.push(String(node.value));
    return { type: 'value' };
  });
  return { shape, values };
}

for (const dialect of ['ansi', 'mysql', 'sqlite', 'mssql', 'other'] as const) {
  const isCut = dialect === 'other'; // at the first form that databases read differently
  test(`${dialect}: no literal of a second parser's tree survives${isCut ? '' : ', and the tree stays the same'} (seed ${SEED})`, () => {
    forms = FORMS[dialect];
    let [compared, literals] = [0, 0];
    for (let at = 0; at < STATEMENTS; at += 1) {
      const plain = statement();
      const sql = written(plain);
      const { text } = readStatement(sql, dialect);
      const shown = `seed ${SEED}, statement ${at}\n${sql}\n${text}`;
      let before: ReturnType<typeof shapeOf>;
      try {
        before = shapeOf(known(plain), dialect);
      } catch {
        continue; // a form that the parser does not know
      }
      for (const part of before.values.flatMap((literal) => literal.match(/\w{4,}/gu) ?? [])) {
        assert.not.ok(text.includes(part), `${part} of ${shown}`);
        literals += 1;
      }
      compared += 1;
      if (isCut) continue;
      assert.is(shapeOf(text.replaceAll('DATE ?', "DATE '2026-01-01'").replaceAll('?', '1'), dialect).shape, before.shape, shown);
    }
    assert.ok(compared > STATEMENTS * 0.7, `${compared} of ${STATEMENTS} were understood by the parser`);
    assert.ok(literals > compared, `${literals} literals of ${compared} statements`);
    forms = FORMS.ansi;
  });
}

/** Wraps a mark in any nesting of quotes and comments. */
function hidden(depth = 0): string {
  const tag = pick(['', 'a', 'ä', '日本', '_x1', 'Tag']);
  const inside = depth < 3 && random() < 0.5 ? hidden(depth + 1) : `${MARK}${pick([' ', "'", '"', '\n', '$', '\\', ''])}`;
  return pick([
    () => `/* ${inside.replaceAll('/*', '').replaceAll('*/', '')} /* ${MARK} */ ${MARK} */`,
    () => `'${inside.replaceAll("'", "''")}'`,
    () => `E'${inside.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`,
    () => `$${tag}$${inside.replaceAll('$', '')}$${tag}$`,
    () => `--${inside.replaceAll(/[\n\r]/g, '')}\n`,
    () => `x'${MARK}'`,
  ])();
}

test(`no value is left in a recorded statement: in any syntax, alone, nested, several in a row, or cut off (seed ${SEED})`, () => {
  for (let at = 0; at < STATEMENTS; at += 1) {
    const whole = `SELECT a FROM t WHERE b = ${some(4, hidden)}`;
    assert.not.ok(readStatement(whole).text.includes(MARK), `seed ${SEED}: ${whole}`);
    const cut = whole.slice(0, 26 + Math.floor(random() * whole.length));
    assert.not.ok(readStatement(cut).text.includes(MARK), `seed ${SEED}: ${cut}`);
  }
});

test.run();
