// `spanwright doctor` on projects that are sound, and on what was compiled otherwise. Each finding with its fix is in doctor-fixes.test.ts, the
// faults of a service and its Collector in doctor-service.test.ts, those that need an installation of its own in packed.test.ts.

import { execFileSync } from 'node:child_process';
import { readFileSync, rmSync, utimesSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { FindingName } from '../../cli/doctor/finding.js';
import { troubleshootingDocument } from '../../docs/write-troubleshooting.js';
import { ROOT, write } from './conformance/project.js';
import { CLASSIC, compile, doctor, NO_SERVICE, names, project, spanwright } from './patient.js';

test('a project that is built as it should has no errors, and exits with 0', async () => {
  const directory = project();
  compile(directory);
  const checked = await doctor(directory);
  assert.is(checked.status, 0);
  assert.equal(names(checked).sort(), ['no-endpoint-yet', 'unreached']);
  assert.ok(
    checked.findings.some(({ found }) => found === '1 compiled file has been through the transformer; 1 site in the sources'),
  );
});

test('distinguishes output of plain tsc, old output, and missing output', async () => {
  const directory = project();
  assert.ok(names(await doctor(directory)).includes('not-built'));
  compile(directory, 'typescript/bin/tsc');
  const plain = await doctor(directory);
  assert.is(plain.status, 1);
  assert.ok(names(plain).includes('not-transformed'));
  assert.match(plain.text, /out\/work\.js/);
  compile(directory);
  utimesSync(join(directory, 'src/work.ts'), new Date(), new Date(Date.now() + 60_000));
  assert.ok(names(await doctor(directory)).includes('old-output'));
});

test('a bundler plugin takes the place of ts-patch and of the entry in tsconfig.json', async () => {
  const directory = project({ typescript: CLASSIC.typescript });
  write(
    directory,
    'vite.config.ts',
    `import spanwright from 'spanwright/unplugin/vite';\nexport default { plugins: [spanwright()] };\n`,
  );
  assert.not.ok(names(await doctor(directory)).includes('no-patch'));
});

test('a project that is a named pipe or a device is refused at once', async () => {
  if (process.platform === 'win32') return;
  const directory = project();
  const pipe = join(directory, 'pipe');
  execFileSync('mkfifo', [pipe]);
  for (const path of [pipe, '/dev/zero'])
    for (const command of [['doctor', directory], ['explain', join(directory, 'src/work.ts')], ['build']]) {
      const { status, err } = await spanwright([...command, '--project', path], NO_SERVICE);
      assert.is(status, 1, command[0]);
      assert.match(err, `${path} is neither a file nor a directory`);
    }
  rmSync(join(directory, 'tsconfig.json'));
  execFileSync('mkfifo', [join(directory, 'tsconfig.json')]);
  assert.ok(names(await doctor(directory)).includes('no-plugin'));
});

test('a package.json or tsconfig.json that cannot be read is named with the reason, and no finding that follows from it', async () => {
  const directory = project();
  write(directory, 'package.json', '{ "name": "work",\n  oops }');
  const manifest = await doctor(directory);
  assert.is(manifest.status, 1);
  assert.match(manifest.text, /package\.json.*(?:JSON|position)/);
  for (const text of ['null', '[]', '"text"']) {
    write(directory, 'package.json', text);
    assert.match((await doctor(directory)).text, /package\.json: found (?:null|an array|the string .*); expected an object/);
  }
  for (const name of ['not-installed', 'no-compiler', 'no-plugin'])
    assert.not.ok(names(manifest).includes(name as FindingName), name);
  write(directory, 'package.json', '{ "dependencies": { "spanwright": "*" } }');
  for (const [text, reason] of [
    ['{ "compilerOptions": { "target": } }', /tsconfig\.json.*TS1109/],
    ['{ "extends": "./tsconfig.json" }', /tsconfig\.json.*TS18000/],
    ['{ "extends": "./absent.json" }', /absent\.json/],
  ] as const) {
    write(directory, 'tsconfig.json', text);
    const checked = await doctor(directory);
    assert.is(checked.status, 1, text);
    assert.match(checked.text, reason);
    assert.equal(
      names(checked).filter((name) => name === 'no-plugin'),
      [],
    );
  }
});

test('a folder that is missing, and a file in its place, are refused with their path', async () => {
  const directory = project();
  for (const path of [join(directory, 'absent'), join(directory, 'package.json')]) {
    const { status, err } = await spanwright(['doctor', path], NO_SERVICE);
    assert.is(status, 1);
    assert.is(
      err,
      `spanwright: ${path} is not a directory. Name the folder of the project: spanwright doctor path/to/project.\n`,
    );
  }
});

test('prints cause and fix of each finding, the most severe last, and sets the exit code', async () => {
  const directory = project();
  const { status, out } = await spanwright(['doctor', directory], NO_SERVICE);
  assert.is(status, 0);
  assert.match(out, /^note {4}out\/work\.js\n {8}cause: The output .*\n {8}fix: {3}Build the project/m);
  assert.match(out, /\n0 errors, 0 warnings, \d notes\n$/);
});

test('docs/troubleshooting.md lists each finding with its symptom, cause and fix', () => {
  const text = readFileSync(join(ROOT, 'docs/troubleshooting.md'), 'utf8');
  assert.is(text, troubleshootingDocument(), 'run: npx tsx docs/write-troubleshooting.ts');
});

test.run();
