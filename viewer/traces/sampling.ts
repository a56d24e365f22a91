// `spanwright traces sampling [COLLECTOR_CONFIG...]`: every place that decides whether a trace is kept, in the order in which it
// passes them: the running service (head sampling, by its admin hook), then each Collector (by its configuration file).

import { relative } from 'node:path';
import { parse } from 'yaml';
import { CommandFailure, EXIT, type Invocation, UsageError } from '../../cli/command.js';
import { ask } from '../../cli/live/ask.js';
import { settingOf, styled, table } from '../../cli/table.js';
import { readBoundedFile, UnfitFile } from '../../runtime/text/bounded-file.js';
import { counted } from '../../runtime/text/counted.js';
import { printable } from '../../runtime/text/printable.js';
import type { TracingState } from '../../runtime/tracing.js';

const MOST_BYTES = 1024 * 1024;

/** One decision, in words. */
interface Decision {
  readonly where: string;
  readonly what: string;
  readonly keeps: string;
}

// biome-ignore lint/suspicious/noExplicitAny: shaped by the Collector, read field by field
type Config = any;

/** Spans that each kind of processor keeps. */
const PROCESSORS: Readonly<Record<string, (config: Config) => readonly string[]>> = {
  probabilistic_sampler: (config) => [`${config?.sampling_percentage ?? 0} % of traces, by trace id`],
  tail_sampling: (config) => [
    `decides ${config?.decision_wait ?? '30s'} after a trace's first span, holds ${counted(config?.num_traces ?? 50_000, 'trace')}`,
    ...(config?.policies ?? []).map((policy: Config) => `${policy?.name ?? '?'}: ${policyOf(policy)}`),
  ],
  filter: (config) => [`drops what matches ${short(config?.traces ?? config?.spans ?? config)}`],
};

/** Traces that each policy of tail sampling keeps; other policies are shown as written. */
const POLICIES: Readonly<Record<string, (policy: Config) => string>> = {
  always_sample: () => 'all',
  status_code: ({ status_code }) => `traces with status ${(status_code?.status_codes ?? []).join(' or ')}`,
  latency: ({ latency }) =>
    `traces over ${latency?.threshold_ms} ms${latency?.upper_threshold_ms ? ` and under ${latency.upper_threshold_ms} ms` : ''}`,
  probabilistic: ({ probabilistic }) => `${probabilistic?.sampling_percentage} % of traces`,
  rate_limiting: ({ rate_limiting }) => `at most ${rate_limiting?.spans_per_second} spans a second`,
  string_attribute: ({ string_attribute: { key, values, invert_match } = {} as Config }) =>
    `traces ${invert_match ? 'without' : 'with'} ${key} of ${short(values)}`,
  numeric_attribute: ({ numeric_attribute: { key, min_value, max_value } = {} as Config }) =>
    `traces with ${key} from ${min_value} to ${max_value}`,
  and: ({ and }) => (and?.and_sub_policy ?? []).map(policyOf).join(', and '),
};

const policyOf = (policy: Config): string => (POLICIES[policy?.type] ?? short)(policy);
const short = (value: unknown): string => printable(JSON.stringify(value) ?? '?', 120);

/** `tail_sampling` of `tail_sampling/by_error`. */
const componentType = (id: string): string => id.split('/')[0] ?? '';

const nameOf = (path: string): string => (path === '-' ? 'standard input' : path);

/** @param path `-` is standard input */
async function readConfig(path: string): Promise<Config> {
  try {
    const text = path === '-' ? await readStandardInput() : readBoundedFile(path, MOST_BYTES).bytes.toString('utf8');
    const config = parse(text, { maxAliasCount: 100 });
    if (typeof config?.service?.pipelines === 'object' && config.service.pipelines !== null) return config;
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    throw new CommandFailure(`${printable(nameOf(path), 200)} cannot be read: ${printable(code ?? message, 300)}.`);
  }
  throw new UsageError(`${printable(nameOf(path), 200)} is no configuration of a Collector: it has no service.pipelines.`);
}

