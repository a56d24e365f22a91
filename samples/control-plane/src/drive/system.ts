// The whole system as processes: a broker unless AMQP_URL names one, a receiver unless gateways are configured, and in each of two
// clusters five APIs, a conductor and two agents. `npm start` and `npm run serve` begin and end here.

import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Child, type ChildOptions, type SpanReport } from '@spanwright/stage';
import { type Catalog, type ServiceName, SUBJECT_HEADER } from '../http/service-client.js';
import type { Outcome } from '../management/greenhouse.js';

type Environment = Readonly<Record<string, string | undefined>>;

const CLUSTERS = [
  { name: 'a', vcpus: '4' },
  { name: 'b', vcpus: '16' },
] as const;
type ClusterName = (typeof CLUSTERS)[number]['name'];
/** Program of each API. */
const APIS = { compute: 'compute-api', network: 'network', volume: 'volume', image: 'image', identity: 'identity' } as const;
const STOP_ORDER = ['compute-api', 'conductor', 'agent', 'network', 'volume', 'image', 'identity'] as const;
type Program = (typeof STOP_ORDER)[number];

const BUILD = join(__dirname, '..');

/** Destination of the spans of each part: the gateway of its cluster, or for the management cluster the central Collector. */
export interface Destinations {
  readonly a: string;
  readonly b: string;
  readonly management: string;
  /** OTLP over HTTP, for the volume APIs; by default they send as all others do. */
  readonly http?: Readonly<Record<ClusterName, string>>;
}

/** The configured endpoint; undefined when none is set, in which case the sample starts its own receiver. */
export function configuredDestinations(env: Environment): Destinations | undefined {
  const { GATEWAY_A, GATEWAY_B, CENTRAL, GATEWAY_A_OTLP_HTTP, GATEWAY_B_OTLP_HTTP } = env;
  if (!GATEWAY_A_OTLP_HTTP !== !GATEWAY_B_OTLP_HTTP)
    throw new Error('Set GATEWAY_A_OTLP_HTTP and GATEWAY_B_OTLP_HTTP, or neither of them.');
  if (!GATEWAY_A && !GATEWAY_B && !CENTRAL) return undefined;
  if (!GATEWAY_A || !GATEWAY_B || !CENTRAL) throw new Error('Set GATEWAY_A, GATEWAY_B and CENTRAL, or none of them.');
  const http = GATEWAY_A_OTLP_HTTP && GATEWAY_B_OTLP_HTTP ? { a: GATEWAY_A_OTLP_HTTP, b: GATEWAY_B_OTLP_HTTP } : undefined;
  return { a: GATEWAY_A, b: GATEWAY_B, management: CENTRAL, ...(http && { http }) };
}

export class System {
  readonly amqpUrl: string;
  private readonly data = mkdtempSync(join(tmpdir(), 'control-plane-'));
  /** Generated for each run unless they are given; every process of the run has the same. */
  readonly secrets = {
    TOKEN_KEY: process.env.TOKEN_KEY || secret(),
    PASSPHRASE: process.env.PASSPHRASE || secret(),
    PASSWORD: process.env.PASSWORD || secret(),
  };
  /** Addresses of the APIs by cluster. Every API reads it from a file. */
  readonly catalog: Record<ServiceName, Record<string, string>> = {
    compute: {},
    network: {},
    volume: {},
    image: {},
    identity: {},
  };
  private readonly children = new Map<Program, Child[]>();
  /** Those that record spans. */
  private readonly traced: { readonly process: string; readonly child: Child }[] = [];

  private constructor(
    private readonly broker: Child | undefined,
    private readonly destinations: Destinations,
    private readonly onLog: (line: string) => void,
  ) {
    this.amqpUrl = broker?.address ?? String(process.env.AMQP_URL);
  }

  /** Starts the broker where none is configured, and the processes of both clusters. */
  static async start(destinations: Destinations, onLog: (line: string) => void): Promise<System> {
    const broker = process.env.AMQP_URL ? undefined : await startProgram('broker', 'rabbitmq', { onLog });
    const system = new System(broker, destinations, onLog);
    try {
      await all(CLUSTERS.map(({ name, vcpus }) => system.startCluster(name, vcpus)));
      system.writeCatalog();
      return system;
    } catch (error) {
      await system.stop();
      throw error;
    }
  }

