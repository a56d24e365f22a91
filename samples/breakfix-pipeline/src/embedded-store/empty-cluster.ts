// The files of a PostgreSQL cluster with nothing in it, as PGlite loads them. Making them (initdb) is most of the time that
// PGlite takes to start, so they are made once for each version of it and kept in the build folder.

import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { PGlite } from '@electric-sql/pglite';

export async function emptyCluster(): Promise<Blob> {
  const file = join(__dirname, '..', `empty-cluster-${postgresVersion()}.tar.gz`);
  try {
    return new Blob([readFileSync(file)]);
  } catch {
    const cluster = await makeCluster();
    keep(file, Buffer.from(await cluster.arrayBuffer()));
    return cluster;
  }
}

async function makeCluster(): Promise<Blob> {
  const postgres = await PGlite.create();
  const cluster = await postgres.dumpDataDir('gzip');
  await postgres.close();
  return cluster;
}

/** Renamed into its place when it is whole, because another start may be reading. */
function keep(file: string, contents: Buffer): void {
  try {
    const part = `${file}.${process.pid}`;
    writeFileSync(part, contents);
    renameSync(part, file);
  } catch (error) {
    process.emitWarning(`the empty cluster could not be kept, so the next start takes as long: ${String(error)}`);
  }
}

function postgresVersion(): string {
  const packageFile = join(dirname(require.resolve('@electric-sql/pglite')), '..', 'package.json');
  return (JSON.parse(readFileSync(packageFile, 'utf8')) as { version: string }).version;
}
