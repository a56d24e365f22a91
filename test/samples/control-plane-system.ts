// The sample control-plane for its tests: its processes as `npm run serve` starts them, the orders of its management cluster, and the
// real Collector with the configurations that the sample ships.

import { type ChildProcess, execFileSync, fork } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { OTELCOL } from '../real/support/otel-collector.js';
import type { FlatSpan } from '../real/support/otlp-json.js';
import { freePorts, Program, until } from '../real/support/program.js';

export const SAMPLE = join(__dirname, '../../samples/control-plane');
/** Known to the test, so that it can look for them where they must not be. */
export const SECRETS = {
  TOKEN_KEY: 'token-key-of-the-test',
  PASSPHRASE: 'passphrase-of-the-test',
  PASSWORD: 'password-of-the-test',
} as const;

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

/** The environment without variables that would configure the sample. */
export function environment(more: Environment): NodeJS.ProcessEnv {
  const outside =
    /^(OTEL_|SPANWRIGHT_|NODE_OPTIONS|AMQP_URL|GATEWAY_|CENTRAL|TOKEN_KEY|PASSPHRASE|PASSWORD|LOOKS|LOGS|PORT$|CI$)/;
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
      execArgv: [],
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
    return fetch(`${this.address('compute', cluster)}${path}`, {
      method,
      headers: { 'x-auth-token': this.token, 'content-type': 'application/json', ...headers },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
  }

  /** The orders of the management cluster, all of them answered. */
  async placeOrders(env: Environment): Promise<Order[]> {
    const apis = {
      API_A: this.address('compute', 'a'),
      API_B: this.address('compute', 'b'),
      IDENTITY: this.address('identity', 'a'),
    };
    const script = new Script('management/main.js', { ...this.env, ...apis, INSTANCE: 'greenhouse', ...env });
    const code = await script.ended;
    if (code !== 0) throw new Error(`greenhouse ended with ${code}:\n${script.errors.join('\n')}`);
    this.log.push(...script.log);
    return script.lines.flatMap(({ outcome }) => outcome ?? []);
  }

  address(service: string, cluster: 'a' | 'b'): string {
    return this.script.lines[0].catalog[service][cluster];
  }

  get token(): string {
    return this.script.lines[0].token;
  }

  /** Ports of the broker and of the APIs. */
  get ports(): number[] {
    const { catalog, amqpUrl } = this.script.lines[0];
    const urls = Object.values(catalog as Record<string, Record<string, string>>).flatMap((addresses) =>
      Object.values(addresses),
    );
    return [amqpUrl, ...urls].map((url) => Number(new URL(url).port));
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

/** Certificates as the sample makes them, in a folder of their own. */
export function makeCertificates(): string {
  const folder = mkdtempSync(join(tmpdir(), 'control-plane-tls-'));
  execFileSync('bash', [join(SAMPLE, 'collector', 'certificates.sh'), folder], { stdio: 'ignore' });
  return folder;
}

/** One of the sample's two configurations in the real Collector, on ports of its own. */
export class SampleCollector {
  private program: Program | undefined;

  private constructor(
    private readonly name: string,
    readonly port: number,
    /** Port of OTLP over HTTP for a gateway, of TLS for the central Collector. */
    private readonly secondPort: number,
    private readonly metricsPort: number,
    private readonly env: Environment,
  ) {}

  static async start(name: 'gateway' | 'central', env: Environment): Promise<SampleCollector> {
    const [port, second, metrics] = (await freePorts(3)) as [number, number, number];
    const prefix = name.toUpperCase();
    const listen = {
      [`${prefix}_GRPC`]: `127.0.0.1:${port}`,
      [name === 'gateway' ? 'GATEWAY_HTTP' : 'CENTRAL_TLS']: `127.0.0.1:${second}`,
      [`${prefix}_METRICS`]: String(metrics),
    };
    const collector = new SampleCollector(name, port, second, metrics, { ...env, ...listen });
    await collector.start();
    return collector;
  }

  /** Starts again after a stop, on the same ports, with other settings. */
  async start(env: Environment = {}): Promise<void> {
    const config = join(SAMPLE, 'collector', `${this.name}.yaml`);
    this.program = await Program.start(OTELCOL as string, ['--config', config], this.port, { ...this.env, ...env });
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  /** URL of a gateway, for OTLP over HTTP. */
  get httpUrl(): string {
    return `http://${this.secondAddress}`;
  }

  /** Address of the central Collector, for OTLP over gRPC with TLS. */
  get secondAddress(): string {
    return `127.0.0.1:${this.secondPort}`;
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

  async kill(): Promise<void> {
    await this.program?.kill();
  }
}

/** Name of the process of a span. */
export const instanceOf = (span: FlatSpan): string => String(span.resource['service.instance.id']);

/** Names below one span, each with its process, siblings in order of their start; agents without their number. */
export function below(spans: readonly FlatSpan[], parent = '', indent = ''): string[] {
  return spans
    .filter(({ parentSpanId }) => parentSpanId === parent)
    .sort((x, y) => Number(BigInt(x.start) - BigInt(y.start)))
    .flatMap((span) => [
      `${indent}${instanceOf(span).replace(/^(agent-.)\d$/, '$1')} ${span.name}`,
      ...below(spans, span.spanId, `${indent}  `),
    ]);
}
