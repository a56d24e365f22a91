// createSampler() and createRootSampler(): the gate's decisions as OpenTelemetry Samplers, for an SDK set-up of the user's own. A
// sampler cannot be transparent: the SDK makes a non-recording span of what it refuses. Instrumented calls below one still find
// its ancestor (span/skipped.ts); third-party spans below a dropped span are not recorded.

import {
  type Attributes,
  type Context,
  isSpanContextValid,
  type Link,
  type SpanKind,
  type TraceState,
  trace,
} from '@opentelemetry/api';
import { SkippedTraceState, throughSkipped } from '../context/skipped.js';
import { reportFault } from '../fault.js';
import type { Gate } from '../gate/gate.js';
import { printPatterns, printRules } from '../gate/rules.js';
import type { Verdict } from '../gate/verdicts.js';
import { loadTraceSdk } from '../sdk/packages.js';
import { INFO } from '../site/marks.js';
import type { ConstantAttributes, Site } from '../site/site.js';
import { anyHolds } from '../span/conditional-root.js';
import { isWithinRatio, withoutThreshold, withThreshold } from '../span/identity.js';
import { answersAttributes, startingSite, takeAttributes } from '../span/provided.js';
import { state } from '../state.js';
import type { Tracing } from '../tracing.js';
import { type SamplerOptions, startOverOwnSdk } from './own.js';
import { startOnce } from './parts.js';

/** Values of the SDK's SamplingDecision: 0 and 2 are the same numbers in 2.x and 3.x. */
const NOT_RECORD = 0;
const RECORD_AND_SAMPLED = 2;

/** Answer for an instrumented call at ratio 1: the gate has decided before its span starts. */
const RECORDED: SamplingResult = Object.freeze({ decision: RECORD_AND_SAMPLED });

/** Answer after a fault. */
const LEFT_OUT: SamplingResult = Object.freeze({ decision: NOT_RECORD });

interface SamplingResult {
  decision: number;
  attributes?: Attributes;
  traceState?: TraceState;
}

/** OpenTelemetry's Sampler. */
export interface Sampler {
  shouldSample(
    context: Context,
    traceId: string,
    name: string,
    kind: SpanKind,
    attributes: Attributes,
    links: Link[],
  ): SamplingResult;
  toString(): string;
}

/** A sampler, and the handle with which its decisions are changed while the service runs. */
export interface SpanwrightSampler extends Sampler {
  readonly tracing: Tracing;
}

/** See on-demand.ts. */
export function createSampler(options: SamplerOptions): SpanwrightSampler {
  return startOnce('createSampler()', () => startSampler(options));
}

function startSampler(options: SamplerOptions): SpanwrightSampler {
  const { ParentBasedSampler } = loadTraceSdk();
  const tracing = startOverOwnSdk(options, 'createSampler()');
  const { gate } = state;
  const root = new RootSampler(gate, tracing);
  const remote = gate.ignoresRemote
    ? { remoteParentSampled: root, remoteParentNotSampled: root }
    : { remoteParentSampled: new RemoteSampler(gate) };
  const parentBased = new ParentBasedSampler({ root, ...remote });
  const inherited = parentBased.shouldSample.bind(parentBased) as Sampler['shouldSample'];
  const ours: Pick<SpanwrightSampler, 'tracing' | 'shouldSample'> = {
    tracing,
    // biome-ignore lint/complexity/useMaxParams: OpenTelemetry's; a rest parameter would allocate an array for each span
    shouldSample(context, traceId, name, kind, attributes, links) {
      // the SDK passes on what a sampler throws
      try {
        if (startingSite()?.ratio === 1 && !gate.ignoresRemote) return recorded(takeAttributes());
        return root.leavesOut(name, attributes) ? skip(context) : inherited(context, traceId, name, kind, attributes, links);
      } catch (fault) {
        reportFault('the sampler', fault);
        return LEFT_OUT;
      }
    },
  };
  const sampler = Object.assign(parentBased, ours);
  answersAttributes(sampler);
  return sampler;
}

function recorded(constant: ConstantAttributes | undefined): SamplingResult {
  if (constant === undefined) return RECORDED;
  constant.answer ??= { decision: RECORD_AND_SAMPLED, attributes: constant.attributes };
  return constant.answer;
}

/** See on-demand.ts. */
export function createRootSampler(options: SamplerOptions): SpanwrightSampler {
  return startOnce('createRootSampler()', () => new RootSampler(state.gate, startOverOwnSdk(options, 'createRootSampler()')));
}

