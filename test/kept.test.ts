// Results kept in .cache are made again exactly when a byte or a name of their inputs has changed.

import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { stepOnce } from './hosts/built.js';
import { digestOf, keep, keptFor } from './kept.js';

const top = mkdtempSync(join(tmpdir(), 'spanwright-kept-'));
const below = join(top, 'kept');
test.after(() => rmSync(top, { recursive: true, force: true }));

const write = (text: string) => (folder: string) => writeFileSync(join(folder, 'made'), text);
const read = (folder: string): string => readFileSync(join(folder, 'made'), 'utf8');

test('makes a result once for each key, also when two want it at the same time', async () => {
  const folders = await Promise.all([keep('one', write('first'), below), keep('one', write('second'), below)]);
  assert.equal(folders.map(read), ['first', 'first']);
  assert.is(read(await keep('one', write('third'), below)), 'first');
  assert.is(read(await keep('two', write('other'), below)), 'other');
});

test('finds what has been kept, and nothing else', async () => {
  assert.is(keptFor('found', below), undefined);
  const kept = await keep('found', write('made'), below);
  utimesSync(kept, 0, 0);
  assert.is(keptFor('found', below), kept);
  assert.ok(statSync(kept).mtimeMs > Date.now() - 60_000, 'it counts as used');
});

test('keeps nothing of a step that fails, and makes it again', async () => {
  const before = readdirSync(below);
  const error = await keep('failing', () => Promise.reject(new Error('the reason')), below).catch(String);
  assert.is(error, 'Error: the reason');
  assert.equal(readdirSync(below), before);
  assert.is(read(await keep('failing', write('made'), below)), 'made');
});

test('does not wait for a process that was killed', async () => {
  const kept = await keep('killed', write('first'), below);
  rmSync(kept, { recursive: true });
  mkdirSync(`${kept}.lock`);
  utimesSync(`${kept}.lock`, 0, 0);
  assert.is(read(await keep('killed', write('second'), below)), 'second');
  assert.not.ok(existsSync(`${kept}.lock`));
});

test('removes what has not been used for an hour, and nothing else', async () => {
  const hours = (count: number) => Date.now() / 1000 - count * 3600;
  const [old, used, recent] = await Promise.all(['old', 'used', 'recent'].map((key) => keep(key, write(key), below)));
  utimesSync(old as string, hours(1.1), hours(1.1));
  utimesSync(used as string, hours(2), hours(2));
  utimesSync(recent as string, hours(0.9), hours(0.9));
  await keep('used', write('again'), below);
  await keep('further', write('further'), below);
  assert.equal(
    [old, used, recent].map((path) => existsSync(path as string)),
    [false, true, true],
  );
});

test('a digest changes with each content, path, file and link, and with the version of a linked package alone', () => {
  const root = join(top, 'inputs');
  mkdirSync(join(root, 'deep'), { recursive: true });
  mkdirSync(join(top, 'linked'));
  const digests: string[] = [];
  const step = (change: () => void): void => {
    change();
    digests.push(digestOf(root, ['.']));
  };
  step(() => writeFileSync(join(root, 'deep/a'), 'text'));
  step(() => writeFileSync(join(root, 'deep/a'), 'texts'));
  step(() => writeFileSync(join(root, 'b'), ''));
  step(() => writeFileSync(join(root, 'deep/c'), ''));
  step(() => rmSync(join(root, 'b')));
  step(() => symlinkSync(join(top, 'linked'), join(root, 'b'), 'junction'));
  step(() => writeFileSync(join(top, 'linked/package.json'), '{ "version": "1.0.0" }'));
  step(() => writeFileSync(join(top, 'linked/package.json'), '{ "version": "1.0.1" }'));
  assert.is(new Set(digests).size, digests.length);
  step(() => writeFileSync(join(top, 'linked/index.js'), 'text'));
  assert.is(digests.at(-1), digests.at(-2));
  assert.is(digestOf(root, ['deep/a']) === digestOf(root, ['deep/c']), false);
});

test('a link below the root counts by its place there, so that two copies of a folder have one digest', () => {
  const copy = (name: string, target: string): string => {
    const root = join(top, name);
    for (const folder of ['a', 'b']) mkdirSync(join(root, folder), { recursive: true });
    symlinkSync(join(root, target), join(root, 'link'), 'junction');
    return digestOf(root, ['.']);
  };
  assert.is(copy('copy', 'a'), copy('another copy', 'a'));
  assert.is.not(copy('third', 'b'), copy('fourth', 'a'));
});

test('a step over the same project runs once, and what it wrote, wrote again and removed is the same in each copy', async () => {
  const runs = join(top, 'runs');
  const step = `const fs = require('node:fs');
fs.appendFileSync(${JSON.stringify(runs)}, '.');
fs.mkdirSync('out/deep', { recursive: true });
for (const path of ['out/deep/new', 'same']) fs.writeFileSync(path, 'text');
fs.rmSync('old');`;
  const run = async (text: string): Promise<void> => {
    const project = mkdtempSync(join(top, 'project-'));
    for (const [path, content] of Object.entries({ 'step.cjs': step, same: 'text', old: text }))
      writeFileSync(join(project, path), content);
    utimesSync(join(project, 'same'), 0, 0);
    stepOnce(project, project, ['step.cjs']);
    assert.is(readFileSync(join(project, 'out/deep/new'), 'utf8'), 'text');
    assert.ok(statSync(join(project, 'same')).mtimeMs > 0);
    assert.not.ok(existsSync(join(project, 'old')));
    await setImmediate(); // it is kept then
  };
  for (const text of [top, top, 'another']) await run(text);
  assert.is(readFileSync(runs, 'utf8'), '..');
});

test.run();
