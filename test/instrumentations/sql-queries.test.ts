// sqlQueries() with two real databases that no instrumentation package knows: PGlite, whose queries are promises, and SQLite, whose
// queries are not.

import { PGlite } from '@electric-sql/pglite';
import type { ReadableSpan } from '@opentelemetry/sdk-trace-base';
import initSqlJs, { type Database } from 'sql.js';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { instrument, SpanwrightError, sqlQueries } from '../../runtime/index.js';
import { traced } from '../gate/tracing.js';

interface Databases {
  readonly pglite: PGlite;
  readonly sqlite: Database;
}

const queries = suite<Databases>('sqlQueries');
queries.before(async (context) => {
  const pglite = new PGlite();
  const sqlite = new (await initSqlJs()).Database();
  const table = 'CREATE TABLE nodes (id int, name text)';
  await pglite.exec(table);
  sqlite.run(table);
  Object.assign(context, { pglite, sqlite });
});
queries.after(async ({ pglite, sqlite }) => {
  await pglite.close();
  sqlite.close();
});

const named = (spans: readonly ReadableSpan[], name: string): ReadableSpan => {
  const found = spans.filter((span) => span.name === name);
  assert.is(found.length, 1, `${name} once among ${spans.map((span) => span.name).join(', ')}`);
  return found[0] as ReadableSpan;
};

queries('a query of PGlite is a span below the one that it runs in, without values', ({ pglite }) =>
  traced({ enabled: true }, async ({ spans }) => {
    const database = sqlQueries({ system: 'postgresql', namespace: 'fleet', attributes: { 'server.address': 'in-process' } });
    const query = (sql: string, values: unknown[] = []) => database.run(sql, () => pglite.query(sql, values));
    const work = instrument({ name: 'work' }, async () => {
      await query('INSERT INTO nodes VALUES ($1, $2)', [1, 'bound-secret']);
      return query("SELECT * FROM nodes WHERE name = 'literal-secret' OR id = 1");
    });
    assert.is((await work()).rows.length, 1, 'the caller gets what the client returned');
    await query('SELECT 1');
    const all = await spans();
    assert.is(all.length, 3, 'outside of any span nothing is recorded');
    const [insert, select, work_] = [named(all, 'nodes.insert'), named(all, 'nodes.select'), named(all, 'work')];
    for (const span of [insert, select]) assert.is(span.parentSpanContext?.spanId, work_.spanContext().spanId);
    assert.is(insert.kind, 2);
    assert.equal(select.attributes, {
      'server.address': 'in-process',
      'db.system.name': 'postgresql',
      'db.namespace': 'fleet',
      'db.operation.name': 'SELECT',
      'db.collection.name': 'nodes',
      'db.query.text': 'SELECT * FROM nodes WHERE name = ? OR id = ?',
      'db.response.returned_rows': 1,
    });
    assert.not.match(JSON.stringify(all.map(({ attributes }) => attributes)), /secret/);
  }),
);

queries('the enclosing span holds the totals of both databases, and the failed query counts', async ({ pglite, sqlite }) => {
  for (const choice of ['totals', 'both'] as const) {
    await traced({ enabled: true }, async ({ spans }) => {
      const postgres = sqlQueries({ system: 'postgresql', queries: choice });
      const lite = sqlQueries({ system: 'sqlite', queries: choice });
      const rows = (sql: string) => {
        sqlite.run(sql);
        return { changes: sqlite.getRowsModified() };
      };
      await instrument({ name: 'work' }, async () => {
        const insert = "INSERT INTO nodes VALUES (7, 'secret'), (8, 'secret')";
        await postgres.run(insert, () => pglite.query(insert));
        lite.run(insert, () => rows(insert));
        lite.run(
          'SELECT id FROM nodes',
          () => sqlite.exec('SELECT id FROM nodes'),
          ([table]) => ({ returned: table?.values.length }),
        );
        const wrong = 'SELECT * FROM missing';
        assert.throws(() => lite.run(wrong, () => sqlite.exec(wrong)), /no such table/);
        let told: unknown;
        await postgres
          .run(wrong, () => pglite.query(wrong))
          .catch((error: Error) => {
            told = error.message;
          });
        assert.match(String(told), /does not exist/);
      })();
      const all = await spans();
      const { attributes } = named(all, 'work');
      assert.is(attributes.sql_queries, 5);
      assert.is(attributes.sql_total_rows_affected, 4);
      assert.is(attributes.sql_total_rows_returned, choice === 'totals' ? 2 : 4);
      assert.match(String(attributes.sql_max_query_duration_summary), /nodes|missing/);
      assert.not.match(JSON.stringify(attributes), /secret/);
      assert.is(all.length, choice === 'totals' ? 1 : 6);
      if (choice === 'both') {
        const failed = all.filter(({ status }) => status.code === 2);
        assert.equal(
          failed.map(({ name }) => name),
          ['missing.select', 'missing.select'],
        );
      }
    });
  }
});

