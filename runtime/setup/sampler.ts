// createSampler(): the gate's decisions as an OpenTelemetry Sampler, for people with an SDK set-up of their own. A sampler cannot
// be transparent: what it drops takes its subtree with it. Instrumented methods ask the gate first and are transparent all the same.

import {
  type Attributes,
  type Context,
  createTraceState,
  isSpanContextValid,
  type Link,
  type SpanKind,
  type TraceState,
  trace,
} from '@opentelemetry/api';
import { loadTraceSdk } from '../export/sdk.js';
import type { Gate } from '../gate/gate.js';
import { printPatterns, printRules } from '../gate/rules.js';
import { traceRandomness } from '../span/identity.js';
import { isMirroring } from '../span/mirror.js';
import { samplingThreshold } from '../span/place.js';
import { state } from '../state.js';
import type { Tracing } from '../tracing.js';
import { type SamplerOptions, startOverOwnSdk } from './own.js';

/** As the SDK's SamplingDecision: 0 and 2 are the same numbers in 2.x and 3.x. */
const NOT_RECORD = 0;
const RECORD_AND_SAMPLED = 2;

export interface SamplingResult {
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

/**
 * The sampler for an SDK set-up of the user's own; takes the place of startTracing(). Roots are recorded when the flag is on and
 * their namespace may start a trace, at the ratio in force; children inherit (ParentBasedSampler); dropped spans are never recorded.
 * @throws ConfigurationError, SpanwrightError as startTracing() does
 * @example
 * ```ts
 * const sampler = createSampler({ roots: 'carbide' });
 * new NodeSDK({ sampler, spanProcessors: [createSpanProcessor(), new BatchSpanProcessor(exporter)] }).start();
 * sampler.tracing.setEnabled(true, { for: '10m' });
 * ```
 */
export function createSampler(options: SamplerOptions = {}): SpanwrightSampler {
  const { ParentBasedSampler } = loadTraceSdk();
  const tracing = startOverOwnSdk(options);
  const { gate } = state;
  const root = new RootSampler(gate);
  const remote = gate.ignoresRemote ? { remoteParentSampled: root, remoteParentNotSampled: root } : {};
  const parentBased = new ParentBasedSampler({ root, ...remote });
  return {
    tracing,
    shouldSample(context, traceId, name, kind, attributes, links) {
      return root.drops(name, attributes)
        ? { decision: NOT_RECORD }
        : parentBased.shouldSample(context, traceId, name, kind, attributes, links);
    },
    toString: () => parentBased.toString(),
  };
}

class RootSampler implements Sampler {
  constructor(private readonly gate: Gate) {}

  drops(name: string, attributes: Attributes): boolean {
    return this.#verdict(name, attributes).dropped;
  }

  shouldSample(context: Context, traceId: string, name: string, kind: SpanKind, attributes: Attributes): SamplingResult {
    const { gate } = this;
    state.recorder?.meter.passTime();
    const parent = trace.getSpanContext(context);
    const traceState = parent !== undefined && isSpanContextValid(parent) ? parent.traceState : undefined;
    const unchanged = traceState === undefined ? {} : { traceState };
    if (!gate.enabled) return { decision: NOT_RECORD, ...unchanged };
    const { ratio, root } = this.#verdict(name, attributes);
    if (!(root || gate.rootKinds.includes(kind)) || ratio === 0) return { decision: NOT_RECORD, ...unchanged };
    // an instrumented call has been asked already, and is one of the open ones by now
    if (!isMirroring() && !state.open.hasRoom(String(attributes['code.namespace'] ?? '')))
      return { decision: NOT_RECORD, ...unchanged };
    if (ratio === 1) return { decision: RECORD_AND_SAMPLED, ...unchanged };
    if (traceRandomness(traceId) < 1 - ratio) return { decision: NOT_RECORD, ...unchanged };
    return {
      decision: RECORD_AND_SAMPLED,
      traceState: (traceState ?? createTraceState()).set('ot', `th:${samplingThreshold(ratio)}`),
    };
  }

  toString(): string {
    const { enabled, roots, rules, drop } = this.gate.settings;
    return `Spanwright{enabled=${enabled}, roots=${printPatterns(roots, 'none')}, rules=${printRules(rules)}, drop=${printPatterns(drop, '')}}`;
  }

  #verdict(name: string, attributes: Attributes): { dropped: boolean; ratio: number; root: boolean } {
    const qualified = attributes['code.function.name'];
    const namespace = attributes['code.namespace'];
    // ours say both; of others the namespace is what rules match
    const own = typeof namespace !== 'string' ? undefined : typeof qualified === 'string' ? qualified : namespace;
    return this.gate.verdict({ qualified: own, scope: undefined, name });
  }
}
