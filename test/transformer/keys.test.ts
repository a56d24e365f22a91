// Computed names of a class that is instrumented as a whole: those that can be read once more without effect are recorded with their place;
// the others are left alone. In auto mode all are recorded. Nothing is ever evaluated twice.

import { spawnSync } from 'node:child_process';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { compile, execute } from './compile.js';

const SERVICE = `
import { own, Remote, symbols } from './keys.js';
import * as keys from './keys.js';
enum Local { First = 'first', Second = 2 }
let read = 0;
const counted = { get key() { read++; return 'counted'; } };
MARK
export class Service {
  [Local.First]() { return 'first'; }
  [Local.Second]() { return 'second'; }
  [Remote.Third]() { return 'third'; }
  static [keys.symbols.fourth]() { return 'fourth'; }
  [symbols.fourth]() { return 'own fourth'; }
  [own]() { return 'own'; }
  [counted.key]() { return 'counted'; }
  ['a' + 'b']() { return 'sum'; }
}
export function results() {
  const it = new Service() as any;
  return [it.first(), it[2](), it.third(), (Service as any)[symbols.fourth](), it[symbols.fourth](), it.own(), it.counted(), it.ab(), read];
}
`;

const MAIN = `
import { InMemorySpanExporter } from '@opentelemetry/sdk-trace-base';
import { startTracing } from 'spanwright';
import { results } from './service.js';
async function run() {
  const exporter = new InMemorySpanExporter();
  const tracing = await startTracing({ serviceName: 'test', enabled: true, exporter });
  const found = results();
  await tracing.forceFlush();
  const spans = exporter.getFinishedSpans().map(({ attributes }) => attributes['code.function.name'] + ' ' + (attributes['code.line.number'] ?? 'no line'));
  console.log('\\n' + JSON.stringify({ found, spans }));
  await tracing.shutdown();
}
void run();
`;

const KEYS = `export const own = 'own';
export enum Remote { Third = 'third' }
export const symbols = { fourth: Symbol('fourth') };
`;

const RESULTS = ['first', 'second', 'third', 'fourth', 'own fourth', 'own', 'counted', 'sum', 1];
const SPANS = [
  'app::service::Service::[Local.First] 9',
  'app::service::Service::[Local.Second] 10',
  'app::service::Service::[Remote.Third] 11',
  'app::service::Service::[keys.symbols.fourth] 12',
  'app::service::Service::[own] 14',
  'app::service::Service::[symbols.fourth] 13',
];

function check(run: { status: number | null; stdout: string; stderr: string }): void {
  assert.is(run.status, 0, run.stderr);
  const { found, spans } = JSON.parse(run.stdout.slice(run.stdout.indexOf('\n{')));
  assert.equal(found, RESULTS);
  assert.equal(spans.sort(), SPANS);
}

const MARKED = SERVICE.replace('MARK', "import { instrument } from 'spanwright'; @instrument");
const NODE16 = { module: 'Node16', moduleResolution: 'Node16' };

for (const [name, compilerOptions] of Object.entries({
  'legacy, CommonJS, ES2017': { experimentalDecorators: true, target: 'ES2017' },
  'legacy, ESM, ES2022': { experimentalDecorators: true, ...NODE16 },
  'TC39, CommonJS, ES2022': {},
  'TC39, ESM, ES2017': { target: 'ES2017', ...NODE16 },
})) {
  const type = 'module' in compilerOptions ? 'module' : 'commonjs';

  test(`computed names of a whole class: ${name}`, () => {
    const files = { 'src/main.ts': MAIN, 'src/service.ts': MARKED, 'src/keys.ts': KEYS };
    const compiled = compile({
      files,
      compilerOptions,
      plugin: { namespace: 'app' },
      package: { type },
    });
    assert.equal(compiled.diagnostics, []);
    check(execute(compiled.directory, 'out/main.js'));
    rmSync(join(compiled.directory, 'out'), { recursive: true });
    if (type === 'module') return;
    // the same without a type checker
    const args = ['--import', 'spanwright/register', 'src/main.ts'];
    check(spawnSync(process.execPath, args, { cwd: compiled.directory, encoding: 'utf8' }));
  });

  test(`computed names in auto mode: ${name}`, () => {
    const files = { 'src/main.ts': MAIN, 'src/service.ts': SERVICE.replace('MARK', ''), 'src/keys.ts': KEYS };
    const auto = [{ files: 'src/service.ts' }];
    const compiled = compile({
      files,
      compilerOptions,
      plugin: { namespace: 'app', auto },
      package: { type },
    });
    assert.equal(compiled.diagnostics, []);
    const run = execute(compiled.directory, 'out/main.js');
    assert.is(run.status, 0, run.stderr);
    const { found, spans } = JSON.parse(run.stdout.slice(run.stdout.indexOf('\n{')));
    assert.equal(found, RESULTS);
    // what is recorded inline is found without its name
    const others = ["['a' + 'b'] 16", '[counted.key] 15'].map((member) => `app::service::Service::${member}`);
    assert.equal(spans.filter((span: string) => span.includes('Service')).sort(), [...SPANS, ...others].sort());
  });
}

test.run();
