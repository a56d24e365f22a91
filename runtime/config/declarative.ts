// The file of OTEL_CONFIG_FILE: OpenTelemetry's declarative configuration (format 1.x) as values of the key table. Each name of the
// format is followed, refused where it would change what is recorded, or listed as not followed. Spanwright's own keys are in the
// sampler `spanwright/development` and in `distribution.spanwright`. Loaded by load.ts with the first such file.
// Source: opentelemetry-configuration, schema/*.yaml, and the OpenTelemetry specification, "Declarative configuration".

import type { KeyRow } from './key-row.js';
import { PartSection } from './part-section.js';
import { type ConfigurationFile, faultySection, type Section } from './section.js';
import { attributes } from './tables.js';
import { SAMPLER_KEYS, TracerProviderReader } from './tracer-provider.js';
import { isTable } from './types.js';
import { type Part, readParts } from './yaml-file.js';

/** Keys that parts of the format stand for; all but these and those of the sampler are in `distribution.spanwright`. */
const STANDARD_KEYS = [
  ...['disabled', 'log_level', 'service_name', 'service_version', 'resource', 'resource_detectors', 'propagators'],
  ...['traces_exporter', 'otlp_endpoint', 'otlp_protocol', 'otlp_insecure', 'otlp_headers', 'otlp_compression', 'otlp_timeout'],
  ...['otlp_certificate', 'otlp_client_certificate', 'otlp_client_key'],
  ...['schedule_delay', 'export_timeout', 'max_queue_size', 'max_export_batch_size'],
  ...['span_attribute_count_limit', 'attribute_value_length_limit', 'span_event_count_limit', 'span_link_count_limit'],
  ...['event_attribute_count_limit', 'link_attribute_count_limit'],
];
const FORMATS = /^1\.\d+(-rc\.\d+)?$/u;
const KNOWN_FORMATS = ['1.0', '1.1'];

interface Given {
  readonly env: NodeJS.ProcessEnv;
  readonly rows: readonly KeyRow[];
}

/** @param given `env` for substitution, `rows` the known keys */
export function readDeclarative(file: ConfigurationFile, { env, rows }: Given): Section {
  const read = readParts(file, env);
  if ('fault' in read) return faultySection(read.fault);
  const section = new PartSection();
  new DeclarativeReader(section, rows).read(read.root);
  return section;
}

class DeclarativeReader {
  constructor(
    private readonly section: PartSection,
    private readonly rows: readonly KeyRow[],
  ) {}

  read(root: Part): void {
    // defaults of the format for parts that are absent
    this.section.put('resource_detectors', 'none', root);
    this.section.put('propagators', 'none', root);
    this.section.put('traces_exporter', 'none', root);
    if (root.at('file_format').value === undefined)
      this.section.faults.push(
        `${root.place}: file_format is missing; write file_format: "${KNOWN_FORMATS.at(-1)}" as the first line.`,
      );
    this.section.table(root, {
      file_format: (part) => this.#format(part),
      disabled: this.section.to('disabled'),
      log_level: (part) => this.#logLevel(part),
      attribute_limits: (part) => this.section.table(part, this.section.attributeLimits()),
      resource: (part) => this.#resource(part),
      propagator: (part) => this.#propagator(part),
      tracer_provider: (part) => new TracerProviderReader(this.section).read(part),
      meter_provider: this.section.leave('metrics are configured in the SDK that exports them'),
      logger_provider: this.section.leave('logs are configured in the SDK that exports them'),
      'instrumentation/development': this.section.leave('instrumentations are set by distribution.spanwright.instrumentations'),
      distribution: (part) => this.#distribution(part),
    });
  }

