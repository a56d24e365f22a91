// The controller's PostgreSQL: PGlite, which is PostgreSQL itself, embedded. Every query is a span under its caller, with the
// statement as written, `$1` and all. A query without a caller starts no trace. Parameter values are not recorded: some are credentials.

import { PGlite, type Results } from '@electric-sql/pglite';
import { emptyCluster } from '@spanwright/stage';
import { instrument } from 'spanwright';

export type Row = Record<string, unknown>;

export class Database {
  private constructor(private readonly postgres: PGlite) {}

  static async open(): Promise<Database> {
    return new Database(await PGlite.create({ loadDataDir: await emptyCluster(PGlite, __dirname) }));
  }

  @instrument({
    kind: 'client',
    root: 'never',
    attributes: (text: string) => ({
      'db.system.name': 'postgresql',
      'db.operation.name': /^\s*(\w+)/.exec(text)?.[1]?.toUpperCase() ?? '',
      'db.query.text': text.trim().replace(/\s+/g, ' '),
    }),
    result: (rows: readonly Row[]) => ({ 'db.response.returned_rows': rows.length }),
  })
  async query(text: string, parameters: readonly unknown[] = []): Promise<Row[]> {
    const results: Results<Row> = await this.postgres.query<Row>(text, [...parameters]);
    return results.rows;
  }

  close(): Promise<void> {
    return this.postgres.close();
  }
}
