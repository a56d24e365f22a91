// SQL texts against a real parser (pgsql-ast-parser): what is left of a random statement holds none of its values, still parses, and is
// the same statement with other values. The seed is printed; SPANWRIGHT_SEED repeats a run.

import { type Expr, parse, toSql } from 'pgsql-ast-parser';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { readStatement } from '../../runtime/instrumentations/statement.js';

const SEED = Number(process.env.SPANWRIGHT_SEED ?? Date.now() % 1_000_000);
const STATEMENTS = Number(process.env.SPANWRIGHT_STATEMENTS ?? 400);
const MARK = 's3cr3t';

let seed = SEED;
const random = (): number => {
  seed = (seed * 1_664_525 + 1_013_904_223) % 4_294_967_296;
  return seed / 4_294_967_296;
};
const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)] as T;
const some = (most: number, make: () => string): string =>
  Array.from({ length: 1 + Math.floor(random() * most) }, make).join(', ');

const column = (): string => pick(['id', 'name', 'u.age', '"Group"', 'a1', '"we""ird"']);
const table = (): string => pick(['users', 'public.users', '"My Table"', 'tab_1']);
/** Texts that the parser knows, with and without what looks like syntax inside. */
const inner = (): string =>
  pick([MARK, `${MARK} -- x`, `/* ${MARK} */`, `${MARK}; DROP TABLE x`, `$$${MARK}`, `"${MARK}"`, `${MARK}\n${MARK}`]);
const value = (): string =>
  pick([
    () => `'${inner()}'`,
    () => `'it''s ${inner()}'`,
    () => `E'it\\'s ${MARK}'`,
    () => String(Math.floor(random() * 1e9) + 1000),
    () => `${Math.floor(random() * 1000) + 10}.25`,
    () => 'NULL',
    () => 'true',
    () => `$${1 + Math.floor(random() * 9)}`,
  ])();
/** Where a comment stands: the parser reads none right that holds a quote, so it gets the statement without them. */
const COMMENT = '\u0001';
const comment = (): string => pick(['', '', '', COMMENT]);
const written = (sql: string): string => sql.replaceAll(COMMENT, () => pick([` /* ${MARK} ' " */ `, ` -- ${MARK} ' $$\n`]));
function condition(depth = 0): string {
  if (depth > 2 || random() < 0.4) return `${column()} ${pick(['=', '<', '>=', '<>', 'LIKE'])} ${value()}${comment()}`;
  return pick([
    () => `(${condition(depth + 1)} ${pick(['AND', 'OR'])} ${condition(depth + 1)})`,
    () => `${column()} IN (${some(4, value)})`,
    () => `${column()} BETWEEN ${value()} AND ${value()}`,
    () => `${column()} IS NOT NULL`,
    () => `lower(${column()}) = ${value()}`,
    () => `id IN (SELECT id FROM ${table()} WHERE ${condition(depth + 1)})`,
  ])();
}
const statement = (): string =>
  pick([
    () => `SELECT ${some(3, column)}${comment()} FROM ${table()} u WHERE ${condition()} ORDER BY ${column()} LIMIT 7`,
    () => `INSERT INTO ${table()} (id, name) VALUES (${value()}, ${value()}), (${value()}, ${value()})`,
    () => `UPDATE ${table()} SET name = ${value()}, age = ${value()}${comment()} WHERE ${condition()}`,
    () => `DELETE FROM ${table()} WHERE ${condition()}`,
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
      before = withoutValues(plain.replaceAll(COMMENT, ' '));
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

/** Wraps a mark in any nesting of what hides it. */
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

test(`whatever hides a value, alone, nested, in a row or cut off, it does not get through (seed ${SEED})`, () => {
  for (let at = 0; at < STATEMENTS; at += 1) {
    const whole = `SELECT a FROM t WHERE b = ${some(4, hidden)}`;
    assert.not.ok(readStatement(whole).text.includes(MARK), `seed ${SEED}: ${whole}`);
    const cut = whole.slice(0, 26 + Math.floor(random() * whole.length));
    assert.not.ok(readStatement(cut).text.includes(MARK), `seed ${SEED}: ${cut}`);
  }
});

test.run();
