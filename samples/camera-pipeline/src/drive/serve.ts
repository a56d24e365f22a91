// `npm run serve`: the pipeline kept running, with the cameras at work, for a person to try things by hand, or for Prometheus and Grafana to
// look at. Traces are printed as they arrive, unless an endpoint is configured, to which they go then. Its first line is JSON, for
// programs; the addresses of the metrics are in build/targets.json, for prometheus.yml.

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { TracePrinter } from '@spanwright/viewer';
import { stopRequested } from '../pipeline/lifecycle.js';
import { System } from './system.js';

async function main(): Promise<void> {
  const printer = new TracePrinter((line) => process.stdout.write(`${line}\n`));
  const system = new System({
    onSpan: (span) => printer.add([span]),
    onLog: (_, line) => process.stderr.write(`${line}\n`),
  });
  try {
    await system.start();
    const { api, operations, addresses } = system;
    process.stdout.write(
      `${JSON.stringify({ api, operations: Object.fromEntries(operations), addresses: Object.fromEntries(addresses) })}\n`,
    );
    const targets = [...operations].map(([service, at]) => ({ targets: [new URL(at).host], labels: { service } }));
    writeFileSync(process.env.TARGETS_FILE ?? join(__dirname, '..', 'targets.json'), JSON.stringify(targets));
    const interval = process.env.INTERVAL_MS ?? '2000';
    if (interval !== '0') await system.run('camera', { IMAGES: '100000', INTERVAL_MS: interval });
    await Promise.race([stopRequested(Number.POSITIVE_INFINITY), system.anyEnded()]);
  } finally {
    await system.stop();
  }
  if (process.connected) process.disconnect();
}

main().catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.message : error}\n`);
  process.exitCode = 1;
});
