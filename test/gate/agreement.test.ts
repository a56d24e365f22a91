// Agreement of the four deciders: an instrumented call, a span of the registered provider, createSampler(), and the SDK's
// ParentBasedSampler round createRootSampler(). Over random flags, roots, rules, drop lists and parents all of them decide alike.
// SPANWRIGHT_SEED makes other cases.

import { type Context, context, propagation, ROOT_CONTEXT, SpanKind, trace } from '@opentelemetry/api';
import { ParentBasedSampler } from '@opentelemetry/sdk-trace';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { createRootSampler, createSampler, instrument, withRemoteContext } from '../../runtime/index.js';
import { randomFrom } from '../random.js';
import { traced } from './tracing.js';

const SEED = Number(process.env.SPANWRIGHT_SEED ?? 1);
const SETTINGS = 60;
const CALLS = 12;
const RECORD_AND_SAMPLED = 2;
const NAMESPACES = ['carbide', 'carbide::db', 'carbide::db::pool', 'tokio'] as const;
const KINDS = [SpanKind.INTERNAL, SpanKind.SERVER, SpanKind.CLIENT] as const;
const KIND_NAMES = { [SpanKind.INTERNAL]: 'internal', [SpanKind.SERVER]: 'server', [SpanKind.CLIENT]: 'client' } as const;

const next = randomFrom(SEED);
const of = <T>(list: readonly T[]): T => list[Math.floor(next() * list.length)] as T;
const hex = (length: number): string => Array.from({ length }, () => of([...'0123456789abcdef'])).join('');

interface Settings {
  readonly enabled: boolean;
  readonly roots: string;
  readonly rules: string;
  readonly drop: string;
  readonly remoteParent: 'accept' | 'ignore';
  readonly remoteRootsPerSecond: number;
}

interface Case {
  readonly namespace: (typeof NAMESPACES)[number];
  readonly kind: (typeof KINDS)[number];
  /** Carrier of the parent; undefined: a root. */
  readonly parent: { traceparent: string; tracestate?: string } | undefined;
  /** True: the parent is in another process; otherwise it belongs to another tracer of this process. */
  readonly isRemote: boolean;
}

interface Decision {
  readonly recorded: boolean;
  /** Trace id of the call, for a ratio that is decided on it. */
  readonly traceId: string;
}

function settings(): Settings {
  const rules = NAMESPACES.filter(() => next() < 0.5).map((name) => `${name}=${of(['on', 'off', '0.5', '0.2'])}`);
  return {
    enabled: next() < 0.75,
    roots: of(['*', 'carbide', 'carbide::db', 'kind:server', 'none', 'tokio, kind:client']),
    rules: [...rules, ...(next() < 0.5 ? [`*=${of(['0.5', 'off'])}`] : [])].join(', '),
    drop: of(['', '', 'carbide::db', 'tokio']),
    remoteParent: of(['accept', 'accept', 'ignore']),
    remoteRootsPerSecond: 1_000_000,
  };
}

function randomCase(): Case {
  const traceparent = `00-${hex(31)}1-${hex(15)}1-0${of([0, 1, 2, 3])}`;
  const carried = next() < 0.3 ? { traceparent, tracestate: 'vendor=1' } : { traceparent };
  return { namespace: of(NAMESPACES), kind: of(KINDS), parent: next() < 0.6 ? carried : undefined, isRemote: next() < 0.7 };
}

const call = Object.fromEntries(
  NAMESPACES.flatMap((namespace) =>
    KINDS.map((kind) => [
      `${namespace} ${kind}`,
      instrument({ name: 'call', namespace, kind: KIND_NAMES[kind] }, () => trace.getSpan(context.active())),
    ]),
  ),
);

function under<T>(given: Case, work: () => T): T {
  if (given.parent === undefined) return work();
  return given.isRemote ? withRemoteContext(given.parent, work) : context.with(contextOf(given), work);
}

