// startTracing(): from configuration to a running set-up, once per process. With nothing to send to, only context passes through
// (context manager and propagator); with an endpoint, also the recorder, the provider for third-party instrumentation, the
// watchdog and the signal handlers.

import {
  type ContextManager,
  context,
  propagation,
  type TextMapPropagator,
  type TracerProvider,
  trace,
} from '@opentelemetry/api';
import { setImmediate, unref } from '../captured.js';
import type { Configuration } from '../config/configuration.js';
import { type LoadedConfiguration, loadConfiguration } from '../config/load.js';
import type { TracingOptions } from '../config/options.js';
import { contexts } from '../context/active.js';
import { KeepSink } from '../export/keep.js';
import { buildPipeline, type Pipeline } from '../export/pipeline.js';
import { buildResource } from '../export/resource.js';
import { guarded } from '../fault.js';
import { observe } from '../open/metrics.js';
import type { SpanwrightPropagator } from '../propagation/propagator.js';
import type { Resource } from '../sdk/contracts.js';
import {
  classNameOf,
  isRegisteredContextManager,
  isRegisteredPropagator,
  lacksTraceparent,
  registeredProvider,
} from '../sdk/registered.js';
import { BaggageAttributes } from '../span/baggage-attributes.js';
import { GateTracerProvider } from '../span/provider.js';
import { state } from '../state.js';
import { counted } from '../text/counted.js';
import type { Tracing } from '../tracing.js';
import { notice } from '../warnings.js';
import type { Built } from './built.js';
import { configuredPropagator } from './configured-propagator.js';
import { SpanwrightContextManager } from './context-manager.js';
import { LiveTracing } from './live.js';
import { startManaged } from './managed.js';
import { onNaturalEnd } from './natural-end.js';
import { answering, limitsOf, startLogging, startOnce, startRecorder, watch } from './parts.js';
import { onShutdownSignal } from './shutdown.js';

type Prepare = typeof import('../instrumentations/enable.js').prepareInstrumentations;

/** Without a configured instrumentation none of their modules is loaded. */
const prepareInstrumentations: Prepare = (configuration, built) =>
  Object.keys(configuration.instrumentations).length === 0
    ? () => () => {}
    : (require('../instrumentations/enable.js') as { prepareInstrumentations: Prepare }).prepareInstrumentations(
        configuration,
        built,
      );

/** See on-demand.ts. */
export async function startTracing(options: TracingOptions): Promise<Tracing> {
  return startOnce('startTracing()', () => startWithExport(options));
}

function startWithExport(options: TracingOptions): Tracing {
  const loaded = loadConfiguration({ options });
  const { configuration } = loaded;
  startLogging(loaded);
  // everything that can fail comes before the first registration, so that a refused start leaves nothing behind
  const pipeline = buildPipeline(configuration, notice);
  const resource = pipeline === null ? undefined : resourceOf(configuration, pipeline);
  const enableInstrumentations = prepareInstrumentations(configuration, pipeline !== null);
  const undo = registerPropagation(createPropagator(loaded));
  const tracing = new LiveTracing(state, loaded, configuration.endpoint, notice);
  state.tracing = tracing;
  state.wasStarted = true;
  tracing.attach(pipeline === null ? undefined : buildTracing({ tracing, configuration, pipeline, resource, undo }));
  if (pipeline !== null) reportStart(tracing, configuration, pipeline);
  undo.push(enableInstrumentations());
  if (configuration.flightRecorder !== null) undo.push(startFlight(tracing, configuration, pipeline, resource));
  undo.push(...startManaged(tracing, configuration, resource));
  if (pipeline === null) {
    tracing.undoAtShutdown(undo);
    reportNoEndpoint(configuration);
  } else for (const part of loaded.notFollowed) notice('SPW024', part, part);
  reportTransformerMissing();
  return tracing;
}

/** With what is in force, which in a worker can be a lease of the main thread. */
function reportStart({ enabled }: LiveTracing, { serviceName }: Configuration, { endpoint }: Pipeline): void {
  const to = endpoint?.url ?? 'the exporter given in code';
  notice('SPW001', `service ${serviceName}, sending to ${to}, tracing is ${enabled ? 'on' : 'off'}`);
}

/** SPW002 has reported an endpoint that cannot be used. */
function reportNoEndpoint({ enabled, endpoint, tracesExporter }: Configuration): void {
  if (!enabled || endpoint !== null || tracesExporter === 'none') return;
  notice(
    'SPW033',
    'set OTEL_EXPORTER_OTLP_TRACES_ENDPOINT or [tracing] otlp_endpoint, or give an exporter in code; `spanwright view` has an endpoint on this machine',
  );
}

/** Without an endpoint a dump is only a file. */
function startFlight(
  tracing: LiveTracing,
  configuration: Configuration,
  pipeline: Pipeline | null,
  resource = buildResource(configuration, notice, { announced: () => state.announcedHook }),
): () => void {
  const { FlightDumps } = require('./flight.js') as typeof import('./flight.js');
  const flight = new FlightDumps({
    configuration,
    limits: state.recorder?.limits ?? limitsOf(configuration),
    resource,
    processor: pipeline?.processor,
  });
  tracing.flight = flight;
  const unlisten = pipeline === null ? onShutdownSignal(tracing, configuration.shutdownTimeout) : () => {};
  return () => {
    unlisten();
    flight.stop();
    tracing.flight = undefined;
  };
}

