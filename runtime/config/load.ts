// Loads the configuration: default, then TOML file, then environment, then options in code, the later one winning. Called by
// startTracing() and by `spanwright doctor`. All faults are collected into one ConfigurationError; nothing is half-applied.

import { existsSync } from 'node:fs';
import { isAbsolute, join } from 'node:path';
import { ConfigurationError } from '../errors.js';
import { hiddenNames } from '../span/redact.js';
import { describeFound, withoutCredentialsIn } from '../text/found.js';
import { meant, nearest } from '../text/nearest.js';
import type { ConfigurationValue, Source } from '../tracing.js';
import type { Configuration, TracingOptions } from './configuration.js';
import { readVariable, variableText } from './env.js';
import type { KeyRow } from './key-row.js';
import { type ConfiguredValues, KEYS } from './keys.js';
import { readSection, type Section } from './toml.js';
import type { Place } from './types.js';

export interface LoadedConfiguration {
  readonly configuration: Configuration;
  /** Where each value came from, in the order of the table. */
  readonly values: readonly ConfigurationValue[];
}

export interface LoadInput {
  options?: TracingOptions;
  env?: NodeJS.ProcessEnv;
  cwd?: string;
}

const ROWS: readonly KeyRow[] = KEYS;
const DEFAULT_FILE = 'tracing.toml';
const FILE_VARIABLE = 'SPANWRIGHT_CONFIG';
const CODE = 'startTracing()';
const SOURCES: Record<Place, Source> = { file: 'file', environment: 'environment', code: 'code' };

type CodeOnly = 'configFile' | 'exporter' | 'spanProcessors' | 'extraResourceDetectors';

/** What only code can give, with what it must be. */
const CODE_ONLY: Record<CodeOnly, { expected: string; fits(value: unknown): boolean }> = {
  configFile: { expected: 'the path of a TOML file', fits: (value) => typeof value === 'string' && value !== '' },
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
  checkOptionNames(options, faults);
  const file = findFile(options, env, cwd);
  const section = file === null ? undefined : readFile(file, faults);

  const values: ConfigurationValue[] = [];
  const chosen = new Map<string, unknown>();
  for (const row of ROWS) {
    const { value, source, origin } = choose(row, findings(row, section, env, options), faults);
    chosen.set(row.option, value);
    values.push({ key: row.key, value, source, origin });
  }
  reconcile(chosen, values, faults);
  if (faults.length > 0) throw new ConfigurationError(messageOf(faults), faults);

  const configuration = Object.freeze({
    ...(Object.fromEntries(chosen) as unknown as ConfiguredValues),
    configFile: file?.path ?? null,
    endpointIsGeneric: values.some(({ key, origin }) => key === 'otlp_endpoint' && origin === 'OTEL_EXPORTER_OTLP_ENDPOINT'),
    exporter: options.exporter ?? null,
    spanProcessors: Object.freeze([...(options.spanProcessors ?? [])]),
    extraResourceDetectors: Object.freeze([...(options.extraResourceDetectors ?? [])]),
  });
  const hides = hiddenNames(configuration.redact);
  return { configuration, values: Object.freeze(values.map((value) => shown(value, hides))) };
}

function checkOptionNames(options: object, faults: string[]): void {
  const names = [...ROWS.map((row) => row.option), ...Object.keys(CODE_ONLY)];
  for (const [name, value] of Object.entries(options)) {
    if (!names.includes(name)) {
      const row = ROWS.find(({ key }) => key === name);
      faults.push(`${CODE}: unknown option "${name}".${hint(row?.option ?? nearest(name, names))}`);
      continue;
    }
    if (!Object.hasOwn(CODE_ONLY, name) || value === undefined) continue;
    const rule = CODE_ONLY[name as keyof typeof CODE_ONLY];
    if (!rule.fits(value)) faults.push(`${CODE}: ${name} must be ${rule.expected}; found ${describeFound(value)}.`);
  }
}

function findFile(options: TracingOptions, env: NodeJS.ProcessEnv, cwd: string): { path: string; shown: string } | null {
  const given =
    typeof options.configFile === 'string' && options.configFile !== '' ? options.configFile : variableText(env, FILE_VARIABLE);
  if (given !== undefined) return { path: isAbsolute(given) ? given : join(cwd, given), shown: given };
  const path = join(cwd, DEFAULT_FILE);
  return existsSync(path) ? { path, shown: DEFAULT_FILE } : null;
}

