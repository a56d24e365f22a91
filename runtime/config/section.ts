// The contents of a configuration file in the form that TOML and YAML share: raw values by key of the table, each with its place. Made by
// toml.ts and declarative.ts, read by load.ts.

import { readBoundedFile, UnfitFile } from '../text/bounded-file.js';

export interface Section {
  /** Raw values by key of the table. */
  readonly values: ReadonlyMap<string, unknown>;
  /** `file:line:column` and the name that the key has in the file; the file alone where the line is not known. */
  origin(key: string): string;
  /** Faults of the file other than invalid values. */
  readonly faults: readonly string[];
  /** Parts of a standard file that are not followed, each with the reason. */
  readonly notFollowed: readonly string[];
}

export interface ConfigurationFile {
  readonly path: string;
  /** The path as the user wrote it: faults name that. */
  readonly shown: string;
  readonly kind: 'TOML' | 'YAML';
}

/** A configuration is read whole into memory; this is far above any that a person writes. */
const MAX_BYTES = 1024 * 1024;

/** The text without a byte order mark, or why there is none. */
export function readConfigurationFile({
  path,
  shown,
  kind,
}: ConfigurationFile): { readonly text: string } | { readonly fault: string } {
  try {
    return {
      text: readBoundedFile(path, MAX_BYTES)
        .bytes.toString('utf8')
        .replace(/^\uFEFF/u, ''),
    };
  } catch (error) {
    return { fault: `${shown}: ${unreadable(error, kind)}` };
  }
}

export function faultySection(fault: string): Section {
  return { values: new Map(), origin: () => '', faults: [fault], notFollowed: [] };
}

function unreadable(error: unknown, kind: ConfigurationFile['kind']): string {
  if (error instanceof UnfitFile) return `the file cannot be used: ${error.message}; expected a ${kind} file.`;
  const code = String((error as NodeJS.ErrnoException).code);
  const variable = kind === 'TOML' ? 'SPANWRIGHT_CONFIG' : 'OTEL_CONFIG_FILE';
  if (code === 'ENOENT') return `there is no such file; correct the path (configFile or ${variable}) or write the file.`;
  if (code === 'EACCES') return 'the file may not be read by this user.';
  if (code === 'EISDIR') return `this is a directory; expected a ${kind} file.`;
  return `the file cannot be read (${code}).`;
}
