// The schema, one step a migration, in order. Each is applied once and remembered; running them again does nothing.

import { instrument } from 'spanwright';
import type { Database } from './database.js';

const MIGRATIONS: readonly (readonly [name: string, ...statements: string[]])[] = [
  [
    'components and where their controllers are',
    `CREATE TABLE components (
       id text PRIMARY KEY, backend text NOT NULL CHECK (backend IN ('nsm', 'psm', 'rms')),
       power_state text NOT NULL DEFAULT 'unknown', firmware text NOT NULL DEFAULT 'unknown', last_seen timestamptz)`,
    `CREATE TABLE endpoints (
       component text NOT NULL REFERENCES components (id), position integer NOT NULL, url text NOT NULL,
       username text NOT NULL, password text NOT NULL, PRIMARY KEY (component, position))`,
  ],
  [
    'objects that the state controllers reconcile',
    `CREATE TABLE objects (
       id text PRIMARY KEY, kind text NOT NULL CHECK (kind IN ('machine', 'switch', 'power-shelf')), state text NOT NULL,
       component text NOT NULL REFERENCES components (id), version integer NOT NULL DEFAULT 1)`,
    'CREATE INDEX objects_by_kind ON objects (kind, id)',
  ],
];

export class Migrator {
  constructor(private readonly database: Database) {}

  /** Applies what is missing; answers with the names of what it applied. */
  @instrument({ result: (applied: readonly string[]) => ({ 'migrations.applied': applied.length }) })
  async migrate(): Promise<string[]> {
    await this.database.query('CREATE TABLE IF NOT EXISTS migrations (name text PRIMARY KEY, at timestamptz DEFAULT now())');
    const known = new Set((await this.database.query('SELECT name FROM migrations')).map((row) => row.name));
    const applied: string[] = [];
    for (const [name, ...statements] of MIGRATIONS) {
      if (known.has(name)) continue;
      await this.apply(name, statements);
      applied.push(name);
    }
    return applied;
  }

  private async apply(name: string, statements: readonly string[]): Promise<void> {
    await this.database.query('BEGIN');
    try {
      for (const statement of statements) await this.database.query(statement);
      await this.database.query('INSERT INTO migrations (name) VALUES ($1)', [name]);
      await this.database.query('COMMIT');
    } catch (error) {
      await this.database.query('ROLLBACK');
      throw error;
    }
  }
}