  /** The work of the management cluster, to its end or until `stop`. @throws unless it did all. */
  async runGreenhouse(onOutcome: (outcome: Outcome) => void, stop: Promise<unknown>): Promise<void> {
    const env = {
      ...this.secrets,
      API_A: this.catalog.compute.a,
      API_B: this.catalog.compute.b,
      IDENTITY: this.catalog.identity.a,
      ...sendTo(this.destinations.management),
    };
    const onLine = (line: string): void => onOutcome((JSON.parse(line) as { outcome: Outcome }).outcome);
    const greenhouse = await startProgram('management', 'greenhouse', { env, onLine, onLog: this.onLog });
    this.traced.push({ process: 'greenhouse', child: greenhouse });
    void stop.then(() => greenhouse.stop());
    const code = await greenhouse.ended;
    if (code !== 0) throw new Error(`greenhouse ended with ${code}`);
  }

  /** A token for the user. @throws when the identity API refuses it. A caller that does not sample leaves no trace, and this one is no part of the work. */
  async logIn(user: string): Promise<string> {
    const body = JSON.stringify({ user, password: this.secrets.PASSWORD });
    const traceparent = `00-${randomBytes(16).toString('hex')}-${randomBytes(8).toString('hex')}-00`;
    const response = await fetch(`${this.catalog.identity.a}/v3/auth/tokens`, { method: 'POST', body, headers: { traceparent } });
    const token = response.headers.get(SUBJECT_HEADER);
    if (token === null) throw new Error(`the identity API refused ${user}: ${response.status} ${await response.text()}`);
    return token;
  }

  /** Counts of the spans of each process. Complete when all have ended. */
  get reports(): SpanReport[] {
    return this.traced.map(({ process, child }) => ({ process, spans: child.spans }));
  }

  /** APIs first, then conductors, agents, the broker: each can finish what it has begun. */
  async stop(): Promise<void> {
    for (const program of STOP_ORDER) await all((this.children.get(program) ?? []).map((child) => child.stop()));
    this.children.clear();
    await this.broker?.stop();
    rmSync(this.data, { recursive: true, force: true });
  }

  private async startCluster(name: ClusterName, vcpus: string): Promise<void> {
    const start = async (program: Program, instance: string, env: Environment = {}): Promise<Child> => {
      const child = await startProgram(program, instance, {
        env: {
          ...this.secrets,
          ...sendTo(this.destinations[name]),
          CLUSTER: name,
          AMQP_URL: this.amqpUrl,
          CATALOG: this.catalogFile,
          DATA_FOLDER: join(this.data, instance),
          ...env,
        },
        onLog: this.onLog,
      });
      this.traced.push({ process: instance, child });
      this.children.set(program, [...(this.children.get(program) ?? []), child]);
      return child;
    };
    await start('conductor', `conductor-${name}`); // the agents report to the conductor
    const http = this.destinations.http?.[name];
    const overHttp = http === undefined ? {} : { ...sendTo(http), OTEL_EXPORTER_OTLP_TRACES_PROTOCOL: 'http/protobuf' };
    await all([
      ...[1, 2].map((number) => start('agent', `agent-${name}${number}`, { VCPUS: vcpus })),
      ...Object.entries(APIS).map(async ([service, program]) => {
        const { address } = await start(program, `${program}-${name}`, service === 'volume' ? overHttp : {});
        this.catalog[service as ServiceName][name] = address;
      }),
    ]);
  }

  private get catalogFile(): string {
    return join(this.data, 'catalog.json');
  }

  private writeCatalog(): void {
    writeFileSync(this.catalogFile, JSON.stringify(this.catalog satisfies Catalog));
  }
}

/** Waits for all of them even when one has failed, because a process that is still starting cannot be stopped yet. */
async function all(starts: readonly Promise<unknown>[]): Promise<void> {
  for (const start of await Promise.allSettled(starts)) if (start.status === 'rejected') throw start.reason;
}

const secret = (): string => randomBytes(24).toString('hex');

/** An empty one leaves OTEL_EXPORTER_OTLP_TRACES_ENDPOINT unset, and nothing is built. */
const sendTo = (endpoint: string) => ({ OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: endpoint });

/** Milliseconds. RabbitMQ takes long to start on a busy machine. */
const LIMITS = { startLimit: 150_000, stopLimit: 20_000 };

/** `instance` is the name of the process in its log and in the verdict. */
function startProgram(program: string, instance: string, options: ChildOptions): Promise<Child> {
  return Child.start(join(BUILD, program, 'main.js'), { ...LIMITS, ...options, env: { ...options.env, INSTANCE: instance } });
}
