// Reads the [tracing] section of a TOML file: its raw values, and the place of each key, so that a fault can name the line.
// Called once by load.ts. Never throws: what is wrong with the file comes back as faults.

import type { parse as Parse, TomlError } from 'smol-toml' with { 'resolution-mode': 'import' };
import { describeFound } from '../text/found.js';
import { meant, nearest } from '../text/nearest.js';
import type { KeyRow } from './key-row.js';
import { type ConfigurationFile, faultySection, readConfigurationFile, type Section } from './section.js';
import { isTable } from './types.js';

const SECTION = 'tracing';

/** @param rows the keys that there are */
export function readToml(file: ConfigurationFile, rows: readonly KeyRow[]): Section {
  const { shown } = file;
  const read = readConfigurationFile(file);
  if ('fault' in read) return faultySection(read.fault);
  const { text } = read;
  const { parse } = require('smol-toml') as { parse: typeof Parse };
  let document: Record<string, unknown>;
  try {
    document = parse(text);
  } catch (error) {
    const { line, column, message } = error as TomlError;
    if (line === undefined) throw error;
    const what = (message.split('\n')[0] as string).replace(/^Invalid TOML document: /u, '');
    return faultySection(`${shown}:${line}:${column}: not valid TOML: ${what}.`);
  }
  const section = Object.hasOwn(document, SECTION) ? document[SECTION] : {};
  if (!isTable(section))
    return faultySection(`${shown}: ${SECTION} must be a table, written [${SECTION}]; found ${describeFound(section)}.`);
  const place = (key: string): string => placeInToml(text, key, shown);
  const keys = rows.map((row) => row.key);
  const faults = Object.keys(section).flatMap((key) => {
    if (keys.includes(key)) return [];
    const intended = rows.find(({ option }) => option === key)?.key ?? nearest(key, keys);
    return [`${place(key)}: unknown key "${key}" in [${SECTION}].${keyHint(intended)}`];
  });
  const origin = (key: string): string => `${place(key)} [${SECTION}] ${key}`;
  return { values: new Map(Object.entries(section)), origin, faults, notFollowed: [] };
}

/** The end of a fault about an unknown name. @param intended the nearest one, if there is one */
export function keyHint(intended: string | undefined): string {
  return intended === undefined ? ' docs/configuration.md lists all.' : meant(intended);
}

/** The parser does not tell where a key stands, so its line is looked for: in the section, or dotted from outside it. */
function placeInToml(text: string, key: string, shown: string): string {
  let header = '';
  let fence = '';
  for (const [index, line] of text.split('\n').entries()) {
    const inside = fence !== '';
    for (const mark of ['"""', "'''"]) {
      if ((fence === '' || fence === mark) && line.split(mark).length % 2 === 0) fence = fence === '' ? mark : '';
    }
    if (inside) continue;
    const table = /^\s*\[\s*([^[\]]+?)\s*\]/u.exec(line);
    if (table) header = segments(table[1] as string).join('.');
    const name = table ? header : `${header === '' ? '' : `${header}.`}${segments(/^[^=]*/u.exec(line)?.[0] ?? '').join('.')}`;
    if (!table && !line.includes('=')) continue;
    if (name === `${SECTION}.${key}` || name.startsWith(`${SECTION}.${key}.`)) {
      return `${shown}:${index + 1}:${line.search(/\S/u) + 1}`;
    }
  }
  return shown;
}

function segments(dotted: string): string[] {
  return dotted.split('.').map((part) => part.trim().replace(/^(["'])(.*)\1$/u, '$2'));
}
