// The handle of a running tracing, and the plain data that the admin hook, the CLI and the page show. No objects of OpenTelemetry leak out.

import type { Attributes } from '@opentelemetry/api';
import type { Latency } from './site/latency.js';
import type { Level, RootMark } from './site/marks.js';
import type { CallSample } from './site/statistics.js';

/** A length of time: milliseconds, or a number with a unit (`500ms`, `10s`, `10m`, `2h`). */
export type Duration = number | string;

/** Limits and reason of a change made while the service runs. */
export interface LeaseOptions {
  /** How long the change holds, at most 24 hours. Default 10 minutes; `setEnabled(false)` holds until the next switch on. */
  for?: Duration;
  /** Why, for the log and the state. At most 500 characters. */
  reason?: string;
  /** The caller, for the log and the state. */
  actor?: string;
  /** Ends the lease when more spans than this start within one second. */
  maxSpansPerSecond?: number;
  /** Ends the lease after this many spans in all. */
  maxSpans?: number;
  /** Ends the lease when more spans than this are open at once. */
  maxOpenSpans?: number;
  /**
   * For `setEnabled(true)`: while the lease is in force, traces start only at functions that these roots name, and what those
   * call is recorded with them. Several such leases add up; one without `only` lifts the restriction.
   */
  only?: string;
  /**
   * For `setEnabled(true)`: while the lease is in force, a trace starts only at a call that fulfils these conditions, and what that
   * calls is recorded with it, here and downstream. Conditions name a recorded argument or attribute (`machineId=m-17`), or a value
   * from the request (`baggage:tenant=acme`, `header:x-customer=42`), or the process (`resource:service.version=2.*`). `&` joins
   * them; `=` and `!=` compare text with one or several values (`a,b`), each whole or as a prefix (`m-*`). Several leases add up.
   */
  when?: string;
  /**
   * For `setEnabled(true)`: values of recorded calls to keep as attributes while the lease is in force: `args`, `result`, `this` (its own
   * fields) or `this.<field>`, separated by commas. At the functions that `only` names, else at all; and only where `allow_capture` allows
   * it. Bounded in depth, length and number; what `redact` covers is hidden.
   */
  capture?: string;
}

/** A change made at run time, with its limits and its end. */
export interface Lease {
  readonly id: string;
  readonly kind: 'enabled' | 'rules' | 'drop';
  /** Value that the lease sets: `true`/`false`, or rule text in normal form. */
  readonly value: boolean | string;
  readonly reason: string | null;
  readonly actor: string | null;
  /** ISO 8601, UTC. */
  readonly createdAt: string;
  /** ISO 8601, UTC; null: holds until tracing is switched on, or the process ends. */
  readonly expiresAt: string | null;
  readonly limits: { maxSpansPerSecond: number | null; maxSpans: number | null; maxOpenSpans: number | null };
  /** Roots at which traces may start while the lease is in force, in normal form; null: those of the configuration. */
  readonly only: string | null;
  /** Conditions in normal form, values that `redact` covers as `***`; null: none. */
  readonly when: string | null;
  /** Values captured from recorded calls, in normal form; null: none. */
  readonly capture: string | null;
  /** Spans started while the lease was in force. */
  readonly spans: number;
  /** Things to know that are not errors, for example that a rule matches no known site. */
  readonly warnings: readonly string[];
  /** Ids of the leases that this change ended. */
  readonly ended: readonly string[];
}

/** Why the last lease ended, so that "who switched it off?" has an answer. */
export interface LeaseEnd {
  readonly id: string;
  readonly kind: Lease['kind'];
  readonly value: boolean | string;
  readonly at: string;
  /** `expired`, `ended` (by a person), `replaced`, `maxSpans`, `maxSpansPerSecond`, `maxOpenSpans`, `shutdown`. */
  readonly cause: string;
}

/** Source of a configuration value. */
export type Source = 'default' | 'file' | 'environment' | 'code';

/** Effective value of one configuration key, and its source. */
export interface ConfigurationValue {
  key: string;
  /** Secrets are shown as `***`. */
  value: unknown;
  source: Source;
  /** The file and key, the variable's name, or `startTracing()`. */
  origin: string;
}

