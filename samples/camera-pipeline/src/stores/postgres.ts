// PostgreSQL for a run that is given none: PGlite, which is PostgreSQL itself, in a process of its own, served over a socket on 127.0.0.1.
// Started by the drive; nothing is kept.

import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { PGlite } from '@electric-sql/pglite';
import { PGLiteSocketServer } from '@electric-sql/pglite-socket';
import { failed, finished, ready, stopRequested } from '../pipeline/lifecycle.js';

/** Making an empty cluster is most of the time that PGlite takes to start, so it is made once and kept in the build folder. */
async function emptyCluster(): Promise<Blob> {
  const { version } = JSON.parse(
    readFileSync(join(dirname(require.resolve('@electric-sql/pglite')), '..', 'package.json'), 'utf8'),
  );
  const file = join(__dirname, '..', `empty-cluster-${version}.tar.gz`);
  try {
    return new Blob([readFileSync(file)]);
  } catch {
    const database = await PGlite.create();
    const cluster = await database.dumpDataDir('gzip');
    await database.close();
    const part = `${file}.${process.pid}`;
    writeFileSync(part, Buffer.from(await cluster.arrayBuffer()));
    renameSync(part, file); // whole or not at all: another run may be reading
    return cluster;
  }
}

async function main(): Promise<void> {
  const database = await PGlite.create({ loadDataDir: await emptyCluster() });
  const server = new PGLiteSocketServer({ db: database, host: '127.0.0.1', port: 0, maxConnections: 32 });
  await server.start();
  ready({ listening: `postgresql://postgres@${server.getServerConn()}/postgres?sslmode=disable` });
  await stopRequested();
  await server.stop();
  await database.close();
  finished();
}

main().catch(failed);
