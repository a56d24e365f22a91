// The embedded store: PostgreSQL itself (PGlite) in a process of its own, reached over a socket as a server is. Used when
// DATABASE_URL is not set.

import { PGlite } from '@electric-sql/pglite';
import { emptyCluster } from '@spanwright/stage';
import { leave, stopRequested, tellReady } from '../process.js';
import { serve } from './wire.js';

async function main(): Promise<void> {
  const postgres = await PGlite.create({ loadDataDir: await emptyCluster(PGlite, __dirname) });
  const { port, server } = await serve(postgres);
  tellReady({ listening: `postgres://postgres@127.0.0.1:${port}/postgres` });
  await stopRequested();
  server.close();
  leave();
  process.exit(0); // connections of clients that were killed may be open still, and the data is in memory only
}

main().catch((error: unknown) => {
  process.stderr.write(`the embedded store could not start: ${error instanceof Error ? error.stack : error}\n`);
  process.exit(1);
});
