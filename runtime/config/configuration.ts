// Configuration as the rest of the runtime reads it. Loading is in load.ts.

import type { LoggerOption } from '../notice-logger.js';
import type { ResourceDetector, SpanExporter, SpanProcessor } from '../sdk/contracts.js';
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
