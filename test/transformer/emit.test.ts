// Parts of the output that the transformer must leave alone: declarations, source maps of bodies, directives, other decorators, metadata of types,
// and the rest of the build. Compared with the same build without the plugin.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { DIAGNOSTICS } from '../../transformer/diagnostics.js';
import spanwright from '../../transformer/index.js';
import { compile, execute, tspc, write, writeProject } from './compile.js';
import { placeIn } from './sites.js';

const LEGACY = { experimentalDecorators: true };

const THROWING = `#!/usr/bin/env node
'use strict';
import { instrument } from 'spanwright';

export class Store {
  @instrument({
    attributes: { backend: 'nsm' },
  })
  find(id: string): string {
    const wanted = id;
    throw new Error('no ' + wanted);
  }
}

export const plan = instrument({ name: 'plan' }, (): never => {
  throw new Error('no plan');
});

for (const call of [() => new Store().find('x'), plan]) {
  try {
    call();
  } catch (error) {
    console.log((error as Error).stack!.split('\\n')[1]);
  }
}
`;

// Node runs no decorators of its own yet, so a target that keeps them cannot be run.
for (const [target, experimentalDecorators] of [
  ['ES2017', true],
  ['ESNext', true],
  ['ES2017', false],
  ['ES2022', false],
] as const) {
  test(`an error in a body maps to the authored line and column: ${target}, ${experimentalDecorators ? 'legacy' : 'TC39'}`, () => {
    const compilerOptions = { target, experimentalDecorators };
    const compiled = compile({ files: { 'src/main.ts': THROWING }, compilerOptions });
    assert.equal(compiled.diagnostics, []);
    const { stdout } = execute(compiled.directory, 'out/main.js');
    const places = [...stdout.matchAll(/src\/main\.ts:(\d+:\d+)/g)].map(([, place]) => place);
    assert.equal(places, ['11:11', '16:9'], stdout);
  });
}

test('an anonymous default class keeps its name and loads where static blocks are lowered, in auto mode and marked', () => {
  const main = `import Work from './work.js';
import Marked from './marked.js';
const work = new Work();
console.log(Work.name, work.run(1), work.later, [...work.list()].join(), new Marked().run());
`;
  const files = {
    'src/main.ts': main,
    'src/work.ts': `export default class {
  run(a: number) { return a; } get later() { return 'l'; } *list() { yield* arguments; yield this.run(2); }
}`,
    'src/marked.ts': `import { instrument } from 'spanwright';
export default class { @instrument run() { return this.constructor.name; } }`,
  };
  for (const experimentalDecorators of [true, false]) {
    const compilerOptions = { target: 'ES2018', module: 'ES2022', moduleResolution: 'bundler', experimentalDecorators };
    const type = { type: 'module' };
    const plugin = { auto: [{ files: 'src/work.ts', minLines: 1 }] };
    const auto = compile({ files, compilerOptions, plugin, package: type });
    const plain = compile({ files, compilerOptions, plugin: null, package: type });
    assert.equal(auto.diagnostics, []);
    assert.match(auto.output('work.js'), /spanwright\/emitted/);
    const [printed, expected] = [auto, plain].map(({ directory }) => execute(directory, 'out/main.js').stdout);
    assert.is(expected, 'default 1 l 2 default_1\n');
    assert.is(printed, expected);
  }
});

test('the shebang and directives stay first, and before the import of the runtime', () => {
  const lines = compile({ files: { 'src/main.ts': THROWING }, compilerOptions: LEGACY })
    .output('main.js')
    .split('\n');
  assert.is(lines[0], '#!/usr/bin/env node');
  assert.is(lines[1], "'use strict';");
});

test('declarations are byte for byte those of a build without the plugin', () => {
  const files = {
    'src/main.ts': THROWING,
    'src/more.ts': `import { instrument } from 'spanwright';
/** Documented. */
@instrument export abstract class A<T extends object = {}> { @instrument.skip protected m?(this: A<T>, a: T, ...rest: number[]): void; abstract n(): T; }
export default instrument({ name: 'x' }, async function* <T>(a: T) { yield a; });`,
  };
  for (const experimentalDecorators of [true, false]) {
    const compilerOptions = { experimentalDecorators, declarationMap: true };
    const [withPlugin, without] = [compile({ files, compilerOptions }), compile({ files, compilerOptions, plugin: null })];
    const declared = withPlugin.outputs().filter((path) => /\.d\.ts(\.map)?$/.test(path));
    assert.is(declared.length, 4);
    for (const path of declared) assert.is(withPlugin.output(path), without.output(path), path);
    assert.is.not(withPlugin.output('main.js'), without.output('main.js'));
  }
});

test('the compiler reports the same diagnostics for user code as without the plugin', () => {
  const files = {
    'src/main.ts': `import { instrument } from 'spanwright';
export class A { @instrument m(a: string): number { return a; } }
type Broken = { [key in keyof; interface I { m( }
export const x: string = 1;`,
  };
  const withPlugin = compile({ files, compilerOptions: LEGACY });
  assert.equal(withPlugin.diagnostics, compile({ files, compilerOptions: LEGACY, plugin: null }).diagnostics);
  assert.ok(withPlugin.diagnostics.length > 1);
});

