// The file of OTEL_CONFIG_FILE: OpenTelemetry's declarative configuration (format 1.x) as values of the key table. Each name of the
// format is followed, refused where it would change what is recorded, or listed as not followed. Spanwright's own keys stand in the
// sampler `spanwright/development` and in `distribution.spanwright`. Loaded by load.ts with the first such file.
// Source: opentelemetry-configuration, schema/*.yaml, and the OpenTelemetry specification, "Declarative configuration".

import { describeFound } from '../text/found.js';
import { didYouMean } from '../text/nearest.js';
import type { KeyRow } from './key-row.js';
import { type ConfigurationFile, faultySection, type Section } from './section.js';
import { attributes, headers } from './tables.js';
import { isTable } from './types.js';
import { type Part, readParts } from './yaml-file.js';

/** Keys of the sampler `spanwright/development`; those that no part of the format stands for are in `distribution.spanwright`. */
const SAMPLER_KEYS = ['enabled', 'roots', 'when', 'rules', 'drop', 'keep', 'remote_parent', 'remote_roots_per_second'];
const STANDARD_KEYS = [
  ...['disabled', 'log_level', 'service_name', 'service_version', 'resource', 'resource_detectors', 'propagators'],
  ...['traces_exporter', 'otlp_endpoint', 'protocol', 'otlp_insecure', 'otlp_headers', 'otlp_compression', 'otlp_timeout'],
  ...['otlp_certificate', 'otlp_client_certificate', 'otlp_client_key'],
  ...['schedule_delay', 'export_timeout', 'max_queue_size', 'max_export_batch_size'],
  ...['span_attribute_count_limit', 'attribute_value_length_limit', 'span_event_count_limit', 'span_link_count_limit'],
  ...['event_attribute_count_limit', 'link_attribute_count_limit'],
];
const SAMPLER = 'spanwright/development';
const FORMATS = /^1\.\d+(-rc\.\d+)?$/u;
const KNOWN_FORMATS = ['1.0', '1.1'];

interface Given {
  readonly env: NodeJS.ProcessEnv;
  readonly rows: readonly KeyRow[];
}

type Read = (part: Part) => void;

/** @param given `env` for substitution, `rows` the keys that there are */
export function readDeclarative(file: ConfigurationFile, { env, rows }: Given): Section {
  const read = readParts(file, env);
  if ('fault' in read) return faultySection(read.fault);
  const section = new DeclarativeSection(rows);
  section.read(read.root);
  return section;
}

class DeclarativeSection implements Section {
  readonly values = new Map<string, unknown>();
  readonly faults: string[] = [];
  readonly notFollowed: string[] = [];
  readonly #origins = new Map<string, string>();

  constructor(private readonly rows: readonly KeyRow[]) {}

  origin(key: string): string {
    return this.#origins.get(key) ?? '';
  }

