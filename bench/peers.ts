// Spanwright beside other tracers, each as its documentation sets it up, and in a process of its own: off, below a root that is not
// kept, and recorded below a recorded span, on each Node.js. Rust's `tracing` is beside them for the first two (rust.ts).

import { NODES } from './nodes.js';
import { measurePairs, type Plan } from './pairs.js';
import { machine, type Outcome, overFirst, type Table, timesTable } from './report.js';
import { rustTable } from './rust.js';
import type { Choice, Modules } from './variants.js';
import { missingPeers } from './workspace.js';

type State = 'off' | 'not kept' | 'recorded';

const BARE: Choice = { label: 'bare call', flavour: 'bare' };
const OURS: Choice = { label: 'transformed', flavour: 'instrument', build: 'built' };

/** Packages that create their spans through OpenTelemetry's API, whose SDK is set up by hand. */
const THROUGH_SDK: readonly Choice[] = [
  { label: 'hand-written span', flavour: 'handwritten' },
  { label: 'nestjs-otel 8', flavour: 'nestjs-otel' },
  { label: '@fullstackhouse/opentelemetry-js-decorator', flavour: 'fullstackhouse' },
  { label: 'autotel 7', flavour: 'autotel', build: 'plain standard' },
];

const named = (choice: Choice, more: string, rest: Omit<Choice, 'label' | 'flavour'>): Choice => ({
  ...choice,
  ...rest,
  label: `${choice.label}, ${more}`,
});

export const CHOICES: Readonly<Record<State, readonly Choice[]>> = {
  off: [
    BARE,
    named(OURS, 'off', { state: 'spanwright off' }),
    ...THROUGH_SDK.map((choice) => named(choice, 'no SDK', {})),
    { label: 'dd-trace 6, `tracer.wrap`, DD_TRACE_ENABLED=false', flavour: 'datadog wrap', state: 'datadog disabled' },
    { label: 'dd-trace 6, `tracer.trace`, DD_TRACE_ENABLED=false', flavour: 'datadog trace', state: 'datadog disabled' },
    { label: '@sentry/node 11, no tracesSampleRate', flavour: 'sentry', state: 'sentry without tracing' },
  ],
  'not kept': [
    BARE,
    named(OURS, 'a rule excludes its namespace', { state: 'spanwright, excluded by a rule' }),
    named(OURS, 'the root is not sampled', { state: 'spanwright on', parent: 'unsampled' }),
    ...THROUGH_SDK.map((choice) => named(choice, 'the root is not sampled', { state: 'sdk on', parent: 'unsampled' })),
    { label: 'dd-trace 6, DD_TRACE_SAMPLE_RATE=0', flavour: 'datadog wrap', state: 'datadog sampling nothing', parent: 'own' },
    { label: '@sentry/node 11, tracesSampleRate 0', flavour: 'sentry', state: 'sentry sampling nothing', parent: 'own' },
  ],
  recorded: [
    named(THROUGH_SDK[0] as Choice, 'SDK', { state: 'sdk on', parent: 'recorded', spans: 1 }),
    named(OURS, 'on', { state: 'spanwright on', parent: 'recorded', spans: 1 }),
    ...THROUGH_SDK.slice(1).map((choice) => named(choice, 'SDK', { state: 'sdk on', parent: 'recorded', spans: 1 } as const)),
    { label: 'dd-trace 6, `tracer.wrap`', flavour: 'datadog wrap', state: 'datadog on', parent: 'own', spans: 1 },
    { label: '@sentry/node 11, tracesSampleRate 1', flavour: 'sentry', state: 'sentry on', parent: 'own', spans: 1 },
  ],
};

const NOTES: Readonly<Record<State, string>> = {
  off: 'Off as each is switched off. `tracer.wrap` returns the method itself where dd-trace is disabled, which only a restart changes.',
  'not kept':
    'On, and nothing is recorded: below a root that is not sampled, or where a rule excludes the method. dd-trace creates all spans of a trace that it does not keep, and its agent discards them.',
  recorded:
    'Below a recorded span, as far as to an exporter or transport that counts and discards. The same five attributes on spans by hand, of Spanwright, dd-trace and Sentry; none on the others.',
};

const PLAN: Plan = { generations: 1, rounds: 9, warmUps: 2, limitMs: 7_000 };
const CALLS: Readonly<Record<State, number>> = { off: 51_200, 'not kept': 12_800, recorded: 12_800 };

export async function measurePeers(modules: Modules): Promise<Outcome> {
  const worker = modules.workspace.worker();
  const tables: Table[] = [];
  const ours: Table[] = [];
  for (const [version, node] of NODES)
    for (const state of ['off', 'not kept', 'recorded'] as const)
      for (const shape of ['sync', 'async'] as const) {
        const choices = CHOICES[state].map((choice) => ({ ...choice, calls: CALLS[state] }));
        const samples = await measurePairs(worker, await modules.all(choices, shape, state !== 'off'), { ...PLAN, node });
        const title = `${version}: peers, ${state}, ${shape} methods`;
        tables.push(timesTable(title, `${NOTES[state]}${missingPeers()} ${machine(node)}`, samples, overFirst(samples)));
        if (shape === 'sync' && state !== 'recorded') {
          const rows = new Map([...samples].filter(([label]) => label === BARE.label || label.startsWith(OURS.label)));
          ours.push(timesTable(`${version}, ${state}`, '', rows, overFirst(rows)));
        }
      }
  tables.push(await rustTable(ours));
  return { tables, budgets: [] };
}
