// `npm run serve`: the service kept running, for a person to try things by hand. Traces are printed as they arrive, unless an
// endpoint is configured, to which they go then.

import { relative } from 'node:path';
import type { Child } from '@spanwright/stage';
import { type ReceivedSpan, startViewer, TracePrinter, type Viewer } from '@spanwright/viewer';
import { configuredEndpoint, hookOf, startDns, startReceiverProcess, startService } from './processes.js';

/** Default address of `spanwright set` and `spanwright status`. */
const DEFAULT_PORT = '9465';

async function main(): Promise<void> {
  const children: Child[] = [];
  const stop = async (): Promise<void> => {
    for (const child of children.splice(0).reverse()) await child.stop();
  };
  const configured = await configuredEndpoint(process.env);
  let endpoint = configured;
  let viewer: Viewer | undefined;
  const early: ReceivedSpan[] = [];
  try {
    if (!endpoint) {
      const printer = new TracePrinter((line) => process.stdout.write(`${line}\n`));
      const receiver = await startReceiverProcess((span: ReceivedSpan) => {
        printer.add([span]);
        if (viewer === undefined) early.push(span);
        else viewer.add([span]);
      });
      children.push(receiver);
      endpoint = receiver.address;
    }
    const service = await startService(
      {
        PORT: process.env.PORT ?? DEFAULT_PORT,
        RECONCILE_INTERVAL_MS: process.env.RECONCILE_INTERVAL_MS ?? '10000',
        OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: endpoint,
        OTEL_BSP_SCHEDULE_DELAY: process.env.OTEL_BSP_SCHEDULE_DELAY ?? '1000',
      },
      (line) => process.stderr.write(`${line}\n`),
    );
    children.push(service);
    if (!configured) {
      viewer = await startViewer(hookOf(service));
      viewer.add(early.splice(0));
    }
    const dns = await startDns(service.address, endpoint, (line) => process.stderr.write(`${line}\n`));
    children.push(dns);
    process.stdout.write(guide(service.address, String(service.ready.adminTokenFile ?? ''), endpoint, dns.address));
    if (viewer) process.stdout.write(`The traces and the service are shown at ${viewer.url}\n\n`);
    const stopping = new Promise<void>((resolve) => {
      process.once('SIGINT', resolve);
      process.once('SIGTERM', resolve);
    });
    await Promise.race([stopping, ...children.map((child) => child.ended)]);
  } finally {
    await viewer?.close();
    await stop();
  }
}

function guide(address: string, tokenFile: string, endpoint: string, dns: string): string {
  const token = tokenFile ? relative(process.cwd(), tokenFile) : '';
  const live = `--url ${address}/tracing${token ? ` --token-file ${token}` : ''}`;
  const bearer = token ? `$(cat ${token})` : '$SPANWRIGHT_ADMIN_TOKEN';
  return `
The controller serves at ${address}, its DNS at ${dns}; spans go to ${endpoint}. Ctrl-C ends. Try, from this folder:

  npx spanwright status ${live}
  npx spanwright set tracing-enabled true --for 10m ${live}
  curl -X POST ${address}/v1/power -H 'content-type: application/json' -d '{"component": "switch-1", "action": "restart"}'
  curl -X POST ${address}/v1/firmware -H 'content-type: application/json' -d '{"component": "rack-2", "version": "1.5.0"}'
  curl ${address}/tracing/metrics
  curl -X PUT ${address}/tracing/enabled -H "authorization: Bearer ${bearer}" -H 'content-type: application/json' -d '{"enabled": false}'

`;
}

main().catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.message : error}\n`);
  process.exitCode = 1;
});