/** Answer of `GET <prefix>/state`. */
export interface TracingState {
  /** Effective flag: configured flag plus leases. */
  enabled: boolean;
  /** True when spans can be recorded and sent: enabled and built. */
  recording: boolean;
  /** The flag as configured at start. */
  configured: boolean;
  /** True when an endpoint, exporter or span processor was configured, so that there is something to send to. */
  built: boolean;
  endpoint: string | null;
  /** Sender of ended spans: Spanwright, the SDK of the application (after createSampler(); its counts are not known here), or nobody. */
  exportedBy: 'spanwright' | 'sdk' | 'none';
  /** Lines logged about other tracing in the process (SPW016, SPW030 to SPW036), each with its remedy. */
  notices: readonly string[];
  serviceName: string;
  allowRuntimeChanges: boolean;
  remoteParent: 'accept' | 'ignore';
  /** Effective rules in normal form. */
  roots: string;
  /** Roots where a trace starts only while conditions hold; values that `redact` covers are shown as `***`. */
  conditionalRoots: readonly { roots: string; when: string }[];
  rules: string;
  drop: string;
  leases: readonly Lease[];
  lastEnded: LeaseEnd | null;
  spans: SpanCounts;
  /** Requests recorded for a signed header, and those whose header did not count; null: `trace_header` is not set. */
  signedRequests: { recorded: number; refused: number } | null;
  openByNamespace: Record<string, number>;
  /** Number of registered sites. */
  sites: number;
  /** Grows by one with every change of the effective state. */
  revision: number;
  version: string;
  pid: number;
  /** ISO 8601, UTC. */
  startedAt: string;
  configuration: readonly ConfigurationValue[];
}

/** Numbers since the start of the process; `open` and `queued` at present. ended = exported + failed + dropped + sampledOut + queued. */
export interface SpanCounts {
  open: number;
  started: number;
  ended: number;
  leaked: number;
  /** Roots not started because `maxOpenSpans` was reached. */
  refused: number;
  /** Calls not recorded because `maxCallDepth` recorded calls were on the stack. */
  tooDeep: number;
  /** Local trees that sampled remote callers started while tracing was off here: recorded, and refused beyond the rate. */
  remoteRoots: number;
  remoteRefused: number;
  exported: number;
  /** Ended spans that did not fit into the export queue. */
  dropped: number;
  /** Spans whose export failed for good. */
  failed: number;
  /** Spans of finished traces that `keep` did not select (tail sampling). */
  sampledOut: number;
  /** Ended spans that wait for the decision of `keep`, in the export queue or for the Collector's answer. */
  queued: number;
}

/** Result of a dump of the flight recorder. */
export interface FlightDump {
  /** Absolute path of a file of OTLP JSON, which `spanwright view` opens. */
  readonly file: string;
  readonly spans: number;
  /** On each root as `spanwright.flight.reason`. */
  readonly reason: string;
}

/** The constant properties of a site, as `siteOf` returns them. */
export interface SiteDescription {
  /** Qualified name and place, unique in a process where the place is known. */
  id: string;
  namespace: string;
  function: string;
  /** Span name. */
  name: string;
  /** `code.file.path`; null without the transformer. */
  file: string | null;
  line: number | null;
  /** `sync`, `async`, `generator`, `async generator`, or `unknown` without the transformer. */
  shape: string;
}

/** An instrumented function with its verdict and its statistics. */
export interface SiteReport extends SiteDescription {
  /** `on`, `off` (a rule, or none that reaches down to its level), `drop`, or a ratio such as `0.1`. */
  verdict: string;
  /** Its option `level`. */
  level: Level;
  /** May a call here start a trace. */
  root: boolean;
  /** Its option `root`; `each call` where that is true. */
  rootMark: RootMark | 'each call';
  /** It has no span of its own: `instrument.attributes`. */
  attributesOnly: boolean;
  open: number;
  /** Recorded calls. */
  calls: number;
  errors: number;
  latency: Latency;
  /** A few of the last calls and of the last failures. */
  samples: readonly CallSample[];
  failures: readonly CallSample[];
}

