// Generator of traces with one planted fault each, for the evaluation of the comparison. Topology, times, noise, fault and place are
// random by seed. A fault returns what the first finding has to name.

import type { Finding } from '../../viewer/analysis/diff.js';
import type { ReceivedSpan, Values } from '../../viewer/receiver/decode.js';
import { randomFrom } from '../random.js';

export const FAULTS = ['slow query', 'lock', 'retry', 'cold cache', 'bad machine', 'new version'] as const;
export type Fault = (typeof FAULTS)[number];

interface Step {
  readonly service: string;
  readonly name: string;
  readonly kind: 'work' | 'query' | 'cache' | 'call' | 'lock';
  readonly ms: number;
  readonly steps: Step[];
}

export interface Planted {
  readonly slow: ReceivedSpan[][];
  readonly normal: ReceivedSpan[][];
  readonly isCause: (finding: Finding | undefined) => boolean;
}

const SERVICES = ['api', 'orders', 'stock', 'billing', 'search'];

/** A tree of three to four levels with every kind of step in it. */
function topology(random: () => number): Step {
  const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)] as T;
  let counter = 0;
  const step = (kind: Step['kind'], service: string, steps: Step[] = []): Step => {
    counter += 1;
    return { kind, service, name: `${kind} ${counter}`, ms: 1 + random() * 15, steps };
  };
  const leaves = (service: string): Step[] =>
    Array.from({ length: 1 + Math.floor(random() * 3) }, () => step(pick(['work', 'query', 'cache', 'lock'] as const), service));
  const calls = Array.from({ length: 2 + Math.floor(random() * 3) }, () => {
    const service = pick(SERVICES.slice(1));
    return step('call', service, [...leaves(service), step('work', service, leaves(service))]);
  });
  const all = (['query', 'cache', 'lock'] as const).map((kind) => step(kind, 'api'));
  return { kind: 'work', service: 'api', name: 'GET /work', ms: 5, steps: [...calls, ...all, ...leaves('api')] };
}

const stepsOf = (step: Step): Step[] => [step, ...step.steps.flatMap(stepsOf)];

const HEX = '0123456789abcdef';

interface Plan {
  readonly random: () => number;
  readonly fault: Fault;
  readonly target: Step;
  readonly factor: number;
  readonly bad: string;
}

function traceOf(root: Step, plan: Plan, faulty: boolean): ReceivedSpan[] {
  const { random } = plan;
  const hex = (length: number): string => {
    let digits = '';
    while (digits.length < length) digits += HEX[Math.floor(random() * 16)];
    return digits.replace(/^0+$/, '1'.repeat(length));
  };
  const traceId = hex(32);
  const spans: ReceivedSpan[] = [];
  const machine = (service: string): string =>
    plan.fault === 'bad machine' && service === plan.target.service && faulty ? plan.bad : `m-${1 + Math.floor(random() * 8)}`;
  const resources = new Map<string, ReceivedSpan['resource']>();
  const resourceOf = (service: string): ReceivedSpan['resource'] => {
    let resource = resources.get(service);
    if (resource === undefined) {
      const host = machine(service);
      const version = plan.fault === 'new version' && service === plan.target.service && faulty ? '2.0.0' : '1.9.0';
      resource = {
        attributes: {
          'service.name': service,
          'service.version': version,
          'host.name': host,
          'host.id': `id-of-${host}`,
          'process.pid': Math.floor(random() * 30000),
        },
      };
      resources.set(service, resource);
    }
    return resource;
  };
  const run = (step: Step, parent: string, at: number, attributes: Values = {}): number => {
    const spanId = hex(16);
    const onTarget = faulty && step === plan.target;
    const slower = onTarget && SLOWER.has(plan.fault) ? plan.factor : 1;
    const miss = onTarget && plan.fault === 'cold cache';
    let now = at + step.ms * slower * (0.6 + random() * 0.8) * (random() < 0.03 ? 3 : 1);
    for (const below of step.steps) {
      now = run(below, spanId, now);
      const isRepeated = faulty && plan.fault === 'retry' && below === plan.target;
      for (const resend of isRepeated ? [1, 2] : []) now = run(below, spanId, now, { 'http.request.resend_count': resend });
    }
    if (miss)
      now = run(
        { kind: 'query', service: step.service, name: `load for ${step.name}`, ms: step.ms * plan.factor, steps: [] },
        spanId,
        now,
      );
    spans.push({
      resource: resourceOf(step.service),
      scope: { name: 'planted', version: '', attributes: {} },
      traceId,
      spanId,
      parentSpanId: parent,
      traceState: '',
      flags: 1,
      name: step.name,
      kind: 'internal',
      startTimeUnixNano: String(1_700_000_000_000_000_000n + BigInt(Math.round(at * 1e6))),
      endTimeUnixNano: String(1_700_000_000_000_000_000n + BigInt(Math.round(now * 1e6))),
      attributes: {
        ...attributes,
        'request.id': hex(8),
        'user.tier': random() < 0.3 ? 'gold' : 'free',
        ...ofKind(step, miss, random),
      },
      events: [],
      links: [],
      status: { code: repeatFails(plan, step, attributes, faulty) ? 'error' : 'unset', message: '' },
      dropped: { attributes: 0, events: 0, links: 0 },
    });
    return now;
  };
  run(root, '', 0);
  return spans;
}

