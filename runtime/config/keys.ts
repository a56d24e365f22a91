// The one table of configuration keys. Validation, the types of options and configuration, docs/configuration.md and
// `spanwright doctor` come from it: a key that is not a row here does not exist.

import { parseDrop, parseRoots, parseRules, printPatterns, printRules } from '../gate/rules.js';
import { CONTENT_KEYS } from './content-keys.js';
import { FLIGHT_KEYS } from './flight-keys.js';
import type { KeyRow } from './key-row.js';
import { LIMIT_KEYS } from './limit-keys.js';
import { OPAMP_KEYS } from './opamp-keys.js';
import { OTLP_KEYS } from './otlp-keys.js';
import { REQUEST_KEYS } from './request-keys.js';
import { attributes, instrumentations, keep } from './tables.js';
import {
  boolean,
  choice,
  conditions,
  duration,
  integer,
  nameList,
  optionalText,
  patterns,
  text,
  type ValueType,
} from './types.js';

const MINUTE = 60_000;

/** Node's equivalents of runtime internals: their spans are many, long-lived or both, and carry no information about the program. */
const LEAKY =
  'scope:@opentelemetry/instrumentation-dns, scope:@opentelemetry/instrumentation-fs, scope:@opentelemetry/instrumentation-net';

export const KEYS = [
  {
    key: 'enabled',
    option: 'enabled',
    type: boolean(),
    default: false,
    env: ['SPANWRIGHT_ENABLED'],
    doc: 'Records spans from the start. Without an endpoint nothing is recorded.',
  },
  {
    key: 'disabled',
    option: 'disabled',
    type: boolean(),
    default: false,
    env: ['OTEL_SDK_DISABLED'],
    doc: 'Builds nothing, and nothing can be enabled while the process runs, regardless of other settings.',
  },
  {
    key: 'allow_runtime_changes',
    option: 'allowRuntimeChanges',
    type: boolean(),
    default: true,
    env: ['SPANWRIGHT_ALLOW_RUNTIME_CHANGES'],
    whenMalformed: false,
    doc: 'Allows changes of the flag and the rules while the process runs. `false`: each change is refused with PermissionDenied.',
  },
  {
    key: 'service_name',
    option: 'serviceName',
    type: text(),
    default: 'unknown_service:node',
    env: ['OTEL_SERVICE_NAME'],
    doc: 'Resource attribute `service.name`. Unset: `service.name` of `resource`.',
  },
  {
    key: 'service_version',
    option: 'serviceVersion',
    type: optionalText(),
    default: null,
    env: [],
    doc: 'Resource attribute `service.version`.',
  },
  {
    key: 'resource',
    option: 'resource',
    type: attributes(),
    default: Object.freeze({}),
    env: ['OTEL_RESOURCE_ATTRIBUTES'],
    doc: 'Resource attributes. Attributes of all sources are merged; for one attribute the later source has precedence.',
    merge: true,
  },
  {
    key: 'resource_detectors',
    option: 'resourceDetectors',
    type: nameList(['env', 'host', 'os', 'process', 'serviceinstance'], {
      words: ['all', 'none'],
      others: 'those of other packages are given in code (extraResourceDetectors)',
    }),
    default: 'all',
    env: ['OTEL_NODE_RESOURCE_DETECTORS'],
    doc: "OpenTelemetry's detectors of resource attributes: `all`, `none`, or of `env`, `host`, `os`, `process`, `serviceinstance`. They run when the first span is sent.",
  },
  {
    key: 'tracer_name',
    option: 'tracerName',
    type: text(),
    default: 'spanwright',
    env: [],
    doc: 'Instrumentation scope name of the spans of instrumented code.',
  },
  ...OTLP_KEYS,
  {
    key: 'roots',
    option: 'roots',
    type: patterns(parseRoots, (parsed) => printPatterns(parsed, 'none')),
    default: '*',
    env: ['SPANWRIGHT_ROOTS'],
    doc: 'Spans that may start a trace: namespace prefixes, `kind:server`, `scope:<instrumentation scope>`, `*` or `none`.',
  },
  {
    key: 'when',
    option: 'when',
    type: conditions(),
    default: null,
    env: ['SPANWRIGHT_WHEN'],
    doc: 'Conditions under which a call at a root starts a trace: `machineId=m-17`, `baggage:tenant=acme,beta`, `header:x-customer=4*`, `resource:service.version=2.*`, joined by `&`.',
  },
  {
    key: 'rules',
    option: 'rules',
    type: patterns(parseRules, printRules),
    default: '',
    env: ['SPANWRIGHT_RULES'],
    doc: 'Verdicts by namespace, of which the most specific has precedence, in any order: `carbide::db=off, carbide::api=0.1`, or a level down to which it is recorded: `carbide::bmc=debug`.',
  },
  {
    key: 'drop',
    option: 'drop',
    type: patterns(parseDrop, (parsed) => printPatterns(parsed, '')),
    default: LEAKY,
    env: ['SPANWRIGHT_DROP'],
    doc: 'Spans that are never created, also under a recorded parent: namespace prefixes, `scope:<name>`, `name:<span name>`.',
  },
  {
    key: 'remote_parent',
    option: 'remoteParent',
    type: choice(['accept', 'ignore']),
    default: 'accept',
    env: ['SPANWRIGHT_REMOTE_PARENT'],
    doc: '`accept`: a sampled parent of an upstream service starts recording here. `ignore`: it does not.',
  },
  {
    key: 'keep',
    option: 'keep',
    type: keep(),
    default: null,
    env: [],
    doc: 'Finished traces to keep: those with `errors` (default true), those `slower_than`, and a `ratio` of the rest (default 0). `max_spans` and `max_traces` bound those that wait. Unset: all traces.',
  },
  {
    key: 'instrumentations',
    option: 'instrumentations',
    type: instrumentations(),
    default: Object.freeze({}),
    env: [],
    doc: 'OpenTelemetry instrumentation packages to enable: a list of names, or a table from name to options.',
  },
  {
    key: 'max_span_age',
    option: 'maxSpanAge',
    type: duration({ min: 10, max: 30 * 24 * 60 * MINUTE }),
    default: 10 * MINUTE,
    env: ['SPANWRIGHT_MAX_SPAN_AGE'],
    doc: 'Age at which an open span counts as leaked.',
  },
  {
    key: 'max_open_spans',
    option: 'maxOpenSpans',
    type: integer({ min: 1, max: 1_000_000 }),
    default: 10_000,
    env: ['SPANWRIGHT_MAX_OPEN_SPANS'],
    doc: 'Open spans beyond which no further span is started.',
  },
  {
    key: 'on_leak',
    option: 'onLeak',
    type: choice(['end', 'drop', 'report']),
    default: 'end',
    env: ['SPANWRIGHT_ON_LEAK'],
    doc: '`end`: a leaked span is ended and sent. `drop`: its namespace is dropped from then on. `report`: it is only reported.',
  },
  {
    key: 'open_spans_metric',
    option: 'openSpansMetric',
    type: text({ form: /^[a-zA-Z_:][a-zA-Z0-9_:]*$/u, expected: 'a Prometheus metric name (letters, digits, "_" and ":")' }),
    default: 'spanwright_spans_open',
    env: [],
    doc: 'Name of the metric of open spans in the Prometheus text of the admin hook.',
  },
  {
    key: 'max_queue_size',
    option: 'maxQueueSize',
    type: integer({ min: 1, max: 16_384 }),
    default: 2048,
    env: ['OTEL_BSP_MAX_QUEUE_SIZE'],
    doc: 'Ended spans that wait to be sent; further ones are dropped and counted.',
  },
  {
    key: 'max_export_batch_size',
    option: 'maxExportBatchSize',
    type: integer({ min: 1, max: 2048 }),
    default: 512,
    env: ['OTEL_BSP_MAX_EXPORT_BATCH_SIZE'],
    doc: 'Spans in one export; at most `max_queue_size`.',
  },
  {
    key: 'schedule_delay',
    option: 'scheduleDelay',
    type: duration({ min: 10, max: 10_000, environmentMin: 100 }),
    default: 5000,
    env: ['OTEL_BSP_SCHEDULE_DELAY'],
    doc: 'Longest wait of an ended span before it is sent.',
  },
  {
    key: 'export_timeout',
    option: 'exportTimeout',
    type: duration({ min: 10, max: 10 * MINUTE }),
    default: 30_000,
    env: ['OTEL_BSP_EXPORT_TIMEOUT'],
    doc: 'Longest time to send one batch, retries included. After it the spans count as failed.',
  },
  {
    key: 'shutdown_timeout',
    option: 'shutdownTimeout',
    type: duration({ min: 0, max: 5 * MINUTE }),
    default: 5000,
    env: ['SPANWRIGHT_SHUTDOWN_TIMEOUT'],
    doc: 'Longest time for a flush at shutdown and SIGTERM.',
  },
  {
    key: 'propagators',
    option: 'propagators',
    type: nameList(['tracecontext', 'baggage', 'b3', 'b3multi', 'jaeger', 'xray'], { words: ['none'] }),
    default: 'tracecontext, baggage',
    env: ['OTEL_PROPAGATORS'],
    doc: 'Formats in which context is read and written: `none`, or of `tracecontext`, `baggage`, `b3`, `b3multi`, `jaeger`, `xray`. The last four need `@opentelemetry/propagator-b3`, `-jaeger` or `-aws-xray`.',
  },
  {
    key: 'log_level',
    option: 'logLevel',
    type: choice(['none', 'error', 'warn', 'info', 'debug', 'verbose', 'all']),
    default: 'info',
    env: ['OTEL_LOG_LEVEL'],
    doc: 'Least level of the notices that are logged; there are notices of the levels `info` and `warn`. Unset under a test runner: `warn`.',
  },
  ...LIMIT_KEYS,
  ...REQUEST_KEYS,
  ...FLIGHT_KEYS,
  ...OPAMP_KEYS,
  ...CONTENT_KEYS,
] as const satisfies readonly KeyRow[];

type Row = (typeof KEYS)[number];

/** The values of all keys in normal form: durations in milliseconds, patterns as text, unset as null. */
export type ConfiguredValues = {
  readonly [R in Row as R['option']]: R['type'] extends ValueType<infer T, infer _Input> ? T : never;
};

/** Values that code may pass, by key. KeyOptions is the same with documentation. */
export type KeyInputs = {
  [R in Row as R['option']]?: (R['type'] extends ValueType<infer _T, infer Input> ? Input : never) | undefined;
};
