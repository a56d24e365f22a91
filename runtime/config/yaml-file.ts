// A declarative configuration file as a tree of parts, each with its value and its place: YAML 1.2 with the core schema, and the
// substitution of environment variables of OpenTelemetry's specification. Read by declarative.ts.

import type * as Yaml from 'yaml';
import { isMissing } from '../sdk/installed.js';
import { printable } from '../text/printable.js';
import { type ConfigurationFile, readConfigurationFile } from './section.js';

/** A value of the file. */
export interface Part {
  readonly value: unknown;
  /** Names from the root, as `tracer_provider.sampler`; empty at the root. */
  readonly name: string;
  /** `file:line:column name`. */
  readonly place: string;
  /** An entry of a mapping or a list; one that is not there has its parent's place and the value undefined. */
  at(key: string | number): Part;
}

/** Substitution: `$$`, `${NAME}`, `${env:NAME}`, `${NAME:-default}`; an incomplete one is an error. */
const REFERENCE = /\$\$|\$\{(?:env:)?([a-zA-Z_]\w*)(?::-([^\n}]*))?\}|\$\{[^}]*\}?/gu;

export function readParts(file: ConfigurationFile, env: NodeJS.ProcessEnv): { readonly root: Part } | { readonly fault: string } {
  const read = readConfigurationFile(file);
  if ('fault' in read) return read;
  const yaml = loadYaml();
  if (yaml === undefined)
    return {
      fault: `${file.shown}: to read it the package "yaml" is needed, which is not installed: npm install yaml (then build a bundle again)`,
    };
  const lineCounter = new yaml.LineCounter();
  const document = yaml.parseDocument(read.text, { lineCounter, prettyErrors: false, schema: 'core', version: '1.2' });
  const placeOf = (offset: number): string => {
    const { line, col } = lineCounter.linePos(offset);
    return `${file.shown}:${line}:${col}`;
  };
  const [broken] = document.errors;
  if (broken !== undefined) return { fault: `${placeOf(broken.pos[0])}: not valid YAML: ${printable(broken.message)}` };
  let fault: string | undefined;
  yaml.visit(document, {
    Scalar(key, node) {
      if (key === 'key' || typeof node.value === 'object' || !node.source?.includes('$')) return;
      const text = substituted(typeof node.value === 'string' ? node.value : node.source, env);
      if (text === undefined)
        fault ??= `${placeOf(node.range?.[0] ?? 0)}: not a reference to a variable; write \${NAME}, \${NAME:-default}, or $$ for a dollar sign.`;
      else node.value = node.type === 'PLAIN' ? plainValue(text, yaml) : text;
    },
  });
  if (fault !== undefined) return { fault };
  let content: unknown;
  try {
    content = document.toJS();
  } catch (error) {
    return { fault: `${file.shown}: not valid YAML: ${printable((error as Error).message)}` };
  }
  const part = (path: readonly (string | number)[], value: unknown, parent: string): Part => {
    const node = path.length === 0 ? document.contents : document.getIn(path, true);
    const offset = (node as Yaml.Node | undefined)?.range?.[0];
    const name = path.reduce<string>(
      (text, key) => (typeof key === 'number' ? `${text}[${key}]` : `${text === '' ? '' : `${text}.`}${printable(key)}`),
      '',
    );
    const at = value === undefined || offset === undefined ? parent : placeOf(offset);
    return {
      value,
      name,
      place: name === '' ? at : `${at} ${name}`,
      at: (key) => part([...path, key], own(value, key), at),
    };
  };
  return { root: part([], content ?? {}, file.shown) };
}

function own(value: unknown, key: string | number): unknown {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, key)
    ? (value as Record<string, unknown>)[key]
    : undefined;
}

/** Undefined where a reference is malformed. A variable that is not set and has no default is empty. */
function substituted(text: string, env: NodeJS.ProcessEnv): string | undefined {
  let broken = false;
  const result = text.replace(REFERENCE, (found, name?: string, otherwise = '') => {
    if (found === '$$') return '$';
    if (name === undefined) broken = true;
    const value = name === undefined ? undefined : env[name];
    return value === undefined || value === '' ? otherwise : value;
  });
  return broken ? undefined : result;
}

/** The value of a plain scalar: text of a variable never becomes a mapping or a list. */
function plainValue(text: string, yaml: typeof Yaml): unknown {
  if (/[\n:#[\]{},&*!|>'"%@`]/u.test(text)) return text;
  const value: unknown = yaml.parse(text, { schema: 'core', version: '1.2' });
  return typeof value === 'object' && value !== null ? text : value;
}

// A literal `require` in `try`: bundlers include a package that is installed, and build without one that is not.
function loadYaml(): typeof Yaml | undefined {
  try {
    return require('yaml') as typeof Yaml;
  } catch (error) {
    if (!isMissing(error, 'yaml')) throw error;
    return undefined;
  }
}
