// The files of an empty PostgreSQL cluster, as PGlite loads them. Creating them (initdb) is most of the time that PGlite takes to start, so
// they are created once for each version of it and kept in the build folder of this package, uncompressed, because PGlite needs 0.2 s of
// CPU time to inflate the archive.

import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

interface Postgres {
  dumpDataDir(compression: 'none'): Promise<Blob>;
  close(): Promise<void>;
}

/** `PGlite` is the class of the caller, and `folder` the caller's, because samples depend on different versions of it. */
export async function emptyCluster(PGlite: { create(): Promise<Postgres> }, folder: string): Promise<Blob> {
  const file = join(__dirname, `empty-cluster-${pgliteVersion(folder)}.tar`);
  try {
    return new Blob([readFileSync(file)], { type: 'application/x-tar' });
  } catch {
    const postgres = await PGlite.create();
    const cluster = await postgres.dumpDataDir('none');
    await postgres.close();
    keep(file, Buffer.from(await cluster.arrayBuffer()));
    return cluster;
  }
}

/** Renamed to its final name when it is complete, because another start may be reading. */
function keep(file: string, contents: Buffer): void {
  try {
    const part = `${file}.${process.pid}`;
    writeFileSync(part, contents);
    renameSync(part, file);
  } catch (error) {
    process.emitWarning(`the empty cluster could not be kept, so the next start takes as long: ${String(error)}`);
  }
}

function pgliteVersion(folder: string): string {
  const packageFile = join(dirname(require.resolve('@electric-sql/pglite', { paths: [folder] })), '..', 'package.json');
  return (JSON.parse(readFileSync(packageFile, 'utf8')) as { version: string }).version;
}