function readFile(file: { path: string; shown: string }, faults: string[]): Section | undefined {
  const reading = readSection(file.path, file.shown);
  if ('fault' in reading) {
    faults.push(reading.fault);
    return undefined;
  }
  const keys = ROWS.map((row) => row.key);
  for (const key of reading.section.values.keys()) {
    if (keys.includes(key)) continue;
    const row = ROWS.find(({ option }) => option === key);
    faults.push(`${reading.section.place(key)}: unknown key "${key}" in [tracing].${hint(row?.key ?? nearest(key, keys))}`);
  }
  return reading.section;
}

function hint(name: string | undefined): string {
  return name === undefined ? ' docs/configuration.md lists all.' : meant(name);
}

/** In order of precedence, the lowest first. */
function findings(row: KeyRow, section: Section | undefined, env: NodeJS.ProcessEnv, options: TracingOptions): Finding[] {
  const found: Finding[] = [];
  if (section?.values.has(row.key)) {
    found.push({ raw: section.values.get(row.key), place: 'file', origin: `${section.place(row.key)} [tracing] ${row.key}` });
  }
  const variable = readVariable(row, env);
  if (variable) found.push({ raw: variable.value, place: 'environment', origin: variable.name });
  const raw = (options as Record<string, unknown>)[row.option];
  if (raw !== undefined) found.push({ raw, place: 'code', origin: `${CODE} ${row.option}` });
  return found;
}

/** Every finding is read, also one that a higher source hides: a bad value in a file is a fault whatever hides it. */
function choose(row: KeyRow, found: readonly Finding[], faults: string[]): { value: unknown; source: Source; origin: string } {
  let choice: { value: unknown; source: Source; origin: string } = { value: row.default, source: 'default', origin: 'default' };
  for (const { raw, place, origin } of found) {
    const reading = row.type.read(raw, place);
    if (!('value' in reading)) {
      const what = 'fault' in reading ? reading.fault : `must be ${reading.expected}; found ${describeFound(raw, row.secret)}`;
      faults.push(`${origin}: ${what}.`.replace(/\.\.$/u, '.') + (reading.hint ?? ''));
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

/** What no single key can say: how keys bear on each other. */
function reconcile(chosen: Map<string, unknown>, values: ConfigurationValue[], faults: string[]): void {
  const row = (key: string): ConfigurationValue => values.find((value) => value.key === key) as ConfigurationValue;
  const become = (key: string, option: string, value: unknown, from: ConfigurationValue): void => {
    chosen.set(option, value);
    Object.assign(row(key), { value, source: from.source, origin: from.origin });
  };

  const queue = chosen.get('maxQueueSize') as number;
  const batch = chosen.get('maxExportBatchSize') as number;
  if (batch > queue) {
    if (row('max_export_batch_size').source === 'default')
      become('max_export_batch_size', 'maxExportBatchSize', queue, row('max_queue_size'));
    else {
      faults.push(
        `${row('max_export_batch_size').origin}: max_export_batch_size must be at most max_queue_size; found ${batch} and ${queue} (${row('max_queue_size').origin}).`,
      );
    }
  }
  const named = (chosen.get('resource') as Record<string, unknown>)['service.name'];
  if (row('service_name').source === 'default' && typeof named === 'string' && named !== '') {
    become('service_name', 'serviceName', named, row('resource'));
  }
  // what is enabled by name is wanted, although the default drops it
  const enabled = Object.entries(chosen.get('instrumentations') as Record<string, unknown>).flatMap(([name, on]) =>
    on ? [name] : [],
  );
  if (row('drop').source === 'default' && enabled.length > 0) {
    const kept = (chosen.get('drop') as string)
      .split(', ')
      .filter((scope) => !enabled.some((name) => scope.endsWith(`-${name}`)));
    if (kept.join(', ') !== chosen.get('drop')) become('drop', 'drop', kept.join(', '), row('instrumentations'));
  }
  if (chosen.get('disabled') === true) become('enabled', 'enabled', false, row('disabled'));
  const certificate = chosen.get('otlpClientCertificate');
  const key = chosen.get('otlpClientKey');
  if ((certificate === null) !== (key === null)) {
    const given = row(key === null ? 'otlp_client_certificate' : 'otlp_client_key');
    faults.push(`${given.origin}: otlp_client_certificate and otlp_client_key must be given together; the other one is not set.`);
  }
}

function shown(value: ConfigurationValue, hides: ReturnType<typeof hiddenNames>): ConfigurationValue {
  const secret = ROWS.find((row) => row.key === value.key)?.secret && value.source !== 'default';
  return Object.freeze({
    ...value,
    value: secret ? '***' : withoutCredentialsIn(value.value, value.key === 'resource' ? hides : undefined),
  });
}

function messageOf(faults: readonly string[]): string {
  if (faults.length === 1) return `Configuration of tracing: ${faults[0]}`;
  return `Configuration of tracing has ${faults.length} faults:\n${faults.map((fault) => `  - ${fault}`).join('\n')}`;
}
