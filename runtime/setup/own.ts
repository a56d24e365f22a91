// The set-up over an SDK of the user's own: no exporter and no provider of Spanwright's, only the gate, the table of open spans with its
// watchdog, and recorded calls whose spans come from the user's tracer provider.

import { loadConfiguration } from '../config/load.js';
import type { TracingOptions } from '../config/options.js';
import { SpanwrightError } from '../errors.js';
import { observe } from '../open/metrics.js';
import { state } from '../state.js';
import type { Tracing } from '../tracing.js';
import { notice } from '../warnings.js';
import { NO_OUTCOMES } from './built.js';
import { LiveTracing } from './live.js';
import { startManaged } from './managed.js';
import { answering, startLogging, startRecorder, watch } from './parts.js';

/** @throws ConfigurationError, and SpanwrightError MISUSE. */
export function startOverOwnSdk(options: SamplerOptions, by: 'createSampler()' | 'createRootSampler()'): Tracing {
  const loaded = loadConfiguration({ options });
  const { configuration } = loaded;
  if (configuration.keep !== null) {
    throw new SpanwrightError(
      'MISUSE',
      `${by}: \`keep\` needs Spanwright's own export; use startTracing(), or tail sampling of the SDK.`,
    );
  }
  startLogging(loaded);
  const tracing = new LiveTracing(state, loaded, null, notice);
  state.tracing = tracing;
  state.wasStarted = true;
  // contexts are the user's: which of them hold sampled spans cannot be seen from here, so every call has to check
  state.gate.foreignContexts = true;
  startRecorder(tracing, configuration, undefined);
  const undo = [
    watch(configuration),
    () => {
      state.gate.foreignContexts = false;
    },
  ];
  undo.push(
    observe(() => tracing.counts(), state.sites, state.recorder),
    ...answering(configuration),
    ...startManaged(tracing, configuration),
  );
  tracing.attach({ counts: { counts: NO_OUTCOMES }, undo });
  return tracing;
}
/** Options of {@link createSampler}: the options of startTracing() that do not concern export. */

export type SamplerOptions = Pick<
  TracingOptions,
  | 'configFile'
  | 'enabled'
  | 'allowRuntimeChanges'
  | 'roots'
  | 'when'
  | 'rules'
  | 'drop'
  | 'remoteParent'
  | 'remoteRootsPerSecond'
  | 'maxSpanAge'
  | 'maxOpenSpans'
  | 'maxCallDepth'
  | 'onLeak'
  | 'openSpansMetric'
  | 'responseHeader'
  | 'logger'
  | 'logLevel'
  | 'tracerName'
  | 'serviceName'
>;