async function readStandardInput(): Promise<string> {
  const parts: Buffer[] = [];
  let bytes = 0;
  for await (const part of process.stdin as AsyncIterable<Buffer>) {
    bytes += part.length;
    if (bytes > MOST_BYTES) throw new UnfitFile(`it has more than ${MOST_BYTES} bytes`);
    parts.push(part);
  }
  return Buffer.concat(parts).toString('utf8');
}

function decisionsOf(path: string, config: Config): Decision[] {
  const decisions: Decision[] = [];
  const used = new Set<string>();
  for (const [pipeline, parts] of Object.entries<Config>(config.service.pipelines)) {
    if (componentType(pipeline) !== 'traces') continue;
    for (const id of parts?.processors ?? []) {
      used.add(id);
      for (const keeps of PROCESSORS[componentType(id)]?.(config.processors?.[id]) ?? []) {
        decisions.push({ where: path, what: `${pipeline}: ${id}`, keeps });
      }
    }
  }
  for (const id of Object.keys(config.processors ?? {})) {
    if (used.has(id) || PROCESSORS[componentType(id)] === undefined) continue;
    decisions.push({ where: path, what: id, keeps: 'decides nothing: it is defined, but in no traces pipeline' });
  }
  return decisions.length > 0 ? decisions : [{ where: path, what: 'traces', keeps: 'all: no processor decides' }];
}

function decisionsOfService({
  serviceName,
  enabled,
  recording,
  roots,
  rules,
  drop,
  remoteParent,
  leases,
  configuration,
}: TracingState): Decision[] {
  const row = (what: string, keeps: string): Decision => ({ where: serviceName || 'the service', what, keeps });
  const keep = configuration.filter(({ key, value }) => key.startsWith('keep') && value !== undefined && value !== null);
  return [
    row(
      'enabled',
      enabled ? (recording ? 'new traces start' : 'on, but with no exporter: nothing is recorded') : 'no new trace starts',
    ),
    ...leases.map((lease) => row('lease', `${settingOf(lease)} until ${lease.expiresAt ?? 'switched on'}`)),
    row('roots', roots === '*' ? 'every span without a parent' : roots === '' ? 'no span without a parent' : roots),
    ...(rules === '' ? [] : [row('rules', rules)]),
    row('drop', drop === '' ? 'nothing' : `never: ${drop}`),
    row(
      'remote parent',
      remoteParent === 'accept'
        ? 'the decision of an upstream service is kept'
        : 'the decision of an upstream service is ignored',
    ),
    ...keep.map(({ key, value }) => row(key, short(value))),
  ];
}

/** The path as it is shorter to read: from here, when the file lies below. */
function shownPathOf(path: string): string {
  if (path === '-') return nameOf(path);
  const fromHere = relative(process.cwd(), path);
  return fromHere.startsWith('..') || fromHere === '' ? path : fromHere;
}

export async function runSampling(invocation: Invocation): Promise<number> {
  const { arguments: paths, options, out, err, colours } = invocation;
  const decisions: Decision[] = [];
  // With files alone the service is asked only when it is named: an operator looks at a Collector from anywhere.
  if (paths.length === 0 || options.has('url') || options.has('socket')) {
    decisions.push(...decisionsOfService(await ask<TracingState>(invocation, 'GET', 'state')));
  }
  for (const path of paths) decisions.push(...decisionsOf(shownPathOf(path), await readConfig(path)));
  if (options.has('json')) out(JSON.stringify({ decisions }));
  else {
    const columns = [
      { title: 'WHERE', of: ({ where }: Decision) => where, most: 200 },
      { title: 'WHAT', of: ({ what }: Decision) => what },
      { title: 'KEEPS', of: ({ keeps }: Decision) => keeps, most: 160 },
    ];
    for (const line of table(columns, decisions, colours)) out(line);
    err(styled('A trace must be kept everywhere on its way.', 'dim', colours));
  }
  return EXIT.done;
}
