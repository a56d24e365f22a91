// Rows of programs.test.ts: blocks that need a process of their own, because they register a provider or load hooks before the program.

import type { Row } from './evaluate.js';

interface Program extends Row {
  /** File of the block; other files by name. */
  readonly file: string;
  readonly files?: Readonly<Record<string, string>>;
  readonly before?: string;
  readonly after?: string;
  /** The block of commands that starts it. */
  readonly commands?: string;
  /** Commands that no block of its own shows. Default: `node` with the file. */
  readonly lines?: readonly string[];
  /** Part of .ci/setup whose packages it needs. */
  readonly part?: string;
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

const SERVICE = `import { instrument, startTracing } from 'spanwright';
class Power {
  @instrument({ args: ['machineId'] })
  async on(machineId: string) { return machineId.length; }
}
const ended = [];
const exporter = { export(spans, done) { ended.push(...spans); done({ code: 0 }); }, async shutdown() {} };
const tracing = await startTracing({ serviceName: 'power', enabled: true, exporter });
await new Power().on('m-17');
await tracing.shutdown();
console.log('SPANS ' + ended.map(({ name, attributes }) => name + ' ' + attributes.machineId + ' ' + attributes['code.file.path']));
`;

export const PROGRAMS: readonly Program[] = [
  {
    page: 'docs/bundles.md',
    has: '// build.mjs',
    file: 'build.mjs',
    files: {
      'src/service.ts': SERVICE,
      'package.json': '{ "name": "page", "type": "module", "dependencies": { "spanwright": "*" } }',
      'tsconfig.json': '{ "compilerOptions": { "plugins": [{ "transform": "spanwright/transformer" }] } }',
    },
    part: 'bundlers',
    lines: ['node build.mjs', 'node out/service.mjs'],
    prints: /^SPANS Power\.on m-17 src\/service\.ts$/m,
  },
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
    prints: /APP siteOf[\s\S]*SPW001[\s\S]*APP siteOf[\s\S]*SPW001/,
  },
];
