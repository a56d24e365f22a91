// Traces of the store in a SQLite file, for `--store`: written as they arrive, read back at the next start. The file holds what the store
// holds, so the store's limits bound it too: a trace that is released from memory is deleted from the file, and SQLite reuses its pages.
// Writes are collected and committed together. A fault of the disk stops the writing, never the viewer.

import { closeSync, openSync, statSync } from 'node:fs';
import type { ReceivedSpan } from '../receiver/decode.js';
import { type Database, openDatabase } from './sqlite.js';
import type { TraceStore } from './trace-store.js';

const COMMIT_EVERY_MS = 250;
/** Bytes of uncommitted spans from which a commit is not delayed. */
const MOST_PENDING_BYTES = 8 * 1024 * 1024;
const ROWS_OF_PAGE = 500;
/** "SpwV" in the file's header, so that the database of another program is not written to. */
const APPLICATION_ID = 0x53707756;
const SCHEMA = `
  CREATE TABLE IF NOT EXISTS resources (id INTEGER PRIMARY KEY, attributes TEXT NOT NULL UNIQUE);
  CREATE TABLE IF NOT EXISTS chunks (id INTEGER PRIMARY KEY, trace TEXT NOT NULL, resource INTEGER NOT NULL, spans BLOB NOT NULL);
  CREATE INDEX IF NOT EXISTS chunks_of_trace ON chunks (trace);
  PRAGMA application_id = ${APPLICATION_ID};
  PRAGMA user_version = 1;`;

type Resource = ReceivedSpan['resource'];
type Write =
  | { readonly kept: string; readonly resource: Resource; readonly bytes: Buffer }
  | { readonly released: readonly string[] };

/** The file cannot be used as a store. */
export class StoreFault extends Error {}

export class StoreFile {
  /** Message of the fault that stopped the writing. */
  fault: string | undefined;
  readonly #database: Database;
  readonly #pending: Write[] = [];
  #pendingBytes = 0;
  #timer: NodeJS.Timeout | undefined;

  /** Opens or creates the file, readable by its owner only. @throws StoreFault when it is in use, is no store, or cannot be written. */
  constructor(
    readonly path: string,
    private readonly onFault: (message: string) => void = () => {},
  ) {
    let database: Database | undefined;
    try {
      // opening a named pipe would wait for its reader
      if (statSync(path, { throwIfNoEntry: false })?.isFile() === false) throw new Error('it is not a regular file');
      closeSync(openSync(path, 'a', 0o600));
      database = openDatabase(path);
      prepare(database);
    } catch (error) {
      database?.close();
      throw new StoreFault(`${path}: ${explained(error as Error)}`);
    }
    this.#database = database;
  }

  /** Adds the file's traces to the store, then follows it. */
  attach(store: TraceStore): void {
    store.onReleased = (ids) => this.#write({ released: ids }, 0);
    this.#restore(store);
    store.onKept = (kept, resource, bytes) => this.#write({ kept, resource, bytes }, bytes.length);
  }

  #restore(store: TraceStore): void {
    const resources = new Map<unknown, Resource>();
    for (const { id, attributes } of this.#database.prepare('SELECT id, attributes FROM resources').all() as {
      id: unknown;
      attributes: string;
    }[]) {
      resources.set(id, { attributes: Object.assign(Object.create(null), JSON.parse(attributes)) });
    }
    const page = this.#database.prepare(
      `SELECT id, trace, resource, spans FROM chunks WHERE id > ? ORDER BY id LIMIT ${ROWS_OF_PAGE}`,
    );
    let last: unknown = -1;
    for (;;) {
      const rows = page.all(last) as { id: unknown; trace: string; resource: unknown; spans: Uint8Array }[];
      if (rows.length === 0) return;
      for (const { id, trace, resource, spans } of rows) {
        store.restore(trace, resources.get(resource) ?? { attributes: {} }, Buffer.from(spans));
        last = id;
      }
    }
  }

  #write(write: Write, bytes: number): void {
    if (this.fault !== undefined) return;
    this.#pending.push(write);
    this.#pendingBytes += bytes;
    if (this.#pendingBytes >= MOST_PENDING_BYTES) this.#commit();
    else this.#timer ??= setTimeout(() => this.#commit(), COMMIT_EVERY_MS).unref();
  }

  #commit(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#pendingBytes = 0;
    const writes = this.#pending.splice(0);
    if (writes.length === 0) return;
    const database = this.#database;
    try {
      const known = database.prepare('INSERT OR IGNORE INTO resources (attributes) VALUES (?)');
      const keep = database.prepare(
        'INSERT INTO chunks (trace, resource, spans) VALUES (?, (SELECT id FROM resources WHERE attributes = ?), ?)',
      );
      const release = database.prepare('DELETE FROM chunks WHERE trace = ?');
      database.exec('BEGIN');
      const added = new Set<string>();
      for (const write of writes) {
        if ('released' in write) {
          for (const id of write.released) release.run(id);
          continue;
        }
        const attributes = JSON.stringify(write.resource.attributes);
        if (!added.has(attributes)) known.run(attributes);
        added.add(attributes);
        keep.run(write.kept, attributes, write.bytes);
      }
      database.exec('COMMIT');
    } catch (error) {
      this.fault = `${this.path}: ${(error as Error).message}; further traces are not stored`;
      this.onFault(this.fault);
    }
  }

  /** Commits what is pending and drops resources that no trace has. */
  close(): void {
    this.#commit();
    try {
      if (this.fault === undefined) {
        this.#database.exec(
          'DELETE FROM resources WHERE id NOT IN (SELECT resource FROM chunks); PRAGMA wal_checkpoint(TRUNCATE);',
        );
      }
    } finally {
      this.#database.close();
    }
  }
}

function prepare(database: Database): void {
  const number = (pragma: string): number =>
    Number(Object.values(database.prepare(`PRAGMA ${pragma}`).all()[0] as object)[0] ?? 0);
  // One process a file: a second viewer fails here instead of mixing its traces in.
  database.exec('PRAGMA busy_timeout = 1000; PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE; COMMIT;');
  if (number('application_id') !== APPLICATION_ID && number('schema_version') !== 0)
    throw new Error('the database of another program');
  if (number('user_version') > 1) throw new Error('written by a later version of the viewer');
  database.exec(`PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; ${SCHEMA}`);
}

function explained({ message }: Error): string {
  if (/locked|busy/i.test(message)) return 'in use by another viewer';
  return /not a database|malformed/i.test(message) ? 'not a SQLite database' : message;
}
