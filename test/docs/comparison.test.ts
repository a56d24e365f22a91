// The tables of docs/comparison.md: a name in code type is one that the declarations of its package have, a "no" is one that a search does
// not find there, and every other cell has a link. The packages have the versions that the page names.

import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { mustSkip } from '../missing.js';

const ROOT = join(__dirname, '../..');
const PAGE = readFileSync(join(ROOT, 'docs/comparison.md'), 'utf8');

/** Folders of each column, of which the first has the named version. */
const PACKAGES: Readonly<Record<string, readonly string[]>> = {
  Spanwright: ['runtime'],
  'nestjs-otel': ['.cache/peers/node_modules/nestjs-otel'],
  'dd-trace': ['.cache/datadog6/node_modules/dd-trace', '.cache/datadog6/node_modules/opentracing'],
  Sentry: ['.cache/sentry11/node_modules/@sentry/node', '.cache/sentry11/node_modules/@sentry/core'],
  autotel: ['.cache/peers/node_modules/autotel'],
  logfire: ['.cache/peers/node_modules/logfire', '.cache/peers/node_modules/@pydantic/logfire-node'],
};

/** Names in the declarations of a package that can do it, for the rows with a "no". */
const SIGNS: Readonly<Record<string, RegExp>> = {
  'a decorator': /\bClassMethodDecoratorContext\b|\bMethodDecorator\b/,
  'a whole class by one mark': /\bClassDecorator\b|\bClassDecoratorContext\b/,
  'own code without a change': /\b(ControllerInjector|spanProbes?|autoInstrumentFunctions)\b/,
  'errors that are no failure': /\b(expectedErrors|ignoreErrors|ignoredErrors)\b/,
  'switched without a restart': /\b(setEnabled|setSampler|setSampling|enableTracing)\b/,
  'rules by place in the code': /\b(samplingRules|minLevel|rules)\b/,
  'spans that have not ended': /\b(openSpans|unfinishedSpans|liveSpans)\b/,
  'file and line of the function': /\b(codeOriginForSpans|codeLocation|sourceLocation|captureLocation)\b/,
};

/** Rows whose cells are measured or plain facts of the table's own. */
const PLAIN = new Set(['works in']);
const PLAIN_CELLS = new Set(['not measured']);

const missing = Object.values(PACKAGES)
  .flat()
  .filter((folder) => !existsSync(join(ROOT, folder)));

const declarations = new Map<string, string>();
function declarationsOf(column: string): string {
  const read = (folder: string): string =>
    readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
      .filter((name) => /\.d\.ts$|^[^.]*\.ts$/.test(name) && !name.startsWith('node_modules'))
      .map((name) => readFileSync(join(ROOT, folder, name), 'utf8'))
      .join('\n');
  const known = declarations.get(column) ?? (PACKAGES[column] ?? []).map(read).join('\n');
  declarations.set(column, known);
  return known;
}

interface Row {
  readonly title: string;
  readonly cells: ReadonlyMap<string, string>;
}

/** Rows of the first table below a heading. */
function tableBelow(heading: string): Row[] {
  const section = PAGE.split(`## ${heading}\n`)[1]?.split('\n## ')[0] ?? '';
  const [head, , ...rows] = section.split('\n').filter((line) => line.startsWith('|'));
  const cellsOf = (line = ''): string[] =>
    line
      .split(/(?<!\\)\|/)
      .slice(1, -1)
      .map((cell) => cell.trim());
  const [, ...columns] = cellsOf(head);
  return rows.map((line) => {
    const [title = '', ...cells] = cellsOf(line);
    return { title, cells: new Map(columns.map((column, index) => [column, cells[index] ?? ''])) };
  });
}

const named = (cell: string): string[] => [...cell.matchAll(/`([^`]+)`/g)].map(([, name]) => name as string);
const has = (column: string, name: string): boolean => new RegExp(`\\b${name}\\b`).test(declarationsOf(column));

/** Reason why a cell is not verified. */
function fault(row: string, column: string, cell: string): string | undefined {
  if (PLAIN.has(row) || PLAIN_CELLS.has(cell) || cell.includes('](')) return undefined;
  if (cell === 'no') {
    const sign = SIGNS[row]?.exec(declarationsOf(column))?.[0];
    return SIGNS[row] === undefined ? 'nothing to search for' : sign && `its declarations have ${sign}`;
  }
  const names = named(cell);
  if (names.length === 0) return 'neither a name nor a link';
  const unknown = names.filter((name) => !has(column, name));
  return unknown.length === 0 ? undefined : `no ${unknown.join(', ')} in its declarations`;
}

if (!mustSkip(missing)) {
  test('every cell about own code has a name that the package declares, a "no" that a search confirms, or a link', () => {
    const rows = tableBelow('Spans of your own code');
    assert.ok(rows.length > 10);
    const faults = rows.flatMap(({ title, cells }) =>
      [...cells].map(([column, cell]) => [`${title}, ${column}: `, fault(title, column, cell)]).filter(([, found]) => found),
    );
    assert.equal(
      faults.map((parts) => parts.join('')),
      [],
    );
  });

  test('every name in the list of what others do better is declared by that package', () => {
    const rows = tableBelow('What they do better').filter(({ title }) => Object.hasOwn(PACKAGES, title));
    assert.is(rows.length, 5);
    for (const { title, cells } of rows)
      for (const name of named([...cells.values()].join())) if (name !== 'schedule_delay') assert.ok(has(title, name), name);
  });

  test('the page names the installed versions', () => {
    for (const folder of Object.values(PACKAGES)
      .flat()
      .filter((one) => one.includes('node_modules'))) {
      const { name, version } = JSON.parse(readFileSync(join(ROOT, folder, 'package.json'), 'utf8')) as {
        name: string;
        version: string;
      };
      if (!/core|opentracing/.test(name)) assert.ok(PAGE.includes(version), `${name} ${version}`);
    }
  });

  test('finds a name that a package does not have, a wrong "no", and a cell with neither', () => {
    assert.match(fault('a method', 'dd-trace', '`nowhere`') ?? '', /no nowhere/);
    assert.match(fault('a decorator', 'nestjs-otel', 'yes') ?? '', /neither/);
    assert.match(fault('spans that have not ended', 'Spanwright', 'no') ?? '', /openSpans/);
    assert.is(fault('a method', 'dd-trace', '[x](https://example.com)'), undefined);
  });
}

test.run();
