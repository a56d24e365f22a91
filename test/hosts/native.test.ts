// `spanwright build` beside the native `tsc` that it replaces: the same diagnostics, exit codes and declarations, JavaScript that is
// instrumented, misuse reported in the same form, and a clear word where the compiler cannot do it.

import { spawn } from 'node:child_process';
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { printableLines } from '../../runtime/text/printable.js';
import { EXPECTED_STOPS, STOPS, stopsOf } from '../transformer/breakpoints.js';
import { placeIn } from '../transformer/sites.js';
import { ROOT, write } from './conformance/project.js';
import { part } from './conformance/suite.js';
import { build, declare, MAIN, node, project, tsc } from './native-project.js';

const SOUND = `import { instrument } from 'spanwright';
export class Work { @instrument async run(id: string) { return { id, at: 1 }; } }
export const plan = instrument((job: string) => job.length);
`;
const WRONG = `${SOUND}export const wrong: number = 'text';\nnew Work().run(1);\n`;

const CASES: readonly { name: string; source: string; options?: Record<string, unknown>; args?: string[]; exit: number }[] = [
  { name: 'a sound program', source: SOUND, exit: 0 },
  { name: 'errors of types', source: WRONG, exit: 2 },
  { name: 'errors of syntax', source: `${SOUND}export const = 3;\n`, exit: 2 },
  { name: 'errors under noEmitOnError', source: WRONG, options: { noEmitOnError: true }, exit: 1 },
  { name: 'errors under --noEmit', source: WRONG, args: ['--noEmit'], exit: 2 },
  { name: 'no errors under --noEmit', source: SOUND, args: ['--noEmit'], exit: 0 },
  { name: 'an option that is wrong', source: SOUND, options: { module: 'Nonsense' }, exit: 2 },
  { name: 'an implicit any of strict code', source: `${SOUND}export function loose(a) { return a; }\n`, exit: 2 },
];

for (const { name, source, options, args = [], exit } of CASES) {
  declare(`diagnostics, exit code and declarations are those of tsc: ${name}`, () => {
    const directory = project(source, options);
    const plain = tsc(directory, '-p', '.', ...args);
    const declarations = join(directory, 'out/work.d.ts');
    const expected = existsSync(declarations) ? readFileSync(declarations, 'utf8') : undefined;
    const script = existsSync(join(directory, 'out/work.js'));
    rmSync(join(directory, 'out'), { recursive: true, force: true });
    const ours = build(directory, '-p', '.', ...args);
    assert.is(ours.stdout, plain.stdout);
    assert.is(ours.stderr, '');
    assert.is(plain.status, exit, plain.stdout);
    assert.is(ours.status, exit);
    assert.is(existsSync(declarations) ? readFileSync(declarations, 'utf8') : undefined, expected);
    assert.is(existsSync(join(directory, 'out/work.js')), script);
    if (script) assert.match(readFileSync(join(directory, 'out/work.js'), 'utf8'), /\(\d+, ?w/);
  });
}

declare('messages keep the colours of the compiler on a terminal, and no character of the sources that is unsafe there', () => {
  const directory = project("export const wrong: 'svc\u202e\u009b31m' = 'svc\u001b]52;c;aGk=\u0007';\n");
  const { stdout } = tsc(directory, '-p', '.', '--pretty');
  const shown = printableLines(stdout, true);
  assert.match(shown, /\\u202e.*\\u001b\]52/su);
  assert.is(shown.split('\u001b[').length, stdout.split('\u001b[').length);
  for (const text of [shown.replaceAll('\u001b[', ''), build(directory, '-p', '.').stdout])
    assert.equal(text.match(/[^\P{Cc}\n\t]|\p{Cf}/gu), null, text);
});

declare('a project that has nothing to instrument is written as tsc writes it', () => {
  const directory = project('export const one: number = 1;\n');
  tsc(directory, '-p', '.');
  const expected = readFileSync(join(directory, 'out/work.js'), 'utf8');
  rmSync(join(directory, 'out'), { recursive: true });
  assert.is(build(directory).status, 0);
  assert.is(readFileSync(join(directory, 'out/work.js'), 'utf8'), expected);
});

