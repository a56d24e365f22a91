// The DNS service: a process of its own beside the controller, with a simpler tracing of its own that is always on. Prints one line of
// JSON with its address when it is ready, then its log. Ends as the controller does.

import { log } from './log.js';
import { RecordSource } from './records.js';
import { DnsServer } from './server.js';
import { readSettings } from './settings.js';
import { setUpTracing } from './tracing.js';

async function main(): Promise<void> {
  const settings = await readSettings(process.env);
  const provider = setUpTracing(settings);
  const server = new DnsServer(new RecordSource(settings.api), settings.zone);
  const port = await server.listen(settings.port);
  process.stdout.write(`${JSON.stringify({ listening: `127.0.0.1:${port}` })}\n`);
  log.info({ port, zone: settings.zone, otlp_endpoint: settings.endpoint }, 'serving');
  await new Promise<void>((stop) => {
    for (const event of ['SIGTERM', 'SIGINT', ...(process.connected ? ['disconnect'] : [])]) process.once(event, () => stop());
  });
  await server.close();
  await provider.shutdown().catch((error: Error) => log.warn({ error: error.message }, 'some spans were not sent'));
  if (process.connected) process.disconnect();
}

main().catch((error: unknown) => {
  log.error({ error }, 'the DNS service could not start');
  process.exit(1);
});
