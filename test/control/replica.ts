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
  /** The configured flag. Default off. */
  readonly enabled?: boolean;
  /** Texts that the service sets by itself, for an hour. */
  readonly own?: { readonly rules: string; readonly drop: string };
  readonly allowRuntimeChanges?: boolean;
}

export interface ReplicaState {
  readonly enabled: boolean;
  readonly roots: string;
  readonly rules: string;
  readonly drop: string;
  /** Kinds of the leases in force. */
  readonly leases: readonly string[];
  /** True: the first lease has no end. */
  readonly endless: boolean;
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
  const { allowRuntimeChanges = true, enabled: configured = false, own } = options;
  const exporter = new InMemorySpanExporter();
  const tracing = await startTracing({ serviceName: 'replica', exporter, allowRuntimeChanges, enabled: configured });
  if (own !== undefined) {
    tracing.setRules(own.rules, { for: '1h' });
    tracing.setDrop(own.drop, { for: '1h' });
  }
  const control =
    options.file === undefined
      ? await followRedis(tracing, await clientOf(options.redis as string))
      : await followFile(tracing, options.file);
  let told = '';
  const tell = (): void => {
    const { enabled, roots, rules, drop, leases } = tracing.state();
    const [first] = leases;
    const { actor, expiresAt } = first ?? { actor: null, expiresAt: null };
    const kinds = leases.map(({ kind }) => kind);
    const endless = first !== undefined && expiresAt === null;
    const state = { enabled, roots, rules, drop, leases: kinds, endless, revision: control.revision, actor };
    const text = JSON.stringify(state);
    const left = expiresAt === null ? 0 : Date.parse(expiresAt) - Date.now();
    if (text !== told) process.send?.({ ...state, left } satisfies ReplicaState);
    told = text;
  };
  tell();
  setInterval(tell, 5);
}

process.once('disconnect', () => process.exit());
void main();
