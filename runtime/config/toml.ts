// Reads the [tracing] section of a TOML file: its raw values, and the place of each key, so that a fault can name the line.
// Called once by load.ts. Never throws: what is wrong with the file comes back as text.

import type { parse as Parse, TomlError } from 'smol-toml' with { 'resolution-mode': 'import' };
import { readBoundedFile, UnfitFile } from '../text/bounded-file.js';
import { describeFound } from '../text/found.js';
import { isTable } from './types.js';

const SECTION = 'tracing';
/** A configuration is read whole into memory; this is far above any that a person writes. */
const MAX_BYTES = 1024 * 1024;

export interface Section {
  /** Raw values by key of the file. */
  readonly values: ReadonlyMap<string, unknown>;
  /** `file:line:column` of a key, or the file where the line is not known. */
  place(key: string): string;
}

type SectionReading = { readonly section: Section } | { readonly fault: string };

/** @param shown the path as the user wrote it: faults name that. */
export function readSection(path: string, shown: string): SectionReading {
  let text: string;
  try {
    text = readBoundedFile(path, MAX_BYTES).bytes.toString('utf8');
  } catch (error) {
    return { fault: `${shown}: ${unreadable(error)}` };
  }
  const { parse } = require('smol-toml') as { parse: typeof Parse };
  let document: Record<string, unknown>;
  try {
    document = parse(text.replace(/^\uFEFF/u, ''));
  } catch (error) {
    const { line, column, message } = error as TomlError;
    if (line === undefined) throw error;
    const what = (message.split('\n')[0] as string).replace(/^Invalid TOML document: /u, '');
    return { fault: `${shown}:${line}:${column}: not valid TOML: ${what}.` };
  }
  const section = Object.hasOwn(document, SECTION) ? document[SECTION] : {};
  if (!isTable(section)) {
    return { fault: `${shown}: ${SECTION} must be a table, written [${SECTION}]; found ${describeFound(section)}.` };
  }
  return { section: { values: new Map(Object.entries(section)), place: (key) => placeInToml(text, key, shown) } };
}

const UNREADABLE: Record<string, string> = {
  ENOENT: 'there is no such file; correct the path (configFile or SPANWRIGHT_CONFIG) or write the file.',
  EACCES: 'the file may not be read by this user.',
  EISDIR: 'this is a directory; expected a TOML file.',
};

function unreadable(error: unknown): string {
  if (error instanceof UnfitFile) return `the file cannot be used: ${error.message}; expected a TOML file.`;
  const code = String((error as NodeJS.ErrnoException).code);
  return UNREADABLE[code] ?? `the file cannot be read (${code}).`;
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
