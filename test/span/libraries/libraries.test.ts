// Lazy thenables of real libraries, returned by instrumented methods: never run by Spanwright, run once however the caller runs
// them, with the same outcome, and a span from the call to the outcome.
// limit: 180 s

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { instrument } from '../../../runtime/index.js';
import { traced } from '../../gate/tracing.js';
import { startPostgres } from '../../propagation/servers.js';
import { findPart } from '../../real/support/program.js';
import type { Any, Libraries, Library, Use } from './library.js';
import { startOtherLibraries } from './others.js';
import { startSqlLibraries } from './sql.js';

const ERROR = 2;

const PROMISE_USES: Record<string, Use> = {
  await: async (query) => await query,
  'then()': (query) =>
    query.then(
      (value: unknown) => value,
      (error: unknown) => Promise.reject(error),
    ),
  'then(ok)': (query) => query.then((value: unknown) => value),
  'catch()': (query) => query.catch((error: unknown) => Promise.reject(error)),
  'finally()': (query) => query.finally(() => {}),
  'Promise.all()': async (query) => (await Promise.all([query]))[0],
};

interface Outcome {
  readonly value?: unknown;
  readonly message?: string;
  readonly runs: number;
}

/** Plain copies: documents and child processes have an identity of their own. */
function plain(value: Any): unknown {
  return JSON.parse(JSON.stringify(value?.stdout ?? value?.body ?? value?.rows ?? value ?? null));
}

async function outcomeOf({ runs = () => 0 }: Library, make: () => Any, use: Use): Promise<Outcome> {
  const before = runs();
  try {
    const value = plain(await use(make()));
    return { value, runs: runs() - before };
  } catch (error) {
    // execa's messages hold durations
    return { message: (error as Error).message.replace(/\d/g, '0'), runs: runs() - before };
  }
}

const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** The query itself, whose own outcome in a transaction is noted. */
function noteOutcome(query: Any, note: (isFailed: boolean) => void): Any {
  const { requestTransaction } = query;
  query.requestTransaction = (...args: unknown[]) => {
    const promise = requestTransaction.apply(query, args);
    promise.then(
      () => note(false),
      () => note(true),
    );
    return promise;
  };
  return query;
}

const isMissing = findPart('hosts/libraries/node_modules') === undefined;

function declare(group: string, start: () => Promise<Libraries>, names: readonly string[]): void {
  const all = suite(group);
  const test = isMissing ? all.skip : all;
  let started: Libraries | undefined;
  all.before(async () => {
    if (!isMissing) started = await start();
  });
  all.after(() => started?.stop());
  test('has a row for each library', () =>
    assert.equal(
      started?.libraries.map(({ name }) => name),
      names,
    ));
  const library = (name: string): Library => started?.libraries.find((each) => each.name === name) as Library;

  for (const name of names) {
    test(`${name}: outcome, number of runs and span follow the use by the caller`, async () => {
      const row = library(name);
      const uses = { ...(row.isPromise === false ? {} : PROMISE_USES), ...row.uses };
      for (const [label, use] of Object.entries(uses)) {
        if (label === 'finally()' && row.hasFinally === false) continue;
        for (const kind of ['good', 'bad'] as const) {
          const make = (): Any => row[kind]();
          const bare = await outcomeOf(row, make, use);
          assert.is(bare.message !== undefined, kind === 'bad', `${label}, ${kind}, by itself: ${bare.message}`);
          await traced({ enabled: true }, async ({ tracing, spans }) => {
            const repository = instrument({ namespace: 'a', name: 'query' }, () => row[kind]());
            const pending = outcomeOf(row, repository, use);
            if (row.isSynchronous !== true) assert.is(tracing.openCount, 1, `${label}, ${kind}: open while it runs`);
            assert.equal(await pending, bare, `${label}, ${kind}`);
            assert.is(tracing.openCount, 0, `${label}, ${kind}: nothing is open once the outcome is there`);
            const [span, ...more] = await spans();
            assert.is(more.length, 0);
            assert.is(span?.status.code === ERROR, kind === 'bad', `${label}, ${kind}: the status is the outcome's`);
          });
        }
      }
    });

    if (name.startsWith('Prisma'))
      test(`${name}: each of two queries in one transaction has its own span, with its own outcome`, async () => {
        const row = library(name);
        for (const kinds of [
          ['good', 'good'],
          ['good', 'bad'],
          ['bad', 'good'],
        ] as const) {
          const failed: Record<string, boolean> = {};
          const noted = kinds.map((kind, at) => () => noteOutcome(row[kind](), (is) => (failed[`${kind} ${at}`] = is)));
          const bare = await outcomeOf(row, () => noted.map((query) => query()), row.transaction as Use);
          await settled();
          assert.is(bare.message !== undefined, Object.values(failed).includes(true), bare.message);
          assert.is(bare.message !== undefined, (kinds as readonly string[]).includes('bad'), bare.message);
          await traced({ enabled: true }, async ({ tracing, spans }) => {
            const queries = kinds.map((kind, at) => instrument({ namespace: 'a', name: `${kind} ${at}` }, () => row[kind]()));
            const made = (): Any => queries.map((query) => query());
            assert.equal(await outcomeOf(row, made, row.transaction as Use), bare);
            await settled();
            assert.is(tracing.openCount, 0);
            const ended = (await spans()).map(({ name, status }) => [name, status.code === ERROR]);
            assert.is(ended.length, 2);
            assert.equal(Object.fromEntries(ended), failed);
          });
        }
      });

    test(`${name}: nothing runs that the caller does not run, and the span lasts until it has run`, async () => {
      const row = library(name);
      if (row.runs === undefined) return;
      await traced({ enabled: true }, async ({ tracing, spans }) => {
        const before = row.runs?.();
        const query = instrument({ namespace: 'a', name: 'query' }, () => row.good())();
        await new Promise((resolve) => setTimeout(resolve, 30));
        assert.is(row.runs?.(), before);
        assert.is(tracing.openCount, 1);
        await (row.uses?.['execute()'] ?? (PROMISE_USES.await as Use))(query);
        assert.ok((row.runs?.() as number) > (before as number));
        const [span, ...more] = await spans();
        assert.is(more.length, 0);
        assert.ok(span !== undefined && span.duration[0] + span.duration[1] / 1e9 >= 0.029, `${span?.duration}`);
      });
    });
  }
  all.run();
}

const SQL = ['Prisma', 'Prisma, raw', 'Knex', 'Knex, raw', 'Drizzle', 'Drizzle, relational', 'Kysely 0.27', 'Drizzle on SQLite'];
const OTHERS = ['mongoose', 'mongoose, aggregate', 'execa 9', 'execa 8', 'superagent'];

async function startSql(): Promise<Libraries> {
  const postgres = await startPostgres();
  const libraries = await startSqlLibraries(`postgres://postgres@127.0.0.1:${postgres.port}/postgres`);
  return {
    ...libraries,
    async stop() {
      await libraries.stop();
      await postgres.stop();
    },
  };
}

declare('SQL', startSql, SQL);
declare('other libraries', startOtherLibraries, OTHERS);
