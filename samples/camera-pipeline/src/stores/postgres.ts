// PostgreSQL for a run that is given none: PGlite, which is PostgreSQL itself, in a process of its own, served over a socket on 127.0.0.1.
// Started by the drive; nothing is kept.

import { PGlite } from '@electric-sql/pglite';
import { PGLiteSocketServer } from '@electric-sql/pglite-socket';
import { emptyCluster } from '@spanwright/stage';
import { failed, finished, ready, stopRequested } from '../pipeline/lifecycle.js';

async function main(): Promise<void> {
  const database = await PGlite.create({ loadDataDir: await emptyCluster(PGlite, __dirname) });
  const server = new PGLiteSocketServer({ db: database, host: '127.0.0.1', port: 0, maxConnections: 32 });
  await server.start();
  ready({ listening: `postgresql://postgres@${server.getServerConn()}/postgres?sslmode=disable` });
  await stopRequested();
  await server.stop();
  await database.close();
  finished();
}

main().catch(failed);
