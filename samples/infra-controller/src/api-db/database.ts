// The controller's PostgreSQL: PGlite, which is PostgreSQL itself, embedded. Queries are recorded at the level of the driver, by
// sqlQueries(): each is a span under its caller, with the statement and its parameters as `$1`. A query without a caller starts no
// trace. Values are not recorded: some are credentials.

import { PGlite, type Results } from '@electric-sql/pglite';
import { emptyCluster } from '@spanwright/stage';
import { sqlQueries } from 'spanwright';

export type Row = Record<string, unknown>;

const queries = sqlQueries({ system: 'postgresql' });

export class Database {
  private constructor(private readonly postgres: PGlite) {}

  static async open(): Promise<Database> {
    return new Database(await PGlite.create({ loadDataDir: await emptyCluster(PGlite, __dirname) }));
  }

  async query(text: string, parameters: readonly unknown[] = []): Promise<Row[]> {
    const send = (): Promise<Results<Row>> => this.postgres.query<Row>(text, [...parameters]);
    return (await queries.run(text, send)).rows;
  }

  close(): Promise<void> {
    return this.postgres.close();
  }
}
