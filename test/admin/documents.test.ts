// docs/admin.md and docs/cli.md equal the tables of routes, commands, options and exit codes, row by row.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { type CommandOption, EXIT, EXIT_MEANINGS } from '../../cli/command.js';
import { COMMANDS } from '../../cli/commands.js';
import { GLOBAL_OPTIONS, LIVE_OPTIONS } from '../../cli/options.js';
import { RECIPES } from '../../cli/viewer/recipes.js';
import { DEFAULT_ADMIN_PORT, DEFAULT_PREFIX } from '../../runtime/admin/defaults.js';
import { FIELD_TYPES, type Field } from '../../runtime/admin/fields.js';
import { ROUTES } from '../../runtime/admin/routes.js';

const documentOf = (name: string) => readFileSync(join(__dirname, '../../docs', name), 'utf8');
const code = (text: string) => `\`${text}\``;
const row = (...cells: string[]) => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;

const routeRows = ROUTES.map(({ method, path, permission, summary }) =>
  row(code(`${method} ${path === '' ? 'prefix' : path}`), permission, summary),
);

/** Fields by name and meaning, with the routes that take them. */
const FIELDS = new Map<string, { field: Field; routes: string[] }>();
for (const route of ROUTES) {
  for (const field of route.method === 'GET' ? route.query : (route.body ?? [])) {
    const known = FIELDS.get(`${field.name} ${field.summary}`);
    if (known === undefined) FIELDS.set(`${field.name} ${field.summary}`, { field, routes: [route.path] });
    else known.routes.push(route.path);
  }
}
const fieldRows = [...FIELDS.values()].map(({ field, routes }) =>
  row(routes.map(code).join(', '), code(field.name), FIELD_TYPES[field.type].expected, field.summary),
);

const flagOf = ({ name, short, type, value }: CommandOption) =>
  code(`${short === undefined ? '' : `-${short}, `}--${name}${type === 'flag' ? '' : ` ${value ?? 'VALUE'}`}`);
const optionRows = (options: readonly CommandOption[], of: string) =>
  options.map((option) => row(of, flagOf(option), option.summary));
const commandRows = COMMANDS.map(({ name, usage, summary }) => row(code(`spanwright ${name} ${usage}`.trim()), summary));
const allOptionRows = [
  ...COMMANDS.flatMap((command) => optionRows(command.options, code(command.name))),
  ...optionRows(LIVE_OPTIONS, 'live'),
  ...optionRows(GLOBAL_OPTIONS, 'all'),
];
const recipeRows = RECIPES.map(({ name, usage, summary }) => row(code(`${name} ${usage}`.trim()), summary));
const exitRows = Object.entries(EXIT).map(([name, exit]) => row(String(exit), EXIT_MEANINGS[name as keyof typeof EXIT]));

for (const [name, heading, rows] of [
  ['admin.md', 'Routes', routeRows],
  ['admin.md', 'Fields', fieldRows],
  ['cli.md', 'Commands', commandRows],
  ['cli.md', 'Traces', recipeRows],
  ['cli.md', 'Options', allOptionRows],
  ['cli.md', 'Exit codes', exitRows],
] as const) {
  test(`the table "${heading}" of docs/${name} is that of the code`, () => {
    assert.ok(rows.length > 0);
    const section = documentOf(name)
      .split(/^## /m)
      .find((part) => part.startsWith(`${heading}\n`));
    const found = (section ?? '')
      .split('\n')
      .filter((line) => line.startsWith('|'))
      .slice(2);
    assert.equal(found.join('\n'), rows.join('\n'));
  });
}

test('the documents name the default address', () => {
  for (const name of ['admin.md', 'cli.md'])
    assert.match(documentOf(name), `http://127.0.0.1:${DEFAULT_ADMIN_PORT}${DEFAULT_PREFIX}`);
});

test.run();
