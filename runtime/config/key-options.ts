// Written by docs/write-options.ts from the table of keys. Edit those.

import type { Duration } from '../tracing.js';
import type { Instrumentations, KeepInput, ResourceAttributes } from './tables.js';

/** Values that code may pass, by key. */
export interface KeyOptions {
  /** Records spans from the start. Without an endpoint nothing is recorded. Default: `false`. Variable: `SPANWRIGHT_ENABLED`. */
  enabled?: boolean | undefined;
  /** Builds nothing, and nothing can be enabled while the process runs, regardless of other settings. Default: `false`. Variable: `OTEL_SDK_DISABLED`. */
  disabled?: boolean | undefined;
  /** Allows changes of the flag and the rules while the process runs. `false`: each change is refused with PermissionDenied. Default: `true`. Variable: `SPANWRIGHT_ALLOW_RUNTIME_CHANGES`. */
  allowRuntimeChanges?: boolean | undefined;
  /**
   * Resource attribute `service.name`. Unset: `service.name` of `resource`. Default: `unknown_service:node`. Variable: `OTEL_SERVICE_NAME`.
   * @example serviceName: 'billing'
   */
  serviceName?: string | undefined;
  /**
   * Resource attribute `service.version`. Default: unset.
   * @example serviceVersion: '1.4.2'
   */
  serviceVersion?: string | undefined;
  /**
   * Resource attributes. Attributes of all sources are merged; for one attribute the later source has precedence. Default: empty. Variable: `OTEL_RESOURCE_ATTRIBUTES`.
   * @example resource: { 'deployment.environment.name': 'production' }
   */
  resource?: ResourceAttributes | undefined;
  /**
   * OpenTelemetry's detectors of resource attributes: `all`, `none`, or of `env`, `host`, `os`, `process`, `serviceinstance`. They run when the first span is sent. Default: `all`. Variable: `OTEL_NODE_RESOURCE_DETECTORS`.
   * @example resourceDetectors: ['host', 'process']
   */
  resourceDetectors?: string | readonly string[] | undefined;
  /**
   * Instrumentation scope name of the spans of instrumented code. Default: `spanwright`.
   * @example tracerName: 'billing'
   */
  tracerName?: string | undefined;
  /**
   * Address of the Collector: `http://host:4317` (plaintext) or `https://host:4317` (TLS). Unset: nothing is built. Default: unset. Variable: `OTEL_EXPORTER_OTLP_TRACES_ENDPOINT`, then `OTEL_EXPORTER_OTLP_ENDPOINT`.
   * @example endpoint: 'http://otel-collector:4317'
   */
  endpoint?: string | undefined;
  /** OTLP over gRPC, or over HTTP (default path `/v1/traces`). Default: `grpc`. Variable: `OTEL_EXPORTER_OTLP_TRACES_PROTOCOL`, then `OTEL_EXPORTER_OTLP_PROTOCOL`. */
  otlpProtocol?: 'grpc' | 'http/protobuf' | undefined;
  /** For an endpoint without a scheme over gRPC: plaintext (`true`) or TLS (`false`). Unset: TLS for an endpoint of the environment, an error for others. Default: unset. Variable: `OTEL_EXPORTER_OTLP_TRACES_INSECURE`, then `OTEL_EXPORTER_OTLP_INSECURE`. */
  otlpInsecure?: boolean | undefined;
  /** Destination of spans: the endpoint, standard output, or none. An `exporter` given in code has precedence. Default: `otlp`. Variable: `OTEL_TRACES_EXPORTER`. */
  tracesExporter?: 'otlp' | 'console' | 'none' | undefined;
  /**
   * Headers (gRPC metadata) sent with every export, for example a token. Default: empty. Variable: `OTEL_EXPORTER_OTLP_TRACES_HEADERS`, then `OTEL_EXPORTER_OTLP_HEADERS`.
   * @example otlpHeaders: { authorization: `Bearer ${process.env.TOKEN}` }
   */
  otlpHeaders?: Readonly<Record<string, string>> | undefined;
  /** Compression of exports. Default: `none`. Variable: `OTEL_EXPORTER_OTLP_TRACES_COMPRESSION`, then `OTEL_EXPORTER_OTLP_COMPRESSION`. */
  otlpCompression?: 'none' | 'gzip' | undefined;
  /**
   * Longest time for one attempt to send a batch. Milliseconds, or text with a unit: `ms`, `s`, `m`, `h`. Default: `10s`. Variable: `OTEL_EXPORTER_OTLP_TRACES_TIMEOUT`, then `OTEL_EXPORTER_OTLP_TIMEOUT`.
   * @example otlpTimeout: '2s'
   */
  otlpTimeout?: Duration | undefined;
  /**
   * PEM file of the certificates to trust for `https://`. Unset: those of Node. Default: unset. Variable: `OTEL_EXPORTER_OTLP_TRACES_CERTIFICATE`, then `OTEL_EXPORTER_OTLP_CERTIFICATE`.
   * @example otlpCertificate: '/etc/tls/ca.pem'
   */
  otlpCertificate?: string | undefined;
  /**
   * PEM file of the client certificate chain, for mutual TLS. Default: unset. Variable: `OTEL_EXPORTER_OTLP_TRACES_CLIENT_CERTIFICATE`, then `OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE`.
   * @example otlpClientCertificate: '/etc/tls/client.pem'
   */
  otlpClientCertificate?: string | undefined;
  /**
   * PEM file of the private key of the client certificate. Default: unset. Variable: `OTEL_EXPORTER_OTLP_TRACES_CLIENT_KEY`, then `OTEL_EXPORTER_OTLP_CLIENT_KEY`.
   * @example otlpClientKey: '/etc/tls/client.key'
   */
  otlpClientKey?: string | undefined;
  /**
   * Spans that may start a trace: namespace prefixes, `kind:server`, `scope:<instrumentation scope>`, `*` or `none`. Default: `*`. Variable: `SPANWRIGHT_ROOTS`.
   * @example roots: ['acme::billing', 'kind:server']
   */
  roots?: string | readonly string[] | undefined;
  /**
   * Conditions under which a call at a root starts a trace: `machineId=m-17`, `baggage:tenant=acme,beta`, `header:x-customer=4*`, `resource:service.version=2.*`, joined by `&`. Default: unset. Variable: `SPANWRIGHT_WHEN`.
   * @example when: 'machineId=m-17 & baggage:tenant=acme'
   */
  when?: string | null | undefined;
  /**
   * Verdicts by namespace, of which the most specific has precedence, in any order: `carbide::db=off, carbide::api=0.1`, or a level down to which it is recorded: `carbide::bmc=debug`. Default: empty. Variable: `SPANWRIGHT_RULES`.
   * @example rules: 'acme::db=off, acme::api=0.1'
   */
  rules?: string | readonly string[] | undefined;
  /**
   * Spans that are never created, also under a recorded parent: namespace prefixes, `scope:<name>`, `name:<span name>`. Default: `scope:@opentelemetry/instrumentation-dns, scope:@opentelemetry/instrumentation-fs, scope:@opentelemetry/instrumentation-net`. Variable: `SPANWRIGHT_DROP`.
   * @example drop: ['acme::cache', 'name:ping']
   */
  drop?: string | readonly string[] | undefined;
  /** `accept`: a sampled parent of an upstream service starts recording here. `ignore`: it does not. Default: `accept`. Variable: `SPANWRIGHT_REMOTE_PARENT`. */
  remoteParent?: 'accept' | 'ignore' | undefined;
  /**
   * Finished traces to keep: those with `errors` (default true), those `slower_than`, and a `ratio` of the rest (default 0). `max_spans` and `max_traces` bound those that wait. Unset: all traces. Default: unset.
   * @example keep: { slowerThan: '500ms', ratio: 0.01 }
   */
  keep?: KeepInput | undefined;
  /**
   * OpenTelemetry instrumentation packages to enable: a list of names, or a table from name to options. Default: empty.
   * @example instrumentations: ['http', 'pg']
   */
  instrumentations?: readonly string[] | Instrumentations | undefined;
  /**
   * Age at which an open span counts as leaked. Milliseconds, or text with a unit: `ms`, `s`, `m`, `h`. Default: `10m`. Variable: `SPANWRIGHT_MAX_SPAN_AGE`.
   * @example maxSpanAge: '30m'
   */
  maxSpanAge?: Duration | undefined;
  /**
   * Open spans beyond which no further span is started. From 1 to 1000000. Default: `10000`. Variable: `SPANWRIGHT_MAX_OPEN_SPANS`.
   * @example maxOpenSpans: 50_000
   */
  maxOpenSpans?: number | undefined;
  /** `end`: a leaked span is ended and sent. `drop`: its namespace is dropped from then on. `report`: it is only reported. Default: `end`. Variable: `SPANWRIGHT_ON_LEAK`. */
  onLeak?: 'end' | 'drop' | 'report' | undefined;
  /**
   * Name of the metric of open spans in the Prometheus text of the admin hook. Default: `spanwright_spans_open`.
   * @example openSpansMetric: 'billing_spans_open'
   */
  openSpansMetric?: string | undefined;
  /**
   * Ended spans that wait to be sent; further ones are dropped and counted. From 1 to 16384. Default: `2048`. Variable: `OTEL_BSP_MAX_QUEUE_SIZE`.
   * @example maxQueueSize: 4096
   */
  maxQueueSize?: number | undefined;
  /**
   * Spans in one export; at most `max_queue_size`. From 1 to 2048. Default: `512`. Variable: `OTEL_BSP_MAX_EXPORT_BATCH_SIZE`.
   * @example maxExportBatchSize: 1024
   */
  maxExportBatchSize?: number | undefined;
  /**
   * Longest wait of an ended span before it is sent. Milliseconds, or text with a unit: `ms`, `s`, `m`, `h`. Default: `5s`. Variable: `OTEL_BSP_SCHEDULE_DELAY`.
   * @example scheduleDelay: '1s'
   */
  scheduleDelay?: Duration | undefined;
  /**
   * Longest time to send one batch, retries included. After it the spans count as failed. Milliseconds, or text with a unit: `ms`, `s`, `m`, `h`. Default: `30s`. Variable: `OTEL_BSP_EXPORT_TIMEOUT`.
   * @example exportTimeout: '10s'
   */
  exportTimeout?: Duration | undefined;
  /**
   * Longest time for a flush at shutdown and SIGTERM. Milliseconds, or text with a unit: `ms`, `s`, `m`, `h`. Default: `5s`. Variable: `SPANWRIGHT_SHUTDOWN_TIMEOUT`.
   * @example shutdownTimeout: '2s'
   */
  shutdownTimeout?: Duration | undefined;
  /**
   * Formats in which context is read and written: `none`, or of `tracecontext`, `baggage`, `b3`, `b3multi`, `jaeger`, `xray`. The last four need `@opentelemetry/propagator-b3`, `-jaeger` or `-aws-xray`. Default: `tracecontext, baggage`. Variable: `OTEL_PROPAGATORS`.
   * @example propagators: ['tracecontext', 'baggage', 'b3']
   */
  propagators?: string | readonly string[] | undefined;
  /** Least level of the notices that are logged; there are notices of the levels `info` and `warn`. Unset under a test runner: `warn`. Default: `info`. Variable: `OTEL_LOG_LEVEL`. */
  logLevel?: 'none' | 'error' | 'warn' | 'info' | 'debug' | 'verbose' | 'all' | undefined;
  /**
   * Local trees that sampled callers may start within a second while tracing is off here; each is recorded whole or not at all. 0: none. From 0 to 1000000. Default: `100`. Variable: `SPANWRIGHT_REMOTE_ROOTS_PER_SECOND`.
   * @example remoteRootsPerSecond: 10
   */
  remoteRootsPerSecond?: number | undefined;
  /**
   * Recorded calls on the stack at once. Deeper synchronous calls are transparent and counted, so that recursion keeps its depth. From 1 to 10000. Default: `128`. Variable: `SPANWRIGHT_MAX_CALL_DEPTH`.
   * @example maxCallDepth: 64
   */
  maxCallDepth?: number | undefined;
  /**
   * Header whose value, signed with `trace_header_secret` (`spanwright sign`), has its request recorded whole, also while the flag is off. Default: unset. Variable: `SPANWRIGHT_TRACE_HEADER`.
   * @example traceHeader: 'x-trace-me'
   */
  traceHeader?: string | undefined;
  /**
   * Secret of `trace_header`, at least 16 characters. Default: unset. Variable: `SPANWRIGHT_TRACE_HEADER_SECRET`.
   * @example traceHeaderSecret: process.env.TRACE_HEADER_SECRET
   */
  traceHeaderSecret?: string | undefined;
  /**
   * Signed requests recorded within a second; further ones are counted and treated as any other. From 0 to 1000000. Default: `10`. Variable: `SPANWRIGHT_TRACE_HEADER_PER_SECOND`.
   * @example traceHeaderPerSecond: 2
   */
  traceHeaderPerSecond?: number | undefined;
  /**
   * Header in which HTTP servers of this process answer with the trace id of a recorded request, for example `x-trace-id`. Default: unset. Variable: `SPANWRIGHT_RESPONSE_HEADER`.
   * @example responseHeader: 'x-trace-id'
   */
  responseHeader?: string | undefined;
  /**
   * Time for which calls that are not recorded stay in memory, for a dump (docs/flight-recorder.md). Unset: they are not kept. Milliseconds, or text with a unit: `ms`, `s`, `m`, `h`. Default: unset. Variable: `SPANWRIGHT_FLIGHT_RECORDER`.
   * @example flightRecorder: '30s'
   */
  flightRecorder?: Duration | undefined;
  /**
   * Most calls that the flight recorder keeps. From 100 to 10000000. Default: `600000`. Variable: `SPANWRIGHT_FLIGHT_MAX_CALLS`.
   * @example flightMaxCalls: 100_000
   */
  flightMaxCalls?: number | undefined;
  /**
   * Most bytes that the flight recorder takes, kept arguments included. From 65536 to 1073741824. Default: `33554432`. Variable: `SPANWRIGHT_FLIGHT_MAX_BYTES`.
   * @example flightMaxBytes: 64 * 2 ** 20
   */
  flightMaxBytes?: number | undefined;
  /**
   * Directory of the dump files, relative to the working directory. Default: `.`. Variable: `SPANWRIGHT_FLIGHT_DIRECTORY`.
   * @example flightDirectory: '/var/lib/billing'
   */
  flightDirectory?: string | undefined;
  /** An error at a root dumps the flight recorder. Default: `true`. Variable: `SPANWRIGHT_FLIGHT_ERRORS`. */
  flightErrors?: boolean | undefined;
  /**
   * Duration of a root above which the flight recorder is dumped. Milliseconds, or text with a unit: `ms`, `s`, `m`, `h`. Default: unset. Variable: `SPANWRIGHT_FLIGHT_SLOWER_THAN`.
   * @example flightSlowerThan: '2s'
   */
  flightSlowerThan?: Duration | undefined;
  /**
   * Delay of the event loop above which the flight recorder is dumped. Milliseconds, or text with a unit: `ms`, `s`, `m`, `h`. Default: unset. Variable: `SPANWRIGHT_FLIGHT_LOOP_DELAY`.
   * @example flightLoopDelay: '200ms'
   */
  flightLoopDelay?: Duration | undefined;
  /** Signal that dumps the flight recorder. Default: `none`. Variable: `SPANWRIGHT_FLIGHT_SIGNAL`. */
  flightSignal?: 'none' | 'SIGUSR1' | 'SIGUSR2' | undefined;
  /**
   * Least time between two dumps for the same cause. A dump that a person requests is always written. Milliseconds, or text with a unit: `ms`, `s`, `m`, `h`. Default: `1m`. Variable: `SPANWRIGHT_FLIGHT_INTERVAL`.
   * @example flightInterval: '10m'
   */
  flightInterval?: Duration | undefined;
  /**
   * OpAMP server that manages this service (docs/fleet.md): `http://`, `https://`, or with the package `ws` `ws://`, `wss://`. Unset: nothing is loaded. Default: unset. Variable: `SPANWRIGHT_OPAMP_ENDPOINT`, then `OTEL_OPAMP_SERVICE_URL`.
   * @example opampEndpoint: 'https://opamp.example.com/v1/opamp'
   */
  opampEndpoint?: string | undefined;
  /**
   * Headers sent to the OpAMP server, for example a token. Default: empty. Variable: `SPANWRIGHT_OPAMP_HEADERS`, then `OTEL_EXPERIMENTAL_OPAMP_HEADERS`.
   * @example opampHeaders: { authorization: `Bearer ${process.env.TOKEN}` }
   */
  opampHeaders?: Readonly<Record<string, string>> | undefined;
  /**
   * PEM file of the certificates to trust for `https://` and `wss://`. Unset: those of Node. Default: unset. Variable: `SPANWRIGHT_OPAMP_CERTIFICATE`.
   * @example opampCertificate: '/etc/tls/ca.pem'
   */
  opampCertificate?: string | undefined;
  /**
   * PEM file of the client certificate chain for the OpAMP server, for mutual TLS. Default: unset. Variable: `SPANWRIGHT_OPAMP_CLIENT_CERTIFICATE`.
   * @example opampClientCertificate: '/etc/tls/client.pem'
   */
  opampClientCertificate?: string | undefined;
  /**
   * PEM file of the private key of the client certificate for the OpAMP server. Default: unset. Variable: `SPANWRIGHT_OPAMP_CLIENT_KEY`.
   * @example opampClientKey: '/etc/tls/client.key'
   */
  opampClientKey?: string | undefined;
  /**
   * Time between two reports to the OpAMP server; over HTTP also the longest wait for a change. Milliseconds, or text with a unit: `ms`, `s`, `m`, `h`. Default: `30s`. Variable: `SPANWRIGHT_OPAMP_INTERVAL`.
   * @example opampInterval: '1m'
   */
  opampInterval?: Duration | undefined;
  /**
   * Namespaces in which a lease may capture arguments, results and fields of `this` (`capture`), or `*`, or `none`. Default: `none`. Variable: `SPANWRIGHT_ALLOW_CAPTURE`.
   * @example allowCapture: ['acme::billing']
   */
  allowCapture?: string | readonly string[] | undefined;
  /**
   * Names of parameters and attributes (of spans, events, links and the resource) whose values are recorded as `REDACTED`: a whole key or one segment of it, in any case; `*` stands for any text. They add to the default names of secrets (docs/recording.md); `!name` is an exception, `!default` leaves the default names out, `[]` hides nothing. Default: `default`. Variable: `SPANWRIGHT_REDACT`.
   * @example redact: ['iban', 'customer.*']
   */
  redact?: string | readonly string[] | undefined;
  /** Exceptions are recorded as events of their spans, as log records of `@opentelemetry/api-logs`, or both. Default: `events`. Variable: `OTEL_SEMCONV_EXCEPTION_SIGNAL_OPT_IN`. */
  exceptionSignal?: 'events' | 'logs' | 'logs/dup' | undefined;
  /**
   * Attributes of a span. From 0 to 1000000. Default: `128`. Variable: `OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT`, then `OTEL_ATTRIBUTE_COUNT_LIMIT`.
   * @example spanAttributeCountLimit: 64
   */
  spanAttributeCountLimit?: number | undefined;
  /**
   * Characters of a string attribute; longer ones are cut. Unset: no limit. From 0 to 1000000. Default: unset. Variable: `OTEL_SPAN_ATTRIBUTE_VALUE_LENGTH_LIMIT`, then `OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT`.
   * @example attributeValueLengthLimit: 4096
   */
  attributeValueLengthLimit?: number | undefined;
  /**
   * Events of a span. From 0 to 1000000. Default: `128`. Variable: `OTEL_SPAN_EVENT_COUNT_LIMIT`.
   * @example spanEventCountLimit: 32
   */
  spanEventCountLimit?: number | undefined;
  /**
   * Links of a span. From 0 to 1000000. Default: `128`. Variable: `OTEL_SPAN_LINK_COUNT_LIMIT`.
   * @example spanLinkCountLimit: 32
   */
  spanLinkCountLimit?: number | undefined;
  /**
   * Attributes of an event. From 0 to 1000000. Default: `128`. Variable: `OTEL_EVENT_ATTRIBUTE_COUNT_LIMIT`.
   * @example eventAttributeCountLimit: 32
   */
  eventAttributeCountLimit?: number | undefined;
  /**
   * Attributes of a link. From 0 to 1000000. Default: `128`. Variable: `OTEL_LINK_ATTRIBUTE_COUNT_LIMIT`.
   * @example linkAttributeCountLimit: 32
   */
  linkAttributeCountLimit?: number | undefined;
}
