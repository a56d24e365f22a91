// The OpenTelemetry Collector with the pipelines of the documents: a shared gateway, a gateway that labels and forwards to a
// central one, tail sampling. Started with a configuration in JSON (which is YAML too) and read through its file exporter.

import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type FlatSpan, flatten } from './otlp-json.js';
import { findPart, freePorts, Program } from './program.js';

export const OTELCOL = findPart('collector/otelcol');

type Section = Record<string, object>;

export interface CollectorOptions {
  /** Processors in the order of the pipeline. */
  readonly processors?: Section;
  /** Exporters besides the file exporter, or instead of it. */
  readonly exporters?: Section;
  /** False: nothing is written to a file. */
  readonly file?: boolean;
  /** True: it offers its own metrics, at `metricsUrl`. */
  readonly metrics?: boolean;
  /** True: it receives metrics too, and writes them to a file; see `receivedMetrics()`. */
  readonly receiveMetrics?: boolean;
  readonly port?: number;
  /** True: it receives over HTTP too, at `httpUrl`. */
  readonly http?: boolean;
}

/** Times are shorter than in the documents, so that a test need not wait; what is decided is the same. */
export const BATCH: Section = { batch: { send_batch_size: 1024, send_batch_max_size: 2048, timeout: '100ms' } };
export const MEMORY_LIMITER: Section = {
  memory_limiter: { check_interval: '1s', limit_percentage: 75, spike_limit_percentage: 20 },
};

export const tailSampling = (slowMs: number, percentage: number): Section => ({
  tail_sampling: {
    decision_wait: '1s',
    num_traces: 50_000,
    policies: [
      { name: 'errors', type: 'status_code', status_code: { status_codes: ['ERROR'] } },
      { name: 'slow', type: 'latency', latency: { threshold_ms: slowMs } },
      { name: 'baseline', type: 'probabilistic', probabilistic: { sampling_percentage: percentage } },
    ],
  },
});

export const forwardTo = (endpoint: string, name = 'otlp'): Section => ({
  [name]: {
    endpoint: endpoint.replace('http://', ''),
    tls: { insecure: true },
    retry_on_failure: { enabled: false },
    sending_queue: { enabled: false },
  },
});

export class OtelCollector {
  readonly #folder = mkdtempSync(join(tmpdir(), 'spanwright-collector-'));
  #program: Program | undefined;
  port = 0;
  /** URL of its own metrics, if they are requested. */
  metricsUrl = '';
  /** URL of OTLP over HTTP, if it is requested; the same after each start. */
  httpUrl = '';

  private constructor(readonly options: CollectorOptions) {}

  static async start(options: CollectorOptions = {}): Promise<OtelCollector> {
    const collector = new OtelCollector(options);
    await collector.start(options.port);
    return collector;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  get program(): Program {
    if (this.#program === undefined) throw new Error('the Collector does not run');
    return this.#program;
  }

  /** One file for each start: that of a Collector that was killed may end in the middle of a line. */
  #starts = 0;
  #fileOf(start: number): string {
    return join(this.#folder, `spans-${start}.jsonl`);
  }

  get #metricsFile(): string {
    return join(this.#folder, 'metrics.jsonl');
  }

  /** Starts again after a stop or kill, on the same port. */
  async start(port = this.port): Promise<void> {
    this.port = port || ((await freePorts(1))[0] as number);
    this.#starts++;
    const { processors = {}, exporters = {}, file = true, receiveMetrics = false } = this.options;
    const metrics = this.options.metrics ? await this.#offerMetrics() : { level: 'none' };
    const all: Section = {
      // with rotation the exporter does not buffer: spans that a killed Collector has acknowledged are in the file
      ...(file && { file: { path: this.#fileOf(this.#starts), rotation: { max_megabytes: 1000 } } }),
      ...exporters,
    };
    const protocols = {
      grpc: { endpoint: `127.0.0.1:${this.port}`, max_recv_msg_size_mib: 64 },
      ...(this.options.http && { http: await this.#receiveHttp() }),
    };
    const configuration = {
      receivers: { otlp: { protocols } },
      processors,
      exporters: { ...all, ...(receiveMetrics && { 'file/metrics': { path: this.#metricsFile, flush_interval: '100ms' } }) },
      service: {
        telemetry: { metrics, logs: { level: 'warn' } },
        pipelines: {
          traces: { receivers: ['otlp'], processors: Object.keys(processors), exporters: Object.keys(all) },
          ...(receiveMetrics && { metrics: { receivers: ['otlp'], exporters: ['file/metrics'] } }),
        },
      },
    };
    const path = join(this.#folder, 'config.yaml');
    writeFileSync(path, JSON.stringify(configuration));
    this.#program = await Program.start(OTELCOL as string, ['--config', path], this.port);
  }

  async #receiveHttp(): Promise<object> {
    this.httpUrl ||= `http://127.0.0.1:${(await freePorts(1))[0]}`;
    return { endpoint: this.httpUrl.replace('http://', '') };
  }

  async #offerMetrics(): Promise<object> {
    const [port] = await freePorts(1);
    this.metricsUrl = `http://127.0.0.1:${port}`;
    return { level: 'normal', readers: [{ pull: { exporter: { prometheus: { host: '127.0.0.1', port } } } }] };
  }

  /** Output of the file exporter so far, over all starts. */
  spans(): FlatSpan[] {
    return this.requests().flatMap(flatten);
  }

  /** The output as it was written: requests in OTLP's JSON. A line that is being written is left for the next time. */
  requests(): Parameters<typeof flatten>[0][] {
    return Array.from({ length: this.#starts }, (_, index) => this.#fileOf(index + 1)).flatMap(linesOf) as never;
  }

  /** Requests with metrics in OTLP's JSON. */
  receivedMetrics(): unknown[] {
    return linesOf(this.#metricsFile);
  }

  /**
   * Spans of one instance of a service, each once. Spans that another instance has sent before may arrive at any later time: a Collector
   * that was frozen reads its sockets when it thaws, long after the senders have given up.
   */
  spansOf(instance: string): FlatSpan[] {
    const mine = this.spans().filter(({ resource }) => resource['service.instance.id'] === instance);
    return [...new Map(mine.map((span) => [span.traceId + span.spanId, span])).values()];
  }

  async stop(): Promise<void> {
    await this.#program?.stop();
  }

  async kill(): Promise<void> {
    await this.#program?.kill();
  }

  async remove(): Promise<void> {
    await this.kill();
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

function linesOf(path: string): unknown[] {
  if (!existsSync(path)) return [];
  const lines = readFileSync(path, 'utf8').split('\n').slice(0, -1);
  return lines.filter((line) => line !== '').map((line) => JSON.parse(line) as unknown);
}
