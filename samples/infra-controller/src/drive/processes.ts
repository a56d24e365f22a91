// The processes of a run: the service, the DNS service beside it, and an OTLP receiver of our own unless an endpoint is configured.
// Both `npm start` and `npm run serve` begin here.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Child, startReceiver } from '@spanwright/stage';
import type { ReceivedSpan } from '@spanwright/viewer';

const PROJECT = join(__dirname, '..', '..');

/** The endpoint that the service will find: in its environment, else in its file. */
export async function configuredEndpoint(env: NodeJS.ProcessEnv): Promise<string | undefined> {
  const fromEnvironment = env.OTEL_EXPORTER_OTLP_TRACES_ENDPOINT || env.OTEL_EXPORTER_OTLP_ENDPOINT;
  if (fromEnvironment) return fromEnvironment;
  const { parse } = await import('smol-toml');
  const { tracing } = parse(readFileSync(env.TRACING_FILE ?? join(PROJECT, 'tracing.toml'), 'utf8'));
  const endpoint = (tracing as Record<string, unknown> | undefined)?.otlp_endpoint;
  return typeof endpoint === 'string' && endpoint !== '' ? endpoint : undefined;
}

export function startReceiverProcess(onSpan: (span: ReceivedSpan) => void): Promise<Child> {
  return startReceiver(onSpan, (line) => process.stderr.write(`receiver | ${line}\n`));
}

export function startService(env: NodeJS.ProcessEnv, onLog: (line: string) => void): Promise<Child> {
  return Child.start(join(PROJECT, 'build', 'main.js'), { env, onLog });
}

/** Its log is on standard output, after the line that says where it listens. */
export function startDns(api: string, endpoint: string | undefined, onLine: (line: string) => void): Promise<Child> {
  const env = {
    CARBIDE_API_URL: api,
    OTEL_BSP_SCHEDULE_DELAY: process.env.OTEL_BSP_SCHEDULE_DELAY ?? '200',
    ...(endpoint && { OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: endpoint }),
  };
  return Child.start(join(PROJECT, 'build', 'dns', 'main.js'), { env, onLine, onLog: onLine });
}

/** The service's admin hook with its token, as options of the viewer. */
export function hookOf({ address, ready: { adminTokenFile } }: Child): { hooks: string[]; hookToken: string } {
  const given = process.env.SPANWRIGHT_ADMIN_TOKEN ?? '';
  return {
    hooks: [`${address}/tracing`],
    hookToken: adminTokenFile ? readFileSync(String(adminTokenFile), 'utf8').trim() : given,
  };
}
