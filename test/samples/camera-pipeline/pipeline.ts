// The built sample among real parts: PostgreSQL, Redis, the Collector in front of Jaeger, and Prometheus with the sample's own
// configuration. The sample runs as `npm run serve` runs it, reached over its sockets alone; its log lines are kept as records.

import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { parse } from 'yaml';
import { PROJECT } from '../../house/sources.js';
import { type Server, startPostgres, startRedis } from '../../propagation/servers.js';
import { JAEGER, JaegerServer } from '../../real/support/jaeger-server.js';
import { BATCH, forwardTo, OTELCOL, OtelCollector } from '../../real/support/otel-collector.js';
import { freePorts, Program, until } from '../../real/support/program.js';
import { SHORT_LIVED } from '../node-flags.js';

export const SAMPLE = join(PROJECT, 'samples/camera-pipeline');
export const SERVICES = ['api', 'detector', 'analyzer', 'event-writer'];
export const PARTS = JAEGER !== undefined && OTELCOL !== undefined;
/** Local traces of the API that take longer are kept: longer than a request takes on a busy machine, unless it has to wait. */
export const SLOWER_THAN_MS = 1500;

const START_LIMIT_MS = 90_000;

/** A line of the log, by field. */
export type Line = ReadonlyMap<string, string>;

export function inherited(): NodeJS.ProcessEnv {
  return Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !/^(OTEL_|SPANWRIGHT_|NODE_OPTIONS|DATABASE_URL|REDIS_URL|PORT$)/.test(name)),
  );
}

export function readLine(text: string): Line {
  const fields = [...text.matchAll(/([^\s=]+)=(?:"((?:[^"\\]|\\.)*)"|(\S*))/g)];
  return new Map(fields.map(([, key = '', quoted, plain = '']) => [key, quoted ?? plain]));
}

export class Pipeline {
  readonly texts: string[] = [];
  #child!: ChildProcess;
  #prometheus!: Program;
  #prometheusUrl = '';
  api = '';
  operations: Record<string, string> = {};

  private constructor(
    readonly jaeger: JaegerServer,
    readonly collector: OtelCollector,
    private readonly postgres: Server,
    private readonly redis: Server,
    private readonly folder: string,
  ) {}

  static async start(): Promise<Pipeline> {
    const entry = join(SAMPLE, 'build/drive/serve.js');
    if (!existsSync(entry))
      throw new Error('The sample is not built: run `npm run build && npm run build -w camera-pipeline` first.');
    const folder = mkdtempSync(join(tmpdir(), 'camera-pipeline-'));
    const [jaeger, postgres, redis] = await Promise.all([JaegerServer.start(), startPostgres(), startRedis()]);
    const collector = await OtelCollector.start({ processors: BATCH, exporters: forwardTo(jaeger.url) });
    const pipeline = new Pipeline(jaeger, collector, postgres, redis, folder);
    try {
      await pipeline.#serve(entry);
      await pipeline.#scrape();
      return pipeline;
    } catch (error) {
      await pipeline.stop();
      throw error;
    }
  }

  get redisUrl(): string {
    return `redis://127.0.0.1:${this.redis.port}`;
  }

  get databaseUrl(): string {
    return `postgresql://postgres@127.0.0.1:${this.postgres.port}/postgres`;
  }

