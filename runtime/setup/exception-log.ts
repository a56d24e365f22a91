// Exceptions as log records, where OTEL_SEMCONV_EXCEPTION_SIGNAL_OPT_IN asks for them (OpenTelemetry, semantic conventions for
// exceptions in logs). The package of the logs API is loaded only then; without it exceptions stay span events, which is logged.

import { ROOT_CONTEXT, trace } from '@opentelemetry/api';
import type { ExceptionLog } from '../span/attributes.js';
import { untraced } from '../span/callback.js';
import { VERSION } from '../version.js';
import type { Notice } from '../warnings.js';

/** SeverityNumber.ERROR. */
const ERROR = 17;

interface LogsApi {
  readonly logs: { getLogger(name: string, version?: string): { emit(record: Record<string, unknown>): void } };
}

/** Undefined when exceptions are span events. */
export function buildExceptionLog(
  signal: 'events' | 'logs' | 'logs/dup',
  notice: Notice,
  load: () => LogsApi | undefined = loadLogsApi,
): ExceptionLog | undefined {
  if (signal === 'events') return undefined;
  const api = load();
  if (api === undefined) {
    notice('SPW017', 'the package @opentelemetry/api-logs is not installed: npm install @opentelemetry/api-logs');
    return undefined;
  }
  // asked for each record: a logger provider may be registered after this
  const logger = () => api.logs.getLogger('spanwright', VERSION);
  return {
    alsoEvents: signal === 'logs/dup',
    emit(attributes, span) {
      try {
        const context = trace.setSpan(ROOT_CONTEXT, span);
        const record = { severityNumber: ERROR, severityText: 'ERROR', attributes, context };
        untraced(() => logger().emit(record), undefined, []);
      } catch (error) {
        notice(
          'SPW007',
          `log record of an exception: ${error instanceof Error ? error.message : String(error)}`,
          'exception log',
        );
      }
    },
  };
}

/** A literal `require` in `try`: bundlers include the package where it is installed, and build without it where it is not. */
function loadLogsApi(): LogsApi | undefined {
  try {
    return require('@opentelemetry/api-logs') as LogsApi;
  } catch {
    return undefined;
  }
}