test('other decorators keep their order, and see the types that the compiler writes for them', () => {
  const text = `import 'reflect-metadata';
import { instrument } from 'spanwright';
const log: string[] = [];
const note = (name: string) => { log.push('evaluate ' + name); return (_: object, key: string, d?: PropertyDescriptor) => { log.push('apply ' + name); return d!; }; };
const spread = () => (_: object, __: string, d: PropertyDescriptor) => { const body = d.value; d.value = function (...all: unknown[]) { log.push('called with ' + all.length); return body.apply(this, all); }; };
const options = () => { log.push('evaluate options'); return { name: 'o' }; };
class Dependency {}
export class A {
  @note('a') @instrument(options()) @note('b') @spread()
  m(a: Dependency, b: string = 'x'): Promise<number> { return Promise.resolve(arguments.length); }
}
async function main() {
  log.push(String(await (new A() as any).m({}, 'y', 3)));
  const types = ['design:type', 'design:paramtypes', 'design:returntype'].map((key) => Reflect.getMetadata(key, A.prototype, 'm'));
  console.log(JSON.stringify([log, types[0].name, types[1].map((t: Function) => t.name), types[2].name]));
}
void main();`;
  const compiled = compile({ files: { 'src/main.ts': text }, compilerOptions: { ...LEGACY, emitDecoratorMetadata: true } });
  assert.equal(compiled.diagnostics, []);
  const { stdout, stderr } = execute(compiled.directory, 'out/main.js');
  assert.is(stderr, '');
  const log = ['evaluate a', 'evaluate options', 'evaluate b', 'apply b', 'apply a', 'called with 3', '3'];
  assert.equal(JSON.parse(stdout), [log, 'Function', ['Dependency', 'String'], 'Promise']);
});

test('in circular imports the runtime is available before the module has run', () => {
  const files = {
    'src/main.ts': `import { second } from './second';
import { instrument } from 'spanwright';
export function early() { class A { @instrument m() { return 'early'; } } return new A().m(); }
console.log(second);`,
    'src/second.ts': `import { early } from './main'; export const second = early();`,
  };
  const compiled = compile({ files, compilerOptions: LEGACY });
  assert.is(execute(compiled.directory, 'out/main.js').stdout, 'early\n');
});

test('two builds of one source are the same', () => {
  const build = () => compile({ files: { 'src/main.ts': THROWING }, compilerOptions: LEGACY }, true);
  const [one, two] = [build(), build()];
  for (const path of one.outputs()) assert.is(one.output(path), two.output(path), path);
});

test('a fault of the transformer itself leaves the file as it was and is reported', () => {
  // Without parent pointers, which every program has, the core cannot find the position of a node.
  const file = ts.createSourceFile('main.ts', THROWING, ts.ScriptTarget.ES2022, false);
  const reported: ts.Diagnostic[] = [];
  const transformer = spanwright(undefined, {}, { ts, addDiagnostic: (diagnostic) => reported.push(diagnostic) });
  const { transformed } = ts.transform(file, [transformer]);
  assert.is(transformed[0], file);
  assert.equal(
    reported.map(({ code, category }) => [code, category]),
    [[DIAGNOSTICS['internal-fault'].code, ts.DiagnosticCategory.Warning]],
  );
});

test('tspc exits with 0 for good code, and with 2 for misuse, which it prints at the token', () => {
  const good = writeProject({ files: { 'src/main.ts': THROWING }, compilerOptions: LEGACY });
  assert.equal(tspc(good, '-p', '.'), { status: 0, stdout: '', stderr: '' });
  write(good, 'src/main.ts', THROWING.replace("attributes: { backend: 'nsm' }", "args: ['identity']"));
  const bad = tspc(good, '-p', '.');
  assert.is(bad.status, 2);
  assert.match(bad.stdout, /^src\/main\.ts\(7,12\): error TS91001: 'args' names 'identity'.*Its parameters: id\.$/m);
});

test('an incremental build and a build of referenced projects transform what they emit', () => {
  const directory = writeProject({
    files: {
      'src/main.ts': THROWING,
      'src/other.ts': 'export const other = 1;',
      'app/tsconfig.json': JSON.stringify({
        compilerOptions: {
          composite: true,
          module: 'CommonJS',
          target: 'ES2022',
          outDir: '../app-out',
          rootDir: '.',
          types: [],
          skipLibCheck: true,
          experimentalDecorators: true,
          plugins: [{ transform: 'spanwright/transformer', namespace: 'app' }],
        },
        references: [{ path: '..' }],
      }),
      'app/app.ts': `import { Store } from '../out/main'; import { instrument } from 'spanwright'; export class App extends Store { @instrument run() {} }`,
    },
    compilerOptions: { ...LEGACY, composite: true, incremental: true },
  });
  const built = tspc(directory, '-b', 'app');
  assert.is(built.stdout + built.stderr, '');
  assert.is(built.status, 0);
  assert.match(execute(directory, 'out/main.js').stdout, /src\/main\.ts:11:11/);
  assert.is(placeIn(readFileSync(join(directory, 'app-out/app.js'), 'utf8')).namespace, 'app::app::App');
  write(directory, 'src/other.ts', 'export const other = 2;');
  assert.is(tspc(directory, '-b', 'app').status, 0);
  assert.match(execute(directory, 'out/main.js').stdout, /src\/main\.ts:11:11/);
});

test.run();