  get #env(): NodeJS.ProcessEnv {
    return {
      ...inherited(),
      OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: this.collector.url,
      OTEL_BSP_SCHEDULE_DELAY: '100',
      DATABASE_URL: this.databaseUrl,
      REDIS_URL: this.redisUrl,
      TARGETS_FILE: join(this.folder, 'targets.json'),
      KEEP_SLOWER_THAN: `${SLOWER_THAN_MS}ms`,
      ENVIRONMENT: 'test',
      BATCH_IDLE_MS: '1500', // so long that on a slow machine, too, some batches hold more than one image
      INTERVAL_MS: '0',
    };
  }

  async #serve(entry: string): Promise<void> {
    this.#child = spawn(process.execPath, [...SHORT_LIVED, '--enable-source-maps', entry], {
      env: this.#env,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.#keepLog(this.#child);
    const lines = createInterface({ input: this.#child.stdout as NodeJS.ReadableStream });
    const limit = setTimeout(() => this.#child.kill('SIGTERM'), START_LIMIT_MS);
    const [first] = await Promise.race([
      once(lines, 'line'),
      once(this.#child, 'exit').then(() => Promise.reject(new Error(`The sample did not start:\n${this.texts.join('\n')}`))),
    ]);
    clearTimeout(limit);
    ({ api: this.api, operations: this.operations } = JSON.parse(String(first)));
  }

  /** Prometheus with the sample's configuration, asking more often. */
  async #scrape(): Promise<void> {
    const configuration = parse(readFileSync(join(SAMPLE, 'prometheus.yml'), 'utf8'));
    configuration.global.scrape_interval = '250ms';
    const [discovery] = configuration.scrape_configs[0].file_sd_configs;
    if (discovery.files[0] !== 'build/targets.json') throw new Error(`prometheus.yml reads ${discovery.files}`);
    discovery.files = [join(this.folder, 'targets.json')];
    writeFileSync(join(this.folder, 'prometheus.yml'), JSON.stringify(configuration));
    const [port = 0] = await freePorts(1);
    this.#prometheusUrl = `http://127.0.0.1:${port}`;
    const args = ['config.file=prometheus.yml', 'storage.tsdb.path=data'].map(
      (flag) => `--${flag.replace('=', `=${this.folder}/`)}`,
    );
    this.#prometheus = await Program.start('prometheus', [...args, `--web.listen-address=127.0.0.1:${port}`], port);
  }

  /** Answer of Prometheus: one value a series. */
  async query(expression: string): Promise<{ metric: Record<string, string>; value: [number, string] }[]> {
    const response = await fetch(`${this.#prometheusUrl}/api/v1/query?${new URLSearchParams({ query: expression })}`);
    const answer = (await response.json()) as { status: string; error?: string; data: { result: never[] } };
    if (answer.status !== 'success') throw new Error(`${expression}: ${answer.error}`);
    return answer.data.result;
  }

  /** The cameras as the sample starts them; the lines of the images that they sent. */
  async takeImages(env: NodeJS.ProcessEnv): Promise<Line[]> {
    const first = this.texts.length;
    const args = ['--require', join(SAMPLE, 'build/camera/tracing.js'), join(SAMPLE, 'build/camera/main.js')];
    const child = spawn(process.execPath, args, {
      env: { ...this.#env, API_URL: this.api, ...env },
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    this.#keepLog(child);
    const [code] = await once(child, 'close');
    if (code !== 0) throw new Error(`The cameras ended with ${code}:\n${this.texts.slice(first).join('\n')}`);
    const sent = this.lines({ msg: 'image sent' }, first);
    await this.done(sent.map((line) => line.get('image') ?? ''));
    await this.arrived();
    return sent;
  }

  /** One more detector, until `done` is true; then it is ended, in order. */
  async withDetector(name: string, done: () => Promise<boolean>): Promise<void> {
    const args = ['--require', join(SAMPLE, 'build/detector/tracing.js'), join(SAMPLE, 'build/detector/main.js')];
    const child = spawn(process.execPath, args, {
      env: { ...this.#env, DETECTOR_NAME: name },
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    this.#keepLog(child);
    try {
      await until(done, `what ${name} was waited for`, 60_000);
    } finally {
      child.kill('SIGTERM');
      await once(child, 'close');
    }
  }

  /** Waits until every span that the services have ended is where it must be: at the Collector, or sampled out by `keep`. */
  async arrived(): Promise<void> {
    await until(
      async () => {
        const here = this.collector.spans().map(({ resource }) => resource['service.name']);
        const states = Object.entries(this.operations).map(async ([service, at]) => {
          const { spans } = (await (await fetch(`${at}/tracing/state`)).json()) as { spans: Record<string, number> };
          const sent = here.filter((name) => name === service).length;
          return (
            spans.open === 0 &&
            spans.ended === Number(spans.exported) + Number(spans.sampledOut) &&
            sent >= Number(spans.exported)
          );
        });
        return (await Promise.all(states)).every((complete) => complete);
      },
      'all spans arrive',
      60_000,
    );
  }

  /** Waits until the log holds the line of each request that the API has answered: a process writes its lines in order. */
  async written(): Promise<void> {
    const traceId = randomBytes(16).toString('hex');
    await fetch(`${this.api}/events/none`, { headers: { traceparent: `00-${traceId}-0000000000000001-00` } });
    await until(() => this.lines({ msg: 'request', trace_id: traceId }).length > 0, 'the log has the last request');
  }

  /** Waits until each image has come to its end: nothing found, an event, or an error. */
  async done(images: readonly string[]): Promise<void> {
    const ends = (): Set<string | undefined> =>
      new Set(
        this.lines({})
          .filter((line) => line.get('found') === '0' || line.get('msg') === 'event' || line.get('level') === 'error')
          .map((line) => line.get('image')),
      );
    await until(() => images.every((image) => ends().has(image)), 'every image comes to its end', 60_000);
  }

  /** Lines with these values, from index `first` on. */
  lines(values: Readonly<Record<string, string>>, first = 0): Line[] {
    return this.texts
      .slice(first)
      .map(readLine)
      .filter((line) => Object.entries(values).every(([key, value]) => line.get(key) === value));
  }

  #keepLog(child: ChildProcess): void {
    createInterface({ input: child.stderr as NodeJS.ReadableStream }).on('line', (line) => this.texts.push(line));
  }

  /** Ends the sample as an orchestrator does; its exit code. */
  async endSample(): Promise<number | null> {
    const child = this.#child;
    if (child.exitCode === null && child.signalCode === null) {
      child.kill('SIGTERM');
      await once(child, 'exit');
    }
    return child.exitCode;
  }

  async stop(): Promise<void> {
    await this.endSample();
    await this.#prometheus?.stop();
    await this.collector.remove();
    await Promise.all([this.jaeger.stop(), this.postgres.stop(), this.redis.stop()]);
    rmSync(this.folder, { recursive: true, force: true });
  }
}
