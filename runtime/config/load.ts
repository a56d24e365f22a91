// Loads the configuration: default, then file, then environment, then options in code, with rising precedence. Called by
// startTracing() and by `spanwright doctor`. All faults of the file and of code are collected into one ConfigurationError; nothing is
// half-applied.

import { existsSync } from 'node:fs';
import { isAbsolute, join } from 'node:path';
import { ConfigurationError } from '../errors.js';
import { isLogger } from '../notice-logger.js';
import { hiddenNames } from '../span/redact.js';
import { counted } from '../text/counted.js';
import { describeFound, withoutCredentialsIn } from '../text/found.js';
import { nearest } from '../text/nearest.js';
import type { ConfigurationValue, Source } from '../tracing.js';
import type { Configuration } from './configuration.js';
import { readVariable, variableText } from './env.js';
import type { KeyRow } from './key-row.js';
import { type ConfiguredValues, KEYS } from './keys.js';
import type { TracingOptions } from './options.js';
import { reconcile } from './reconcile.js';
import type { ConfigurationFile, Section } from './section.js';
import { keyHint, readToml } from './toml.js';
import type { Place } from './types.js';

export interface LoadedConfiguration {
  readonly configuration: Configuration;
  /** Source of each value, in the order of the table. */
  readonly values: readonly ConfigurationValue[];
  /** Variables of the environment that are malformed and therefore ignored, each with the reason. */
  readonly warnings: readonly string[];
  /** Parts of a declarative file that are not followed, each with its place and the reason. */
  readonly notFollowed: readonly string[];
}

interface LoadInput {
  options?: TracingOptions;
  env?: NodeJS.ProcessEnv;
  cwd?: string;
}

const ROWS: readonly KeyRow[] = KEYS;
const DEFAULT_FILE = 'tracing.toml';
const FILE_VARIABLE = 'SPANWRIGHT_CONFIG';
const STANDARD_FILE_VARIABLE = 'OTEL_CONFIG_FILE';
/** Loaded with the first YAML file. */
const declarative = (): typeof import('./declarative.js') => require('./declarative.js');
const CODE = 'startTracing()';
const SOURCES: Record<Place, Source> = { file: 'file', environment: 'environment', code: 'code' };

type CodeOnly = 'configFile' | 'logger' | 'exporter' | 'spanProcessors' | 'extraResourceDetectors';

/** Options that only code can pass, each with a description of its type. */
const CODE_ONLY: Record<CodeOnly, { expected: string; fits(value: unknown): boolean }> = {
  configFile: { expected: 'the path of a TOML or YAML file', fits: (value) => typeof value === 'string' && value !== '' },
  logger: {
    expected: 'a logger (an object with warn() and info() or log(), or a function)',
    fits: isLogger,
  },
  exporter: {
    expected: 'a SpanExporter (an object with export() and shutdown())',
    fits: (value) => has(value, ['export', 'shutdown']),
  },
  spanProcessors: {
    expected: 'a list of SpanProcessors (objects with onStart(), onEnd(), forceFlush() and shutdown())',
    fits: (value) => Array.isArray(value) && value.every((item) => has(item, ['onStart', 'onEnd', 'forceFlush', 'shutdown'])),
  },
  extraResourceDetectors: {
    expected: 'a list of ResourceDetectors (objects with detect())',
    fits: (value) => Array.isArray(value) && value.every((item) => has(item, ['detect'])),
  },
};

function has(value: unknown, methods: readonly string[]): boolean {
  return (
    typeof value === 'object' &&
    value !== null &&
    methods.every((name) => typeof (value as Record<string, unknown>)[name] === 'function')
  );
}

/** One value that was found for a key: where, and as which source. */
interface Finding {
  readonly raw: unknown;
  readonly place: Place;
  readonly origin: string;
}

/**
 * @throws ConfigurationError whose `faults` name every unknown key, wrong type and value out of range, with place and remedy.
 */
export function loadConfiguration({ options = {}, env = process.env, cwd = process.cwd() }: LoadInput = {}): LoadedConfiguration {
  const faults: string[] = [];
  const warnings: string[] = [];
  checkOptionNames(options, faults);
  const file = findFile({ options, env, cwd }, (message) => warnings.push(message));
  const section = file === null ? undefined : readFile(file, env);
  faults.push(...(section?.faults ?? []));
  const variables = file?.kind === 'YAML' ? withoutStandard(env) : env;

  const values: ConfigurationValue[] = ROWS.map((row) => ({
    key: row.key,
    ...choose(row, findings(row, section, variables, options), { faults, warnings }),
  }));
  reconcile({
    values,
    env: variables,
    fault: (message) => faults.push(message),
    warn: (message) => warnings.push(message),
  });
  if (faults.length > 0) throw new ConfigurationError(messageOf(faults), faults);

  const configuration = Object.freeze({
    ...(Object.fromEntries(ROWS.map(({ option }, index) => [option, values[index]?.value])) as unknown as ConfiguredValues),
    configFile: file?.path ?? null,
    endpointIsGeneric: values.some(({ key, origin }) => key === 'otlp_endpoint' && origin === 'OTEL_EXPORTER_OTLP_ENDPOINT'),
    logger: options.logger ?? null,
    exporter: options.exporter ?? null,
    spanProcessors: Object.freeze([...(options.spanProcessors ?? [])]),
    extraResourceDetectors: Object.freeze([...(options.extraResourceDetectors ?? [])]),
  });
  const hides = hiddenNames(configuration.redact);
  const visible = ROWS.map((row, index) => {
    const value = values[index] as ConfigurationValue;
    return Object.freeze({ ...value, value: shownValue(row, value, hides) });
  });
  const notFollowed = Object.freeze([...(section?.notFollowed ?? [])]);
  return { configuration, values: Object.freeze(visible), warnings: Object.freeze(warnings), notFollowed };
}

