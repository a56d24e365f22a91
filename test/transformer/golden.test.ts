// Golden cases: test/golden/<case>/ holds input.ts, perhaps options.json (of the plugin and the compiler), and expected.txt: the
// diagnostics of the transformer, or, where there are none, the JavaScript. `UPDATE_GOLDEN=1` writes expected.txt.
// JavaScript is also run: calls.ts beside it calls what input.ts exports, checks the results, and lists the spans of the calls.

import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { InMemorySpanExporter } from '@opentelemetry/sdk-trace-base';
import ts from 'typescript';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { expectSpans } from '../expected-spans.js';
import { type Compiled, compile, ROOT, write } from './compile.js';

const GOLDEN = join(ROOT, 'test', 'golden');
const CASES = readdirSync(GOLDEN, { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map((entry) => entry.name)
  .sort();

interface Calls {
  calls(): unknown;
  readonly spans: readonly string[];
}

function compileCase(name: string): Compiled {
  const read = (file: string): string | undefined => {
    const path = join(GOLDEN, name, file);
    return existsSync(path) ? readFileSync(path, 'utf8') : undefined;
  };
  const { compilerOptions, plugin } = JSON.parse(read('options.json') ?? '{}');
  const calls = read('calls.ts');
  return compile({
    files: { 'src/input.ts': read('input.ts') ?? '', ...(calls !== undefined && { 'src/calls.ts': calls }) },
    compilerOptions: { experimentalDecorators: true, sourceMap: false, declaration: false, ...compilerOptions },
    plugin: { namespace: 'golden', ...plugin },
  });
}

/** Loads calls.js. What Node cannot run yet (decorators) is compiled further. */
function load({ directory, outputs, output }: Compiled): Calls {
  const compilerOptions = { target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.CommonJS, esModuleInterop: true };
  for (const file of outputs())
    write(directory, `out/${file}`, ts.transpileModule(output(file), { fileName: file, compilerOptions }).outputText);
  return createRequire(join(directory, 'out/'))('./calls.js') as Calls;
}

async function expectRun(compiled: Compiled): Promise<void> {
  const { startTracing } = createRequire(join(compiled.directory, 'out/'))(
    'spanwright',
  ) as typeof import('../../runtime/index.js');
  const { calls, spans } = load(compiled);
  const exporter = new InMemorySpanExporter();
  const tracing = await startTracing({ exporter, logger: () => {} });
  try {
    await calls();
    await tracing.forceFlush();
    expectSpans(exporter.getFinishedSpans());
    tracing.setEnabled(true);
    await calls();
    await tracing.forceFlush();
    expectSpans(exporter.getFinishedSpans(), ...spans);
  } finally {
    await tracing.shutdown();
  }
}

test('there are golden cases', () => {
  assert.ok(CASES.length >= 10, `found ${CASES.length}`);
});

for (const name of CASES) {
  test(`golden case ${name} comes out as expected`, async () => {
    const compiled = compileCase(name);
    const prints = compiled.misuse.length === 0;
    const found = prints ? compiled.output('input.js') : `${compiled.misuse.join('\n')}\n`;
    const expected = join(GOLDEN, name, 'expected.txt');
    if (process.env.UPDATE_GOLDEN === '1') writeFileSync(expected, found);
    assert.fixture(found, readFileSync(expected, 'utf8'));
    if (!prints) return;
    assert.equal(compiled.diagnostics, []);
    await expectRun(compiled);
  });
}

test.run();
