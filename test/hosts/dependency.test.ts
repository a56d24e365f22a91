// limit: 180 s
// Packages whose compiled code imports spanwright although they do not list it: `instrument` comes from a library of the workspace, or auto
// mode needs no import. Each layout is compiled by each kind of host, which reports the remedy; no compiled file fails to load.

import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { link, newDirectory, ROOT, write } from './conformance/project.js';
import { part, testWith } from './conformance/suite.js';
import { doctor } from './patient.js';

const LISTED = { spanwright: '*' };
/** Declared here, because reading the types of Node takes longer than the rest of a compilation. */
const RUN = `declare const console: { log(...values: unknown[]): void };\nconsole.log('ran', new Work().run('job'));\n`;
const REEXPORTED = `import { instrument } from '@acme/tracing';\nexport class Work { @instrument run(job: string) { return job; } }\n${RUN}`;
const DIRECT = REEXPORTED.replace('@acme/tracing', 'spanwright');
const AUTOMATIC = `export class Work { run(job: string) { return job; } }\n${RUN}`;

type Code = 'TS91014' | 'TS91015' | 'TS91016';

interface Layout {
  readonly name: string;
  /** Place of the installed package: at the root of the workspace, or for each package that lists it, which the library does. */
  readonly installed: 'app and library' | 'root' | 'library';
  /** Dependencies that the package.json of the application, and that of the root, list beyond the library. */
  readonly app?: object;
  readonly root?: object;
  readonly source: string;
  /** Reports of hosts that write files to be installed, of bundlers, and of a run in development; default none. */
  readonly output?: Code;
  readonly bundle?: Code;
  readonly run?: Code;
}

const LAYOUTS: readonly Layout[] = [
  {
    ...{ name: 'installed for the library alone, as pnpm does', installed: 'library', source: REEXPORTED },
    ...{ output: 'TS91014', bundle: 'TS91014', run: 'TS91014' },
  },
  {
    ...{ name: 'auto mode without any installation', installed: 'library', source: AUTOMATIC },
    ...{ output: 'TS91014', bundle: 'TS91014', run: 'TS91014' },
  },
  { name: 'hoisted to the root', installed: 'root', source: REEXPORTED, output: 'TS91015', bundle: 'TS91015' },
  { name: 'auto mode, hoisted to the root', installed: 'root', source: AUTOMATIC, output: 'TS91015', bundle: 'TS91015' },
  {
    ...{ name: 'a development dependency, through the library', installed: 'app and library', source: REEXPORTED },
    ...{ app: { devDependencies: LISTED }, output: 'TS91016' },
  },
  {
    ...{ name: 'a development dependency, imported itself', installed: 'app and library', source: DIRECT },
    ...{ app: { devDependencies: LISTED }, output: 'TS91016' },
  },
  {
    ...{ name: 'a development dependency of the root', installed: 'root', source: REEXPORTED },
    ...{ root: { devDependencies: LISTED }, output: 'TS91016' },
  },
  { name: 'a dependency', installed: 'app and library', source: REEXPORTED, app: { dependencies: LISTED } },
  {
    name: 'a peer',
    installed: 'app and library',
    source: REEXPORTED,
    app: { peerDependencies: LISTED, devDependencies: LISTED },
  },
  { name: 'an optional dependency', installed: 'app and library', source: REEXPORTED, app: { optionalDependencies: LISTED } },
  { name: 'a dependency of the root', installed: 'root', source: REEXPORTED, root: { dependencies: LISTED } },
  { name: 'imported itself, and listed nowhere', installed: 'root', source: DIRECT },
];

/** The directory of the application. */
function workspace({ installed, app = {}, root = {}, source }: Layout): string {
  const top = newDirectory();
  const directory = join(top, 'packages/app');
  const library = join(top, 'packages/tracing');
  write(top, 'package.json', JSON.stringify({ name: 'workspace', private: true, ...root }));
  write(directory, 'package.json', JSON.stringify({ name: 'app', ...app }));
  write(library, 'package.json', JSON.stringify({ name: '@acme/tracing', types: 'index.d.ts', dependencies: LISTED }));
  write(library, 'index.js', `exports.instrument = require('spanwright').instrument;\n`);
  write(library, 'index.d.ts', `export { instrument } from 'spanwright';\n`);
  const auto = source === AUTOMATIC ? [{ files: 'src/**' }] : [];
  for (const [name, transform] of [
    ['tsconfig.json', 'spanwright/transformer'],
    // tspc loads the plugin from where it is, which is not beside the application in each layout.
    ['tsconfig.tspc.json', join(ROOT, 'dist/transformer/index.js')],
  ] as const) {
    const kinds = { target: 'ES2022', lib: ['ES2022'], module: 'Node16', experimentalDecorators: true, skipLibCheck: true };
    const compilerOptions = { ...kinds, rootDir: 'src', outDir: 'out', types: [], plugins: [{ transform, auto }] };
    write(directory, name, JSON.stringify({ compilerOptions, include: ['src'] }));
  }
  write(directory, 'src/work.ts', source);
  link(directory, { '@acme/tracing': library });
  const packages = { spanwright: ROOT, '@opentelemetry': join(ROOT, 'node_modules/@opentelemetry') };
  const folders = { 'app and library': [directory, library], root: [top], library: [library] }[installed];
  for (const folder of folders) link(folder, packages);
  return directory;
}

