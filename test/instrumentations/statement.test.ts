// Recorded parts of SQL statements: no value and no comment, the operation and the collection, for any text.

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { type Dialect, dialectOf } from '../../runtime/instrumentations/sql-grammar.js';
import { readStatement, shortened } from '../../runtime/instrumentations/statement.js';

const ROWS: [string, string, string, string | undefined][] = [
  ['SELECT * FROM events WHERE id = 1', 'SELECT * FROM events WHERE id = ?', 'SELECT', 'events'],
  [
    "select a, b from public.health_events where name = 'O''Brien' and x > 1.5e3",
    'select a, b from public.health_events where name = ? and x > ?',
    'SELECT',
    'public.health_events',
  ],
  [
    "UPDATE \"Health Events\" SET a = $1, b = E'it\\'s' WHERE id = $2",
    'UPDATE "Health Events" SET a = $1, b = ? WHERE id = $2',
    'UPDATE',
    'Health Events',
  ],
  [
    'INSERT INTO "s"."t" (a, b) VALUES (1, \'x\'), ($1, NULL)',
    'INSERT INTO "s"."t" (a, b) VALUES (?, ?), ($1, NULL)',
    'INSERT',
    's.t',
  ],
  ['DELETE FROM ONLY t WHERE a IN (1, 2, 3)', 'DELETE FROM ONLY t WHERE a IN (?, ?, ?)', 'DELETE', 't'],
  ['-- password is secret\nSELECT /* token=abc */ 1', 'SELECT ?', 'SELECT', undefined],
  [
    "WITH x AS (SELECT id FROM a WHERE s = $$it's$$) UPDATE b SET y = 1 FROM x",
    'WITH x AS (SELECT id FROM a WHERE s = ?) UPDATE b SET y = ? FROM x',
    'UPDATE',
    'b',
  ],
  [
    'SELECT (SELECT max(id) FROM inner_table) FROM outer_table',
    'SELECT (SELECT max(id) FROM inner_table) FROM outer_table',
    'SELECT',
    'outer_table',
  ],
  ['SELECT a::text, $tag$ FROM x $tag$ FROM t', 'SELECT a::text, ? FROM t', 'SELECT', 't'],
  ['BEGIN', 'BEGIN', 'BEGIN', undefined],
  ['TRUNCATE TABLE t', 'TRUNCATE TABLE t', 'TRUNCATE', 't'],
  ['', '', '', undefined],
];

for (const [sql, text, operation, collection] of ROWS) {
  test(`statement: ${sql.replace(/\s+/g, ' ').slice(0, 60)}`, () => {
    assert.equal(readStatement(sql), { text, operation, collection });
  });
}

test('MySQL: double quotes hold values, backslashes escape, # starts a comment, and names are in backticks', () => {
  const rows: [string, string, string | undefined][] = [
    [
      'SELECT * FROM `node events` WHERE a = "x""y" AND b = \'it\\\'s\' # why',
      'SELECT * FROM `node events` WHERE a = ? AND b = ?',
      'node events',
    ],
    ['INSERT INTO `fleet`.`events` VALUES (?, "a")', 'INSERT INTO `fleet`.`events` VALUES (?, ?)', 'fleet.events'],
    ['UPDATE events SET a = "#no comment", b = 2', 'UPDATE events SET a = ?, b = ?', 'events'],
    ['SELECT 1 -- secret', 'SELECT ?', undefined],
  ];
  for (const [sql, text, collection] of rows) {
    const read = readStatement(sql, 'mysql');
    assert.equal([read.text, read.collection], [text, collection]);
    assert.equal(readStatement(read.text, 'mysql'), read, 'what was read reads the same again');
  }
  for (const value of [
    "'secret'",
    '"secret"',
    "'secret\\'secret'",
    '"secret\\"secret"',
    "x'secret'",
    '"secret',
    "'secret",
    '# secret',
    '/* secret',
  ])
    assert.not.match(readStatement(`SELECT 1 WHERE x = ${value}`, 'mysql').text, /secret/);
});

test('no value is kept, in any notation, also when the text is cut off in the middle of it', () => {
  for (const value of [
    "'secret'",
    "E'secret\\'secret'",
    '$$secret$$',
    '$a$secret$a$',
    "X'secret'",
    "n'secret'",
    "'secret",
    '$$secret',
    '/* secret',
    '-- secret',
    "'a''secret'",
  ])
    assert.not.match(readStatement(`SELECT 1 WHERE x = ${value}`).text, /secret/);
  for (const value of ['4111111111111111', '1.5', '1e10', '0x7f'])
    assert.not.match(readStatement(`SELECT ${value}`).text, /[0-9]/);
});

