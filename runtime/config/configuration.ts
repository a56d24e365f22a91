// Configuration as the rest of the runtime reads it, and the options of startTracing(). Loading is in load.ts.

import type { LoggerOption } from '../notice-logger.js';
import type { ResourceDetector, SpanExporter, SpanProcessor } from '../sdk/contracts.js';
import type { KeyOptions } from './key-options.js';
import type { ConfiguredValues } from './keys.js';

export interface Configuration extends ConfiguredValues {
  /** Path of the file that was read, null when there was none. */
  readonly configFile: string | null;
  /** The endpoint is that of all signals (OTEL_EXPORTER_OTLP_ENDPOINT): OTLP over HTTP appends the path of traces. */
  readonly endpointIsGeneric: boolean;
  readonly logger: LoggerOption | null;
  readonly exporter: SpanExporter | null;
  readonly spanProcessors: readonly SpanProcessor[];
  readonly extraResourceDetectors: readonly ResourceDetector[];
}

/** Options of `startTracing()`: every key of the configuration in camelCase, and what only code can give. */
export interface TracingOptions extends KeyOptions {
  /**
   * Path of the TOML file, or of a declarative configuration (`.yaml`, `.yml`). Default: OTEL_CONFIG_FILE (YAML), else SPANWRIGHT_CONFIG,
   * else `tracing.toml` in the working directory if there is one.
   */
  configFile?: string | undefined;
  /**
   * Takes the notices: a logger of pino, bunyan, winston or Nest, `diag`, `console`, or a function of a record with `level`, `code`,
   * `message`, `detail` and `cause`. Default: lines on standard error.
   */
  logger?: LoggerOption | undefined;
  /** Sends the spans instead of the OTLP exporter. Counts as a configured endpoint. */
  exporter?: SpanExporter | undefined;
  /** Get every recorded span in addition to the exporter. Count as a configured endpoint. */
  spanProcessors?: readonly SpanProcessor[] | undefined;
  /** OpenTelemetry's resource detectors of other packages (of a cloud, of containers), asked after those of `resourceDetectors`. */
  extraResourceDetectors?: readonly ResourceDetector[] | undefined;
}
