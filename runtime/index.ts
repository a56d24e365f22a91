// `spanwright`: the decorator, the set-up, and what crosses boundaries. The only file that users' code imports from besides
// `spanwright/admin`.

import { lookForUnconnectedSdk } from './setup/unconnected.js';

export type { TracingOptions } from './config/options.js';
export { ConfigurationError, type ErrorCode, InvalidArgumentError, PermissionDeniedError, SpanwrightError } from './errors.js';
export { instrument } from './instrument/instrument.js';
export { siteOf } from './instrument/metadata.js';
export { record } from './instrument/record.js';
export { type StartedSpan, type StartSpanOptions, startSpan } from './instrument/start-span.js';
export type { Decorator, Instrument, InstrumentOptions } from './instrument/types.js';
export type { SqlQueries, SqlQueriesOptions } from './instrumentations/sql-queries.js';
export { baggage, type DeclaredBaggage } from './propagation/baggage/baggage.js';
export type { BaggageKey } from './propagation/baggage/key.js';
export { detach, extract, inject, linksTo, withRemoteContext } from './propagation/carrier.js';
export type { CarrierKind } from './propagation/carrier-kind.js';
export { correlationAttributes } from './propagation/correlation.js';
export type { DocumentKind, DocumentOptions } from './propagation/document.js';
export { carriers } from './propagation/kinds.js';
export type { SessionOptions } from './sessions/begin.js';
export { sessions } from './sessions/sessions.js';
export { assertNoOpenSpans } from './setup/assert-no-open-spans.js';
export { createRootSampler, createSampler, createSpanProcessor, sqlQueries, startTracing } from './setup/on-demand.js';
export type { SamplerOptions } from './setup/own.js';
export type { Sampler, SpanwrightSampler } from './setup/sampler.js';
export type { Latency } from './site/latency.js';
export type { CallSample } from './site/statistics.js';
export type {
  ConfigurationValue,
  Duration,
  Lease,
  LeaseEnd,
  LeaseOptions,
  OpenSpanReport,
  SiteDescription,
  SiteReport,
  SpanCounts,
  Tracing,
  TracingState,
} from './tracing.js';

lookForUnconnectedSdk();
