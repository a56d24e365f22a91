// Names and types of everything in a request of OTLP, compared with OpenTelemetry's semantic conventions and with the registries of
// Spanwright (docs/telemetry) and of the samples (samples/<name>/telemetry.yaml). Used by tests that receive spans or metrics anyway.
// The checks of Weaver's `registry live-check`, which cannot be installed from a package registry.

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as stable from '@opentelemetry/semantic-conventions';
import * as all from '@opentelemetry/semantic-conventions/incubating';
import { parse } from 'yaml';
import type { ReceivedSpan } from '../../../viewer/receiver/decode.js';
import { PROJECT } from '../../house/sources.js';
import { valueIn } from './otlp-json.js';
import { findPart } from './program.js';

/** Types of the conventions; their npm package has names only. Installed by .ci/setup from OpenTelemetry's module for Go. */
export const CONVENTIONS = findPart('semconv/attribute_group.go');

const OWN = join(PROJECT, 'docs/telemetry');

/** An attribute of a registry. `type` is that of Weaver, without `template[]`. */
export interface RegistryAttribute {
  readonly id: string;
  readonly type: string;
  /** Allowed values. */
  readonly members?: readonly string[];
  /** True for the first part of names: `spanwright.arg` of `spanwright.arg.machineId`. */
  readonly isPrefix: boolean;
}

// biome-ignore lint/suspicious/noExplicitAny: shaped by the registry's schema
type Yaml = any;

/** Groups of registry files. */
export function groupsOf(files: readonly string[]): Yaml[] {
  return files.flatMap((file) => parse(readFileSync(file, 'utf8')).groups ?? []);
}

const reasonsIn = (groups: readonly Yaml[]): [name: string, reason: string][] =>
  groups
    .flatMap(({ attributes = [] }) => attributes)
    .filter(({ ref, note }) => ref !== undefined && note !== undefined)
    .map(({ ref, note }) => [ref, note]);

/** Names of the conventions that are not stable, with the reason for their use. */
export function incubatingNames(): Map<string, string> {
  const { groups, imports } = parse(readFileSync(join(OWN, 'conventions.yaml'), 'utf8'));
  return new Map([...reasonsIn(groups), ...imports.metrics.map((name: string) => [name, 'imported'] as const)]);
}

/** Files of Spanwright's registry. */
export const OWN_FILES = readdirSync(OWN)
  .filter((file) => file !== 'manifest.yaml')
  .map((file) => join(OWN, file));

export function attributesOf(groups: readonly Yaml[]): RegistryAttribute[] {
  return groups
    .flatMap(({ attributes = [] }) => attributes)
    .filter(({ id }) => id !== undefined)
    .map(({ id, type }) => {
      if (typeof type === 'object')
        return { id, type: 'string', members: type.members.map(({ value }: Yaml) => value), isPrefix: false };
      const [, within] = /^template\[(.+)\]$/.exec(type) ?? [];
      return { id, type: within ?? type, isPrefix: within !== undefined };
    });
}

const isString = (value: unknown): boolean => typeof value === 'string';
const isInteger = (value: unknown): boolean => Number.isInteger(value);
const IS: Readonly<Record<string, (value: unknown) => boolean>> = {
  string: isString,
  int: isInteger,
  double: (value) => typeof value === 'number',
  boolean: (value) => typeof value === 'boolean',
  Enum: (value) => isString(value) || isInteger(value),
  any: () => true,
};

function hasType(type: string, value: unknown): boolean {
  const [, element] = /^(.+)\[\]$/.exec(type) ?? [];
  if (element !== undefined) return Array.isArray(value) && value.every((one) => IS[element]?.(one));
  return IS[type]?.(value) ?? false;
}

/** Types of names that OpenTelemetry's module leaves out: deprecated ones, and those of a later edition than its own. */
const NOT_IN_MODULE: readonly (readonly [string, string])[] = [
  ['code.namespace', 'string'],
  ['error.message', 'string'],
  ['messaging.system.name', 'string'],
  ['peer.service', 'string'],
  ['rpc.status_code', 'string'],
];

function conventionTypes(): Map<string, string> {
  const source = readFileSync(CONVENTIONS as string, 'utf8');
  const rows = source.matchAll(/\/\/ Type: (.*)\n(?:\t\/\/.*\n)*\t\w+ = attribute\.Key\("([^"]+)"\)/g);
  return new Map([...NOT_IN_MODULE, ...[...rows].map(([, type = '', name = '']) => [name, type] as const)]);
}

/** Values of constants `ATTR_`, `METRIC_` or `EVENT_`; those of functions, as ATTR_HTTP_REQUEST_HEADER, end in a dot. */
function named(constants: object, start: string): Set<string> {
  const found = Object.entries(constants).filter(([name]) => name.startsWith(start));
  return new Set(found.map(([, value]) => (typeof value === 'function' ? value('') : value) as string));
}

/** A received span, in the form that all receivers of the tests share. */
export interface Received {
  readonly name: string;
  readonly attributes: Readonly<Record<string, unknown>>;
  readonly events: readonly { readonly name: string; readonly attributes: Readonly<Record<string, unknown>> }[];
  readonly links: readonly { readonly attributes: Readonly<Record<string, unknown>> }[];
  readonly resource: Readonly<Record<string, unknown>>;
}