function resourceOf(configuration: Configuration, { endpoint }: Pipeline): Resource {
  return buildResource(configuration, notice, { announced: () => state.announcedHook, endpoint: endpoint ?? undefined });
}

interface Parts {
  readonly tracing: LiveTracing;
  readonly configuration: Configuration;
  readonly pipeline: Pipeline;
  readonly resource: Resource | undefined;
  readonly undo: (() => void)[];
}

function buildTracing({ tracing, configuration, pipeline, resource, undo }: Parts): Built {
  const { keep } = configuration;
  const kept =
    keep === null ? undefined : new KeepSink(pipeline.processor, keep, (late, cause) => tracing.flight?.complete(late, cause));
  const sink = new BaggageAttributes(kept ?? pipeline.processor);
  startRecorder(tracing, configuration, { sink, resource });
  undo.push(watch(configuration), onShutdownSignal(tracing, configuration.shutdownTimeout), registerProvider());
  undo.push(onNaturalEnd(pipeline, configuration.shutdownTimeout));
  if (kept !== undefined) undo.push(reportKeptAtExit(kept, pipeline));
  undo.push(
    observe(() => tracing.counts(), state.sites, state.recorder),
    ...answering(configuration),
  );
  const counts = {
    get counts() {
      const { counts } = pipeline;
      return { ...counts, sampledOut: kept?.counts.sampledOut ?? 0, queued: counts.queued + (kept?.waiting ?? 0) };
    },
  };
  return { counts, undo, reportLost: (when) => pipeline.reportLost(when) };
}

/** Spans of undecided traces are lost when the process exits without a shutdown. */
function reportKeptAtExit(kept: KeepSink, pipeline: Pipeline): () => void {
  const decide = guarded('report at exit', () => {
    kept.decideAll();
    pipeline.reportLost();
  });
  process.prependListener('exit', decide); // before the queue reports, because a second report of the same minute is held back
  return () => process.removeListener('exit', decide);
}

/** A missing package is an error where the file or code names its propagator, and a warning where the environment does. */
function createPropagator({ configuration, values }: LoadedConfiguration): SpanwrightPropagator {
  const lenient = values.find(({ key }) => key === 'propagators')?.source === 'environment';
  const warn = lenient ? (reason: string) => notice('SPW038', `OTEL_PROPAGATORS: ${reason}`, reason) : undefined;
  return configuredPropagator(configuration.propagators, warn);
}

/** Context passes through to the next service in every state. Earlier registrations stay. */
function registerPropagation(propagator: SpanwrightPropagator): (() => void)[] {
  const undo: (() => void)[] = [];
  const manager = new SpanwrightContextManager(state.gate, contexts.storage);
  if (quietly(() => context.setGlobalContextManager(manager as ContextManager))) {
    contexts.owned = true;
    state.gate.onIdle = () => manager.rest();
    undo.push(() => {
      contexts.owned = false;
      state.gate.onIdle = () => {};
      if (isRegisteredContextManager(manager)) context.disable();
    });
  } else {
    notice('SPW016', 'a context manager is registered already; spans use that one');
    state.gate.foreignContexts = true;
    undo.push(() => {
      state.gate.foreignContexts = false;
    });
  }
  if (quietly(() => propagation.setGlobalPropagator(propagator as TextMapPropagator))) {
    undo.push(() => {
      if (isRegisteredPropagator(propagator)) propagation.disable();
    });
  } else if (lacksTraceparent()) {
    notice(
      'SPW034',
      `it writes ${propagation.fields().join(', ')}; services that read W3C Trace Context start new traces. Call startTracing() before that set-up, or give it W3CTraceContextPropagator too (Sentry: propagateTraceparent: true)`,
    );
  }
  return undo;
}

function registerProvider(): () => void {
  const provider = new GateTracerProvider();
  if (quietly(() => trace.setGlobalTracerProvider(provider as TracerProvider)))
    return () => {
      if (registeredProvider() === provider) trace.disable();
    };
  const other = registeredProvider();
  notice(
    'SPW030',
    `${other === undefined ? 'it' : classNameOf(other)} was registered before startTracing(); spans of libraries go there, instrumented calls go here, and those below a span of it are recorded also while the flag is off. Use createSampler() in that set-up instead of startTracing(), or remove it (docs/existing-setups.md)`,
  );
  return () => {};
}

/** The API logs an error when something is registered already; only its return value is used. */
function quietly(register: () => boolean): boolean {
  try {
    return register();
  } catch {
    return false;
  }
}

/** Runs once, after the modules that start with the service have loaded. */
function reportTransformerMissing(): void {
  const turn = setImmediate(() => {
    if (state.untransformed === 0) return;
    notice(
      'SPW015',
      `${counted(state.untransformed, 'site')} recorded without file and line, and slightly slower while off (docs: transformer/README.md)`,
    );
  });
  unref(turn);
}
