// One replica of a service, run as a child process: the real tracing, following a control source. Reports each change of the state in
// force to its parent. Its clock can be wrong by any number of milliseconds.
// Arguments: a JSON object of ReplicaOptions.

import './wrong-clock.js';
import { InMemorySpanExporter } from '@opentelemetry/sdk-trace-base';
import { Redis } from 'ioredis';
import { createClient } from 'redis';
import { followFile, followRedis } from '../../runtime/control/index.js';
import { startTracing } from '../../runtime/index.js';

export interface ReplicaOptions {
  readonly file?: string;
  readonly redis?: string;
  /** Form of the client: a URL to open, or a client of the service. Default `url`. */
  readonly client?: 'url' | 'redis' | 'ioredis';
  readonly clockOffset?: number;
  readonly allowRuntimeChanges?: boolean;
}

export interface ReplicaState {
  readonly enabled: boolean;
  readonly roots: string;
  readonly rules: string;
  readonly revision: number;
  readonly actor: string | null;
  /** Remaining milliseconds of the first lease when the state was reported, by the clock of the replica. */
  readonly left: number;
}

const options = JSON.parse(process.argv[2] ?? '{}') as ReplicaOptions;

async function clientOf(url: string) {
  if (options.client === 'ioredis') return new Redis(url).on('error', () => undefined);
  if (options.client !== 'redis') return url;
  const client = createClient({ url });
  client.on('error', () => undefined);
  await client.connect();
  return client;
}

async function main(): Promise<void> {
  const { allowRuntimeChanges = true } = options;
  const tracing = await startTracing({ serviceName: 'replica', exporter: new InMemorySpanExporter(), allowRuntimeChanges });
  const control =
    options.file === undefined
      ? await followRedis(tracing, await clientOf(options.redis as string))
      : await followFile(tracing, options.file);
  let told = '';
  const tell = (): void => {
    const { enabled, roots, rules, leases } = tracing.state();
    const state = { enabled, roots, rules, revision: control.revision, actor: leases[0]?.actor ?? null };
    const text = JSON.stringify(state);
    const left = leases[0] === undefined ? 0 : Date.parse(leases[0].expiresAt ?? '') - Date.now();
    if (text !== told) process.send?.({ ...state, left } satisfies ReplicaState);
    told = text;
  };
  tell();
  setInterval(tell, 5);
}

process.once('disconnect', () => process.exit());
void main();
