// Findings of `spanwright doctor`, one row each: severity, cause and remedy. The checks return what they saw; the
// rows turn it into words. docs/write-troubleshooting.ts writes docs/troubleshooting.md from them.

export type Level = 'ok' | 'note' | 'warning' | 'error';

interface Row {
  readonly level: Exclude<Level, 'ok'>;
  /** Symptom before anybody runs doctor. */
  readonly symptom: string;
  readonly cause: string;
  readonly fix: string;
}

export const FINDINGS = {
  'node-too-old': {
    level: 'error',
    symptom: 'spanwright fails to load',
    cause: 'Spanwright needs Node.js 20.19 or later.',
    fix: 'Run the service, and this program, on Node.js 20.19 or later.',
  },
  'not-installed': {
    level: 'error',
    symptom: 'compiled code fails with "Cannot find module spanwright/emitted"',
    cause: "The package 'spanwright' cannot be resolved from the project.",
    fix: 'npm install spanwright (as a dependency, not a development one: compiled code imports it).',
  },
  'not-a-dependency': {
    level: 'error',
    symptom: 'compiled code fails with "Cannot find module spanwright/emitted" where only production dependencies are installed',
    cause: 'Instrumented code imports spanwright, which is no dependency of the package that the code belongs to.',
    fix: 'npm install --save-prod spanwright in the package, also where instrument comes from a library or from auto mode.',
  },
  'other-version': {
    level: 'warning',
    symptom: 'an error about the contract of compiled code',
    cause: 'The program that you run and the package of the project are of different versions.',
    fix: 'Run the one of the project: npx spanwright doctor.',
  },
  'two-apis': {
    level: 'error',
    symptom: 'spans of libraries and of your own code are in different traces, or missing',
    cause: 'The project and spanwright load different copies of @opentelemetry/api.',
    fix: 'Install one version: npm dedupe @opentelemetry/api, then npm ls @opentelemetry/api.',
  },
  'api-versions': {
    level: 'warning',
    symptom: 'spans of one library are missing',
    cause:
      'Copies of @opentelemetry/api of several minor versions are installed. A newer one ignores what an older one has registered.',
    fix: 'Install one version: npm dedupe @opentelemetry/api, or set "overrides": { "@opentelemetry/api": "<version>" } in package.json.',
  },
  'no-api': {
    level: 'error',
    symptom: 'spanwright fails to load',
    cause: 'The peer dependency @opentelemetry/api is not installed.',
    fix: 'npm install @opentelemetry/api',
  },
  'no-compiler': {
    level: 'note',
    symptom: 'spans lack file, line and namespace',
    cause: 'No TypeScript that can compile or parse was found, so that nothing runs the transformer here.',
    fix: "Install TypeScript 5, 6 or 7.1; beside another one the package '@typescript/typescript6'.",
  },
  'no-patch': {
    level: 'error',
    symptom: 'tsc ignores the plugin, spans lack file, line and namespace',
    cause:
      'The plugin is in tsconfig.json, but plain tsc of TypeScript 5 and 6 runs no plugins, and neither ts-patch nor a bundler plugin is there.',
    fix: 'npm install -D ts-patch, and build with `tspc` in place of `tsc`. (ts-patch 3.3 for TypeScript 5, 4.0 for 6.)',
  },
  'wrong-patch': {
    level: 'error',
    symptom: 'tspc fails, or runs another TypeScript',
    cause: 'This ts-patch does not fit this TypeScript.',
    fix: 'ts-patch 3.3 goes with TypeScript 5, ts-patch 4.0 (Node.js 22.15) with TypeScript 6.',
  },
  'native-too-old': {
    level: 'error',
    symptom: 'spanwright build refuses, spans lack file, line and namespace',
    cause: 'TypeScript 7.0 has no programming interface for the transformer.',
    fix: 'npm install -D typescript@^7.1.0-0 and build with `spanwright build`; or use a bundler plugin, spanwright/unplugin.',
  },
  'no-plugin': {
    level: 'warning',
    symptom: 'spans lack file, line and namespace; auto mode does nothing',
    cause: 'No entry of "plugins" in tsconfig.json names spanwright/transformer.',
    fix: 'Add { "transform": "spanwright/transformer" } to "compilerOptions"."plugins".',
  },
  'bad-manifest': {
    level: 'error',
    symptom: 'npm and Node.js report an invalid package.json',
    cause: 'package.json cannot be read, so that no package of the project is found.',
    fix: 'Correct the file at the place that the finding names.',
  },
  'bad-tsconfig': {
    level: 'error',
    symptom: 'the compiler reports a fault in tsconfig.json, or ignores its options',
    cause: 'tsconfig.json, or a file that it extends, is missing or cannot be read.',
    fix: 'Correct the file that the finding names.',
  },
  'bad-option': {
    level: 'error',
    symptom: 'an option of the plugin has no effect',
    cause: 'An option of the plugin is wrong.',
    fix: 'Correct it in tsconfig.json; transformer/README.md lists the options.',
  },
  'not-built': {
    level: 'note',
    symptom: 'the service runs old code',
    cause: 'The output of the compiler is missing, so that it cannot be checked.',
    fix: 'Build the project, then run this again.',
  },
  'not-transformed': {
    level: 'error',
    symptom: 'spans lack file, line and namespace; a notice SPW015 at start',
    cause: 'Files with instrumented functions were compiled without the transformer.',
    fix: 'Build with `tspc` (TypeScript 5 and 6) or `spanwright build` (7.1), not with `tsc`; then restart the service.',
  },
  'old-output': {
    level: 'warning',
    symptom: 'recent changes have no effect',
    cause: 'Sources are newer than their compiled output.',
    fix: 'Build the project.',
  },
  'other-service': {
    level: 'warning',
    symptom: 'doctor checks a different service',
    cause:
      'The service at the admin hook has another service name than the configuration of this project, or another pid than `--pid`; or the project has no service_name, and the process is not known to run in its folder.',
    fix: 'Start the service of this project, set service_name, or name its hook with --url or --socket; port 9465 belongs to the service that was started first.',
  },
  'bad-configuration': {
    level: 'error',
    symptom: 'the service fails at start',
    cause: 'The configuration holds an unknown key or a wrong value.',
    fix: 'Correct it at the place that the finding names; docs/configuration.md lists the keys.',
  },
  'ignored-variable': {
    level: 'warning',
    symptom: 'a variable of the environment has no effect',
    cause: 'Its value is not valid, so that it is ignored, as the OpenTelemetry specification requires.',
    fix: 'Correct the value at the place that the finding names.',
  },
  disabled: {
    level: 'warning',
    symptom: 'no traces at all, endpoint is set',
    cause: 'Tracing is disabled.',
    fix: 'For a while: spanwright set tracing-enabled true --for 10m, if changes at run time are allowed. For good: [tracing] enabled = true, and restart.',
  },
  'changes-refused': {
    level: 'note',
    symptom: 'spanwright set tracing-enabled answers PermissionDenied',
    cause: '[tracing] allow_runtime_changes = false.',
    fix: 'Change [tracing] enabled in the configuration and restart; or set allow_runtime_changes = true and restart once.',
  },
  'no-endpoint': {
    level: 'error',
    symptom: 'no traces at all, tracing is enabled',
    cause: 'No endpoint is configured, so that no exporter was built.',
    fix: 'Set [tracing] otlp_endpoint or OTEL_EXPORTER_OTLP_TRACES_ENDPOINT, such as http://localhost:4317, and restart.',
  },
  'no-endpoint-yet': {
    level: 'note',
    symptom: 'tracing cannot be switched on: there is no exporter',
    cause: 'No endpoint is configured, so that no exporter is built at start.',
    fix: 'Set [tracing] otlp_endpoint or OTEL_EXPORTER_OTLP_TRACES_ENDPOINT, such as http://localhost:4317, before tracing is needed.',
  },
  'endpoint-wrong': {
    level: 'error',
    symptom: 'the service cannot connect, or errors of TLS',
    cause: 'The endpoint cannot be used as it is written, or what listens there speaks another protocol.',
    fix: 'http://host:4317 is gRPC in plaintext, https:// is TLS; port 4318 is OTLP over HTTP ([tracing] otlp_protocol = "http/protobuf").',
  },
  'sidecar-unused': {
    level: 'warning',
    symptom: 'a Collector runs beside the service, and still no traces',
    cause: 'A Collector listens beside the service, and the endpoint is not set or points elsewhere.',
    fix: 'If the service should use it: [tracing] otlp_endpoint = "http://localhost:4317", or OTEL_EXPORTER_OTLP_TRACES_ENDPOINT, and restart.',
  },
  'delivery-fails': {
    level: 'error',
    symptom: 'some or all traces are missing',
    cause: 'Spans could not be sent, or did not fit into the queue.',
    fix: 'See the log of the service for SPW003 and SPW005; correct the endpoint, or raise max_queue_size.',
  },
  'backend-unknown': {
    level: 'note',
    symptom: 'traces reach the Collector but not the backend',
    cause: 'The Collector accepts the spans; whether it delivers them cannot be seen from here.',
    fix: 'If the backend shows none, run this again with --collector-metrics, such as http://localhost:8888; and see the log of the Collector.',
  },
  'backend-fails': {
    level: 'error',
    symptom: 'traces reach the Collector but not the backend',
    cause: 'The Collector accepts spans and loses them: an exporter cannot deliver, or a processor drops them.',
    fix: 'Check the exporter of the Collector: its endpoint, and TLS or mTLS for a backend elsewhere. The log of the Collector names the error.',
  },
  'collector-unreached': {
    level: 'note',
    symptom: 'the metrics of the Collector cannot be read',
    cause: 'No Collector answers at --collector-metrics.',
    fix: 'Name the address of its service.telemetry.metrics, port 8888 by default, and check that it accepts connections from this machine.',
  },
  'left-on': {
    level: 'warning',
    symptom: 'a sudden spike of resources or latency',
    cause: 'Tracing is on by configuration, without a time limit.',
    fix: 'spanwright set tracing-enabled false, or [tracing] enabled = false and restart; and switch it on for a time when it is needed.',
  },
  sparse: {
    level: 'note',
    symptom: 'spans arrive but request trees look sparse',
    cause: 'Only some spans may start a trace, or rules leave some out: a span whose root does not match is not created.',
    fix: 'Look where the root of a request starts: spanwright sites, and the settings roots, rules and drop.',
  },
  'other-tracing': {
    level: 'warning',
    symptom: 'traces are split, spans are missing, or spans are recorded while tracing is off',
    cause: 'Other tracing in the process, or in its callers, conflicts with Spanwright; the service has logged how.',
    fix: 'Apply the remedy of the logged line; docs/existing-setups.md has the set-up beside each SDK.',
  },
  'unconnected-sdk': {
    level: 'warning',
    symptom: 'spans of libraries arrive, and none of your own code',
    cause:
      'The project has another tracing SDK, and no source file calls startTracing(), createSampler() or createRootSampler().',
    fix: 'Call createSampler({ enabled: true }) at start, and give what it returns to the SDK; docs/existing-setups.md has the set-up beside each SDK.',
  },
  'no-sites': {
    level: 'warning',
    symptom: 'no spans of your own code',
    cause: 'The service has loaded no instrumented function.',
    fix: 'Mark functions with @instrument, and check that this process loads their modules.',
  },
  'plain-sites': {
    level: 'warning',
    symptom: 'spans lack file, line and namespace',
    cause: 'The running service has instrumented functions that were built without the transformer.',
    fix: 'Build with `tspc` or `spanwright build`, or with a plugin of spanwright/unplugin, and restart.',
  },
  unreached: {
    level: 'note',
    symptom: 'spanwright status cannot reach the service',
    cause: 'No service was reached, so that only files and the environment of this shell, or of `--pid`, were checked.',
    fix: 'Start the admin hook in the service, name it with --url or --socket, and give the token.',
  },
} as const satisfies Record<string, Row>;

export type FindingName = keyof typeof FINDINGS;

/** One result of a check. */
export interface Finding {
  readonly level: Level;
  /** The observation. */
  readonly found: string;
  readonly name?: FindingName;
  readonly cause?: string;
  readonly fix?: string;
}

export const ok = (found: string): Finding => ({ level: 'ok', found });

export function finding(name: FindingName, found: string): Finding {
  const { level, cause, fix } = FINDINGS[name];
  return { level, name, found, cause, fix };
}
