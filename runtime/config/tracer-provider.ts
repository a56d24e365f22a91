// `tracer_provider` of a declarative file: the processor with its exporter, the limits, and the sampler. Used by declarative.ts.

import type { PartSection, ReadPart } from './part-section.js';
import { headers } from './tables.js';
import { isTable } from './types.js';
import type { Part } from './yaml-file.js';

/** Keys of the sampler `spanwright/development`. */
export const SAMPLER_KEYS = ['enabled', 'roots', 'when', 'rules', 'drop', 'keep', 'remote_parent', 'remote_roots_per_second'];
const SAMPLER = 'spanwright/development';

export class TracerProviderReader {
  constructor(private readonly section: PartSection) {}

  read(part: Part): void {
    const processors = part.at('processors');
    if (!Array.isArray(processors.value) || processors.value.length !== 1)
      this.section.mustBe(processors, 'a list of one processor; others are given in code (spanProcessors)');
    this.section.table(part, {
      processors: (list) => this.section.list(list, (one) => this.#processor(one)),
      limits: (limits) =>
        this.section.table(limits, {
          ...this.section.attributeLimits(),
          event_count_limit: this.section.to('span_event_count_limit'),
          link_count_limit: this.section.to('span_link_count_limit'),
          event_attribute_count_limit: this.section.to('event_attribute_count_limit'),
          link_attribute_count_limit: this.section.to('link_attribute_count_limit'),
        }),
      sampler: (sampler) => this.#sampler(sampler),
      id_generator: (generator) => this.section.one(generator, { random: () => {} }),
      'tracer_configurator/development': this.section.refuse(`exclude scopes by drop: scope:NAME in the sampler ${SAMPLER}`),
    });
  }

  #processor(part: Part): void {
    const exporter: ReadPart = (one) => this.#exporter(one);
    this.section.one(part, {
      batch: (batch) =>
        this.section.table(batch, {
          schedule_delay: this.section.to('schedule_delay'),
          export_timeout: this.section.to('export_timeout'),
          max_queue_size: this.section.to('max_queue_size'),
          max_export_batch_size: this.section.to('max_export_batch_size'),
          exporter,
        }),
      simple: (simple) => {
        this.section.notFollowed.push(
          `${simple.place}: spans are sent in batches, 10 ms after they ended, because sending must not delay the program`,
        );
        this.section.put('schedule_delay', 10, simple);
        this.section.table(simple, { exporter });
      },
    });
    const kind = Object.keys(isTable(part.value) ? part.value : {})[0] ?? 'batch';
    if (isTable(part.value) && part.at(kind).at('exporter').value === undefined)
      this.section.faults.push(`${part.at(kind).place}: exporter is missing.`);
  }