function ofKind({ kind, name }: Step, miss: boolean, random: () => number): Values {
  if (kind === 'query') return { 'db.query.text': `SELECT ${name}`, 'db.rows': Math.floor(random() * 1000) };
  return kind === 'cache' ? { 'cache.hit': !miss } : {};
}

const SLOWER = new Set<Fault>(['slow query', 'lock', 'bad machine', 'new version']);

/** All attempts of a repeated call but the last fail. */
const repeatFails = (plan: Plan, step: Step, attributes: Values, faulty: boolean): boolean =>
  faulty && plan.fault === 'retry' && step === plan.target && attributes['http.request.resend_count'] !== 2;

export function plant(fault: Fault, seed: number): Planted {
  const random = randomFrom(seed);
  const root = topology(random);
  const kind = ({ 'slow query': 'query', lock: 'lock', retry: 'call', 'cold cache': 'cache' } as const)[fault as 'lock'];
  const candidates = stepsOf(root).filter((step) => step !== root && (kind === undefined || step.kind === kind));
  const target = candidates[Math.floor(random() * candidates.length)] as Step;
  const whole = stepsOf(root).reduce((sum, { ms }) => sum + ms, 0);
  const factor = Math.max(4, (whole * (0.5 + random())) / target.ms);
  const plan: Plan = { random, fault, target, factor, bad: 'm-17' };
  const traces = Array.from({ length: 120 }, () => {
    const faulty = random() < 0.25;
    const spans = traceOf(root, plan, faulty);
    const end = Math.max(...spans.map(({ endTimeUnixNano }) => Number(BigInt(endTimeUnixNano) - 1_700_000_000_000_000_000n)));
    return { spans, end };
  }).sort((a, b) => b.end - a.end);
  const cut = Math.round(traces.length * 0.2);
  return {
    slow: traces.slice(0, cut).map(({ spans }) => spans),
    normal: traces.slice(cut + 10).map(({ spans }) => spans),
    isCause: (finding) => finding !== undefined && EXPECTED[fault](finding, plan),
  };
}

const EXPECTED: Readonly<Record<Fault, (finding: Finding, plan: Plan) => boolean>> = {
  'slow query': ({ kind, span }, { target }) => kind === 'time' && span === target.name,
  lock: ({ kind, span }, { target }) => kind === 'time' && span === target.name,
  retry: ({ kind, span }, { target }) => kind === 'calls' && span === target.name,
  'cold cache': ({ kind, span, attribute }, { target }) =>
    kind === 'attribute' && span === target.name && attribute === 'cache.hit=false',
  'bad machine': ({ kind, service, attribute }, { target, bad }) =>
    kind === 'attribute' && service === target.service && attribute === `host.name=${bad}`,
  'new version': ({ kind, service, attribute }, { target }) =>
    kind === 'attribute' && service === target.service && attribute === 'service.version=2.0.0',
};