queries('while off, and under an unsampled span, the statement only runs', async ({ sqlite }) => {
  const lite = sqlQueries({ system: 'sqlite', queries: 'both' });
  const run = () =>
    lite.run(
      'SELECT 1',
      () => sqlite.exec('SELECT 1'),
      () => assert.unreachable() as never,
    );
  await traced({ enabled: false }, async ({ spans }) => {
    assert.is(instrument({ name: 'work' }, run)().length, 1);
    assert.equal(await spans(), []);
  });
  await traced({ enabled: true, rules: 'work=off' }, async ({ spans }) => {
    run();
    assert.equal(await spans(), []);
  });
});

const SELECT_ONE =
  'SELECT | client | db.operation.name="SELECT" | db.query.text="SELECT ?" | db.response.returned_rows=1 | db.system.name="sqlite"';

queries('a query starts a trace if its options allow it, or its scope is named among the roots', async ({ sqlite }) => {
  const select = (roots?: boolean) => {
    const lite = sqlQueries({ system: 'sqlite', ...(roots === undefined ? {} : { roots }) });
    lite.run('SELECT 1', () => sqlite.exec('SELECT 1'));
  };
  await traced({ enabled: true }, async ({ expectSpans }) => {
    select(true);
    select();
    await expectSpans(SELECT_ONE);
  });
  await traced({ enabled: true, roots: 'scope:spanwright.sql' }, async ({ expectSpans }) => {
    select();
    select(false);
    await expectSpans(SELECT_ONE);
  });
});

queries('a row function that fails leaves out the row count only', ({ sqlite }) =>
  traced({ enabled: true }, async ({ spans }) => {
    const lite = sqlQueries({ system: 'sqlite' });
    const fault = (): never => {
      throw new Error('no rows');
    };
    instrument({ name: 'work' }, () => lite.run('SELECT 1', () => sqlite.exec('SELECT 1'), fault))();
    assert.is(named(await spans(), 'SELECT').attributes['db.response.returned_rows'], undefined);
  }),
);

queries('double quotes hold values for databases that read them so', ({ sqlite }) =>
  traced({ enabled: true }, async ({ spans }) => {
    instrument({ name: 'work' }, () => {
      sqlQueries({ system: 'mariadb' }).run('SELECT "x"', () => sqlite.exec("SELECT 'x'"));
      sqlQueries({ system: 'sqlite' }).run('SELECT "name" FROM nodes', () => sqlite.exec('SELECT "name" FROM nodes'));
    })();
    assert.equal(
      (await spans()).flatMap(({ attributes }) => attributes['db.query.text'] ?? []),
      ['SELECT ?', 'SELECT ? FROM nodes'],
    );
  }),
);

queries('invalid options are misuse', () => {
  for (const options of [{ system: '' }, { system: 7 }, { system: 'sqlite', queries: 'all' }])
    assert.throws(
      () => sqlQueries(options as never),
      (error: unknown) => error instanceof SpanwrightError && error.code === 'MISUSE' && /expected/.test(error.message),
    );
});

queries.run();
