// The conformance suite over the compilers: tspc of TypeScript 5 and 6, the text printer before plain TypeScript, and the native build.

import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { parserFor } from '../../transformer/hosts/parse.js';
import { textsOf } from '../../transformer/hosts/texts.js';
import { chained, type Source } from '../../transformer/print/chain.js';
import { buildOnce } from './built.js';
import { ROOT } from './conformance/project.js';
import { conformance, LEGACY, NODE24, part, STANDARD, variant } from './conformance/suite.js';

const EMITTED = { arguments: ['--enable-source-maps', 'out/main.js'] };

conformance({
  name: 'tspc, TypeScript 5.9',
  variants: [LEGACY, STANDARD, variant('legacy', 'esm'), variant('standard', 'commonjs')],
  transforms: true,
  async build(directory) {
    await buildOnce(directory, process.execPath, [join(ROOT, 'node_modules/ts-patch/bin/tspc.js')]);
    return EMITTED;
  },
});

conformance({
  name: 'tspc, TypeScript 6.0',
  part: 'ts6',
  variants: [LEGACY, STANDARD],
  transforms: true,
  compilerOptions: { ignoreDeprecations: '6.0' },
  packages: () => ({ typescript: part('ts6/node_modules/typescript'), 'ts-patch': part('ts6/node_modules/ts-patch') }),
  async build(directory) {
    await buildOnce(directory, NODE24, [part('ts6/node_modules/ts-patch/bin/tspc.js')]);
    return EMITTED;
  },
});

conformance({
  name: 'the text printer before TypeScript 5.9',
  variants: [LEGACY, STANDARD, variant('legacy', 'esm'), variant('standard', 'commonjs')],
  transforms: true,
  async build(directory, { modules }) {
    const texts = textsOf({ parser: parserFor(ROOT), directory, tsconfig: join(directory, 'tsconfig.json') });
    const maps = new Map<string, Source>();
    for (const name of readdirSync(join(directory, 'src'))) {
      const path = join(directory, 'src', name);
      const authored = readFileSync(path, 'utf8');
      const found = texts.transform(path, authored, modules === 'commonjs');
      assert.equal(found?.reports ?? [], []);
      if (found?.printed === undefined) continue;
      assert.is(found.printed.code.split('\n').length, authored.split('\n').length, `lines of ${name} stay where they are`);
      maps.set(`../src/${name}`, { printed: found.printed, authored });
      writeFileSync(path, found.printed.code);
    }
    assert.ok(maps.size > 0);
    await buildOnce(directory, process.execPath, [join(ROOT, 'node_modules/typescript/bin/tsc'), '--noCheck']);
    for (const name of readdirSync(join(directory, 'out')).filter((file) => file.endsWith('.map'))) {
      const path = join(directory, 'out', name);
      writeFileSync(
        path,
        chained(readFileSync(path, 'utf8'), (source) => maps.get(source)),
      );
    }
    return EMITTED;
  },
});

conformance({
  name: 'spanwright build, TypeScript 7.1',
  part: 'ts7',
  variants: [LEGACY, STANDARD, variant('legacy', 'esm'), variant('standard', 'commonjs')],
  transforms: true,
  packages: () => ({
    typescript: part('ts7/node_modules/typescript'),
    '@typescript': part('ts7/node_modules/@typescript'),
  }),
  async build(directory) {
    await buildOnce(directory, process.execPath, [join(ROOT, 'dist/cli/main.js'), 'build', '-p', 'tsconfig.json']);
    return EMITTED;
  },
});

test.run();
