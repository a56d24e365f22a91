// Every code block of the README and the pages is run: by a test of this folder, which has a row for it, or by another test that
// elsewhere.ts names. A new block without a row fails here, and so does a row without its block.

import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { CODE } from './code.js';
import { COMMANDS } from './commands.js';
import { DOCUMENTS } from './documents.js';
import { ELSEWHERE } from './elsewhere.js';
import { blockOf, type Row } from './evaluate.js';
import { blocksOf, commandsOf, fileOf, isFollowed, PAGES, ROOT } from './pages.js';
import { PROGRAMS } from './programs.js';

const ROWS: readonly Row[] = [
  ...[...CODE, ...DOCUMENTS, ...COMMANDS].flatMap((row) => [row, ...(row.shows ?? []).map((has) => ({ page: row.page, has }))]),
  ...PROGRAMS.flatMap(({ page, has, commands }) => [{ page, has }, ...(commands === undefined ? [] : [{ page, has: commands }])]),
  ...ELSEWHERE,
];

test('every block is run by one row, or followed by the page that it is on', () => {
  const places = ROWS.map((row) => blockOf(row).place);
  const twice = places.filter((place, index) => places.indexOf(place) !== index);
  assert.equal(twice, [], 'two rows run one block');
  const blocks = PAGES.flatMap(blocksOf);
  assert.ok(blocks.length > 150, `${blocks.length} blocks`);
  const left = blocks.filter((block) => !isFollowed(block) && !places.includes(block.place));
  assert.equal(
    left.map(({ place, code }) => `${place} ${code.slice(0, 60)}`),
    [],
  );
});

test('each test that a row names is there, and holds what runs the block', () => {
  for (const { page, has, test: path, holds } of ELSEWHERE) {
    assert.ok(existsSync(join(ROOT, path)), `${page}: ${has}: ${path}`);
    assert.ok(readFileSync(join(ROOT, path), 'utf8').includes(holds), `${page}: ${has}: ${path} does not hold ${holds}`);
  }
});

test('a page about a start installs what its files import', () => {
  for (const page of PAGES.filter((path) => path.startsWith('docs/start/'))) {
    const blocks = blocksOf(page);
    const code = blocks.map((block) => (fileOf(block) === undefined ? '' : block.code)).join('\n');
    const installed = blocks
      .flatMap((block) => commandsOf(block).map(({ line }) => line))
      .filter((line) => line.startsWith('npm install'));
    const words = installed.flatMap((line) => line.split(' ')).map((word) => word.replace(/(?<=.)@.*$/, ''));
    const imported = [...code.matchAll(/(?:from|import\() ?'([^'.][^']*)'/g)].map(([, name]) => name as string);
    for (const name of imported.filter((name) => !name.startsWith('node:'))) {
      const own = /^(@[^/]+\/)?[^/]+/.exec(name)?.[0] as string;
      for (const needed of name.startsWith('spanwright/unplugin') ? [own, 'unplugin'] : [own])
        assert.ok(words.includes(needed), `${page}: a file imports ${name}, and no command installs ${needed}`);
    }
  }
});

test.run();
