// Unusual syntax in auto mode, printed as nodes and as text: each program of test/fixtures/syntax prints what it prints without the plugin, with
// tracing absent, off and on. Under both kinds of decorators, and at each target from ES2015.

import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { parserFor } from '../../transformer/hosts/parse.js';
import { textsOf } from '../../transformer/hosts/texts.js';
import { link } from '../hosts/conformance/project.js';
import { build, declare, NATIVE } from '../hosts/native-project.js';
import { compile, execute, ROOT } from './compile.js';

const FOLDER = join(ROOT, 'test/fixtures/syntax');
const PROGRAMS = readdirSync(FOLDER);
/** One build holds them all: as written, in auto mode, and as what the text printer makes of that. */
const BUILDS = ['plain', 'auto', 'text'];

const MAIN = `
import { startTracing } from 'spanwright';
import { InMemorySpanExporter } from '@opentelemetry/sdk-trace-base';
async function main() {
  const [state, builds, ...programs] = process.argv.slice(2);
  const exporter = new InMemorySpanExporter();
  const tracing = state === 'absent' ? undefined : await startTracing({ serviceName: 'test', enabled: state === 'on', exporter });
  const printed: string[] = [];
  console.log = (...all) => void printed.push(require('node:util').format(...all));
  for (const build of builds.split(',')) for (const program of programs) {
    try { require('./' + build + '/' + program); } catch (error) { console.log('threw ' + error); }
    await new Promise((resolve) => setImmediate(resolve));
    await tracing?.forceFlush();
    process.stdout.write(JSON.stringify({ program: program + ', ' + build, printed: printed.splice(0), spans: exporter.getFinishedSpans().length }) + '\\n');
    exporter.reset();
  }
  await tracing?.shutdown();
}
void main();
`;

interface Seen {
  readonly program: string;
  readonly printed: string[];
  readonly spans: number;
}

/** Output of each program. A promise that is recorded takes a microtask more, so that lines are compared in any order. */
function runBuilds(directory: string, state: string, builds: readonly string[], programs: readonly string[]): Seen[] {
  const names = programs.map((file) => file.replace(/\.tsx?$/, ''));
  const { stdout, stderr } = execute(directory, 'out/main.js', state, builds.join(), ...names);
  assert.is(stderr.replace(/^spanwright: SPW001 .*\n/, ''), '');
  const lines = stdout.trimEnd().split('\n');
  return lines.map((line) => {
    const { printed, ...rest }: Seen = JSON.parse(line);
    return { ...rest, printed: printed.sort() };
  });
}

const LEGACY = { experimentalDecorators: true };
const STATES = ['absent', 'off', 'on'];
const DECORATED = PROGRAMS.filter((file) => /decorators|replaced-classes/.test(file));
const NEARLY_ALIKE = ['ES2019', 'ES2020', 'ES2021', 'ES2023', 'ESNext'];
interface Row {
  readonly compilerOptions: object;
  readonly programs?: readonly string[];
  readonly states?: readonly string[];
}
const ROWS: readonly Row[] = [
  { compilerOptions: { target: 'ES2022' } },
  { compilerOptions: { target: 'ES2015', importHelpers: true } },
  { compilerOptions: { target: 'ES2022', ...LEGACY } },
  { compilerOptions: { target: 'ES2018', ...LEGACY, emitDecoratorMetadata: true } },
  ...['ES2017', 'ES2016', 'ES2015'].map((target) => ({ compilerOptions: { target, ...LEGACY } })),
  // as one of the above but for few kinds of syntax: the programs of class decorators alone, recorded
  ...NEARLY_ALIKE.map((target) => ({ compilerOptions: { target, ...LEGACY }, programs: DECORATED, states: ['on'] })),
];
for (const { compilerOptions, programs = PROGRAMS, states = STATES } of ROWS)
  test(`programs do as they do without the plugin: ${Object.values(compilerOptions).join(', ')}`, () => {
    const sources = programs.flatMap((file) => {
      const text = readFileSync(join(FOLDER, file), 'utf8');
      return BUILDS.map((build) => [`src/${build}/${file}`, text] as const);
    });
    const { directory, diagnostics } = compile({
      files: { 'src/main.ts': MAIN, ...Object.fromEntries(sources) },
      compilerOptions: {
        ...compilerOptions,
        jsx: 'react',
        noCheck: true,
        strict: false,
        declaration: false,
        lib: ['ESNext'],
      },
      plugin: { auto: [{ files: 'src/auto/**', minLines: 1 }] },
      prepare(project) {
        const texts = textsOf({
          parser: parserFor(project),
          directory: project,
          options: { auto: [{ files: 'src/text/**', minLines: 1 }] },
        });
        for (const file of programs) {
          const path = join(project, 'src/text', file);
          const authored = readFileSync(path, 'utf8').replace(/^\uFEFF/, '');
          const { printed, reports = [] } = texts.transform(path, authored, true) ?? {};
          assert.equal(reports, [], file);
          assert.ok(printed, file);
          assert.is(printed.code.split('\n').length, authored.split('\n').length, `${file}: lines stay where they are`);
          writeFileSync(path, printed.code);
        }
      },
    });
    assert.equal(diagnostics, []);
    for (const state of states) {
      const all = runBuilds(directory, state, BUILDS, programs);
      const plain = all.slice(0, programs.length);
      assert.ok(plain.every(({ printed }) => printed.length > 0));
      for (const [index, { program, spans }] of all.slice(programs.length, 2 * programs.length).entries())
        assert.is(all[2 * programs.length + index]?.spans, spans, `both printers record the calls of ${program}, ${state}`);
      for (const [index, { program, printed, spans }] of all.entries()) {
        assert.equal(printed, plain[index % programs.length]?.printed, `${program}, ${state}`);
        assert.is(spans > 0, state === 'on' && index >= programs.length, `spans of ${program}, ${state}`);
      }
    }
  });

for (const experimentalDecorators of [false, true])
  declare(
    `spanwright build does with each program what tspc does, ${experimentalDecorators ? 'legacy' : 'standard'} decorators`,
    () => {
      const sources = PROGRAMS.flatMap((file) => {
        const text = readFileSync(join(FOLDER, file), 'utf8');
        return ['plain', 'auto'].map((folder) => [`src/${folder}/${file}`, text] as const);
      });
      const { directory, diagnostics } = compile({
        files: { 'src/main.ts': MAIN, ...Object.fromEntries(sources) },
        compilerOptions: {
          ...{ target: 'ES2022', experimentalDecorators, module: 'Node16', moduleResolution: 'Node16', lib: ['ESNext'] },
          ...{ jsx: 'react', noCheck: true, strict: false, declaration: false },
        },
        plugin: { auto: [{ files: 'src/auto/**', minLines: 1 }] },
      });
      assert.equal(diagnostics, []);
      const expected = runBuilds(directory, 'on', ['plain', 'auto'], PROGRAMS);
      rmSync(join(directory, 'out'), { recursive: true });
      link(directory, NATIVE);
      const { status, stdout } = build(directory, '-p', '.');
      assert.is(status, 0, stdout);
      assert.equal(runBuilds(directory, 'on', ['plain', 'auto'], PROGRAMS), expected);
    },
  );

test.run();