const FORMS: Record<string, readonly string[]> = {
  'comments that nest': [
    'SELECT /* a /* b */ secret */ 1',
    'SELECT /*/*/* */*/ secret */ 1',
    'SELECT 1 /* /* */ secret',
    "SELECT /* ' */ /* secret ' */ 1",
  ],
  'dollar quotes with letters beyond ASCII': [
    'SELECT $ä$secret$ä$',
    'SELECT $Größe1$ secret $$ secret $Größe1$',
    'SELECT $日本$secret$日本$',
    'SELECT $_x$secret',
    'SELECT $é$ $e$ secret $é$',
  ],
  'data lines of COPY': [
    'COPY t (a, b) FROM stdin;\nsecret\t1\n\\N\tsecret\n\\.\n',
    'COPY t FROM STDIN WITH (FORMAT csv);\nsecret,1\n',
    '  copy public.t from stdin ;\r\nsecret\r\n\\.\r\nSELECT 1',
    'SET x = 1; COPY t FROM stdin;\nsecret\n\\.\nSELECT 2',
  ],
  'quotes of other databases, and quotes without their end': [
    "SELECT q'[it's secret]'",
    "SELECT nq'{secret's}'",
    "SELECT q'!it's secret!', Q'|secret's|'",
    'SELECT "secret',
    'SELECT `secret',
  ],
};
for (const [what, texts] of Object.entries(FORMS)) {
  test(`no value is kept: ${what}`, () => {
    for (const sql of texts) assert.not.match(readStatement(sql).text, /secret/, sql);
  });
}

const HIDDEN: readonly (readonly [Dialect, string, string])[] = [
  ['ansi', "SELECT E'a'\n -- it's\n 'b\\' secret', c FROM t", 'SELECT ?, c FROM t'],
  ['ansi', "SELECT q'Xit's secretX', q''it's secret'', q'_it's secret_' FROM t", 'SELECT ?, ?, ? FROM t'],
  ['ansi', "SELECT q'Xit's secret", 'SELECT ?'],
  ['ansi', 'CREATE USER bob IDENTIFIED BY "secret"; SELECT a', 'CREATE USER bob IDENTIFIED BY ?; SELECT a'],
  ['ansi', 'ALTER USER bob IDENTIFIED BY secret REPLACE secret', 'ALTER USER bob IDENTIFIED BY ?'],
  ['ansi', 'ALTER USER bob PASSWORD "secret"', 'ALTER USER bob PASSWORD ?'],
  ['ansi', 'MODIFY USER bob AS PASSWORD = secret', 'MODIFY USER bob AS PASSWORD ?'],
  ['ansi', 'CREATE TABLE t (password text, key text)', 'CREATE TABLE t (password text, key text)'],
  ['mysql', "SELECT a FROM t WHERE x=5--'\nsecret'", 'SELECT a FROM t WHERE x=?--?'],
  ['mysql', "SELECT /*! 'a*/secret' */ a", 'SELECT ?'],
  ['mysql', 'SELECT /*!40001 SQL_NO_CACHE */ a', 'SELECT a'],
  ['sqlite', "SELECT [it's] FROM [a b] WHERE a = 'secret'", 'SELECT "it\'s" FROM "a b" WHERE a = ?'],
  ['sqlite', "SELECT [it's secret", 'SELECT ?'],
  ['sqlite', "SELECT $a$ FROM t WHERE a = 'x $a$ secret'", 'SELECT $a$ FROM t WHERE a = ?'],
  ['sqlite', "SELECT a -- it's\r secret\nFROM t", 'SELECT a FROM t'],
  ['sqlite', 'PRAGMA key = secret', 'PRAGMA key ?'],
  ['sqlite', 'PRAGMA foreign_keys = on', 'PRAGMA foreign_keys = on'],
  ['sqlite', 'VACUUM INTO "secret"', 'VACUUM INTO ?'],
  ['sqlite', 'SELECT a IS DISTINCT FROM "secret"', 'SELECT a IS DISTINCT FROM ?'],
  [
    'sqlite',
    'CREATE TRIGGER x AFTER INSERT ON "t" BEGIN SELECT a FROM b JOIN c ON "secret" = d; END',
    'CREATE TRIGGER x AFTER INSERT ON "t" BEGIN SELECT a FROM b JOIN c ON ? = d; END',
  ],
  ['mssql', "SELECT [it's] FROM [dbo].[a]]b] WHERE a = N'it''s secret'", "SELECT [it's] FROM [dbo].[a]]b] WHERE a = ?"],
  ['mssql', 'SELECT a /* /* */ secret */ FROM "t" WHERE a = "secret"', 'SELECT a FROM [t] WHERE a = ?'],
  ['other', 'SELECT a FROM `t` WHERE a = "secret" AND b = 1', 'SELECT a FROM "t" WHERE a = ? AND b = ?'],
  ['other', "SELECT a FROM t WHERE a = 'it\\'s secret'", 'SELECT a FROM t WHERE a = ?'],
  ['other', "SELECT a FROM t WHERE a = 'C:\\\\' AND b = 'secret'", 'SELECT a FROM t WHERE a = ? AND b = ?'],
  ['other', `SELECT a FROM t WHERE a = """it's "secret" """`, 'SELECT a FROM t WHERE a = ?'],
  ['other', "# it's\nSELECT 'secret'", '?'],
  ['other', "SELECT a // it's\n, 'secret'", 'SELECT a ?'],
  ['other', '# plain\nSELECT a', 'SELECT a'],
  ['other', "SELECT a /* /* */ 'x*/secret' FROM t", 'SELECT a'],
  ['other', 'INSERT INTO t FORMAT JSONEachRow {"a":"secret"}', 'INSERT INTO t FORMAT JSONEachRow ?'],
  ['other', 'INSERT INTO t FORMAT TSV\nsecret\t1\n', 'INSERT INTO t FORMAT TSV ?'],
];