  #exporter(part: Part): void {
    this.section.one(part, {
      otlp_http: (otlp) => this.#otlp(otlp, 'http/protobuf'),
      otlp_grpc: (otlp) => this.#otlp(otlp, 'grpc'),
      console: (exporter) => {
        this.section.table(exporter, {});
        this.section.put('traces_exporter', 'console', exporter);
      },
      'otlp_file/development': this.section.refuse('send to a Collector that has a file exporter'),
    });
  }

  #otlp(part: Part, protocol: 'grpc' | 'http/protobuf'): void {
    this.section.put('traces_exporter', 'otlp', part);
    this.section.put('otlp_protocol', protocol, part);
    this.section.put('otlp_endpoint', protocol === 'grpc' ? 'http://localhost:4317' : 'http://localhost:4318/v1/traces', part);
    const files = {
      ca_file: this.section.to('otlp_certificate'),
      key_file: this.section.to('otlp_client_key'),
      cert_file: this.section.to('otlp_client_certificate'),
    };
    const given: Record<string, unknown> = Object.create(null);
    this.section.pairs(part.at('headers_list'), headers(), given);
    this.section.table(part, {
      endpoint: this.section.to('otlp_endpoint'),
      tls: (tls) =>
        this.section.table(tls, protocol === 'grpc' ? { ...files, insecure: this.section.to('otlp_insecure') } : files),
      headers: (all) => this.section.list(all, (one) => this.#header(one, given)),
      headers_list: () => {},
      compression: this.section.to('otlp_compression'),
      timeout: this.section.to('otlp_timeout'),
      ...(protocol === 'grpc'
        ? {}
        : {
            encoding: (one: Part) =>
              one.value === 'protobuf' || this.section.mustBe(one, '"protobuf", the only supported encoding'),
          }),
    });
    if (Object.keys(given).length > 0) this.section.put('otlp_headers', given, part.at('headers'));
  }

  /** Values of headers are secrets: no fault shows one. */
  #header(part: Part, given: Record<string, unknown>): void {
    const ignore = (): void => {};
    this.section.table(part, { name: ignore, value: ignore });
    const [name, value] = [part.at('name').value, part.at('value').value];
    if (value === null) return;
    if (typeof name === 'string' && typeof value === 'string') given[name] = value;
    else this.section.faults.push(`${part.place}: must have a name and a value, both strings.`);
  }

  #sampler(part: Part): void {
    const bare = { remoteParent: 'ignore' };
    this.section.one(part, {
      [SAMPLER]: (own) => this.section.ownKeys(own, SAMPLER_KEYS),
      parent_based: (based) => this.#parentBased(based),
      always_on: (one) => this.#starts(one, bare),
      always_off: (one) => this.#starts(one, { ...bare, roots: 'none' }),
      trace_id_ratio_based: (one) => this.#starts(one, { ...bare, ratio: this.#ratio(one) }),
      'probability/development': (one) => this.#starts(one, { ...bare, ratio: this.#ratio(one) }),
      always_record: this.section.refuse(`use ${SAMPLER} or parent_based`),
      'composite/development': this.section.refuse(`use ${SAMPLER} or parent_based`),
      'jaeger_remote/development': this.section.refuse(`use ${SAMPLER} and change it through the admin hook`),
    });
  }

  #parentBased(part: Part): void {
    const fixed = (wanted: string): ReadPart => {
      return (one) =>
        (isTable(one.value) && Object.keys(one.value).join() === wanted) ||
        this.section.mustBe(one, `${wanted}, which is the only one supported here`);
    };
    this.section.table(part, {
      root: (root) =>
        this.section.one(root, {
          [SAMPLER]: (own) => this.section.ownKeys(own, SAMPLER_KEYS),
          always_on: () => {},
          always_off: (one) => this.#starts(one, { roots: 'none' }),
          trace_id_ratio_based: (one) => this.#starts(one, { ratio: this.#ratio(one) }),
          'probability/development': (one) => this.#starts(one, { ratio: this.#ratio(one) }),
        }),
      remote_parent_sampled: (one) =>
        this.section.one(one, { always_on: () => {}, always_off: (off) => this.section.put('remote_parent', 'ignore', off) }),
      remote_parent_not_sampled: fixed('always_off'),
      local_parent_sampled: fixed('always_on'),
      local_parent_not_sampled: fixed('always_off'),
    });
  }

  #ratio(part: Part): number {
    let ratio = 1;
    this.section.table(part, {
      ratio: (one) => {
        if (typeof one.value === 'number' && one.value >= 0 && one.value <= 1) ratio = one.value;
        else this.section.mustBe(one, 'a number from 0 to 1');
      },
    });
    return ratio;
  }

  #starts(part: Part, { roots, remoteParent, ratio = 1 }: { roots?: string; remoteParent?: string; ratio?: number }): void {
    if (roots !== undefined) this.section.put('roots', roots, part);
    if (remoteParent !== undefined) this.section.put('remote_parent', remoteParent, part);
    if (ratio < 1) this.section.put('rules', `*=${ratio === 0 ? 'off' : ratio}`, part);
  }
}
