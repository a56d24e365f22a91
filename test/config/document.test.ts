// docs/configuration.md lists exactly the keys, options, defaults and variables of the table, and the table keeps its own rules.

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { configurationDocument } from '../../docs/write-configuration.js';
import type { KeyRow } from '../../runtime/config/key-row.js';
import { KEYS } from '../../runtime/config/keys.js';
import { loadConfiguration } from '../../runtime/config/load.js';
import { readDuration } from '../../runtime/text/duration.js';

const ROWS: readonly KeyRow[] = KEYS;
const document = readFileSync(join(__dirname, '..', '..', 'docs', 'configuration.md'), 'utf8');
const cells = [...document.matchAll(/^\| `([a-z_]+)` +\| `(\w+)` +\| (.+?) +\| (.+?) +\| (.+?) +\| (.+?) +\|$/gmu)].map((match) =>
  match.slice(1),
);

test('the document lists exactly the keys of the table, in its order', () => {
  assert.ok(cells.length > 0);
  assert.equal(
    cells.map(([key]) => key),
    ROWS.map(({ key }) => key),
  );
});

test('option, default, variables and meaning of each row are those of the table', () => {
  assert.ok(cells.length > 0);
  for (const [index, [, option, , standard = '', variables = '', doc]] of cells.entries()) {
    const row = ROWS[index] as KeyRow;
    assert.is(option, row.option);
    assert.equal(
      [...variables.matchAll(/`([A-Z_]+)`/gu)].map(([, name]) => name),
      row.env,
    );
    assert.is(doc, row.doc);
    const text = /^`(.*)`$/u.exec(standard)?.[1];
    if (text === undefined) assert.ok(['unset', 'empty'].includes(standard), `${row.key}: ${standard}`);
    else if (row.type.name === 'duration') assert.is(readDuration(text), row.default, row.key);
    else assert.is(text, String(row.default), row.key);
  }
});

test('the document is what the script writes', () => {
  assert.is(document, configurationDocument(), 'run: npx tsx docs/write-configuration.ts');
});

test('every default is accepted by its own type, and keys, options and variables are unique', () => {
  for (const row of ROWS) {
    if (row.default === null) continue;
    const reading = row.type.read(row.default, 'code');
    assert.ok('value' in reading, `${row.key}: ${JSON.stringify(reading)}`);
    if (typeof row.default !== 'object') assert.is(reading.value, row.default, `${row.key} is in normal form`);
  }
  for (const names of [ROWS.map(({ key }) => key), ROWS.map(({ option }) => option), ROWS.flatMap(({ env }) => env)]) {
    assert.is(new Set(names).size, names.length);
  }
});

test('the example of the document is accepted unchanged', () => {
  const example = /```toml\n([\s\S]+?)```/u.exec(document)?.[1];
  assert.ok(example);
  const folder = mkdtempSync(join(tmpdir(), 'spanwright-document-'));
  writeFileSync(join(folder, 'tracing.toml'), example as string);
  const { configuration } = loadConfiguration({ env: {}, cwd: folder });
  rmSync(folder, { recursive: true });
  assert.is(configuration.endpoint, 'http://otel-collector:4317');
  assert.equal({ ...configuration.resource }, { 'deployment.environment.name': 'production' });
});

test('every text of an environment variable that its type accepts gives the same value as in code', () => {
  const texts = new Map<string, [text: string, value: unknown]>([
    ['boolean', ['true', true]],
    ['duration', ['1000', 1000]],
  ]);
  let tried = 0;
  for (const row of ROWS) {
    const sample = texts.get(row.type.name);
    if (!sample) continue;
    tried++;
    for (const name of row.env) {
      const loaded = loadConfiguration({ env: { [name]: sample[0] }, cwd: __dirname }).configuration as unknown as Record<
        string,
        unknown
      >;
      assert.is(loaded[row.option], sample[1], name);
    }
  }
  assert.ok(tried > 5);
});

test.run();
