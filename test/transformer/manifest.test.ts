// The manifest of a build with tspc: every site, in the order of the source; kept in step by incremental builds.

import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { tspc, write, writeProject } from './compile.js';

const source = (name: string, methods: string) =>
  `import { instrument } from 'spanwright';\nexport class ${name} {\n${methods}\n}\n`;

function build(directory: string): { id: string; name: string; file: string; line: number }[] {
  const built = tspc(directory, '-p', '.');
  assert.is(built.stdout + built.stderr, '');
  return JSON.parse(readFileSync(join(directory, 'spanwright.json'), 'utf8')).sites;
}

test('every site of a build is listed, and follows the source from build to build', () => {
  const directory = writeProject({
    files: {
      'src/b.ts': source('B', '  @instrument two() {}\n  @instrument one() {}'),
      'src/a.ts': source('A', '  @instrument m() {}'),
      'src/none.ts': 'export const none = 1;',
    },
    compilerOptions: { experimentalDecorators: true, incremental: true, tsBuildInfoFile: 'out/info' },
    plugin: { namespace: 'app', manifest: true },
  });
  assert.equal(build(directory)[0], {
    ...{ id: 'app::a::A::m@src/a.ts:3:15', namespace: 'app::a::A', function: 'm', name: 'A.m' },
    ...{ file: 'src/a.ts', line: 3, column: 15 },
  });
  assert.equal(
    build(directory).map(({ name }) => name),
    ['A.m', 'B.two', 'B.one'],
  );
  write(directory, 'src/b.ts', source('B', '  @instrument two() {}'));
  assert.equal(
    build(directory).map(({ name }) => name),
    ['A.m', 'B.two'],
  );
  rmSync(join(directory, 'src/a.ts'));
  write(directory, 'src/b.ts', source('B', '  two() {}'));
  assert.equal(build(directory), []);
});

test('no manifest is written unless it is asked for', () => {
  const files = { 'src/a.ts': source('A', '  @instrument m() {}') };
  const directory = writeProject({ files, compilerOptions: { experimentalDecorators: true } });
  assert.is(tspc(directory, '-p', '.').status, 0);
  assert.not.ok(existsSync(join(directory, 'spanwright.json')));
});

test.run();
