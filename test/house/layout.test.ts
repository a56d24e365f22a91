// Holds the layout: names of files, their length, no trace of a machine, a lock file that works with any registry, a changelog.

import { lstatSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { PROJECT, projectFiles } from './sources.js';

const FILES = projectFiles();
const text = (path: string): string => readFileSync(join(PROJECT, path), 'utf8');
const TEXTS = FILES.filter((path) => /\.(ts|mts|cts|js|mjs|cjs|json|md|toml|sh|yml|html|css)$|^\.ci\//.test(path));

const MAX_LINES = 300;
/** Tables of cases are long without being hard to read. */
const MAX_TEST_LINES = 600;
const NAMELESS = /(^|\/)(utils?|helpers?|common|misc|tools)(\.[^/]*)?$/i;
// In two halves, so that this file does not match itself.
const MACHINE_PATH = new RegExp(`(?<![\\w.:/@-])/(?:${['work', 'root', 'home', 'Users'].join('|')})/[\\w.-]+/`);

test('no file or folder has a meaningless name', () => {
  assert.equal(
    FILES.filter((path) => path.split('/').some((_, depth, parts) => NAMELESS.test(parts.slice(0, depth + 1).join('/')))),
    [],
  );
});

test('rejects a name without meaning, and accepts one with a meaning', () => {
  for (const path of ['runtime/utils.ts', 'cli/helper.ts', 'test/common/x.ts'.replace('/x.ts', ''), 'Tools.mts'])
    assert.ok(NAMELESS.test(path), path);
  for (const path of ['runtime/commonality.ts', 'cli/toolsmith.ts', 'runtime/site/site.ts'])
    assert.not.ok(NAMELESS.test(path), path);
});

test(`no source file is longer than ${MAX_LINES} lines, and no test than ${MAX_TEST_LINES}`, () => {
  const long = FILES.filter((path) => path.endsWith('.ts') && !/^test\/(golden|fixtures)\//.test(path))
    .map((path) => ({ path, lines: text(path).split('\n').length - 1 }))
    .filter(({ path, lines }) => lines > (path.startsWith('test/') ? MAX_TEST_LINES : MAX_LINES));
  assert.equal(long, []);
});

test('no file names a path of a machine', () => {
  assert.equal(
    TEXTS.flatMap((path) => {
      const found = MACHINE_PATH.exec(text(path));
      return found ? [`${path}: ${found[0]}`] : [];
    }),
    [],
  );
});

test('no file is a link, which would lead out of the project on another machine', () => {
  const links = FILES.filter((path) => lstatSync(join(PROJECT, path)).isSymbolicLink());
  assert.equal(links, []);
});

test('a path of a machine is recognised, and a path of the project or the web is not', () => {
  const home = `/${'home'}/somebody/`;
  for (const line of [`see ${home}project`, `"${home}x"`, `file=${`/${'Users'}/me/`}y`]) assert.ok(MACHINE_PATH.test(line), line);
  for (const line of ['./home/project/', 'https://example.com/home/somebody/', 'docs/home/page/', '/tmp'])
    assert.not.ok(MACHINE_PATH.test(line), line);
});

test('the lock file names no registry', () => {
  const lock = JSON.parse(text('package-lock.json')) as { packages: Record<string, { resolved?: string; link?: boolean }> };
  const packages = Object.entries(lock.packages);
  assert.ok(packages.length > 1);
  // A link names a folder of the project, not a host.
  const resolved = packages.filter(([, { resolved, link }]) => resolved !== undefined && !link);
  assert.equal(
    resolved.map(([path]) => path),
    [],
  );
});

test('the changelog starts with Unreleased, under headings of Keep a Changelog', () => {
  const headings = text('CHANGELOG.md').match(/^##+ .*$/gm) ?? [];
  assert.is(headings[0], '## [Unreleased]');
  const kinds = headings.filter((heading) => heading.startsWith('### '));
  assert.ok(kinds.length > 0);
  for (const kind of kinds) assert.match(kind, /^### (Added|Changed|Deprecated|Removed|Fixed|Security)$/);
});

test('every source file opens with a comment that describes it', () => {
  const silent = FILES.filter(
    (path) => /^(runtime|transformer|cli|viewer|bench|test)\/.*\.tsx?$/.test(path) && !/^test\/(golden|fixtures)\//.test(path),
  ).filter((path) => !/^(#!.*\n)?(\/\/ \S|\/\*\*?\s)/.test(text(path)));
  assert.equal(silent, []);
});

test.run();
