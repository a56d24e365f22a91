// The sample control-plane for its tests: its processes as `npm run serve` starts them, the orders of its management cluster, and the
// real Collector with the configurations that the sample ships.

import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { OTELCOL } from '../real/support/otel-collector.js';
import { freePorts, Program, until } from '../real/support/program.js';

export const SAMPLE = join(__dirname, '../../samples/control-plane');
/** Known to the test, so that it can look for them where they must not be. */
export const SECRETS = { TOKEN_KEY: 'token-key-of-the-test', PASSPHRASE: 'passphrase-of-the-test' } as const;

const START_LIMIT_MS = 150_000;

export type Environment = Readonly<Record<string, string>>;

export interface LogLine {
  readonly instance: string;
  readonly msg: string;
  readonly request_id?: string;
  readonly trace_id?: string;
}

export interface Order {
  readonly what: string;
  readonly status: number;
  readonly requestId: string;
  readonly traceId?: string;
  readonly ms: number;
}

/** Without what would configure the sample from outside. */
export function environment(more: Environment): NodeJS.ProcessEnv {
  const outside = /^(OTEL_|SPANWRIGHT_|NODE_OPTIONS|AMQP_URL|GATEWAY_|CENTRAL|TOKEN_KEY|PASSPHRASE|LOOKS|LOGS|PORT$|CI$)/;
  return { ...Object.fromEntries(Object.entries(process.env).filter(([name]) => !outside.test(name))), ...SECRETS, ...more };
}

/** A script of the sample as a process, with the lines that it prints: JSON on standard output, JSON and notices on standard error. */
class Script {
  // biome-ignore lint/suspicious/noExplicitAny: each script has lines of its own
  readonly lines: any[] = [];
  readonly errors: string[] = [];
  readonly ended: Promise<number | null>;
  private readonly child: ChildProcess;

  constructor(script: string, env: Environment) {
    const path = join(SAMPLE, 'build', script);
    if (!existsSync(path))
      throw new Error('The sample is not built: run `npm run build && npm run build -w control-plane` first.');
    this.child = fork(path, [], {
      env: environment(env),
      execArgv: ['--enable-source-maps'],
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    });
    const { stdout, stderr } = this.child;
    if (!stdout || !stderr) throw new Error('no pipes');
    createInterface(stdout).on('line', (line) => this.lines.push(JSON.parse(line)));
    createInterface(stderr).on('line', (line) => this.errors.push(line));
    this.ended = once(this.child, 'close').then(([code]) => code as number | null);
  }

  async ready(): Promise<void> {
    let over = false;
    void this.ended.then(() => {
      over = true;
    });
    await until(() => over || this.lines.length > 0, `the sample is ready:\n${this.errors.join('\n')}`, START_LIMIT_MS);
    if (this.lines.length === 0) throw new Error(`it ended before it was ready:\n${this.errors.join('\n')}`);
  }

  get log(): LogLine[] {
    return this.errors.filter((line) => line.startsWith('{')).map((line) => JSON.parse(line) as LogLine);
  }

  async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<number | null> {
    this.child.kill(signal);
    return this.ended;
  }
}

export class ControlPlane {
  readonly log: LogLine[] = [];

  private constructor(
    private readonly script: Script,
    private readonly env: Environment,
  ) {}

  static async start(env: Environment): Promise<ControlPlane> {
    const script = new Script('drive/serve.js', env);
    await script.ready();
    return new ControlPlane(script, env);
  }

  /** Lines of the log of all processes, those of the management cluster too. */
  logOf(requestId: string): LogLine[] {
    return [...this.script.log, ...this.log].filter((line) => line.request_id === requestId);
  }

  /** A request to the API of a cluster by somebody outside. */
  async call(cluster: 'a' | 'b', method: string, path: string, body?: object, headers: Environment = {}): Promise<Response> {
    const { apis, token } = this.script.lines[0];
    return fetch(`${apis[cluster]}${path}`, {
      method,
      headers: { 'x-auth-token': token, 'content-type': 'application/json', ...headers },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
  }

  /** The orders of the management cluster, all of them answered. */
  async placeOrders(env: Environment): Promise<Order[]> {
    const { a, b } = this.script.lines[0].apis;
    const script = new Script('management/main.js', { ...this.env, API_A: a, API_B: b, INSTANCE: 'greenhouse', ...env });
    const code = await script.ended;
    if (code !== 0) throw new Error(`greenhouse ended with ${code}:\n${script.errors.join('\n')}`);
    this.log.push(...script.log);
    return script.lines.flatMap(({ outcome }) => outcome ?? []);
  }

  /** Of the broker and of both APIs. */
  get ports(): number[] {
    const { apis, amqpUrl } = this.script.lines[0];
    return [amqpUrl, ...Object.values(apis)].map((url) => Number(new URL(String(url)).port));
  }

  /** Its exit code. */
  stop(): Promise<number | null> {
    return this.script.stop();
  }

  /** Ends its driver at once; what the driver has started is on its own. */
  async kill(): Promise<void> {
    await this.script.stop('SIGKILL');
  }
}

/** One of the sample's three configurations in the real Collector, on ports of its own. */
export class SampleCollector {
  private program: Program | undefined;

  private constructor(
    private readonly name: string,
    private readonly port: number,
    private readonly metricsPort: number,
    private readonly env: Environment,
  ) {}

  /** `prefix` is that of its variables: `GATEWAY_A`. */
  static async start(name: string, prefix: string, env: Environment): Promise<SampleCollector> {
    const [port, http, metrics] = (await freePorts(3)) as [number, number, number];
    const listen = {
      [`${prefix}_GRPC`]: `127.0.0.1:${port}`,
      [`${prefix}_HTTP`]: `127.0.0.1:${http}`,
      [`${prefix}_METRICS`]: String(metrics),
    };
    const collector = new SampleCollector(name, port, metrics, { ...env, ...listen });
    await collector.start();
    return collector;
  }

  /** Again after a stop, on the same ports, with other settings. */
  async start(env: Environment = {}): Promise<void> {
    const config = join(SAMPLE, 'collector', `${this.name}.yaml`);
    this.program = await Program.start(OTELCOL as string, ['--config', config], this.port, { ...this.env, ...env });
  }

  get address(): string {
    return `127.0.0.1:${this.port}`;
  }

  get url(): string {
    return `http://${this.address}`;
  }

  /** The sum of one of the Collector's own metrics over the rows whose labels hold `labels`; 0 when there is none yet. */
  async metric(name: string, labels = ''): Promise<number> {
    const text = await (await fetch(`http://127.0.0.1:${this.metricsPort}/metrics`)).text();
    const rows = text.split('\n').filter((row) => row.startsWith(`${name}{`) || row.startsWith(`${name} `));
    return rows.filter((row) => row.includes(labels)).reduce((sum, row) => sum + Number(row.split(' ').at(-1)), 0);
  }

  async stop(): Promise<void> {
    await this.program?.stop();
  }
}