/** A call is recorded when the span inside it records. Outside a trace its id is drawn here. */
function byCall(given: Case): Decision {
  const span = under(given, () => call[`${given.namespace} ${given.kind}`]?.());
  return { recorded: span?.isRecording() === true || isSampledHere(given, span), traceId: span?.spanContext().traceId ?? '' };
}

/** The span has ended when it is looked at: its own id, not the parent's, and the sampled flag. */
function isSampledHere({ parent }: Case, span: ReturnType<typeof trace.getSpan>): boolean {
  if (span === undefined) return false;
  const { spanId, traceFlags } = span.spanContext();
  return (traceFlags & 1) === 1 && spanId !== parent?.traceparent.split('-')[2];
}

function byProvider(given: Case): boolean {
  const options = { kind: given.kind, attributes: { 'code.namespace': given.namespace } };
  return under(given, () => {
    const span = trace.getTracer('third-party').startSpan('span', options);
    const recorded = span.isRecording();
    span.end();
    return recorded;
  });
}

interface Asked {
  shouldSample(
    context: Context,
    traceId: string,
    name: string,
    kind: SpanKind,
    attributes: object,
    links: [],
  ): { decision: number };
}

function bySampler(sampler: Asked, given: Case, traceId: string): boolean {
  const attributes = { 'code.namespace': given.namespace };
  return sampler.shouldSample(contextOf(given), traceId, 'span', given.kind, attributes, []).decision === RECORD_AND_SAMPLED;
}

function contextOf({ parent, isRemote }: Case): Context {
  if (parent === undefined) return ROOT_CONTEXT;
  const [, traceId = '', spanId = '', flags = ''] = parent.traceparent.split('-');
  return trace.setSpanContext(ROOT_CONTEXT, { traceId, spanId, traceFlags: Number.parseInt(flags, 16), isRemote });
}

test(`a call, the provider and both samplers decide alike (SPANWRIGHT_SEED=${SEED})`, async () => {
  const counts = { recorded: 0, left: 0, sampled: 0, composed: 0 };
  for (let round = 0; round < SETTINGS; round++) {
    const given = settings();
    const cases = Array.from({ length: CALLS }, randomCase);
    const described = (index: number): string => JSON.stringify({ seed: SEED, given, case: cases[index] });
    const decided: Decision[] = [];
    // without a ratio the provider draws other trace ids, and the decision is the same
    const certain = !/0\.\d/.test(given.rules);
    await traced(given, () => {
      for (const [index, one] of cases.entries()) {
        const decision = byCall(one);
        decided.push(decision);
        if (certain || one.parent !== undefined) assert.is(byProvider(one), decision.recorded, `provider: ${described(index)}`);
        counts[decision.recorded ? 'recorded' : 'left']++;
      }
    });
    const own = createSampler(given);
    for (const [index, { recorded, traceId }] of decided.entries()) {
      assert.is(bySampler(own, cases[index] as Case, traceId || hex(32)), recorded, `createSampler(): ${described(index)}`);
      counts.sampled++;
    }
    await own.tracing.shutdown();
    // below a parent, the samplers that the user composes with decide about dropped and switched-off spans
    if (given.drop !== '' || given.rules.includes('off')) continue;
    const root = createRootSampler(given);
    const ignoring = { remoteParentSampled: root, remoteParentNotSampled: root };
    const parentBased = new ParentBasedSampler({ root, ...(given.remoteParent === 'ignore' ? ignoring : {}) } as never);
    for (const [index, { recorded, traceId }] of decided.entries())
      assert.is(
        bySampler(parentBased as never, cases[index] as Case, traceId || hex(32)),
        recorded,
        `ParentBasedSampler: ${described(index)}`,
      );
    counts.composed += decided.length;
    await root.tracing.shutdown();
  }
  assert.ok(
    counts.recorded > 50 && counts.left > 50 && counts.sampled === SETTINGS * CALLS && counts.composed > 50,
    JSON.stringify(counts),
  );
  assert.equal(propagation.fields(), [], 'every set-up has ended');
});

test.run();
