// The licences of the packages whose code is in the two pages. Uses dist/ and viewer/dist/.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { PROJECT, projectFiles } from '../house/sources.js';

const read = (path: string): string => readFileSync(join(PROJECT, path), 'utf8');

/** Packages that the sources of a page import, without those that are only types. */
function importedBy(folders: readonly string[]): Set<string> {
  const sources = projectFiles().filter((path) => folders.some((folder) => path.startsWith(folder)) && /\.tsx?$/.test(path));
  const names = sources.flatMap((path) => [...read(path).matchAll(/^import (?!type )[^;]*? from '([^.'][^']*)'/gm)]);
  return new Set(names.map(([, name]) => /^(@[^/]+\/)?[^/]+/.exec(name as string)?.[0] as string));
}

for (const [notices, folders] of [
  ['dist/runtime/admin/THIRD-PARTY-NOTICES.txt', ['runtime/admin/page/']],
  ['viewer/dist/THIRD-PARTY-NOTICES.txt', ['viewer/page/', 'runtime/admin/page/']],
] as const) {
  test(`${notices} has the licence of every package that the page imports`, () => {
    const text = read(notices);
    const names = importedBy(folders);
    assert.ok(names.has('preact') && names.has('@preact/signals'), [...names].join());
    for (const name of [...names, '@preact/signals-core']) {
      const { version } = JSON.parse(read(`node_modules/${name}/package.json`)) as { version: string };
      assert.match(text, `${name} ${version} (`);
      assert.match(text, read(`node_modules/${name}/LICENSE`).trim());
    }
    assert.not.match(text, '\nvite ');
  });
}

test.run();
