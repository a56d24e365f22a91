// PostgreSQL as every process of the pipeline reaches it, and the tables. Queries become spans by OpenTelemetry's own instrumentation.

import { Pool } from 'pg';
import { required } from './settings.js';

export function openDatabase(): Pool {
  const pool = new Pool({ connectionString: required('DATABASE_URL'), max: 2 });
  pool.on('error', () => undefined); // an idle connection that broke: the next query opens another
  return pool;
}

const TABLES = [
  `CREATE TABLE IF NOT EXISTS images (
    id uuid PRIMARY KEY, camera_id text NOT NULL, received_at timestamptz NOT NULL DEFAULT now(), png bytea NOT NULL)`,
  `CREATE TABLE IF NOT EXISTS detections (
    image_id uuid NOT NULL REFERENCES images, number integer NOT NULL,
    x integer NOT NULL, y integer NOT NULL, width integer NOT NULL, height integer NOT NULL,
    crop bytea NOT NULL, PRIMARY KEY (image_id, number))`,
  `CREATE TABLE IF NOT EXISTS events (
    id uuid PRIMARY KEY, image_id uuid NOT NULL UNIQUE REFERENCES images, camera_id text NOT NULL, object text NOT NULL,
    confidence real NOT NULL, risk_score integer NOT NULL, priority text NOT NULL, created_at timestamptz NOT NULL DEFAULT now())`,
];

export async function migrate(pool: Pool): Promise<void> {
  for (const table of TABLES) await pool.query(table);
}