/** A span as the embedded receiver decodes it. */
export const asReceived = (span: ReceivedSpan): Received => ({ ...span, resource: span.resource.attributes });

/** Metrics of requests in OTLP's JSON. */
export function receivedMetrics(requests: readonly Yaml[]): ReceivedMetric[] {
  const metrics = requests
    .flatMap(({ resourceMetrics }) => resourceMetrics)
    .flatMap(({ scopeMetrics }) => scopeMetrics)
    .flatMap((scope) => scope.metrics);
  return metrics.map(({ name, unit, sum, gauge, histogram, exponentialHistogram }) => ({
    name,
    unit,
    instrument: sum ? (sum.isMonotonic ? 'counter' : 'updowncounter') : gauge ? 'gauge' : 'histogram',
    points: (sum ?? gauge ?? histogram ?? exponentialHistogram).dataPoints.map(({ attributes = [] }: Yaml) =>
      Object.fromEntries(attributes.map(({ key, value }: Yaml) => [key, valueIn(value)])),
    ),
  }));
}

export interface ReceivedMetric {
  readonly name: string;
  readonly unit: string;
  /** As in a registry: counter, updowncounter, histogram. */
  readonly instrument: string;
  readonly points: readonly Readonly<Record<string, unknown>>[];
}

/** Constants of the conventions. */
export const STABLE = { ATTR_: named(stable, 'ATTR_'), METRIC_: named(stable, 'METRIC_'), EVENT_: named(stable, 'EVENT_') };
export const ALL = { ATTR_: named(all, 'ATTR_'), METRIC_: named(all, 'METRIC_'), EVENT_: named(all, 'EVENT_') };

export class LiveCheck {
  readonly #types = conventionTypes();
  readonly #attributes: readonly RegistryAttribute[];
  readonly #groups: readonly Yaml[];
  readonly #findings = new Set<string>();
  /** Names that need not be stable. */
  readonly #listed: ReadonlyMap<string, string>;

  /** @param registry files of the program, beside Spanwright's own; a `ref` with a note lists a name that is not stable */
  constructor(registry: readonly string[] = []) {
    this.#groups = groupsOf([...OWN_FILES, ...registry]);
    this.#listed = new Map([...incubatingNames(), ...reasonsIn(groupsOf(registry))]);
    this.#attributes = attributesOf(this.#groups);
  }

  /** Faults of the spans, each once. */
  spans(spans: readonly Received[]): string[] {
    this.#findings.clear();
    for (const { attributes, events, links, resource } of spans) {
      this.#record('resource', resource);
      this.#record('span', attributes);
      for (const link of links) this.#record('link', link.attributes);
      for (const event of events) {
        if (
          !this.#isNamed('EVENT_', event.name) &&
          !this.#groups.some(({ type, name }) => type === 'event' && name === event.name)
        )
          this.#findings.add(`event ${event.name}: unknown`);
        this.#record(`event ${event.name}`, event.attributes);
      }
    }
    return [...this.#findings].sort();
  }

  metrics(metrics: readonly ReceivedMetric[]): string[] {
    this.#findings.clear();
    for (const { name, unit, instrument, points } of metrics) {
      const row = this.#groups.find(({ metric_name }) => metric_name === name);
      if (row !== undefined) {
        if (row.unit !== unit) this.#findings.add(`metric ${name}: the unit is ${unit}, must be ${row.unit}`);
        if (row.instrument !== instrument) this.#findings.add(`metric ${name}: is a ${instrument}, must be a ${row.instrument}`);
      } else if (!this.#isNamed('METRIC_', name)) this.#findings.add(`metric ${name}: unknown`);
      for (const attributes of points) this.#record(`metric ${name}`, attributes);
    }
    return [...this.#findings].sort();
  }

  #isNamed(kind: 'ATTR_' | 'METRIC_' | 'EVENT_', name: string): boolean {
    const isIn = (names: ReadonlySet<string>): boolean =>
      names.has(name) || [...names].some((prefix) => prefix.endsWith('.') && name.startsWith(prefix));
    return isIn(STABLE[kind]) || (this.#listed.has(name) && isIn(ALL[kind]));
  }

  #record(where: string, attributes: Readonly<Record<string, unknown>>): void {
    for (const [name, value] of Object.entries(attributes)) {
      const fault = this.#faultOf(name, value);
      if (fault !== undefined) this.#findings.add(`${where}: ${name}: ${fault}`);
    }
  }

  #faultOf(name: string, value: unknown): string | undefined {
    const own = this.#attributes.find(({ id, type, isPrefix }) =>
      isPrefix || type === 'any' ? name === id || name.startsWith(`${id}.`) : name === id,
    );
    if (own !== undefined) {
      if (own.members !== undefined && !own.members.includes(value as string))
        return `${JSON.stringify(value)} is not one of ${own.members.join(', ')}`;
      return hasType(own.type, value) ? undefined : `${JSON.stringify(value)} is not of the type ${own.type}`;
    }
    if (!this.#isNamed('ATTR_', name)) {
      const known = ALL.ATTR_.has(name);
      return known ? 'not stable, and not listed with a reason' : 'unknown';
    }
    const type = this.#types.get(name) ?? (/\.header\./.test(name) ? 'string[]' : undefined);
    if (type === undefined) return 'the type is unknown';
    return hasType(type, value) ? undefined : `${JSON.stringify(value)} is not of the type ${type}`;
  }
}
