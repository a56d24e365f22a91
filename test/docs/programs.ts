// Rows of programs.test.ts: blocks that need a process of their own, because they register a provider or load hooks before the program.

import type { Row } from './evaluate.js';

interface Program extends Row {
  /** File of the block; other files by name. */
  readonly file: string;
  readonly files?: Readonly<Record<string, string>>;
  readonly before?: string;
  readonly after?: string;
  /** Arguments of node; the block of commands that shows them. */
  readonly commands?: string;
  readonly prints: RegExp;
}

const PRINTED = `
const work = instrument({ name: 'work' }, async () => undefined);
sampler.tracing.setEnabled(true, { for: '1m' });
await work();
await new Promise((done) => setTimeout(done, 500));
console.log('SPANS ' + exporter.getFinishedSpans().map(({ name }) => name));
process.exit();
`;

export const PROGRAMS: readonly Program[] = [
  {
    page: 'docs/existing-setups.md',
    has: 'new NodeSDK({ sampler',
    file: 'main.mjs',
    before: `import { InMemorySpanExporter, SimpleSpanProcessor as BatchSpanProcessor } from '@opentelemetry/sdk-trace-base';
import { instrument } from 'spanwright';
const exporter = new InMemorySpanExporter();
`,
    after: PRINTED,
    prints: /^SPANS work$/m,
  },
  {
    page: 'docs/instrumentations.md',
    has: '// tracing.mjs',
    commands: 'node --require ./tracing.cjs app.cjs',
    file: 'tracing.mjs',
    files: {
      'tracing.cjs': "require('spanwright').startTracing();\n",
      'app.cjs': "console.log('APP', require('spanwright').siteOf.name);\n",
      'app.mjs': "import { siteOf } from 'spanwright';\nconsole.log('APP', siteOf.name);\n",
    },
    prints: /SPW001[\s\S]*APP siteOf|APP siteOf[\s\S]*SPW001/,
  },
];
