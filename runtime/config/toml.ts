// Reads the [tracing] section of a TOML file: its raw values, and the place of each key, so that a fault can name the line. Called once by
// load.ts. Never throws: faults of the file are returned.

import type { parse as Parse, TomlError } from 'smol-toml' with { 'resolution-mode': 'import' };
import { describeFound } from '../text/found.js';
import { meant, nearest } from '../text/nearest.js';
import type { KeyRow } from './key-row.js';
import { type ConfigurationFile, faultySection, readConfigurationFile, type Section } from './section.js';
import { isTable } from './types.js';

const SECTION = 'tracing';

/** @param rows the known keys */
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

/** Line and column of a key, which the parser does not report: looked for in the section, or dotted from outside it. */
function placeInToml(text: string, key: string, shown: string): string {
  const wanted = `${SECTION}.${key}`;
  let header = '';
  for (const [index, line] of linesOutsideTexts(text)) {
    const table = /^\s*\[\s*([^[\]]+?)\s*\]/u.exec(line)?.[1];
    if (table !== undefined) header = segments(table).join('.');
    else if (!line.includes('=')) continue;
    const own = table === undefined ? segments(line.split('=', 1)[0] as string) : [];
    const name = [header, ...own].filter((part) => part !== '').join('.');
    if (name === wanted || name.startsWith(`${wanted}.`)) return `${shown}:${index + 1}:${line.search(/\S/u) + 1}`;
  }
  return shown;
}

/** Lines that do not start inside a multi-line string. */
function* linesOutsideTexts(text: string): Generator<[number, string]> {
  let fence = '';
  for (const [index, line] of text.split('\n').entries()) {
    if (fence === '') yield [index, line];
    for (const mark of ['"""', "'''"]) {
      const isOdd = line.split(mark).length % 2 === 0;
      if (isOdd && fence === '') fence = mark;
      else if (isOdd && fence === mark) fence = '';
    }
  }
}

function segments(dotted: string): string[] {
  return dotted.split('.').map((part) => part.trim().replace(/^(["'])(.*)\1$/u, '$2'));
}