interface Output {
  readonly text: string;
  /** The JavaScript to run. */
  readonly program: string;
}

function node(directory: string, ...args: string[]): string {
  const { stdout, stderr } = spawnSync(process.execPath, args, { cwd: directory, encoding: 'utf8' });
  return stdout + stderr;
}

const HOSTS: readonly { name: string; part?: string; as: 'output' | 'bundle'; build(directory: string): Output }[] = [
  {
    name: 'tspc',
    as: 'output',
    build(directory) {
      const text = node(directory, join(ROOT, 'node_modules/ts-patch/bin/tspc.js'), '-p', 'tsconfig.tspc.json');
      return { text, program: 'out/work.js' };
    },
  },
  {
    name: 'spanwright build',
    part: 'ts7',
    as: 'output',
    build(directory) {
      link(directory, { typescript: part('ts7/node_modules/typescript'), '@typescript': part('ts7/node_modules/@typescript') });
      return { text: node(directory, join(ROOT, 'dist/cli/main.js'), 'build'), program: 'out/work.js' };
    },
  },
  {
    name: 'esbuild',
    part: 'bundlers',
    as: 'bundle',
    build(directory) {
      link(directory, { typescript: join(ROOT, 'node_modules/typescript'), esbuild: part('bundlers/node_modules/esbuild') });
      writeFileSync(
        join(directory, 'build.cjs'),
        `const spanwright = require(${JSON.stringify(join(ROOT, 'dist/transformer/unplugin/esbuild.js'))});
require('esbuild').build({ entryPoints: ['src/work.ts'], outfile: 'out/work.js', bundle: true, platform: 'node', packages: 'external', plugins: [spanwright()] });`,
      );
      return { text: node(directory, 'build.cjs'), program: 'out/work.js' };
    },
  },
];

const codesIn = (text: string): string[] => [...new Set(text.match(/TS9101[456]/g) ?? [])];

for (const layout of LAYOUTS) {
  // If nothing is to be reported, one host stands for all.
  for (const host of layout.output === undefined ? HOSTS.slice(-1) : HOSTS)
    testWith(host.part)(`${layout.name}: ${host.name} reports ${layout[host.as] ?? 'nothing'}, and the program runs`, () => {
      const directory = workspace(layout);
      const { text, program } = host.build(directory);
      const expected = layout[host.as];
      assert.equal(codesIn(text), expected === undefined ? [] : [expected], text);
      if (expected !== undefined) assert.match(text, /npm install (--save-prod )?spanwright/);
      assert.match(node(directory, program), 'ran job', text);
      // A file is instrumented unless it could not be loaded then.
      assert.is(readFileSync(join(directory, program), 'utf8').includes('spanwright/emitted'), expected !== 'TS91014');
    });

  if (layout.output !== undefined)
    test(`${layout.name}: register reports ${layout.run ?? 'nothing'}, and the program runs`, () => {
      const directory = workspace(layout);
      link(directory, { typescript: join(ROOT, 'node_modules/typescript') });
      const text = node(directory, '--import', join(ROOT, 'dist/transformer/register.js'), 'src/work.ts');
      assert.equal(codesIn(text), layout.run === undefined ? [] : [layout.run], text);
      assert.match(text, 'ran job');
    });

  test(`${layout.name}: doctor finds ${layout.output === undefined ? 'nothing' : 'it'}`, async () => {
    const directory = workspace(layout);
    link(directory, { typescript: join(ROOT, 'node_modules/typescript'), 'ts-patch': join(ROOT, 'node_modules/ts-patch') });
    const { status, findings } = await doctor(directory);
    const found = findings.filter(({ name }) => name === 'not-a-dependency');
    assert.is(found.length, layout.output === undefined ? 0 : 1, JSON.stringify(findings));
    if (layout.output === undefined) return;
    assert.is(status, 1);
    assert.match(found[0]?.found ?? '', /package\.json/);
    assert.match(found[0]?.fix ?? '', 'npm install --save-prod spanwright');
  });
}

test.run();
