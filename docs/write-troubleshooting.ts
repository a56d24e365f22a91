// Writes docs/troubleshooting.md from the findings of `spanwright doctor`: `npx tsx docs/write-troubleshooting.ts`. With --check it
// only compares, as `npm run check` does.

import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { FINDINGS, type FindingName } from '../cli/doctor/finding.js';

const FILE = join(__dirname, 'troubleshooting.md');

/** Sections, with the findings that they list, in the order in which they are likely. */
const SECTIONS: Readonly<Record<string, readonly FindingName[]>> = {
  'No traces arrive': [
    ...(['disabled', 'no-endpoint', 'no-endpoint-yet', 'endpoint-wrong', 'sidecar-unused'] as const),
    ...(['no-sites', 'unconnected-sdk', 'ignored-variable', 'backend-unknown', 'backend-fails', 'collector-unreached'] as const),
  ],
  'Some spans are missing, or in another trace': ['sparse', 'delivery-fails', 'two-apis', 'api-versions', 'other-tracing'],
  'Spans lack file, line or namespace': [
    ...(['not-transformed', 'no-plugin', 'no-patch', 'native-too-old', 'no-compiler', 'plain-sites', 'wrong-patch'] as const),
    ...(['bad-tsconfig', 'bad-option', 'not-built', 'old-output'] as const),
  ],
  'The service does not start': [
    ...(['node-too-old', 'not-installed', 'not-a-dependency', 'no-api', 'other-version'] as const),
    ...(['bad-manifest', 'bad-configuration'] as const),
  ],
  'The switch does not work, or tracing costs too much': ['unreached', 'other-service', 'changes-refused', 'left-on'],
};

const cell = (text: string): string => text.replaceAll('|', '\\|');

function sections(): string {
  const listed = Object.values(SECTIONS).flat();
  const missing = (Object.keys(FINDINGS) as FindingName[]).filter((name) => !listed.includes(name));
  if (missing.length > 0 || new Set(listed).size < listed.length)
    throw new Error(`docs/write-troubleshooting.ts lists each finding once; it does not list: ${missing.join(', ')}`);
  return Object.entries(SECTIONS)
    .map(([title, names]) => {
      const rows = names.map((name) => {
        const { symptom, cause, fix } = FINDINGS[name];
        return `| ${[symptom, cause, fix].map(cell).join(' | ')} | \`${name}\` |`;
      });
      return `## ${title}\n\n| you see | cause | fix | finding |\n|---|---|---|---|\n${rows.join('\n')}\n`;
    })
    .join('\n');
}

/** The whole document. */
export function troubleshootingDocument(): string {
  return `<!-- Written by docs/write-troubleshooting.ts from cli/doctor/finding.ts. Edit those. -->
# Troubleshooting

Let the program look first. Run it in the folder of the service, while the service runs:

\`\`\`sh
npx spanwright doctor
\`\`\`

It prints each finding with its cause and fix ([options](hosts.md#spanwright-doctor)). The tables below are its findings, by what you
see. Lines of the log, by their code: [configuration.md](configuration.md#log-lines). Compile errors, by their code:
[DIAGNOSTICS.md](../transformer/DIAGNOSTICS.md).

${sections()}`;
}

if (require.main === module) {
  const document = troubleshootingDocument();
  if (!process.argv.includes('--check')) writeFileSync(FILE, document);
  else if (readFileSync(FILE, 'utf8') !== document) {
    console.error('docs/troubleshooting.md is out of date. Run: npx tsx docs/write-troubleshooting.ts');
    process.exitCode = 1;
  }
}