/** Not recorded, and transparent to instrumented calls below. */
function skip(context: Context): SamplingResult {
  const ancestor = throughSkipped(trace.getSpan(context));
  return { decision: NOT_RECORD, traceState: new SkippedTraceState(ancestor, trace.getSpanContext(context)?.traceState) };
}

/** Requests that the admin hook answers are never recorded. */
const OF_THE_HOOK: Verdict = { dropped: true, ratio: 0, level: INFO, root: false, when: [] };

/** Below a sampled remote parent: recorded, while tracing is off within a rate. */
class RemoteSampler implements Sampler {
  readonly #gate: Gate;

  constructor(gate: Gate) {
    this.#gate = gate;
  }

  shouldSample(context: Context): SamplingResult {
    const parent = trace.getSpanContext(context);
    // the gate has already decided for an instrumented call
    if (parent !== undefined && startingSite() === undefined && !this.#gate.admitsRemote(parent)) return skip(context);
    const traceState = parent?.traceState;
    return { decision: RECORD_AND_SAMPLED, ...(traceState === undefined ? {} : { traceState }) };
  }

  toString(): string {
    return 'SpanwrightRemote';
  }
}

class RootSampler implements SpanwrightSampler {
  readonly #gate: Gate;

  constructor(
    gate: Gate,
    readonly tracing: Tracing,
  ) {
    this.#gate = gate;
  }

  /** True for spans that are dropped, or whose rule is off, regardless of their parent. */
  leavesOut(name: string, attributes: Attributes): boolean {
    if (startingSite() !== undefined) return false;
    const { dropped, ratio } = this.#verdict(name, attributes);
    return dropped || ratio === 0;
  }

  shouldSample(context: Context, traceId: string, name: string, kind: SpanKind, attributes: Attributes): SamplingResult {
    try {
      return this.#decide(context, traceId, name, kind, attributes);
    } catch (fault) {
      reportFault('the sampler', fault);
      return LEFT_OUT;
    }
  }

  #decide(context: Context, traceId: string, name: string, kind: SpanKind, attributes: Attributes): SamplingResult {
    const gate = this.#gate;
    state.recorder?.meter.passTime();
    // the gate has already decided for an instrumented call, which counts as open by now
    const site = startingSite();
    const verdict = site ?? this.#verdict(name, attributes);
    const { dropped, ratio } = verdict;
    const starts =
      gate.enabled && !dropped && ratio > 0 && (site?.when !== undefined || this.#mayStart(verdict, kind, context, attributes));
    if (!starts || (site === undefined && !state.open.hasRoom(String(attributes['code.namespace'] ?? '')))) return skip(context);
    const parent = trace.getSpanContext(context);
    const traceState = parent !== undefined && isSpanContextValid(parent) ? parent.traceState : undefined;
    const result = (decision: number, given: TraceState | undefined) =>
      given === undefined ? { decision } : { decision, traceState: given };
    if (ratio === 1) return result(RECORD_AND_SAMPLED, traceState && withThreshold(traceState, 1));
    if (!isWithinRatio(traceId, traceState, ratio)) return result(NOT_RECORD, withoutThreshold(traceState));
    return result(RECORD_AND_SAMPLED, withThreshold(traceState, ratio));
  }

  toString(): string {
    const { enabled, roots, rules, drop } = this.#gate.settings;
    return `Spanwright{enabled=${enabled}, roots=${printPatterns(roots, 'none')}, rules=${printRules(rules)}, drop=${printPatterns(drop, '')}}`;
  }

  #mayStart({ root, when = [] }: Verdict | Site, kind: SpanKind, context: Context, attributes: Attributes): boolean {
    const { rootKinds } = this.#gate;
    if (root || rootKinds.includes(kind)) return true;
    return anyHolds([...when, ...this.#gate.whenOfKind(kind)], context, { valueNamed: (name) => attributes[name] });
  }

  #verdict(name: string, attributes: Attributes): Verdict {
    if (state.hookRequests.hasPath(attributes['url.path'] ?? attributes['http.target'])) return OF_THE_HOOK;
    const qualified = attributes['code.function.name'];
    const namespace = attributes['code.namespace'];
    // Spanwright's tracers set both attributes; spans of other tracers are matched by their namespace only
    const own = typeof namespace !== 'string' ? undefined : typeof qualified === 'string' ? qualified : namespace;
    return this.#gate.verdict({ qualified: own, scope: undefined, spanName: name });
  }
}
