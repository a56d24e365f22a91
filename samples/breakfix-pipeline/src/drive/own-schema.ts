// On a shared server a run works in a schema of its own and removes it afterwards.

import { Client } from 'pg';

export interface Schema {
  /** Connections by it see this schema only. */
  url: string;
  drop(): Promise<void>;
}

export async function ownSchema(databaseUrl: string): Promise<Schema> {
  const name = `breakfix_${process.pid}_${Date.now()}`;
  const run = async (statement: string): Promise<void> => {
    const client = new Client({ connectionString: databaseUrl });
    await client.connect();
    await client.query(statement);
    await client.end();
  };
  await run(`CREATE SCHEMA ${name}`);
  const url = new URL(databaseUrl);
  url.searchParams.set('options', `-c search_path=${name}`);
  return { url: url.href, drop: () => run(`DROP SCHEMA ${name} CASCADE`) };
}
