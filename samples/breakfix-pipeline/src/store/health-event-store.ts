// The store that all modules share: health events as documents (jsonb) in PostgreSQL. Database spans are those of OpenTelemetry's
// `pg` instrumentation: one for each query, under its caller, none for those of a polling loop.

import { randomUUID } from 'node:crypto';
import { Pool, type PoolClient } from 'pg';
import type { HealthEventDocument, StoredEvent } from '../model/health-event.js';

const SCHEMA = `
  CREATE TABLE IF NOT EXISTS "HealthEvents" (
    seq bigserial PRIMARY KEY,
    id text UNIQUE NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    document jsonb NOT NULL
  )`;

/** Dotted path in the document to its new value; undefined removes nothing and writes nothing. */
export type Changes = Readonly<Record<string, unknown>>;

interface Row {
  id: string;
  document: HealthEventDocument;
}

const asEvent = ({ id, document }: Row): StoredEvent => ({ id, ...document });

export class HealthEventStore {
  private constructor(private readonly pool: Pool) {}

  /** @throws when the database cannot be reached. */
  static async connect(url: string): Promise<HealthEventStore> {
    const pool = new Pool({ connectionString: url, max: 3 });
    // a connection that breaks while it waits in the pool is replaced by the next query
    pool.on('error', () => undefined);
    await pool.query('SELECT 1');
    return new HealthEventStore(pool);
  }

  async createSchema(): Promise<void> {
    await this.pool.query(SCHEMA);
  }

  async insert(document: HealthEventDocument): Promise<string> {
    const id = randomUUID();
    await this.pool.query('INSERT INTO "HealthEvents" (id, document) VALUES ($1, $2)', [id, JSON.stringify(document)]);
    return id;
  }

  /** Events whose document holds one of these parts, in the order in which they came, and has no status of the name `missing`. */
  async find(parts: readonly object[], missing: string): Promise<StoredEvent[]> {
    const { rows } = await this.pool.query<Row>(
      `SELECT id, document FROM "HealthEvents"
       WHERE document @> ANY($1::jsonb[]) AND NOT (document->'healtheventstatus') ? $2 ORDER BY seq LIMIT 100`,
      [parts.map((part) => JSON.stringify(part)), missing],
    );
    return rows.map(asEvent);
  }

  async get(id: string): Promise<StoredEvent | undefined> {
    const { rows } = await this.pool.query<Row>('SELECT id, document FROM "HealthEvents" WHERE id = $1', [id]);
    return rows[0] && asEvent(rows[0]);
  }

  /** Writes each change at its path, and leaves what other modules wrote meanwhile. */
  async update(id: string, changes: Changes): Promise<void> {
    const values: unknown[] = [id];
    let document = 'document';
    for (const [path, value] of Object.entries(changes)) {
      values.push(path.split('.'), JSON.stringify(value));
      document = `jsonb_set(${document}, $${values.length - 1}::text[], $${values.length}::jsonb)`;
    }
    await this.pool.query(`UPDATE "HealthEvents" SET document = ${document} WHERE id = $1`, values);
  }

  /** Number of recent events of this kind on the node. */
  async count(nodeName: string, checkName: string, withinMs: number): Promise<number> {
    const { rows } = await this.pool.query<{ count: string }>(
      `SELECT count(*) FROM "HealthEvents"
       WHERE document->'healthevent'->>'nodeName' = $1 AND document->'healthevent'->>'checkName' = $2
         AND created_at > now() - $3 * interval '1 millisecond'`,
      [nodeName, checkName, withinMs],
    );
    return Number(rows[0]?.count ?? 0);
  }

  /** Runs `work` on one connection in one transaction. */
  async transaction<Result>(work: (client: PoolClient) => Promise<Result>): Promise<Result> {
    const client = await this.pool.connect();
    try {
      await client.query('BEGIN');
      const result = await work(client);
      await client.query('COMMIT');
      return result;
    } catch (error) {
      await client.query('ROLLBACK').catch(() => undefined);
      throw error;
    } finally {
      client.release();
    }
  }

  close(): Promise<void> {
    return this.pool.end();
  }
}
