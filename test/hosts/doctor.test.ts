// `spanwright doctor` on projects that are sound and on projects with one fault each in their wiring: packages, compiler, plugin, output. The faults
// of a service and its collector are in doctor-service.test.ts, those that need an installation of its own in packed.test.ts.

import { readFileSync, rmSync, utimesSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { FINDINGS, type FindingName } from '../../cli/doctor/finding.js';
import { checkNode } from '../../cli/doctor/wiring.js';
import { ROOT, write } from './conformance/project.js';
import { part, testWith } from './conformance/suite.js';
import { CLASSIC, compile, doctor, NO_SERVICE, names, project, spanwright } from './patient.js';

test('a project that is built as it should has no errors, and exits with 0', async () => {
  const directory = project();
  compile(directory);
  const checked = await doctor(directory);
  assert.is(checked.status, 0);
  assert.equal(names(checked).sort(), ['no-endpoint-yet', 'unreached']);
  assert.ok(
    checked.findings.some(({ found }) => found === '1 compiled file has been through the transformer; 1 sites in the sources'),
  );
});

test('what was compiled by plain tsc, is old, or is not there, is told apart', async () => {
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

const MATRIX: readonly { name: FindingName; project: () => string; status: number; part?: string }[] = [
  { name: 'no-patch', status: 1, project: () => project({ typescript: CLASSIC.typescript }) },
  {
    name: 'wrong-patch',
    status: 1,
    part: 'ts6',
    project: () => project({ typescript: CLASSIC.typescript, 'ts-patch': part('ts6/node_modules/ts-patch') }),
  },
  {
    name: 'native-too-old',
    status: 1,
    part: 'ts7',
    project: () => project({ typescript: part('ts7/node_modules/typescript-7.0') }),
  },
  {
    name: 'no-plugin',
    status: 0,
    project: () => {
      const directory = project();
      write(directory, 'tsconfig.json', '{ "compilerOptions": { "experimentalDecorators": true }, "include": ["src"] }');
      return directory;
    },
  },
  {
    name: 'bad-option',
    status: 1,
    project: () => {
      const directory = project();
      const config = JSON.parse(readFileSync(join(directory, 'tsconfig.json'), 'utf8'));
      config.compilerOptions.plugins[0].namspace = 'x';
      write(directory, 'tsconfig.json', JSON.stringify(config));
      return directory;
    },
  },
  {
    name: 'not-installed',
    status: 1,
    project: () => {
      const directory = project();
      rmSync(join(directory, 'node_modules/spanwright'));
      return directory;
    },
  },
  {
    name: 'other-version',
    status: 0,
    project: () => {
      const directory = project();
      rmSync(join(directory, 'node_modules/spanwright'));
      const exports = { '.': './index.js', './emitted': './index.js', './package.json': './package.json' };
      write(
        directory,
        'node_modules/spanwright/package.json',
        JSON.stringify({ name: 'spanwright', version: '99.0.0', exports }),
      );
      write(directory, 'node_modules/spanwright/index.js', '');
      return directory;
    },
  },
  {
    name: 'two-apis',
    status: 1,
    project: () => {
      const directory = project();
      rmSync(join(directory, 'node_modules/@opentelemetry'));
      write(directory, 'node_modules/@opentelemetry/api/package.json', '{ "name": "@opentelemetry/api", "version": "1.0.0" }');
      write(directory, 'node_modules/@opentelemetry/api/index.js', '');
      return directory;
    },
  },
  {
    name: 'api-versions',
    status: 0,
    project: () => {
      const directory = project();
      const nested = 'node_modules/library/node_modules/@opentelemetry/api/package.json';
      write(directory, nested, '{ "name": "@opentelemetry/api", "version": "1.99.0" }');
      return directory;
    },
  },
  {
    name: 'bad-configuration',
    status: 1,
    project: () => {
      const directory = project();
      write(directory, 'tracing.toml', '[tracing]\nenabld = true\n');
      return directory;
    },
  },
];

for (const { name, project, status, part: needed } of MATRIX) {
  testWith(needed)(`a project with that fault alone is told so: ${name}`, async () => {
    const checked = await doctor(project());
    assert.ok(names(checked).includes(name), checked.text);
    assert.is(checked.status, status);
  });
}

test('a bundler plugin takes the place of ts-patch and of the entry in tsconfig.json', async () => {
  const directory = project({ typescript: CLASSIC.typescript });
  write(
    directory,
    'vite.config.ts',
    `import spanwright from 'spanwright/unplugin/vite';\nexport default { plugins: [spanwright()] };\n`,
  );
  assert.not.ok(names(await doctor(directory)).includes('no-patch'));
});

test('the version of Node is checked', () => {
  for (const version of ['20.18.3', '18.20.0', '19.9.0']) assert.is(checkNode(version).name, 'node-too-old', version);
  for (const version of ['20.19.0', '22.0.0', '24.21.0']) assert.is(checkNode(version).level, 'ok', version);
});

test('people get cause and fix of each, the gravest last, and the exit code', async () => {
  const directory = project();
  const { status, out } = await spanwright(['doctor', directory], NO_SERVICE);
  assert.is(status, 0);
  assert.match(out, /^note {4}out\/work\.js\n {8}cause: The output .*\n {8}fix: {3}Build the project/m);
  assert.match(out, /\n0 errors, 0 warnings, \d notes\n$/);
});

test('every finding is written in docs/hosts.md, with its symptom', () => {
  const text = readFileSync(join(ROOT, 'docs/hosts.md'), 'utf8');
  const rows = Object.entries(FINDINGS);
  assert.ok(rows.length > 0);
  for (const [name, { symptom }] of rows) assert.ok(text.includes(`| \`${name}\` | ${symptom} |`), name);
});

/** Where each finding is met by a project, a service or an installation that has it. */
const TESTS = ['doctor.test.ts', 'doctor-service.test.ts', 'packed.test.ts', 'dependency.test.ts'];

test('every finding is met by a test', () => {
  const texts = TESTS.map((name) => readFileSync(join(__dirname, name), 'utf8').replace(/\/\/.*$/gm, ''));
  const missed = Object.keys(FINDINGS).filter((name) => !texts.some((text) => text.includes(`'${name}'`)));
  assert.equal(missed, []);
});

test.run();