test('no value is kept where databases differ, and what is known to be no value stays', () => {
  for (const [dialect, sql, text] of HIDDEN) assert.is(readStatement(sql, dialect).text, text, `${dialect}: ${sql}`);
});

test('a database whose texts are not known is read as one of several', () => {
  const known: Record<string, Dialect> = {
    postgresql: 'ansi',
    'oracle.db': 'ansi',
    MySQL: 'mysql',
    'node:sqlite': 'sqlite',
    'microsoft.sql_server': 'mssql',
    clickhouse: 'other',
    'aws.redshift': 'other',
    unheard_of: 'other',
  };
  for (const [system, dialect] of Object.entries(known)) assert.is(dialectOf(system), dialect, system);
});

test('statements after COPY data, a nested comment and a dollar quote are read again', () => {
  assert.is(readStatement('COPY t FROM stdin;\nsecret\n\\.\nSELECT a FROM u').text, 'COPY t FROM stdin; ? SELECT a FROM u');
  assert.is(readStatement('COPY t TO STDOUT; SELECT a FROM u').text, 'COPY t TO STDOUT; SELECT a FROM u');
  assert.is(readStatement('SELECT /* /* */ x */ a FROM t').text, 'SELECT a FROM t');
  assert.is(readStatement('SELECT $ä$x$ä$, a$b$c FROM t').text, 'SELECT ?, a$b$c FROM t');
  assert.is(readStatement('SELECT größe FROM "straße" WHERE a$1 = $1').text, 'SELECT größe FROM "straße" WHERE a$1 = $1');
});

test('SQLite: a text in double quotes is a value, unless it is in the place of a table', () => {
  const rows: [string, string][] = [
    ['SELECT * FROM users WHERE name = "secret"', 'SELECT * FROM users WHERE name = ?'],
    ['INSERT INTO "users" VALUES ("secret", 1)', 'INSERT INTO "users" VALUES (?, ?)'],
    ['UPDATE "main"."users" SET a = "sec""ret"', 'UPDATE "main"."users" SET a = ?'],
    ['SELECT * FROM a JOIN b ON "secret" = b.x', 'SELECT * FROM a JOIN b ON ? = b.x'],
    ['CREATE INDEX "i" ON "users" (a)', 'CREATE INDEX "i" ON "users" (a)'],
    ['SELECT u."id" FROM "users" u JOIN "posts" ON 1', 'SELECT u."id" FROM "users" u JOIN "posts" ON ?'],
  ];
  for (const [sql, text] of rows) assert.is(readStatement(sql, 'sqlite').text, text);
  assert.is(readStatement('SELECT "id" FROM t').text, 'SELECT "id" FROM t', 'elsewhere it is a name');
  assert.is(readStatement('SELECT /* /* */ a FROM t', 'sqlite').text, 'SELECT a FROM t', 'its comments do not nest');
});

test('a number is one value, with its exponent and its sign', () => {
  assert.is(readStatement('SELECT 1e-10, 1.5E+3, 0x1F, 1_000, a-1').text, 'SELECT ?, ?, ?, ?, a-?');
});

test('names with digits, and parameters, are kept', () => {
  assert.is(readStatement('SELECT a1 FROM t2 WHERE b = $3').text, 'SELECT a1 FROM t2 WHERE b = $3');
});

test('hostile text is processed in bounded time', () => {
  const started = process.cpuUsage(); // processor time of this process, because others may be busy
  for (const text of [
    "'".repeat(50_000),
    '$'.repeat(50_000),
    '/*'.repeat(50_000),
    '('.repeat(50_000),
    '$a'.repeat(30_000),
    `${'a'.repeat(50_000)}`,
    '"'.repeat(50_001),
    "q'1 ".repeat(5_000),
    "E'a' ".repeat(5_000),
    '#'.repeat(50_000),
    '/*!'.repeat(9_000),
    "'\\".repeat(9_000),
    '['.repeat(50_000),
  ])
    for (const dialect of ['ansi', 'mysql', 'sqlite', 'mssql', 'other'] as const) readStatement(text, dialect);
  const { user, system } = process.cpuUsage(started);
  assert.ok(user + system < 2_000_000, `${user + system} µs`);
});

test('a shortened text is marked as shortened', () => {
  assert.is(shortened('abc', 3), 'abc');
  assert.is(shortened('abcd', 3), 'abc...');
});

test.run();
