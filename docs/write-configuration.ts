// Writes docs/configuration.md from the tables of keys and notices: `npx tsx docs/write-configuration.ts`. With --check it only
// compares. test/config/document.test.ts holds the document to the tables.

import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { KeyRow } from '../runtime/config/key-row.js';
import { KEYS } from '../runtime/config/keys.js';
import { printDuration } from '../runtime/text/duration.js';
import { NOTICES } from '../runtime/warnings.js';

const FILE = join(__dirname, 'configuration.md');

/** A default as the document and the editor show it. */
export function shownDefault({ type, default: value }: KeyRow): string {
  if (value === null) return 'unset';
  if (type.name === 'duration') return `\`${printDuration(value as number)}\``;
  if (value === '' || (typeof value === 'object' && Object.keys(value as object).length === 0)) return 'empty';
  return `\`${value}\``;
}

function keyCells(row: KeyRow): string[] {
  const variables = row.env.map((name) => `\`${name}\``).join(', then ');
  return [
    `\`${row.key}\``,
    `\`${row.option}\``,
    row.type.name.replace(/\|/gu, '\\|'),
    shownDefault(row),
    variables || 'none',
    row.doc,
  ];
}

/** A table with aligned columns, as the formatter of this repository leaves it. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = head.map((title, column) => Math.max(title.length, ...rows.map((row) => row[column]?.length ?? 0)));
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell, column) => cell.padEnd(widths[column] as number)).join(' | ')} |`;
  return [line(head), line(widths.map((width) => '-'.repeat(width))), ...rows.map(line)].join('\n');
}

/** The whole document. */
export function configurationDocument(): string {
  return `<!-- Written by docs/write-configuration.ts from runtime/config/keys.ts and runtime/warnings.ts. Edit those. -->
# Configuration

\`tracing.toml\`, in the working directory

\`\`\`toml
[tracing]
otlp_endpoint = "http://otel-collector:4317"
enabled = false
allow_runtime_changes = true
roots = ["acme::billing", "kind:server"]
rules = "acme::billing::db=off"

[tracing.resource]
deployment.environment.name = "production"
\`\`\`

## Sources and precedence

Every setting can come from four sources. A later one has precedence over an earlier one:

1. the default,
2. the \`[tracing]\` section of a TOML file, or a [declarative configuration](declarative-configuration.md) in YAML,
3. an environment variable (of several, the first one named below that is set),
4. an option of \`startTracing()\`.

The file is the one named by the option \`configFile\`, else by the variable \`SPANWRIGHT_CONFIG\`, else \`tracing.toml\` in the working
directory if there is one. Other sections of the file are ignored. An empty variable or endpoint counts as unset.

Durations are a number with one of the units \`ms\`, \`s\`, \`m\`, \`h\`, or a plain number of milliseconds.

## Errors

\`\`\`text
tracing.toml:3:1: unknown key "enabeld" in [tracing]. Did you mean "enabled"?
\`\`\`

| fault | result |
|---|---|
| an unknown key, a wrong type, a value out of range | \`startTracing()\` throws a \`ConfigurationError\`. Its \`faults\` name each with file, line and what was expected. |
| a malformed environment variable | ignored with a warning (SPW038), as the OpenTelemetry specification requires; \`SPANWRIGHT_ALLOW_RUNTIME_CHANGES\` then counts as \`false\` |
| an endpoint that cannot be used | logged (SPW002); the service runs without tracing |

To see the value and the source of every key of a running service, run \`spanwright status --json\` and read \`configuration\`, or
\`tracing.state().configuration\` in code. Secrets are shown as \`***\`.

## Keys

${table(['key', 'option', 'type', 'default', 'variables', 'meaning'], KEYS.map(keyCells))}

Options that only code can give:

| option | meaning |
|---|---|
| \`configFile\` | path of the TOML or YAML file |
| \`exporter\` | a \`SpanExporter\`, used instead of the OTLP exporter |
| \`spanProcessors\` | span processors that get every recorded span in addition |
| \`extraResourceDetectors\` | resource detectors of other packages |

An exporter or a span processor counts as a configured endpoint.

## Resource

OpenTelemetry's detectors find the resource attributes of the process, all of them by default.

- \`resource\` and \`service_name\` have precedence over detected values. \`OTEL_RESOURCE_ATTRIBUTES\` and \`OTEL_SERVICE_NAME\` are used also
  without the detector \`env\`.
- Detectors run when the first span is sent, so that none runs while tracing is off. The first export
  waits up to 2 s for them.
- Detectors of other packages, for example of a cloud, are given in code as \`extraResourceDetectors\`. A detector that
  fails is logged (SPW023) and ignored.
- \`process.command_args\` is never detected, because command lines hold passwords and a resource is sent with every
  batch. To send it, name it: \`resource: { 'process.command_args': process.argv }\`.

## Standard variables

Spanwright reads the OpenTelemetry variables in the table of keys, and the sampler:

| \`OTEL_TRACES_SAMPLER\` | equivalent |
|---|---|
| \`parentbased_always_on\` | the default |
| \`parentbased_always_off\` | \`roots = "none"\`: no trace starts here; sampled callers are recorded |
| \`parentbased_traceidratio\` | the rule \`*=<OTEL_TRACES_SAMPLER_ARG>\` |
| \`always_on\` | \`remote_parent = "ignore"\`: decisions of callers are ignored |
| \`always_off\` | \`roots = "none"\` and \`remote_parent = "ignore"\`: nothing is recorded |
| \`traceidratio\` | the rule and \`remote_parent = "ignore"\` |

- A sampler alone does not switch tracing on: while \`enabled\` is off, it starts no trace.
- \`OTEL_TRACES_SAMPLER\` has precedence over \`roots\`, \`remote_parent\` and a rule for \`*\` in the file, but not over those that code or a
  variable \`SPANWRIGHT_*\` sets. Other rules stay, and the ratio is added to them.
- With \`OTEL_CONFIG_FILE\` these variables are not read: see [declarative configuration](declarative-configuration.md).

## Proxies and metrics of the exporter

Over gRPC the exporter reads \`grpc_proxy\`, \`https_proxy\`, \`http_proxy\` and \`no_proxy\` (lower case, as in \`@grpc/grpc-js\`). Over HTTP it
uses no proxy. The log line of a failed connection (SPW003) names the proxy. The exporter's metrics \`otel.sdk.exporter.*\` go to the meter provider that is registered at the first export.

## Log lines

\`\`\`text
spanwright: SPW001 OpenTelemetry tracing initialized: service carbide-api, sending to http://localhost:4317, tracing is off
\`\`\`

Log lines go to standard error, each with a code. A line is logged at most once per cause and minute, except these, of which each has
its line: a change of a control source (SPW021), the end of a lease (SPW012), a file of the flight recorder (SPW041).

| setting | effect |
|---|---|
| option \`logger\` | sends the lines to a logger of pino, bunyan, winston or Nest, to \`diag\`, \`console\` or a function; with code, cause and detail as fields if the logger takes fields |
| \`log_level\` (\`OTEL_LOG_LEVEL\`) | leaves levels out; the default is \`warn\` under Jest, Vitest, Mocha, uvu, Playwright, node:test and \`NODE_ENV=test\` |

${table(
  ['code', 'level', 'text'],
  Object.entries(NOTICES).map(([code, { level, text }]) => [code, level, text]),
)}
`;
}

if (require.main === module) {
  const document = configurationDocument();
  if (!process.argv.includes('--check')) writeFileSync(FILE, document);
  else if (readFileSync(FILE, 'utf8') !== document) {
    console.error('docs/configuration.md is out of date. Run: npx tsx docs/write-configuration.ts');
    process.exitCode = 1;
  }
}