declare('misuse is an error at its place, in the form of the compiler, beside the errors of the compiler', () => {
  const misuse = `import { instrument } from 'spanwright';\nexport class Work { @instrument({ args: ['jbo'] }) run(job: string) { return job; } }\n`;
  const { status, stdout } = build(project(`${misuse}export const wrong: number = 'text';\n`));
  assert.is(status, 2);
  const [first = '', second = ''] = stdout.trim().split('\n');
  assert.match(first, /^src\/work\.ts\(2,\d+\): error TS91001: 'args' names 'jbo'.* Did you mean "job"\?$/);
  assert.match(second, /^src\/work\.ts\(3,14\): error TS2322: /);
});

declare('an invalid option of the plugin is an error, also in an inherited configuration', () => {
  const directory = project(SOUND);
  const base = JSON.parse(readFileSync(join(directory, 'tsconfig.json'), 'utf8'));
  base.compilerOptions.plugins[0].namspace = 'x';
  write(directory, 'base.json', JSON.stringify(base));
  write(directory, 'tsconfig.json', JSON.stringify({ extends: './base.json', include: ['src'] }));
  const { status, stdout } = build(directory);
  assert.is(status, 2);
  assert.match(stdout, /error TS91011: .*'namspace'.*Did you mean "namespace"\?/);
  assert.is(placeIn(readFileSync(join(directory, 'out/work.js'), 'utf8')).namespace, 'conformance::work::Work');
});

declare('an inline source map leads to the original text too', () => {
  const failing = `import { instrument } from 'spanwright';\nexport class Work {\n  @instrument run() { throw new Error('here'); }\n}\nnew Work().run();\n`;
  const directory = project(failing, { sourceMap: false, inlineSourceMap: true });
  assert.is(build(directory).status, 0);
  const { stderr } = node(directory, '--enable-source-maps', 'out/work.js');
  assert.match(stderr, /at Work\.run \(.*src\/work\.ts:3:29\)/);
});

declare(
  'instrument is followed through re-exporting modules of the project; other functions of that name are not instrumented',
  () => {
    const directory = project(`import { trace, instrument } from './tracing/index.js';
export class Work { @trace run(id: string) { return id; } }
export const own = instrument(() => 1);
`);
    write(directory, 'src/tracing/index.ts', `export * from './marks';\nexport const instrument = <F>(fn: F): F => fn;\n`);
    write(directory, 'src/tracing/marks.ts', `export { instrument as trace } from 'spanwright';\n`);
    const { status, stdout } = build(directory);
    assert.is(stdout, '');
    assert.is(status, 0);
    const output = readFileSync(join(directory, 'out/work.js'), 'utf8');
    assert.is(placeIn(output).namespace, 'conformance::work::Work');
    assert.not.match(output, /__spanwright\.wrap/);
  },
);

for (const experimentalDecorators of [true, false])
  declare(`breakpoints land in bodies: ${experimentalDecorators ? 'legacy' : 'TC39'}`, () => {
    const directory = project(STOPS, { experimentalDecorators });
    const { status, stdout } = build(directory);
    assert.is(stdout, '');
    assert.is(status, 0);
    assert.equal(stopsOf(directory, 'out/work.js'), EXPECTED_STOPS);
  });

declare('TypeScript 7.0 and 5.9 are refused, each with the release to install', () => {
  const older = project(SOUND, {}, { typescript: part('ts7/node_modules/typescript-7.0') });
  const native = build(older);
  assert.is(native.status, 1);
  assert.match(native.stderr, /^spanwright: TypeScript 7\.0\.2 lacks .*npm install -D typescript@\^7\.1\.0-0/);
  const classic = build(project(SOUND, {}, { typescript: join(ROOT, 'node_modules/typescript') }));
  assert.is(classic.status, 1);
  assert.match(classic.stderr, /^spanwright: TypeScript 5\.9\.\d+ takes the transformer through ts-patch: build with `tspc`/);
  const none = build(project(SOUND, {}, {}));
  assert.match(none.stderr, /^spanwright: There is no TypeScript at /);
  const nowhere = build(older, '-p', 'nowhere.json');
  assert.is(nowhere.status, 1);
  assert.match(nowhere.stderr, /There is no .*nowhere\.json/);
});

