// The whole system as processes: stores, a receiver and an inference server where none are configured, then the API, the detector, the
// analyzer and the event writer, each with tracing loaded before everything else. Used by `npm start` and `npm run serve`.

import { join } from 'node:path';
import { Child, type SpanReport, startReceiver } from '@spanwright/stage';
import type { ReceivedSpan } from '@spanwright/viewer';
import { Pool } from 'pg';
import { migrate } from '../pipeline/database.js';

const BUILD = join(__dirname, '..');
const START_LIMIT_MS = 150_000;
export const SERVICES = ['api', 'detector', 'analyzer', 'event-writer'] as const;
export type Service = (typeof SERVICES)[number];

export interface SystemOptions {
  /** Called with each span that arrives at the embedded receiver. */
  readonly onSpan: (span: ReceivedSpan) => void;
  readonly onLog: (service: string, line: string) => void;
  /** Variables in addition to the inherited ones. */
  readonly env?: NodeJS.ProcessEnv;
}

export class System {
  readonly #children: Child[] = [];
  /** Processes that record spans. */
  readonly #traced: { readonly process: string; readonly child: Child }[] = [];
  /** Starts that are not complete. Their processes are stopped too, once they have started. */
  readonly #starting = new Set<Promise<unknown>>();
  /** Address of /metrics and /tracing of each service. */
  readonly operations = new Map<Service, string>();
  api = '';
  /** Destination of spans. */
  endpoint = '';
  /** True with the embedded receiver. */
  readonly receives = !configuredEndpoint();
  /** Environment of every process. */
  #env: NodeJS.ProcessEnv = {};

  constructor(private readonly options: SystemOptions) {}

  /** Addresses of all parts. */
  get addresses(): ReadonlyMap<string, string> {
    const { DATABASE_URL = '', REDIS_URL = '', INFERENCE_URL = '' } = this.#env;
    const stores = [
      ['PostgreSQL', withoutPassword(DATABASE_URL)],
      ['Redis', withoutPassword(REDIS_URL)],
      ['inference', INFERENCE_URL],
    ] as const;
    return new Map([['receiver', this.endpoint], ...stores, ['API', this.api], ...this.operations]);
  }

  /** Parts that were started are stopped when another one fails to start. */
  async start(): Promise<void> {
    try {
      const [endpoint, databaseUrl, redisUrl, inferenceUrl] = await Promise.all([
        configuredEndpoint() ?? this.#receiver(),
        process.env.DATABASE_URL || this.#untraced('stores/postgres'),
        process.env.REDIS_URL || this.#untraced('stores/redis'),
        process.env.INFERENCE_URL || this.#untraced('inference/main'),
      ]);
      this.endpoint = endpoint;
      this.#env = {
        ...this.options.env,
        OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: endpoint,
        OTEL_BSP_SCHEDULE_DELAY: process.env.OTEL_BSP_SCHEDULE_DELAY ?? '200',
        DATABASE_URL: databaseUrl,
        REDIS_URL: redisUrl,
        INFERENCE_URL: inferenceUrl,
      };
      await this.#migrate(databaseUrl);
      const services = await Promise.all(SERVICES.map((name) => this.run(name)));
      for (const [index, name] of SERVICES.entries()) this.operations.set(name, String(services[index]?.ready.operations));
      this.api = services[0]?.address ?? '';
    } catch (error) {
      await this.stop();
      throw error;
    }
  }

  /** One process of the system: a service, or the cameras. */
  async run(name: Service | 'camera', env: NodeJS.ProcessEnv = {}): Promise<Child> {
    const child = await this.#keep(
      Child.start(join(BUILD, name, 'main.js'), {
        preload: join(BUILD, name, 'tracing.js'),
        env: { ...this.#env, ...(name === 'api' ? {} : { PORT: undefined }), API_URL: this.api, ...env },
        onLog: (line) => this.options.onLog(name, line),
        startLimit: START_LIMIT_MS,
      }),
    );
    this.#traced.push({ process: name, child });
    return child;
  }

  /** Counts of the spans of each process. Complete when all have ended. */
  get reports(): SpanReport[] {
    return this.#traced.map(({ process, child }) => ({ process, spans: child.spans }));
  }

  /** Resolves when the first of the processes has ended. */
  async anyEnded(): Promise<void> {
    await Promise.race(this.#children.map((child) => child.ended));
  }

  /** In reverse order, so that the services send their remaining spans while the receiver still listens. */
  async stop(): Promise<void> {
    await Promise.allSettled(this.#starting);
    for (const child of this.#children.splice(0).reverse()) await child.stop();
  }

  async #keep(starting: Promise<Child>): Promise<Child> {
    const kept = starting.then((child) => {
      this.#children.push(child);
      return child;
    });
    this.#starting.add(kept);
    return kept;
  }

  async #untraced(script: string): Promise<string> {
    return (await this.#keep(Child.start(join(BUILD, `${script}.js`), { startLimit: START_LIMIT_MS }))).address;
  }

  async #receiver(): Promise<string> {
    const { onSpan, onLog } = this.options;
    return (await this.#keep(startReceiver(onSpan, (line) => onLog('receiver', line)))).address;
  }

  async #migrate(connectionString: string): Promise<void> {
    const pool = new Pool({ connectionString, max: 1 });
    try {
      await migrate(pool);
    } finally {
      await pool.end();
    }
  }
}

function withoutPassword(address: string): string {
  const url = new URL(address);
  url.password = '';
  return url.href;
}

function configuredEndpoint(): string | undefined {
  return process.env.OTEL_EXPORTER_OTLP_TRACES_ENDPOINT || process.env.OTEL_EXPORTER_OTLP_ENDPOINT || undefined;
}