function checkOptionNames(options: object, faults: string[]): void {
  const names = [...ROWS.map((row) => row.option), ...Object.keys(CODE_ONLY)];
  for (const [name, value] of Object.entries(options)) {
    if (!names.includes(name)) {
      const row = ROWS.find(({ key }) => key === name);
      faults.push(`${CODE}: unknown option "${name}".${keyHint(row?.option ?? nearest(name, names))}`);
      continue;
    }
    if (!Object.hasOwn(CODE_ONLY, name) || value === undefined) continue;
    const rule = CODE_ONLY[name as keyof typeof CODE_ONLY];
    if (!rule.fits(value)) faults.push(`${CODE}: ${name} must be ${rule.expected}; found ${describeFound(value)}.`);
  }
}

/** Code names the file, else OTEL_CONFIG_FILE, else SPANWRIGHT_CONFIG, else it is the default one if there is one. */
function findFile({ options, env, cwd }: Required<LoadInput>, warn: (message: string) => void): ConfigurationFile | null {
  const inCode = typeof options.configFile === 'string' && options.configFile !== '' ? options.configFile : undefined;
  const given: readonly (readonly [string | undefined, string])[] = [
    [inCode, `${CODE} configFile`],
    [variableText(env, STANDARD_FILE_VARIABLE), STANDARD_FILE_VARIABLE],
    [variableText(env, FILE_VARIABLE), FILE_VARIABLE],
  ];
  const [chosen, ...ignored] = given.filter(([value]) => value !== undefined);
  for (const [, name] of ignored) warn(`${name}: ignored, because ${chosen?.[1]} names the configuration file.`);
  const [shown = DEFAULT_FILE, origin] = chosen ?? [];
  const path = isAbsolute(shown) ? shown : join(cwd, shown);
  if (chosen === undefined && !existsSync(path)) return null;
  return { path, shown, kind: origin === STANDARD_FILE_VARIABLE || /\.ya?ml$/iu.test(shown) ? 'YAML' : 'TOML' };
}

function readFile(file: ConfigurationFile, env: NodeJS.ProcessEnv): Section {
  return file.kind === 'TOML' ? readToml(file, ROWS) : declarative().readDeclarative(file, { env, rows: ROWS });
}

/** A declarative file takes the place of all standard variables (OpenTelemetry specification, "Declarative configuration"). */
function withoutStandard(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(env).filter(([name]) => !name.startsWith('OTEL_')));
}

/** Sources in order of precedence, the lowest first. */
function findings(row: KeyRow, section: Section | undefined, env: NodeJS.ProcessEnv, options: TracingOptions): Finding[] {
  const found: Finding[] = [];
  if (section?.values.has(row.key)) {
    found.push({ raw: section.values.get(row.key), place: 'file', origin: section.origin(row.key) });
  }
  const variable = readVariable(row, env);
  if (variable) found.push({ raw: variable.value, place: 'environment', origin: variable.name });
  const raw = (options as Record<string, unknown>)[row.option];
  if (raw !== undefined) found.push({ raw, place: 'code', origin: `${CODE} ${row.option}` });
  return found;
}

/**
 * Every finding is read, also one that a higher source hides: a bad value in a file is a fault all the same. A bad value of the
 * environment is ignored with a warning (OpenTelemetry specification, "General SDK configuration").
 */
function choose(
  row: KeyRow,
  found: readonly Finding[],
  { faults, warnings }: { faults: string[]; warnings: string[] },
): { value: unknown; source: Source; origin: string } {
  let choice: { value: unknown; source: Source; origin: string } = { value: row.default, source: 'default', origin: 'default' };
  for (const { raw, place, origin } of found) {
    const reading = row.type.read(raw, place);
    if (!('value' in reading)) {
      const what = 'fault' in reading ? reading.fault : `must be ${reading.expected}; found ${describeFound(raw, row.secret)}`;
      const message = `${origin}: ${what}.`.replace(/\.\.$/u, '.') + (reading.hint ?? '');
      (place === 'environment' ? warnings : faults).push(message);
      if (place === 'environment' && row.whenMalformed !== undefined)
        choice = { value: row.whenMalformed, source: 'environment', origin };
      continue;
    }
    const merged = row.merge && choice.source !== 'default';
    choice = {
      value: merged ? Object.freeze({ ...(choice.value as object), ...reading.value }) : reading.value,
      source: SOURCES[place],
      origin: merged ? `${choice.origin}; ${origin}` : origin,
    };
  }
  return choice;
}

/** A value as it is shown: never that of a secret. */
function shownValue(
  { secret, type }: KeyRow,
  { source, value }: ConfigurationValue,
  hides: ReturnType<typeof hiddenNames>,
): unknown {
  if (secret && source !== 'default') return '***';
  return type.show === undefined ? withoutCredentialsIn(value) : type.show(value, hides);
}

function messageOf(faults: readonly string[]): string {
  if (faults.length === 1) return `Configuration of tracing: ${faults[0]}`;
  return `Configuration of tracing has ${counted(faults.length, 'fault')}:\n${faults.map((fault) => `  - ${fault}`).join('\n')}`;
}
