// Writes docs/telemetry.md from the registry in docs/telemetry: `npx tsx docs/write-telemetry.ts`. test/real/live-check.test.ts holds
// the document to the registry.

import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { table } from './write-configuration.js';

// biome-ignore lint/suspicious/noExplicitAny: shaped by the registry's schema
type Yaml = any;

const read = (file: string): Yaml => parse(readFileSync(join(__dirname, 'telemetry', `${file}.yaml`), 'utf8'));

function shownType(type: Yaml): string {
  if (typeof type === 'string') return type;
  return type.members.map(({ value, brief }: Yaml) => `\`${value}\`: ${brief}`).join(' ');
}

function attributeTables(): string {
  return read('attributes')
    .groups.map(({ display_name, brief, attributes }: Yaml) => {
      const rows = attributes.map(({ id, type, brief: text, note }: Yaml) => [
        `\`${id}${/^template/.test(type) ? '.<name>' : ''}\``,
        shownType(type),
        [text, note].filter(Boolean).join(' '),
      ]);
      return `### ${display_name}\n\n${brief}\n\n${table(['attribute', 'type or values', 'meaning'], rows)}\n`;
    })
    .join('\n');
}

function levelOf(level: Yaml): string {
  return typeof level === 'string' ? level.replace('_', '-') : `if: ${Object.values(level)[0]}`;
}

function spanTables(): string {
  return read('spans')
    .groups.map(({ display_name, brief, note, attributes }: Yaml) => {
      const rows = attributes.map(({ ref, requirement_level }: Yaml) => [`\`${ref}\``, levelOf(requirement_level)]);
      return `### ${display_name}\n\n${[brief, note].filter(Boolean).join(' ')}\n\n${table(['attribute', 'present'], rows)}\n`;
    })
    .join('\n');
}

/** The whole document. */
export function telemetryDocument(): string {
  const metrics = read('metrics').groups.map(({ metric_name, instrument, unit, brief }: Yaml) => [
    `\`${metric_name}\``,
    instrument,
    `\`${unit}\``,
    brief,
  ]);
  const { groups, imports } = read('conventions');
  return `<!-- Written by docs/write-telemetry.ts from docs/telemetry/*.yaml. Edit those. -->
# Names in the telemetry

Attributes, metrics and spans that Spanwright defines itself. All other names are those of OpenTelemetry's
[semantic conventions](https://opentelemetry.io/docs/specs/semconv/).

Check what your service sends, with OpenTelemetry Weaver and the registry [docs/telemetry](telemetry/manifest.yaml) of this repository:

\`\`\`sh
weaver registry live-check --registry docs/telemetry
\`\`\`

To add the names of your service, write a registry that depends on this one. The names of a sample are in
[samples/infra-controller/telemetry.yaml](../samples/infra-controller/telemetry.yaml).

All names below have the stability \`development\`: they may change in a minor version, with an entry in the changelog.

## Attributes

${attributeTables()}
## Metrics

The meter is \`spanwright\`. The [admin hook](admin.md) offers the same counts as Prometheus text.

${table(['metric', 'instrument', 'unit', 'meaning'], metrics)}

Spans in progress and started spans have the names of OpenTelemetry's SDKs: ${imports.metrics.map((name: string) => `\`${name}\``).join(', ')}.

## Spans

${spanTables()}
## Names that are not stable

Attributes of the conventions that are not stable, and why they are sent.

${table(
  ['attribute', 'reason'],
  groups[0].attributes.map(({ ref, note }: Yaml) => [`\`${ref}\``, note]),
)}
`;
}

if (require.main === module) writeFileSync(join(__dirname, 'telemetry.md'), telemetryDocument());