  #format(part: Part): void {
    const { value, place } = part;
    if (typeof value !== 'string' || !FORMATS.test(value))
      this.section.mustBe(part, `a version of the format 1 in quotes, such as "${KNOWN_FORMATS.at(-1)}"`);
    else if (!KNOWN_FORMATS.some((known) => value.startsWith(known)))
      this.section.notFollowed.push(`${place}: ${value} is newer than ${KNOWN_FORMATS.at(-1)}, the newest supported version`);
  }

  #logLevel(part: Part): void {
    const { value } = part;
    const level = typeof value === 'string' ? /^(trace|debug|info|warn|error|fatal)[234]?$/u.exec(value)?.[1] : undefined;
    if (level === undefined)
      this.section.mustBe(part, 'one of trace, debug, info, warn, error or fatal, optionally with a digit from 2 to 4 behind it');
    else this.section.put('log_level', { trace: 'verbose', fatal: 'error' }[level] ?? level, part);
  }

  #resource(part: Part): void {
    const found: Record<string, unknown> = Object.create(null);
    this.section.pairs(part.at('attributes_list'), attributes(), found);
    this.section.table(part, {
      attributes: (list) => this.section.list(list, (one) => this.#attribute(one, found)),
      attributes_list: () => {},
      'detection/development': (detection) =>
        this.section.table(detection, {
          attributes: this.section.refuse('choose detectors, or set the attributes themselves'),
          detectors: (detectors) => this.#detectors(detectors),
        }),
      schema_url: this.section.leave('the resource gets the schema URL of the packages that detect it'),
    });
    this.section.put('resource', found, part);
  }

  #attribute(part: Part, found: Record<string, unknown>): void {
    const [name, value, type] = ['name', 'value', 'type'].map((key) => part.at(key)) as [Part, Part, Part];
    const ignore = (): void => {};
    this.section.table(part, { name: ignore, value: ignore, type: ignore });
    if (typeof name.value !== 'string' || name.value === '') this.section.mustBe(name, 'the name of an attribute');
    else if (value.value === undefined) this.section.faults.push(`${part.place}: value is missing.`);
    else if (value.value !== null && this.#fits(value, type)) found[name.value] = value.value;
  }

  #fits(value: Part, type: Part): boolean {
    const fits = type.value === undefined || type.value === null ? () => true : FITS[String(type.value)];
    if (fits === undefined) {
      this.section.mustBe(type, `one of ${Object.keys(FITS).join(', ')}`);
      return false;
    }
    if (fits(value.value)) return true;
    this.section.mustBe(value, `of the type ${type.value}`);
    return false;
  }

  #detectors(part: Part): void {
    const names: string[] = [];
    const add =
      (...more: string[]) =>
      () =>
        names.push(...more);
    this.section.list(part, (one) =>
      this.section.one(one, {
        env: add('env'),
        host: add('host', 'os'),
        os: add('os'),
        process: add('process'),
        service: add('serviceinstance'),
        container: this.section.refuse(
          'give the detector of @opentelemetry/resource-detector-container in code (extraResourceDetectors)',
        ),
      }),
    );
    if (names.length > 0) this.section.put('resource_detectors', [...new Set(names)], part);
  }

  #propagator(part: Part): void {
    const names: string[] = [];
    this.section.table(part, {
      composite: (list) =>
        this.section.list(list, (one) => {
          if (isTable(one.value) && Object.keys(one.value).length === 1) names.push(...Object.keys(one.value));
          else this.section.mustBe(one, 'a mapping with one entry, such as "tracecontext:"');
        }),
      composite_list: (list) => {
        if (typeof list.value === 'string') names.push(...list.value.split(',').map((name) => name.trim()));
        else this.section.mustBe(list, 'text as in OTEL_PROPAGATORS');
      },
    });
    const all = [...new Set(names)].filter((name) => name !== '' && name !== 'none');
    if (all.length > 0) this.section.put('propagators', all, part);
  }

  #distribution(part: Part): void {
    if (!isTable(part.value)) {
      this.section.mustBe(part, 'a mapping');
      return;
    }
    for (const name of Object.keys(part.value)) {
      if (name !== 'spanwright') this.section.leave('another distribution reads it')(part.at(name));
      else
        this.section.ownKeys(
          part.at(name),
          this.rows.map(({ key }) => key).filter((key) => ![...SAMPLER_KEYS, ...STANDARD_KEYS].includes(key)),
        );
    }
  }
}

const isInteger = (value: unknown): boolean => Number.isInteger(value);
const isDouble = (value: unknown): boolean => Number.isFinite(value);
const isBool = (value: unknown): boolean => typeof value === 'boolean';
const isString = (value: unknown): boolean => typeof value === 'string';
const all = (fits: (value: unknown) => boolean) => (value: unknown) => Array.isArray(value) && value.every(fits);

/** Checks of attribute values, by the types of the format. */
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
