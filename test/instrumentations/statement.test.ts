// What is said of SQL statements: no value and no comment in them, the operation and the collection, whatever the text holds.

import { test } from 'uvu';
import * as assert from 'uvu/assert';
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

test('MySQL: double quotes hold values, backslashes escape, # starts a comment, and names stand in backticks', () => {
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

test('no value gets through, however it is written, also when the text is cut off in the middle of it', () => {
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

test('names that hold digits, and parameters, stay', () => {
  assert.is(readStatement('SELECT a1 FROM t2 WHERE b = $3').text, 'SELECT a1 FROM t2 WHERE b = $3');
});

test('hostile text takes no time to speak of', () => {
  const started = process.cpuUsage(); // of this process alone: others may be busy
  for (const text of [
    "'".repeat(50_000),
    '$'.repeat(50_000),
    '/*'.repeat(50_000),
    '('.repeat(50_000),
    '$a'.repeat(30_000),
    `${'a'.repeat(50_000)}`,
    '"'.repeat(50_001),
  ])
    readStatement(text);
  const { user, system } = process.cpuUsage(started);
  assert.ok(user + system < 2_000_000, `${user + system} µs`);
});

test('a shortened text shows that it is', () => {
  assert.is(shortened('abc', 3), 'abc');
  assert.is(shortened('abcd', 3), 'abc...');
});

test.run();
