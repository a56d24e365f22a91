// Prisma, Knex, Drizzle and Kysely on a real PostgreSQL, and Drizzle on SQLite, where it is synchronous. The table `machines` has
// two rows; `absent` does not exist.

import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { part } from '../../hosts/conformance/suite.js';
import { type Any, byCallback, collected, installed, type Libraries, type Library, type Use } from './library.js';

const SCHEMA = `generator client {
  provider   = "prisma-client-js"
  engineType = "client"
  output     = "./client"
}
datasource db {
  provider = "postgresql"
}
model machines {
  rack Int @id
}
model absent {
  rack Int @id
}
`;

/** Generated without the engine that Prisma's command would download: the client of version 7 has none. */
function prismaClient(url: string): Any {
  const folder = join(part('libraries'), 'prisma');
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'schema.prisma'), SCHEMA);
  const env = { ...process.env, PRISMA_SCHEMA_ENGINE_BINARY: process.execPath, CHECKPOINT_DISABLE: '1', NODE_OPTIONS: '' };
  const command = join(part('libraries'), 'node_modules/prisma/build/index.js');
  execFileSync(process.execPath, [command, 'generate', '--schema', join(folder, 'schema.prisma')], { env, stdio: 'ignore' });
  const { PrismaClient } = installed(join(folder, 'client'));
  const { PrismaPg } = installed('@prisma/adapter-pg');
  return new PrismaClient({ adapter: new PrismaPg({ connectionString: url }) });
}

const execute: Record<string, Use> = { 'execute()': (query) => query.execute() };

async function drizzleOnSqlite(): Promise<Library[]> {
  const { Database } = await installed('sql.js')();
  const database = new Database();
  database.run('create table machines (rack int); insert into machines values (1), (2)');
  const { drizzle } = installed('drizzle-orm/sql-js');
  const core = installed('drizzle-orm/sqlite-core');
  const table = (name: string): Any => core.sqliteTable(name, { rack: core.integer('rack') });
  const orm = drizzle(database);
  let prepared = 0;
  const { prepare } = database;
  database.prepare = (...args: unknown[]) => {
    prepared++;
    return prepare.apply(database, args);
  };
  const sync: Record<string, Use> = Object.fromEntries(
    ['all', 'get', 'values', 'run'].map((name) => [`${name}()`, async (query: Any) => query[name]()]),
  );
  const select = (name: string): Any => orm.select().from(table(name));
  const runs = (): number => prepared;
  const bad = (): Any => select('absent');
  return [{ name: 'Drizzle on SQLite', isSynchronous: true, runs, good: () => select('machines'), bad, uses: sync }];
}

export async function startSqlLibraries(url: string): Promise<Libraries> {
  const pg = installed('pg');
  let queries = 0;
  const { query } = pg.Client.prototype;
  pg.Client.prototype.query = function counted(this: unknown, ...args: Any[]): unknown {
    if (/machines|absent/.test(args[0]?.text ?? args[0])) queries++;
    return query.apply(this, args);
  };
  const pool = new pg.Pool({ connectionString: url });
  await pool.query('create table machines (rack int primary key); insert into machines values (1), (2)');

  const prisma = prismaClient(url);
  const knex = installed('knex')({ client: 'pg', connection: url });
  const core = installed('drizzle-orm/pg-core');
  const machines = core.pgTable('machines', { rack: core.integer('rack') });
  const absent = core.pgTable('absent', { rack: core.integer('rack') });
  const orm = installed('drizzle-orm/node-postgres').drizzle(pool, { schema: { machines, absent } });
  const { Kysely, PostgresDialect } = installed('kysely27');
  const kysely = new Kysely({ dialect: new PostgresDialect({ pool }) });

  const asked: Library[] = [
    {
      name: 'Prisma',
      good: () => prisma.machines.findMany(),
      bad: () => prisma.absent.findMany(),
      uses: { '$transaction([query])': async (each) => (await prisma.$transaction([each]))[0] },
      transaction: (queries) => prisma.$transaction(queries),
    },
    {
      name: 'Prisma, raw',
      good: () => prisma.$queryRaw`select rack from machines`,
      bad: () => prisma.$queryRaw`select rack from absent`,
      uses: { '$transaction([query])': async (each) => (await prisma.$transaction([each]))[0] },
      transaction: (queries) => prisma.$transaction(queries),
    },
    {
      name: 'Knex',
      good: () => knex('machines').select('rack'),
      bad: () => knex('absent').select('rack'),
      uses: {
        'asCallback()': (each) => byCallback((done) => void each.asCallback(done).catch(() => {})),
        'stream()': (each) => collected(each.stream()),
      },
    },
    { name: 'Knex, raw', good: () => knex.raw('select rack from machines'), bad: () => knex.raw('select rack from absent') },
    { name: 'Drizzle', good: () => orm.select().from(machines), bad: () => orm.select().from(absent), uses: execute },
    {
      name: 'Drizzle, relational',
      good: () => orm.query.machines.findMany(),
      bad: () => orm.query.absent.findMany(),
      uses: execute,
    },
    {
      name: 'Kysely 0.27',
      good: () => kysely.selectFrom('machines').selectAll(),
      bad: () => kysely.selectFrom('absent').selectAll(),
      isPromise: false,
      uses: {
        ...execute,
        'executeTakeFirst()': (each) => each.executeTakeFirst(),
        'executeTakeFirstOrThrow()': (each) => each.executeTakeFirstOrThrow(),
      },
    },
  ];
  return {
    libraries: [...asked.map((library) => ({ ...library, runs: () => queries })), ...(await drizzleOnSqlite())],
    async stop() {
      pg.Client.prototype.query = query;
      await Promise.all([knex.destroy(), prisma.$disconnect(), pool.end()]);
    },
  };
}