export type SiteSort = 'name' | 'calls' | 'errors' | 'open';

/** Selection, order and page of sites. */
export interface SiteQuery {
  /** Only namespaces that begin with this text. */
  prefix?: string | undefined;
  /** Default by namespace, function and line; else the most first. */
  sort?: SiteSort | undefined;
  /** Default 0. */
  offset?: number | undefined;
  /** Default all. */
  limit?: number | undefined;
}

export interface SitePage {
  /** Number of all matching sites. */
  readonly total: number;
  readonly sites: readonly SiteReport[];
}

/** A namespace with the sums of its sites. */
export interface NamespaceReport {
  readonly namespace: string;
  readonly sites: number;
  /** Sites by verdict: recorded (also with a ratio), switched off by a rule, dropped. */
  readonly verdicts: { on: number; off: number; drop: number };
  open: number;
  calls: number;
  errors: number;
  readonly latency: Latency;
}

/** A recorded span that has not ended. */
export interface OpenSpanReport {
  name: string;
  namespace: string;
  traceId: string;
  spanId: string;
  parentSpanId: string | null;
  /** Milliseconds since the span started. */
  ageMs: number;
  site: string | null;
  longRunning: boolean;
  /** Only where the caller may see attribute values. */
  attributes?: Attributes;
}

/** The handle that `startTracing()` returns. */
export interface Tracing {
  /** Effective state of the flag. */
  readonly enabled: boolean;
  /** Number of open spans. */
  readonly openCount: number;
  /**
   * Sets the flag under a lease. Off ends every lease that had switched on, and without `for` holds until the next switch on. It has no limits.
   * @throws PermissionDeniedError when `allowRuntimeChanges` is false.
   * @throws InvalidArgumentError when an option is out of range; nothing is changed then.
   */
  setEnabled(value: boolean, options?: LeaseOptions): Lease;
  /** Sets namespace rules under a lease; an empty text ends every rules lease. @throws like setEnabled; a bad rule rejects the whole text and names the token. */
  setRules(text: string, options?: LeaseOptions): Lease;
  /** Sets the drop list under a lease; an empty text ends every drop lease. @throws like setEnabled. */
  setDrop(text: string, options?: LeaseOptions): Lease;
  /** Leases in force. */
  leases(): readonly Lease[];
  /** Ends a lease early. False when no lease has this id. @throws PermissionDeniedError like setEnabled. */
  endLease(id: string, actor?: string): boolean;
  /** Flag, rules, leases, counts and configuration, as `GET <prefix>/state` of the admin hook answers. */
  state(): TracingState;
  /** Sites whose namespace begins with `prefix` (plain text, default all). */
  sites(prefix?: string): SiteReport[];
  /** A page of sites: in a program of many sites far cheaper than all of them. */
  sitePage(query?: SiteQuery): SitePage;
  /** Sites added up by namespace, by name. */
  namespaces(prefix?: string): NamespaceReport[];
  /** Oldest first. */
  openSpans(options?: { limit?: number; attributes?: boolean }): OpenSpanReport[];
  /**
   * Writes what the flight recorder holds into a file, and sends it through the exporter.
   * @param reason on each root, as `spanwright.flight.reason`. Default `dump`
   * @throws InvalidArgumentError when `flightRecorder` is not set; and the error of the file system
   */
  dump(reason?: string): Promise<FlightDump>;
  /** The last failed calls of the process, newest first, at most 100. */
  recentErrors(): CallSample[];
  /** Prometheus text exposition format 0.0.4; with `openMetrics` OpenMetrics 1.0, in which latency has exemplars. */
  metrics(options?: { openMetrics?: boolean }): string;
  /**
   * Sends what has ended, at once; a worker thread first puts in force what the main thread has changed. Resolves when all is sent, when an
   * attempt fails (its spans stay in the queue), or after `timeout`: `otlp_timeout`, on AWS Lambda two seconds. Never rejects for an export.
   */
  forceFlush(options?: { timeout?: Duration }): Promise<void>;
  /** Sends what has ended, within `shutdownTimeout`, and ends tracing. */
  shutdown(): Promise<void>;
}