  read(root: Part): void {
    // what the format leaves out when it is not there
    this.#put('resource_detectors', 'none', root);
    this.#put('propagators', 'none', root);
    this.#put('traces_exporter', 'none', root);
    if (root.at('file_format').value === undefined)
      this.faults.push(`${root.place}: file_format is missing; write file_format: "${KNOWN_FORMATS.at(-1)}" as the first line.`);
    this.#table(root, {
      file_format: (part) => this.#format(part),
      disabled: this.#to('disabled'),
      log_level: (part) => this.#logLevel(part),
      attribute_limits: (part) => this.#table(part, this.#attributeLimits()),
      resource: (part) => this.#resource(part),
      propagator: (part) => this.#propagator(part),
      tracer_provider: (part) => this.#tracerProvider(part),
      meter_provider: this.#leave('metrics are left to the SDK that makes them'),
      logger_provider: this.#leave('logs are left to the SDK that makes them'),
      'instrumentation/development': this.#leave('instrumentations are set by distribution.spanwright.instrumentations'),
      distribution: (part) => this.#distribution(part),
    });
  }

  #put(key: string, value: unknown, { place }: Part): void {
    this.values.set(key, value);
    this.#origins.set(key, place);
  }

  #to(key: string): Read {
    return (part) => this.#put(key, part.value, part);
  }

  #leave(why: string): Read {
    return ({ place }) => this.notFollowed.push(`${place}: ${why}`);
  }

  #refuse(why: string): Read {
    return ({ place }) => this.faults.push(`${place}: is not supported; ${why}.`);
  }

  #mustBe({ place, value }: Part, expected: string): void {
    this.faults.push(`${place}: must be ${expected}; found ${describeFound(value)}.`);
  }

  /** Reads the entries of a mapping in the order of `entries`. One that is null counts as absent, except for those in `empty`. */
  #table(part: Part, entries: Readonly<Record<string, Read>>, empty: readonly string[] = []): void {
    if (part.value === null || part.value === undefined) return;
    if (!isTable(part.value)) {
      this.#mustBe(part, 'a mapping');
      return;
    }
    const names = Object.keys(entries);
    for (const name of Object.keys(part.value)) {
      const hint = didYouMean(name, names) || ` Expected one of ${names.join(', ')}.`;
      if (!names.includes(name)) this.faults.push(`${part.at(name).place}: unknown name.${hint}`);
    }
    for (const name of names) {
      const entry = part.at(name);
      if (entry.value !== undefined && (entry.value !== null || empty.includes(name))) entries[name]?.(entry);
    }
  }

  /** Reads a mapping with exactly one entry, as exporters and samplers are written. */
  #one(part: Part, entries: Readonly<Record<string, Read>>): void {
    if (isTable(part.value) && Object.keys(part.value).length === 1) this.#table(part, entries, Object.keys(entries));
    else this.#mustBe(part, `a mapping with one entry of ${Object.keys(entries).join(', ')}`);
  }

  #list(part: Part, read: Read): void {
    if (part.value === null || part.value === undefined) return;
    if (Array.isArray(part.value)) for (const index of part.value.keys()) read(part.at(index));
    else this.#mustBe(part, 'a list');
  }

  #format(part: Part): void {
    const { value, place } = part;
    if (typeof value !== 'string' || !FORMATS.test(value))
      this.#mustBe(part, `a version of the format 1 in quotes, such as "${KNOWN_FORMATS.at(-1)}"`);
    else if (!KNOWN_FORMATS.some((known) => value.startsWith(known)))
      this.notFollowed.push(`${place}: ${value} is newer than ${KNOWN_FORMATS.at(-1)}, whose names are known here`);
  }

  #logLevel(part: Part): void {
    const { value } = part;
    const level = typeof value === 'string' ? /^(trace|debug|info|warn|error|fatal)[234]?$/u.exec(value)?.[1] : undefined;
    if (level === undefined)
      this.#mustBe(part, 'one of trace, debug, info, warn, error, fatal, with or without a figure from 2 to 4');
    else this.#put('log_level', { trace: 'verbose', fatal: 'error' }[level] ?? level, part);
  }

  #attributeLimits(): Record<string, Read> {
    return {
      attribute_value_length_limit: this.#to('attribute_value_length_limit'),
      attribute_count_limit: this.#to('span_attribute_count_limit'),
      attribute_value_depth_limit: this.#leave('attributes of spans are scalars and lists here'),
    };
  }

  #resource(part: Part): void {
    const found: Record<string, unknown> = Object.create(null);
    const list = part.at('attributes_list');
    if (typeof list.value === 'string') {
      const reading = attributes().read(list.value, 'environment');
      if ('value' in reading) Object.assign(found, reading.value);
      else this.faults.push(`${list.place}: ${'fault' in reading ? reading.fault : `must be ${reading.expected}`}.`);
    }
    this.#table(part, {
      attributes: (list) => this.#list(list, (one) => this.#attribute(one, found)),
      attributes_list: (list) => typeof list.value === 'string' || this.#mustBe(list, 'text as in OTEL_RESOURCE_ATTRIBUTES'),
      'detection/development': (detection) =>
        this.#table(detection, {
          attributes: this.#refuse('choose detectors, or set the attributes themselves'),
          detectors: (detectors) => this.#detectors(detectors),
        }),
      schema_url: this.#leave('the resource has the schema of the packages that detect it'),
    });
    this.#put('resource', found, part);
  }

  #attribute(part: Part, found: Record<string, unknown>): void {
    const [name, value, type] = ['name', 'value', 'type'].map((key) => part.at(key)) as [Part, Part, Part];
    const ignore = (): void => {};
    this.#table(part, { name: ignore, value: ignore, type: ignore });
    if (typeof name.value !== 'string' || name.value === '') this.#mustBe(name, 'the name of an attribute');
    else if (value.value === undefined) this.faults.push(`${part.place}: value is missing.`);
    else if (value.value !== null && this.#fits(value, type)) found[name.value] = value.value;
  }

  #fits(value: Part, type: Part): boolean {
    const fits = type.value === undefined || type.value === null ? () => true : FITS[String(type.value)];
    if (fits === undefined) {
      this.#mustBe(type, `one of ${Object.keys(FITS).join(', ')}`);
      return false;
    }
    if (fits(value.value)) return true;
    this.#mustBe(value, `of the type ${type.value}`);
    return false;
  }

  #detectors(part: Part): void {
    const names: string[] = [];
    const add =
      (...more: string[]) =>
      () =>
        names.push(...more);
    this.#list(part, (one) =>
      this.#one(one, {
        env: add('env'),
        host: add('host', 'os'),
        os: add('os'),
        process: add('process'),
        service: add('serviceinstance'),
        container: this.#refuse(
          'give the detector of @opentelemetry/resource-detector-container in code (extraResourceDetectors)',
        ),
      }),
    );
    if (names.length > 0) this.#put('resource_detectors', [...new Set(names)], part);
  }

  #propagator(part: Part): void {
    const names: string[] = [];
    this.#table(part, {
      composite: (list) =>
        this.#list(list, (one) => {
          if (isTable(one.value) && Object.keys(one.value).length === 1) names.push(...Object.keys(one.value));
          else this.#mustBe(one, 'a mapping with one entry, such as "tracecontext:"');
        }),
      composite_list: (list) => {
        if (typeof list.value === 'string') names.push(...list.value.split(',').map((name) => name.trim()));
        else this.#mustBe(list, 'text as in OTEL_PROPAGATORS');
      },
    });
    const all = [...new Set(names)].filter((name) => name !== '' && name !== 'none');
    if (all.length > 0) this.#put('propagators', all, part);
  }

  #tracerProvider(part: Part): void {
    const processors = part.at('processors');
    if (!Array.isArray(processors.value) || processors.value.length !== 1)
      this.#mustBe(processors, 'a list of one processor; others are given in code (spanProcessors)');
    this.#table(part, {
      processors: (list) => this.#list(list, (one) => this.#processor(one)),
      limits: (limits) =>
        this.#table(limits, {
          ...this.#attributeLimits(),
          event_count_limit: this.#to('span_event_count_limit'),
          link_count_limit: this.#to('span_link_count_limit'),
          event_attribute_count_limit: this.#to('event_attribute_count_limit'),
          link_attribute_count_limit: this.#to('link_attribute_count_limit'),
        }),
      sampler: (sampler) => this.#sampler(sampler),
      id_generator: (generator) => this.#one(generator, { random: () => {} }),
      'tracer_configurator/development': this.#refuse(`leave scopes out by drop: scope:NAME of the sampler ${SAMPLER}`),
    });
  }

  #processor(part: Part): void {
    const exporter: Read = (one) => this.#exporter(one);
    this.#one(part, {
      batch: (batch) =>
        this.#table(batch, {
          schedule_delay: this.#to('schedule_delay'),
          export_timeout: this.#to('export_timeout'),
          max_queue_size: this.#to('max_queue_size'),
          max_export_batch_size: this.#to('max_export_batch_size'),
          exporter,
        }),
      simple: (simple) => {
        this.notFollowed.push(
          `${simple.place}: spans are sent in batches, 10 ms after they ended, because sending must not hold the program`,
        );
        this.#put('schedule_delay', 10, simple);
        this.#table(simple, { exporter });
      },
    });
    const kind = Object.keys(isTable(part.value) ? part.value : {})[0] ?? 'batch';
    if (isTable(part.value) && part.at(kind).at('exporter').value === undefined)
      this.faults.push(`${part.at(kind).place}: exporter is missing.`);
  }

  #exporter(part: Part): void {
    this.#one(part, {
      otlp_http: (otlp) => this.#otlp(otlp, 'http/protobuf'),
      otlp_grpc: (otlp) => this.#otlp(otlp, 'grpc'),
      console: (exporter) => {
        this.#table(exporter, {});
        this.#put('traces_exporter', 'console', exporter);
      },
      'otlp_file/development': this.#refuse('send to a collector that has a file exporter'),
    });
  }

  #otlp(part: Part, protocol: 'grpc' | 'http/protobuf'): void {
    this.#put('traces_exporter', 'otlp', part);
    this.#put('protocol', protocol, part);
    this.#put('otlp_endpoint', protocol === 'grpc' ? 'http://localhost:4317' : 'http://localhost:4318/v1/traces', part);
    const files = {
      ca_file: this.#to('otlp_certificate'),
      key_file: this.#to('otlp_client_key'),
      cert_file: this.#to('otlp_client_certificate'),
    };
    const given: Record<string, unknown> = Object.create(null);
    const list = part.at('headers_list');
    if (typeof list.value === 'string') {
      const reading = headers().read(list.value, 'environment');
      if ('value' in reading) Object.assign(given, reading.value);
      else this.faults.push(`${list.place}: ${'fault' in reading ? reading.fault : `must be ${reading.expected}`}.`);
    }
    this.#table(part, {
      endpoint: this.#to('otlp_endpoint'),
      tls: (tls) => this.#table(tls, protocol === 'grpc' ? { ...files, insecure: this.#to('otlp_insecure') } : files),
      headers: (all) => this.#list(all, (one) => this.#header(one, given)),
      headers_list: (one) =>
        typeof one.value === 'string' || this.faults.push(`${one.place}: must be text as in OTEL_EXPORTER_OTLP_HEADERS.`),
      compression: this.#to('otlp_compression'),
      timeout: this.#to('otlp_timeout'),
      ...(protocol === 'grpc'
        ? {}
        : {
            encoding: (one: Part) => one.value === 'protobuf' || this.#mustBe(one, '"protobuf", which is the only encoding here'),
          }),
    });
    if (Object.keys(given).length > 0) this.#put('otlp_headers', given, part.at('headers'));
  }

  /** Values of headers are secrets: no fault shows one. */
  #header(part: Part, given: Record<string, unknown>): void {
    const ignore = (): void => {};
    this.#table(part, { name: ignore, value: ignore });
    const [name, value] = [part.at('name').value, part.at('value').value];
    if (value === null) return;
    if (typeof name === 'string' && typeof value === 'string') given[name] = value;
    else this.faults.push(`${part.place}: must have a name and a value, both strings.`);
  }

  #sampler(part: Part): void {
    const bare = { remoteParent: 'ignore' };
    this.#one(part, {
      [SAMPLER]: (own) => this.#ownKeys(own, SAMPLER_KEYS),
      parent_based: (based) => this.#parentBased(based),
      always_on: (one) => this.#starts(one, bare),
      always_off: (one) => this.#starts(one, { ...bare, roots: 'none' }),
      trace_id_ratio_based: (one) => this.#starts(one, { ...bare, ratio: this.#ratio(one) }),
      'probability/development': (one) => this.#starts(one, { ...bare, ratio: this.#ratio(one) }),
      always_record: this.#refuse(`use ${SAMPLER} or parent_based`),
      'composite/development': this.#refuse(`use ${SAMPLER} or parent_based`),
      'jaeger_remote/development': this.#refuse(`use ${SAMPLER} and change it through the admin hook`),
    });
  }

  #parentBased(part: Part): void {
    const fixed = (wanted: string): Read => {
      return (one) =>
        (isTable(one.value) && Object.keys(one.value).join() === wanted) ||
        this.#mustBe(one, `${wanted}, which is the only one supported here`);
    };
    this.#table(part, {
      root: (root) =>
        this.#one(root, {
          [SAMPLER]: (own) => this.#ownKeys(own, SAMPLER_KEYS),
          always_on: () => {},
          always_off: (one) => this.#starts(one, { roots: 'none' }),
          trace_id_ratio_based: (one) => this.#starts(one, { ratio: this.#ratio(one) }),
          'probability/development': (one) => this.#starts(one, { ratio: this.#ratio(one) }),
        }),
      remote_parent_sampled: (one) =>
        this.#one(one, { always_on: () => {}, always_off: (off) => this.#put('remote_parent', 'ignore', off) }),
      remote_parent_not_sampled: fixed('always_off'),
      local_parent_sampled: fixed('always_on'),
      local_parent_not_sampled: fixed('always_off'),
    });
  }

  #ratio(part: Part): number {
    let ratio = 1;
    this.#table(part, {
      ratio: (one) => {
        if (typeof one.value === 'number' && one.value >= 0 && one.value <= 1) ratio = one.value;
        else this.#mustBe(one, 'a number from 0 to 1');
      },
    });
    return ratio;
  }

  #starts(part: Part, { roots, remoteParent, ratio = 1 }: { roots?: string; remoteParent?: string; ratio?: number }): void {
    if (roots !== undefined) this.#put('roots', roots, part);
    if (remoteParent !== undefined) this.#put('remote_parent', remoteParent, part);
    if (ratio < 1) this.#put('rules', `*=${ratio === 0 ? 'off' : ratio}`, part);
  }

  #distribution(part: Part): void {
    if (!isTable(part.value)) {
      this.#mustBe(part, 'a mapping');
      return;
    }
    for (const name of Object.keys(part.value)) {
      if (name !== 'spanwright') this.#leave('another distribution reads it')(part.at(name));
      else
        this.#ownKeys(
          part.at(name),
          this.rows.map(({ key }) => key).filter((key) => ![...SAMPLER_KEYS, ...STANDARD_KEYS].includes(key)),
        );
    }
  }

  #ownKeys(part: Part, keys: readonly string[]): void {
    this.#table(part, Object.fromEntries(keys.map((key) => [key, this.#to(key)])));
  }
}

const isInteger = (value: unknown): boolean => Number.isInteger(value);
const isDouble = (value: unknown): boolean => Number.isFinite(value);
const isBool = (value: unknown): boolean => typeof value === 'boolean';
const isString = (value: unknown): boolean => typeof value === 'string';
const all = (fits: (value: unknown) => boolean) => (value: unknown) => Array.isArray(value) && value.every(fits);

/** By the types of the format. */
const FITS: Readonly<Record<string, (value: unknown) => boolean>> = {
  string: isString,
  bool: isBool,
  int: isInteger,
  double: isDouble,
  string_array: all(isString),
  bool_array: all(isBool),
  int_array: all(isInteger),
  double_array: all(isDouble),
};
