// Options of startTracing(). Apart from the configuration, whose declarations the published package does without.

import type { LoggerOption } from '../notice-logger.js';
import type { ResourceDetector, SpanExporter, SpanProcessor } from '../sdk/contracts.js';
import type { KeyOptions } from './key-options.js';

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
  /** OpenTelemetry's resource detectors of other packages (of a cloud, of containers), called after those of `resourceDetectors`. */
  extraResourceDetectors?: readonly ResourceDetector[] | undefined;
}