/** A watching build, until the test has seen enough; it is ended by its own handle in any case. */
async function watching(directory: string, args: string[], work: (until: (pattern: RegExp) => Promise<void>) => Promise<void>) {
  const child = spawn(process.execPath, [MAIN, 'build', '--watch', ...args], { cwd: directory });
  const ended = new Promise((done) => child.once('exit', done));
  let output = '';
  child.stdout.on('data', (chunk) => {
    output += chunk;
  });
  /** Waits for output, and forgets what came before. */
  const until = async (pattern: RegExp): Promise<void> => {
    for (const end = Date.now() + 60_000; !pattern.test(output); ) {
      if (Date.now() > end) throw new Error(`not seen within 60 s: ${pattern}\n${output}`);
      await new Promise((done) => setTimeout(done, 50));
    }
    output = '';
  };
  try {
    await work(until);
    child.kill('SIGTERM');
    assert.is(await ended, 0);
  } finally {
    child.kill('SIGKILL');
    await ended;
  }
}

const base = (namespace: string): string =>
  JSON.stringify({ compilerOptions: { plugins: [{ transform: 'spanwright/transformer', namespace }] } });

/** Moves the plugin's entry to a configuration that the project's own extends. */
function extendBase(directory: string, path: string, from: string): void {
  const { compilerOptions, ...others } = JSON.parse(readFileSync(join(directory, path), 'utf8'));
  delete compilerOptions.plugins;
  write(directory, path, JSON.stringify({ ...others, compilerOptions, extends: from }));
  write(directory, 'base.json', base('first'));
}

declare('--watch builds again after a change, and ends with the signal', async () => {
  const directory = project(`${SOUND}import amounts from './amounts.json';\nexport const amount: number = amounts.first;\n`, {
    resolveJsonModule: true,
  });
  write(directory, 'src/amounts.json', '{ "first": 1 }');
  extendBase(directory, 'tsconfig.json', './base.json');
  await watching(directory, [], async (until) => {
    await until(/Found 0 errors\. Watching for file changes\./);
    write(directory, 'src/amounts.json', '{ "first": "one" }');
    await until(/error TS2322[\s\S]*Found 1 error/);
    write(directory, 'src/work.ts', SOUND.replace('async run', 'async walk'));
    await until(/File change detected[\s\S]*Found 0 errors/);
    assert.match(readFileSync(join(directory, 'out/work.js'), 'utf8'), /walk:/);
    write(directory, 'base.json', base('renamed'));
    await until(/File change detected[\s\S]*Found 0 errors/);
    assert.match(readFileSync(join(directory, 'out/work.js'), 'utf8'), /renamed/);
    write(directory, 'src/work.ts', WRONG);
    await until(/error TS2322[\s\S]*Found 2 errors/);
  });
});

declare('--watch of an incremental project follows sources outside the directory of its configuration', async () => {
  const directory = project(`${SOUND}export { amount } from '../else/where';\n`, {
    incremental: true,
    rootDir: '..',
    outDir: '../out',
  });
  write(directory, 'else/where.ts', 'export const amount: number = 1;\n');
  const config = JSON.parse(readFileSync(join(directory, 'tsconfig.json'), 'utf8'));
  write(directory, 'part/tsconfig.json', JSON.stringify({ ...config, include: ['../src'] }));
  extendBase(directory, 'part/tsconfig.json', '../base.json');
  await watching(directory, ['-p', 'part'], async (until) => {
    await until(/Found 0 errors\. Watching for file changes\./);
    write(directory, 'else/where.ts', "export const amount: number = 'one';\n");
    await until(/error TS2322[\s\S]*Found 1 error/);
    write(directory, 'else/where.ts', 'export const amount: number = 2;\n');
    await until(/File change detected[\s\S]*Found 0 errors/);
    write(directory, 'src/work.ts', SOUND.replace('async run', 'async walk'));
    await until(/File change detected[\s\S]*Found 0 errors/);
    assert.match(readFileSync(join(directory, 'out/src/work.js'), 'utf8'), /walk:/);
    write(directory, 'base.json', base('renamed'));
    await until(/File change detected[\s\S]*Found 0 errors/);
    assert.match(readFileSync(join(directory, 'out/src/work.js'), 'utf8'), /renamed/);
    write(directory, 'src/work.ts', WRONG);
    await until(/error TS2322[\s\S]*Found 2 errors/);
  });
});

test.run();
