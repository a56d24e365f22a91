// Starts the documented entries as a user's programs, and lists the packages that each has loaded when it ends.

import { mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Consumer } from './consumer.js';

/** A port without a listener. */
const NOWHERE = 'http://127.0.0.1:9';

const FILES: Readonly<Record<string, string>> = {
  // also in the threads of a loader
  'note.cjs': `const { writeFileSync } = require('node:fs');
const { threadId } = require('node:worker_threads');
process.on('exit', () => writeFileSync(\`\${__dirname}/loaded/\${process.pid}-\${threadId}.json\`, JSON.stringify(Object.keys(require.cache))));`,
  'service.cjs': `const { extract, inject, instrument, startTracing } = require('spanwright');
startTracing({ endpoint: '${NOWHERE}', otlpProtocol: process.argv[2], enabled: true }).then(async (tracing) => {
  instrument({ name: 'call' }, () => extract(inject({})))();
  await tracing.forceFlush({ timeout: '1s' });
  await tracing.shutdown();
});`,
  'configured.cjs': "require('spanwright').startTracing({ configFile: 'tracing.toml' });",
  'tracing.toml': '[tracing]\nenabled = false\n',
  'own-sdk.cjs': "const { createSampler, createSpanProcessor } = require('spanwright'); createSampler(); createSpanProcessor();",
  'app.ts': 'export function greet(name: string): string { return name; }\ngreet("a");\n',
};

const ENTRIES: readonly (readonly string[])[] = [
  ['service.cjs', 'grpc'],
  ['service.cjs', 'http/protobuf'],
  ['configured.cjs'],
  ['own-sdk.cjs'],
  ['--import', 'spanwright/auto', 'app.ts'],
];

/** Names of the packages that at least one entry loads. */
export async function loadedPackages(user: Consumer): Promise<Set<string>> {
  for (const [path, text] of Object.entries(FILES)) user.write(path, text);
  const folder = join(user.folder, 'loaded');
  mkdirSync(folder);
  for (const args of ENTRIES) {
    const { code, stderr } = await user.run(process.execPath, ['--require', './note.cjs', ...args]);
    if (code !== 0) throw new Error(`${args.join(' ')} ended with ${code}: ${stderr}`);
  }
  const files = readdirSync(folder).flatMap((name) => JSON.parse(readFileSync(join(folder, name), 'utf8')) as string[]);
  const names = files.map((path) => /.*\/node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(path.replaceAll('\\', '/'))?.[1] ?? '');
  return new Set(names.filter((name) => name !== ''));
}

export interface Installed {
  readonly version?: string;
  readonly dependencies?: Readonly<Record<string, Installed>>;
}

/** Names below a package of `npm ls --json`, without the dependencies of a name in `except`; optional peers that are not there have no version. */
export function packagesBelow({ dependencies = {} }: Installed, except: readonly string[] = []): string[] {
  const found = Object.entries(dependencies).filter(([name, { version }]) => version !== undefined && !except.includes(name));
  return [...new Set(found.flatMap(([name, one]) => [name, ...packagesBelow(one, except)]))].sort();
}
