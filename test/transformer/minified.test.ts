// Names survive minifiers and bundlers: output of tspc, bundled and minified by esbuild with every local name shortened, has the
// same spans as unbundled.

import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { compile, execute, ROOT } from './compile.js';

const ESBUILD = join(ROOT, '.cache', 'hosts', 'bundlers', 'node_modules', 'esbuild', 'bin', 'esbuild');
if (!existsSync(ESBUILD)) throw new Error(`${ESBUILD} is missing: run \`bash .ci/setup\` first`);

const FILES = {
  'src/store.ts': `import { instrument } from 'spanwright';
export class WarehouseStore {
  @instrument({ args: ['orderNumber'] })
  find(orderNumber: string, { verbose } = { verbose: true }) { return orderNumber + verbose; }
  @instrument static open() { return new WarehouseStore(); }
  @instrument get levelOfStock() { return 1; }
}
@instrument
export class WholeArchive {
  async keep(orderNumber: string) { return orderNumber; }
}
export const planDelivery = instrument((orderNumber: string) => orderNumber);
export function autoDelivery(orderNumber: string) { return orderNumber; }
`,
  'src/main.ts': `import { startTracing } from 'spanwright';
import { InMemorySpanExporter } from '@opentelemetry/sdk-trace-base';
import { autoDelivery, planDelivery, WarehouseStore, WholeArchive } from './store';
async function main() {
  const exporter = new InMemorySpanExporter();
  const tracing = await startTracing({ serviceName: 'test', enabled: true, exporter });
  const store = WarehouseStore.open();
  store.find('o-1');
  void store.levelOfStock;
  await new WholeArchive().keep('o-2');
  planDelivery('o-3');
  autoDelivery('o-4');
  await tracing.forceFlush();
  console.log(JSON.stringify(exporter.getFinishedSpans().map(({ name, attributes }) => [name, attributes])));
  await tracing.shutdown();
}
void main();
`,
};

for (const [kind, experimentalDecorators] of [
  ['legacy', true],
  ['TC39', false],
] as const) {
  test(`names survive bundling and minifying: ${kind} decorators`, () => {
    const { directory, diagnostics } = compile({
      files: FILES,
      compilerOptions: { experimentalDecorators, module: 'ESNext' },
      package: { type: 'module' },
      plugin: { namespace: 'carbide', auto: [{ files: 'src/store.ts' }] },
    });
    assert.equal(diagnostics, []);
    const external = ['--external:spanwright', '--external:spanwright/*', '--external:@opentelemetry/*'];
    const told = [[], ['--minify']].map((options, index) => {
      const outfile = `bundle${index}.cjs`;
      const args = ['out/main.js', '--bundle', '--platform=node', ...external, `--outfile=${outfile}`, ...options];
      const { status, stderr } = spawnSync(ESBUILD, args, { cwd: directory, encoding: 'utf8' });
      assert.is(status, 0, stderr);
      const ran = execute(directory, outfile);
      return JSON.parse(ran.stdout || ran.stderr) as [string, Record<string, unknown>][];
    });
    assert.equal(told[1], told[0]);
    const names = ['WarehouseStore.open', 'WarehouseStore.find', 'WarehouseStore.levelOfStock', 'WholeArchive.keep'];
    assert.equal(
      told[1]?.map(([name]) => name),
      [...names, 'planDelivery', 'autoDelivery'],
    );
    assert.is(told[1]?.[1]?.[1].orderNumber, 'o-1');
    assert.is(told[1]?.[1]?.[1]['code.function.name'], 'carbide::store::WarehouseStore::find');
    // The identifiers themselves are gone.
    assert.not.match(
      readFileSync(join(directory, 'bundle1.cjs'), 'utf8'),
      /class (WarehouseStore|WholeArchive)|function autoDelivery/,
    );
  });
}

test.run();
