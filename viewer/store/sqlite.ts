// The SQLite driver behind `--store`: Node's own `node:sqlite` where this Node has it (22.13 and later), else the package `better-sqlite3`.
// Only the functions that store-file.ts needs, which the two share.

interface Statement {
  run(...values: readonly unknown[]): unknown;
  all(...values: readonly unknown[]): unknown[];
}

export interface Database {
  exec(sql: string): unknown;
  prepare(sql: string): Statement;
  close(): void;
}

type Open = new (path: string) => Database;

/** @throws Error naming both drivers when neither can be loaded. */
export function openDatabase(path: string, load: (name: string) => unknown = require): Database {
  const Driver = driverOf(load);
  return new Driver(path);
}

function driverOf(load: (name: string) => unknown): Open {
  try {
    return (load('node:sqlite') as { DatabaseSync: Open }).DatabaseSync;
  } catch {
    // Node 20, and Node 22 before 22.13
  }
  try {
    return load('better-sqlite3') as Open;
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    throw new Error(
      code === 'MODULE_NOT_FOUND'
        ? `needs SQLite, which Node ${process.versions.node} does not have; use Node 22.13 or later, or: npm install better-sqlite3`
        : `better-sqlite3 cannot be loaded: ${message}`,
    );
  }
}
