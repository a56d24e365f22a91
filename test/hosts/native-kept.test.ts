// limit: 240 s
// `spanwright build` of projects that keep a state (`incremental`, `composite`, references): the state is the one of `tsc`, what is up to
// date is left alone, every written file is instrumented in any state, and diagnostics and exit codes stay those of `tsc`.

import { existsSync, readFileSync, rmSync, statSync, utimesSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { placeIn } from '../transformer/sites.js';
import { link, write } from './conformance/project.js';
import { build, declare, node, project, tsc } from './native-project.js';

const WORK = `import { instrument } from 'spanwright';
export class Work { @instrument run(id: string) { return id; } }
`;
const OTHER = `import { instrument } from 'spanwright';
import { Work } from './work';
export const other = instrument((id: string) => new Work().run(id));
`;
const MISUSE = `import { instrument } from 'spanwright';
export class Work { @instrument({ args: ['job'] }) run(id: string) { return id; } }
`;
const INCREMENTAL = { incremental: true, declaration: true };
const LIST = ['-p', '.', '--listEmittedFiles'];

function incremental(options: Record<string, unknown> = INCREMENTAL): string {
  const directory = project(WORK, options);
  write(directory, 'src/other.ts', OTHER);
  return directory;
}

const read = (directory: string, file: string): string => readFileSync(join(directory, file), 'utf8');
const instrumented = (directory: string, file: string): boolean => read(directory, file).includes('spanwright/emitted');

/** Sets the files' times back, and answers which of them have been written since. */
function aging(directory: string, files: readonly string[]): () => string[] {
  const past = new Date(Date.now() - 100_000);
  for (const file of files) utimesSync(join(directory, file), past, past);
  return () => files.filter((file) => statSync(join(directory, file)).mtimeMs > past.getTime() + 1000);
}

declare('an incremental build keeps the state that tsc keeps, and tsc finds it up to date', () => {
  const directory = incremental();
  const { status, stdout, stderr } = build(directory);
  assert.is(stdout + stderr, '');
  assert.is(status, 0);
  assert.ok(instrumented(directory, 'out/work.js') && instrumented(directory, 'out/other.js'));
  assert.not.match(tsc(directory, ...LIST).stdout, /TSFILE/);

  const plain = incremental();
  tsc(plain, '-p', '.');
  const info = (root: string) => {
    const { fileInfos, emitSignatures, root: roots } = JSON.parse(read(root, 'tsconfig.tsbuildinfo'));
    return { fileInfos, emitSignatures, roots };
  };
  assert.ok(info(plain).fileInfos.length > 2);
  assert.equal(info(directory), info(plain));
  for (const file of ['work.d.ts', 'other.d.ts']) assert.is(read(directory, `out/${file}`), read(plain, `out/${file}`));
});

declare('unchanged files are left alone, changed ones are written with their new places', () => {
  const directory = incremental();
  assert.is(build(directory).status, 0);
  const outputs = ['out/work.js', 'out/work.js.map', 'out/other.js', 'out/other.js.map'];
  const written = aging(directory, outputs);
  assert.is(build(directory).status, 0);
  assert.equal(written(), []);

  write(directory, 'src/other.ts', `\n${OTHER}`);
  assert.is(build(directory).status, 0);
  assert.equal(written(), ['out/other.js', 'out/other.js.map']);
  assert.match(read(directory, 'out/other.js'), /:4\./);
});

declare('a changed option of the plugin is followed, although the state says that nothing changed', () => {
  const directory = incremental();
  assert.is(build(directory).status, 0);
  assert.is(placeIn(read(directory, 'out/work.js')).namespace, 'conformance::work::Work');
  const config = JSON.parse(read(directory, 'tsconfig.json'));
  config.compilerOptions.plugins[0].namespace = 'renamed';
  write(directory, 'tsconfig.json', JSON.stringify(config));
  assert.is(build(directory).status, 0);
  assert.is(placeIn(read(directory, 'out/work.js')).namespace, 'renamed::work::Work');
  assert.is(placeIn(read(directory, 'out/other.js')).namespace, 'renamed::other');
});

declare('output that plain tsc wrote in between is replaced, although the build state is up to date', () => {
  const directory = incremental();
  assert.is(build(directory).status, 0);
  write(directory, 'src/work.ts', `\n${WORK}`);
  assert.is(tsc(directory, '-p', '.').status, 0);
  assert.not.ok(instrumented(directory, 'out/work.js'));
  assert.is(build(directory).status, 0);
  assert.ok(instrumented(directory, 'out/work.js'));
});

declare('errors are those of tsc, in a first build and in one that changed nothing', () => {
  const [ours, plain] = [incremental(), incremental()];
  const options = [ours, plain].map((directory) => {
    write(directory, 'src/wrong.ts', `export const wrong: number = 'text';\n`);
    return directory === ours ? () => build(directory) : () => tsc(directory, '-p', '.');
  }) as [() => ReturnType<typeof build>, () => ReturnType<typeof build>];
  for (const round of [1, 2]) {
    const [found, expected] = [options[0](), options[1]()];
    assert.is(found.stdout, expected.stdout, `round ${round}`);
    assert.match(found.stdout, /error TS2322/);
    assert.equal([found.status, expected.status], [2, 2]);
  }
  assert.ok(instrumented(ours, 'out/work.js'));
});

declare('misuse is reported in every build until it is fixed', () => {
  const directory = incremental();
  write(directory, 'src/work.ts', MISUSE);
  for (const round of [1, 2]) {
    const { status, stdout } = build(directory);
    assert.match(stdout, /^src\/work\.ts\(2,\d+\): error TS91001: /, `round ${round}`);
    assert.is(status, 2);
  }
  write(directory, 'src/work.ts', WORK);
  assert.equal(build(directory).status, 0);
});

declare('under noEmitOnError an error of either kind keeps every file from being written', () => {
  for (const source of [MISUSE, `${WORK}export const wrong: number = 'text';\n`]) {
    const directory = incremental({ ...INCREMENTAL, noEmitOnError: true });
    write(directory, 'src/work.ts', source);
    assert.is(build(directory).status, 1);
    assert.not.ok(existsSync(join(directory, 'out/work.js')));
    write(directory, 'src/work.ts', WORK);
    assert.is(build(directory).status, 0);
    assert.ok(instrumented(directory, 'out/work.js') && instrumented(directory, 'out/other.js'));
  }
});

declare('--noEmit reports all errors, and writes only the build state', () => {
  const directory = incremental();
  write(directory, 'src/work.ts', `${MISUSE}export const wrong: number = 'text';\n`);
  const { status, stdout } = build(directory, '--noEmit');
  assert.match(stdout, /error TS2322/);
  assert.match(stdout, /error TS91001/);
  assert.is(status, 2);
  assert.not.ok(existsSync(join(directory, 'out/work.js')));
});

/** `app` uses `store`; both are composite. */
function referencing(): string {
  const directory = project(WORK);
  rmSync(join(directory, 'src'), { recursive: true });
  const { compilerOptions } = JSON.parse(read(directory, 'tsconfig.json'));
  const options = { ...compilerOptions, composite: true, outDir: 'lib', rootDir: '.' };
  const config = (references: string[]) =>
    JSON.stringify({ compilerOptions: options, include: ['*.ts'], references: references.map((path) => ({ path })) });
  write(directory, 'store/tsconfig.json', config([]));
  write(directory, 'store/store.ts', WORK.replaceAll('Work', 'Store'));
  write(directory, 'store/package.json', JSON.stringify({ name: 'kept-store', main: 'lib/store.js', types: 'lib/store.d.ts' }));
  link(directory, { 'kept-store': join(directory, 'store') });
  write(directory, 'app/tsconfig.json', config(['../store']));
  write(
    directory,
    'app/app.ts',
    `import { instrument } from 'spanwright';\nimport { Store } from 'kept-store';\nconsole.log(instrument(() => new Store().run('kept'))());\n`,
  );
  return directory;
}

declare('-b builds and instruments all referenced projects, and leaves the build state to tsc -b', () => {
  const directory = referencing();
  const { status, stdout, stderr } = build(directory, '-b', '-p', 'app');
  assert.is(stdout + stderr, '');
  assert.is(status, 0);
  const outputs = ['store/lib/store.js', 'app/lib/app.js'];
  for (const file of outputs) assert.ok(instrumented(directory, file), file);
  assert.is(node(directory, 'app/lib/app.js').stdout, 'kept\n');
  assert.not.match(tsc(directory, '-b', 'app', '--listEmittedFiles').stdout, /TSFILE/);

  const written = aging(directory, outputs);
  assert.is(build(directory, '-b', '-p', 'app').status, 0);
  assert.equal(written(), []);
  write(directory, 'store/store.ts', WORK.replaceAll('Work', 'Store').replace('return id', "return id + ' again'"));
  assert.is(build(directory, '-b', '-p', 'app').status, 0);
  assert.equal(written(), ['store/lib/store.js']);
  assert.is(node(directory, 'app/lib/app.js').stdout, 'kept again\n');
});

declare('-b takes the folders and files that tsc -b takes, and builds each project once', () => {
  const directory = referencing();
  const written = ['store/lib/store.js', 'app/lib/app.js'];
  for (const named of [['app'], ['store', 'app/tsconfig.json'], ['./app/', 'store']]) {
    for (const folder of ['store', 'app']) rmSync(join(directory, folder, 'lib'), { recursive: true, force: true });
    const { status, stdout, stderr } = build(directory, '-b', ...named);
    assert.is(stdout + stderr, '', named.join(' '));
    assert.is(status, 0);
    for (const file of written) assert.ok(instrumented(directory, file), file);
  }
  assert.is(build(join(directory, 'app'), '-b', '.').status, 0);
  assert.is(build(join(directory, 'app'), '-b').status, 0);
  const nowhere = build(directory, '-b', 'app', 'nowhere');
  assert.match(nowhere.stderr, /There is no .*nowhere/);
  assert.is(nowhere.status, 1);
});

declare('a project without -b, and -b beside -p, are refused with the correct command', () => {
  const directory = referencing();
  const bare = build(directory, 'app');
  assert.match(bare.stderr, /build takes projects with -b only: spanwright build -b app, or -p app\./);
  assert.is(bare.status, 2);
  assert.is(build(directory, '-b', 'app', '-p', 'app').status, 2);
});

declare('-b reports errors of a referenced project; without -b its output has to exist', () => {
  const directory = referencing();
  const missing = build(directory, '-p', 'app');
  assert.match(missing.stdout, /error TS6305|error TS2307/);
  assert.is(missing.status, 2);
  write(directory, 'store/store.ts', MISUSE.replaceAll('Work', 'Store'));
  const { status, stdout } = build(directory, '-b', '-p', 'app');
  assert.match(stdout, /store\/store\.ts\(2,\d+\): error TS91001: /);
  assert.is(status, 2);
});

test.run();
