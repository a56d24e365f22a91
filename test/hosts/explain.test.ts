// `spanwright explain`, as a person runs it: sites, misuse, and each line before and after, in every kind of source file.

import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { write } from './conformance/project.js';
import { project, SOUND, spanwright } from './patient.js';

test('explain lists the sites, and each line before and after', async () => {
  const directory = project();
  const { status, out, err } = await spanwright(['explain', join(directory, 'src/work.ts')]);
  assert.is(err, '');
  assert.is(status, 0);
  const lines = out.split('\n');
  assert.is(lines[0], 'src/work.ts: 1 site');
  assert.match(lines[1] ?? '', /^ {2}2:52 {2}conformance::work::Work::run\(job\)$/);
  assert.match(
    out,
    /^ {4}1 - import \{ instrument \} from 'spanwright';\n {6}\+ import\{module as \$e\}from'spanwright\/emitted';var \$w,\$r=.*; ?import/m,
  );
});

test('explain shows misuse with its place and fails; explains a file without sites; fails for a missing file', async () => {
  const directory = project();
  write(directory, 'src/work.ts', SOUND.replace("['job']", "['jbo']"));
  const misuse = await spanwright(['explain', join(directory, 'src/work.ts'), '--json']);
  assert.is(misuse.status, 1);
  const { diagnostics, sites } = JSON.parse(misuse.out);
  assert.is(diagnostics[0].code, 91001);
  assert.is(diagnostics[0].line, 2);
  assert.is(sites.length, 1);
  write(directory, 'src/none.ts', 'export const a = 1;\n');
  const none = await spanwright(['explain', join(directory, 'src/none.ts')]);
  assert.is(none.status, 0);
  assert.match(none.out, /nothing is instrumented\. It does not import 'spanwright'/);
  const absent = await spanwright(['explain', join(directory, 'src/absent.ts')]);
  assert.is(absent.status, 1);
  assert.match(absent.err, /cannot be read/);
});

interface Explained {
  readonly status: number | null;
  readonly file: string;
  readonly sites: readonly {
    readonly namespace: string;
    readonly function: string;
    readonly line: number;
    readonly column: number;
  }[];
  readonly diagnostics: readonly { readonly code: number; readonly line?: number; readonly column?: number }[];
  readonly before: string;
  readonly after: string;
}

async function explained(directory: string, path: string, text: string): Promise<Explained> {
  write(directory, path, text);
  const { status, out, err } = await spanwright(['explain', join(directory, path), '--json']);
  assert.is(err, '');
  return { status, ...JSON.parse(out) };
}

const KINDS: readonly { path: string; text: string; site: string; place: string }[] = [
  {
    path: 'src/view.tsx',
    text: `import { instrument } from 'spanwright';\nexport class View {\n  @instrument render() { return <T,>(a: T) => <b title="x">{String(a)}</b>; }\n}\n`,
    site: 'conformance::view::View::render',
    place: '3:15',
  },
  {
    path: 'src/module.mts',
    text: `import { instrument } from 'spanwright';\nexport const plan = instrument(async (job: string) => job);\n`,
    site: 'conformance::module::plan',
    place: '2:14',
  },
  {
    path: 'src/script.cts',
    text: `import sw = require('spanwright');\nclass Script { @sw.instrument run() {} }\nexport = Script;\n`,
    site: 'conformance::script::Script::run',
    place: '2:31',
  },
  {
    path: 'src/auto-mode.ts',
    text: `export function total(a: number, b = 2) { return a + b; }\n/* @spanwright-skip */ function own() {}\nown();\n`,
    site: 'conformance::auto-mode::total',
    place: '1:17',
  },
  {
    path: 'src/handed.ts',
    text: `import { trace } from './tracing';\nexport class Handed { @trace work() {} }\n`,
    site: 'conformance::handed::Handed::work',
    place: '2:30',
  },
];

for (const { path, text, site, place } of KINDS)
  test(`explain reads ${path}: one site with its place, and unchanged line numbers`, async () => {
    const directory = project();
    write(directory, 'src/tracing.ts', `export { instrument as trace } from 'spanwright';\n`);
    const { status, file, sites, diagnostics, before, after } = await explained(directory, path, text);
    assert.is(status, 0);
    assert.is(file, path);
    assert.equal(diagnostics, []);
    assert.equal(
      sites.map((one) => [`${one.namespace}::${one.function}`, `${one.line}:${one.column}`]),
      [[site, place]],
    );
    assert.is(before, text);
    assert.is(after.split('\n').length, text.split('\n').length);
    assert.match(after, /'spanwright\/emitted'/);
  });

const MISUSE: readonly { says: string; text: string; code: number; place: string }[] = [
  { says: 'a constructor', text: 'class A { @instrument constructor() {} }', code: 91003, place: '2:11' },
  { says: 'an abstract method', text: 'abstract class A { @instrument abstract m(): void; }', code: 91004, place: '2:20' },
  { says: 'an unknown option', text: 'class A { @instrument({ nmae: "x" }) m() {} }', code: 91008, place: '2:25' },
  { says: 'the decorator twice', text: 'class A { @instrument @instrument m() {} }', code: 91002, place: '2:23' },
];

for (const { says, text, code, place } of MISUSE)
  test(`explain shows misuse and exits with 1: ${says}`, async () => {
    const { status, diagnostics } = await explained(
      project(),
      'src/work.ts',
      `import { instrument } from 'spanwright';\n${text}\n`,
    );
    assert.is(status, 1);
    assert.equal(
      diagnostics.map((one) => [one.code, `${one.line}:${one.column}`]),
      [[code, place]],
    );
  });

test('explain takes the given project, and names a missing file', async () => {
  const directory = project();
  write(
    directory,
    'other.json',
    '{ "compilerOptions": { "plugins": [{ "transform": "spanwright/transformer", "namespace": "other" }] } }',
  );
  const given = await spanwright(['explain', join(directory, 'src/work.ts'), '-p', join(directory, 'other.json')]);
  assert.match(given.out, /other::.*work::Work::run\(job\)/);
  const absent = await spanwright(['explain', join(directory, 'src/work.ts'), '-p', join(directory, 'absent.json')]);
  assert.is(absent.status, 1);
  assert.match(absent.err, /There is no .*absent\.json/);
});

test('explain refuses a source that never ends, with the reason', async () => {
  if (process.platform === 'win32') return;
  const pipe = join(project(), 'src/pipe.ts');
  execFileSync('mkfifo', [pipe]);
  for (const path of [pipe, '/dev/zero']) {
    const { status, out, err } = await spanwright(['explain', path]);
    assert.equal([status, out], [1, '']);
    assert.match(err, `${path} cannot be read: it is not a regular file`);
  }
});

test.run();
