// The whole system as processes: the store (unless a server is configured), the cluster, a receiver of spans (unless an endpoint is
// configured), the sink, and the eight modules. The run observes it from outside: through the database and the cluster.

import { appendFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Client } from '@grpc/grpc-js';
import { Child, type SpanReport, startReceiver } from '@spanwright/stage';
import type { ReceivedSpan } from '@spanwright/viewer';
import type { NodeSetup } from '../cluster/cluster.js';
import { KubeClient } from '../kube/client.js';
import { call, connect, type HealthEventMessage, PlatformConnectorService } from '../rpc/services.js';
import { HealthEventStore } from '../store/health-event-store.js';
import { ownSchema } from './own-schema.js';
import { SinkServer } from './sink-server.js';

export const MODULES = [
  'platform-connector',
  'fault-quarantine',
  'node-drainer',
  'fault-remediation',
  'health-events-analyzer',
  'janitor',
  'janitor-provider',
  'event-exporter',
] as const;
export type Module = (typeof MODULES)[number];

/** Modules that call another module, and therefore start after it. */
const CALLERS: ReadonlySet<Module> = new Set(['health-events-analyzer', 'janitor']);

const BUILD = join(__dirname, '..');

export class Pipeline {
  /** Received spans, if the receiver is the embedded one. */
  arrived: ReceivedSpan[] | undefined;
  /** Lines of all modules. */
  readonly log: string[] = [];
  /** Reports of the modules that ended in order. */
  readonly reports: SpanReport[] = [];
  readonly #children = new Map<string, Child>();
  readonly #starting = new Set<Promise<unknown>>();
  readonly #env: NodeJS.ProcessEnv = {};
  #closers: (() => unknown)[] = [];
  endpoint = '';
  store!: HealthEventStore;
  kube!: KubeClient;
  sink!: SinkServer;
  #monitor!: Client;

  async start(): Promise<void> {
    const configured = process.env.OTEL_EXPORTER_OTLP_TRACES_ENDPOINT || process.env.OTEL_EXPORTER_OTLP_ENDPOINT;
    const [store, cluster, receiver] = await Promise.all([
      process.env.DATABASE_URL ? undefined : this.#start('embedded-store'),
      this.#start('cluster'),
      configured ? undefined : this.#startReceiver(),
    ]);
    this.endpoint = configured || (receiver?.address ?? '');
    this.sink = await SinkServer.start();
    this.#closers.push(() => this.sink.close());
    let databaseUrl = store?.address ?? '';
    if (process.env.DATABASE_URL) {
      const schema = await ownSchema(process.env.DATABASE_URL);
      databaseUrl = schema.url;
      this.#closers.push(schema.drop);
    }
    Object.assign(this.#env, {
      ...(receiver && { OTEL_EXPORTER_OTLP_ENDPOINT: receiver.address }),
      OTEL_BSP_SCHEDULE_DELAY: process.env.OTEL_BSP_SCHEDULE_DELAY ?? '200',
      REBOOT_TIMEOUT_SECONDS: process.env.REBOOT_TIMEOUT_SECONDS ?? '4',
      LOG_COLLECTOR_TIMEOUT_SECONDS: process.env.LOG_COLLECTOR_TIMEOUT_SECONDS ?? '1',
      DATABASE_URL: databaseUrl,
      KUBE_API_URL: cluster.address,
      CLOUD_API_URL: `${cluster.address}/cloud`,
      SINK_URL: this.sink.url,
    });
    this.store = await HealthEventStore.connect(databaseUrl);
    await this.store.createSchema();
    await Promise.all(MODULES.filter((name) => !CALLERS.has(name)).map((name) => this.#start(name)));
    const connector = this.#children.get('platform-connector')?.address ?? '';
    this.#env.PLATFORM_CONNECTOR_ADDRESS = connector;
    this.#env.JANITOR_PROVIDER_ADDRESS = this.#children.get('janitor-provider')?.address;
    await Promise.all([...CALLERS].map((name) => this.#start(name)));
    this.kube = new KubeClient(cluster.address);
    this.#monitor = connect(PlatformConnectorService, connector);
    this.#closers.unshift(
      () => this.#monitor.close(),
      () => this.store.close(),
    );
  }

  /** Acts as the health monitor of a node. @returns the ids of the events */
  async report(...events: HealthEventMessage[]): Promise<string[]> {
    return (await call<{ ids: string[] }>(this.#monitor, 'HealthEventOccurred', { events })).ids;
  }

  async addNode(setup: NodeSetup): Promise<void> {
    const response = await fetch(`${this.#env.KUBE_API_URL}/setup/nodes`, { method: 'POST', body: JSON.stringify(setup) });
    if (!response.ok) throw new Error(`the cluster refused ${setup.name}: ${await response.text()}`);
  }

  /** Ends a module and starts it again: gracefully with SIGTERM, or at once with SIGKILL. */
  async restart(module: Module, signal: 'SIGTERM' | 'SIGKILL', env: NodeJS.ProcessEnv = {}): Promise<void> {
    if (signal === 'SIGTERM') await this.#end(module);
    else await this.#children.get(module)?.stop(signal);
    await this.#start(module, env);
  }

  /** Ends the modules first, because they send their remaining spans. */
  async stop(): Promise<void> {
    await Promise.allSettled(this.#starting);
    await Promise.all(MODULES.map((name) => this.#end(name)));
    for (const close of this.#closers) await close();
    this.#closers = [];
    await Promise.all([...this.#children.values()].map((child) => child.stop()));
  }

  async #end(module: Module): Promise<void> {
    const child = this.#children.get(module);
    if (child === undefined) return;
    this.#children.delete(module);
    await child.stop();
    this.reports.push({ process: module, spans: child.spans });
  }

  #start(name: string, env: NodeJS.ProcessEnv = {}): Promise<Child> {
    const onLine = (line: string): void => {
      this.log.push(line);
      if (process.env.LOG_FILE) appendFileSync(process.env.LOG_FILE, `${line}\n`);
    };
    const options = { env: { ...this.#env, ...env }, readyBy: 'message', onLine, onLog: onLine } as const;
    return this.#keep(name, Child.start(join(BUILD, name, 'main.js'), options));
  }

  async #keep(name: string, start: Promise<Child>): Promise<Child> {
    this.#starting.add(start);
    try {
      const child = await start;
      this.#children.set(name, child);
      return child;
    } finally {
      this.#starting.delete(start);
    }
  }

  #startReceiver(): Promise<Child> {
    const arrived: ReceivedSpan[] = [];
    this.arrived = arrived;
    return this.#keep(
      'receiver',
      startReceiver((span) => arrived.push(span)),
    );
  }
}
