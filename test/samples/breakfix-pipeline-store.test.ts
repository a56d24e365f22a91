// The embedded store of breakfix-pipeline: PGlite over a socket, with several clients of `pg` at once. What a client sees is what a
// PostgreSQL server would show it, but for one thing: while a transaction is open, everybody else waits.

import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { connect } from 'node:net';
import { join } from 'node:path';
import { Client } from 'pg';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { PIPELINE } from './breakfix-pipeline-run.js';
import { SHORT_LIVED } from './node-flags.js';

let store: ChildProcess;
let url: string;
const clients: Client[] = [];

async function client(): Promise<Client> {
  const one = new Client({ connectionString: url });
  one.on('error', () => undefined); // a test breaks its connection on purpose
  await one.connect();
  clients.push(one);
  return one;
}

test.before(async () => {
  store = fork(join(PIPELINE, 'build', 'embedded-store', 'main.js'), {
    execArgv: [...SHORT_LIVED],
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  process.once('exit', () => store.kill('SIGKILL'));
  const [ready] = await Promise.race([
    once(store, 'message'),
    once(store, 'exit').then(([code]) => Promise.reject(new Error(`the store ended with ${code}`))),
  ]);
  url = (ready as { listening: string }).listening;
  const first = await client();
  await first.query('CREATE TABLE notes (id text PRIMARY KEY, body jsonb, count int NOT NULL DEFAULT 0)');
});
test.after(async () => {
  await Promise.all(clients.map((one) => one.end().catch(() => undefined)));
  const exit = once(store, 'exit');
  store.kill('SIGTERM');
  const [code] = await exit;
  assert.is(code, 0);
});

/** True when the promise has not settled within a time in which it easily could. A promise that does not wait is simply awaited. */
async function waits(promise: Promise<unknown>): Promise<boolean> {
  const pause = new Promise((resolve) => setTimeout(resolve, 200, 'pause'));
  return (await Promise.race([promise, pause])) === 'pause';
}

test('statements of eight concurrent clients do not mix', async () => {
  const eight = await Promise.all(Array.from({ length: 8 }, client));
  const answers = eight.map(async (one, at) => {
    for (let round = 0; round < 20; round++) {
      const id = `${at}-${round}`;
      // by turns with one and two parameters, in the simple and the extended protocol
      if (round % 2 === 0) await one.query('INSERT INTO notes (id, body) VALUES ($1, $2)', [id, { at, round }]);
      else await one.query(`INSERT INTO notes (id, body) VALUES ('${id}', '{"at": ${at}, "round": ${round}}')`);
      const { rows } = await one.query('SELECT body FROM notes WHERE id = $1', [id]);
      assert.equal(rows, [{ body: { at, round } }]);
    }
    return at;
  });
  assert.equal(await Promise.all(answers), [0, 1, 2, 3, 4, 5, 6, 7]);
});

test('others wait for an open transaction, in both protocols, and go on after it with what it wrote', async () => {
  const [holder, second, third] = [await client(), await client(), await client()];
  await holder.query('BEGIN');
  await holder.query("INSERT INTO notes (id) VALUES ('counted')");
  const update = second.query('UPDATE notes SET count = count + $1 WHERE id = $2 RETURNING count', [1, 'counted']);
  const read = third.query("SELECT count(*)::int AS n FROM notes WHERE id = 'counted'");
  assert.is(await waits(Promise.race([update, read])), true);
  await holder.query('COMMIT');
  assert.equal((await update).rows, [{ count: 1 }]);
  assert.equal((await read).rows, [{ n: 1 }]);
});

test('without a transaction nobody waits', async () => {
  const [first, second] = [await client(), await client()];
  await first.query("INSERT INTO notes (id) VALUES ('done')");
  assert.equal((await second.query('SELECT 1 AS one')).rows, [{ one: 1 }]);
});

test('an error reaches only the client that caused it', async () => {
  const [first, second] = [await client(), await client()];
  const failed = await first.query('SELECT * FROM nothing WHERE id = $1', ['x']).then(
    () => 'no error',
    (error: Error) => error.message,
  );
  assert.match(failed, /relation "nothing" does not exist/);
  assert.equal((await second.query('SELECT $1::int AS one', [1])).rows, [{ one: 1 }]);
  assert.equal((await first.query('SELECT $1::int AS two', [2])).rows, [{ two: 2 }]);
});

test('a failed transaction is held until its client ends it', async () => {
  const [first, second] = [await client(), await client()];
  await first.query('BEGIN');
  await first.query('SELECT 1 / 0').catch(() => undefined);
  const read = second.query('SELECT 1 AS one');
  assert.is(await waits(read), true);
  await first.query('ROLLBACK');
  assert.equal((await read).rows, [{ one: 1 }]);
});

test('the transaction of a client that is gone is rolled back, and the others go on', async () => {
  const [gone, other] = [await client(), await client()];
  await gone.query('BEGIN');
  await gone.query("INSERT INTO notes (id) VALUES ('never')");
  const read = other.query("SELECT count(*)::int AS n FROM notes WHERE id = 'never'");
  (gone as unknown as { connection: { stream: { destroy(): void } } }).connection.stream.destroy();
  assert.equal((await read).rows, [{ n: 0 }]);
});

test('a client of another protocol is refused, and the others continue', async () => {
  const { port } = new URL(url);
  const socket = connect(Number(port), '127.0.0.1');
  socket.on('error', () => undefined);
  socket.write('GET / HTTP/1.1\r\nHost: store\r\n\r\n');
  await once(socket, 'close');
  assert.equal((await (await client()).query('SELECT 1 AS one')).rows, [{ one: 1 }]);
});

test.run();
