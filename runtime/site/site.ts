// A site: one instrumented function in the source, as the running process knows it.
// The transformer writes a SiteRecord as a literal; the decorator makes the Site from it (or from what it can see at run
// time) and registers it once. Every Site has the same hidden class, so that forwarders stay monomorphic.

import type { Attributes, Span, SpanKind } from '@opentelemetry/api';
import type { Capture } from './capture.js';
import type { ArgumentCondition, When } from './condition.js';
import type { ResolvedOptions } from './options.js';
import type { SiteStatistics } from './statistics.js';

/** How a function produces its result. `unknown` when no transformer saw the source. */
export type Shape = 'sync' | 'async' | 'generator' | 'async generator' | 'unknown';

/** Description of a site that the transformer writes as a literal beside it. */
export interface SiteRecord {
  /** `code.namespace`: where the function lives, for example `carbide::component-manager::nsm::PowerService`. */
  namespace: string;
  /** The function's own name, for example `powerControl`. */
  function: string;
  /** Span name unless the option `name` replaces it. */
  name: string;
  /** Separator between `namespace` and `function` in `code.function.name`; default `::`, an option of the plugin. */
  separator?: string;
  /** `code.file.path`, relative to the project, with forward slashes. */
  file?: string;
  /** `code.line.number`, from 1: the line of the function's name. */
  line?: number;
  /** `code.column.number`, from 1. */
  column?: number;
  /** Parameter names in order; an empty string for a destructured parameter. */
  parameters?: readonly string[];
  shape?: Shape;
}

/** Facts of a site that do not change while the process lives. */
interface SiteFacts {
  /** Qualified name and place. */
  readonly id: string;
  /** The text that rules match. */
  readonly namespace: string;
  readonly functionName: string;
  readonly spanName: string;
  readonly kind: SpanKind;
  readonly file?: string | undefined;
  readonly line?: number | undefined;
  readonly column?: number | undefined;
  /** Parameters as the transformer read them; undefined where it has not seen the source. */
  readonly parameters?: readonly string[] | undefined;
  readonly shape: Shape;
  /** Instrumentation scope of a site that stands for a third-party tracer; undefined for the user's own code. */
  readonly scope?: string | undefined;
  readonly options: ResolvedOptions;
  readonly attributes: Attributes;
}

/** Attributes that all spans of a site have, as they are recorded. */
export interface ConstantAttributes {
  /** Attributes of the site, and the limits, that they were made from. */
  readonly from: Attributes;
  readonly limits: object;
  readonly attributes: Attributes;
  /** Number of further attributes that a span may have. */
  readonly room: number;
  /** Number of attributes that were left out because of the limit. */
  readonly dropped: number;
  /** OpenTelemetry's SamplingResult that createSampler() returns for a recorded call of the site. */
  answer?: { decision: number; attributes: Attributes } | undefined;
}

/** The slot that hot code reads. `off` is recomputed by the gate whenever the rules change. */
export class Site {
  /** True: the site is transparent; its calls go straight to the body. */
  off = false;
  /** True: a call with no parent may start a trace here. */
  root = true;
  /** True: its call may start a trace while the flag is on, by its namespace, kind, conditions and ratio. */
  starts = true;
  /** Alternatives under which a call with no parent may start a trace where `root` is false. */
  when: readonly When[] | undefined = undefined;
  /** Condition on an argument without which no call may start a trace; undefined where other values decide. */
  needs: ArgumentCondition | undefined = undefined;
  /** Values of its calls that a lease captures. */
  capture: Capture | undefined = undefined;
  /** Probability in [0, 1] that a root started here is kept. */
  ratio = 1;
  /** True: always transparent, also while enabled (functions whose spans leak). */
  dropped = false;
  /** Recorded spans of this site that have started and not ended. */
  open = 0;
  /** Recorded spans started, ended with an error status, and refused for want of room. */
  started = 0;
  errors = 0;
  refused = 0;

  /** Latency buckets and last calls; made with the first call that ends. */
  statistics: SiteStatistics | undefined = undefined;

  /** True: the body is an async function, so that what it returns is a new promise without listeners. */
  isAsync = false;

  /** True: a rejection that may be unhandled has been reported. */
  reportedUnhandled = false;

  /** True: spans below a root of this site are exported as they end, not held until the root has ended. */
  shownEarly = false;

  /** Fixed attributes of every span of the site: `code.*` and the constant ones of the `attributes` option. */
  attributes: Attributes;

  /** The fixed attributes as they are recorded; created with the first span. */
  constant: ConstantAttributes | undefined = undefined;

  /** True: an option decides the parent of the span, not the active context alone. */
  readonly choosesParent: boolean;
  /** True: attributes of the call are recorded at its start. */
  readonly captures: boolean;
  /** True: a call without a parent does not start a trace, regardless of the settings. */
  readonly never: boolean;
  /** True: the function makes a generator. */
  readonly iterates: boolean;

  id: string;
  namespace: string;
  /** `code.function.name`, which namespace patterns match; undefined where no span of the site has a namespace of its own. */
  qualified: string | undefined;
  functionName: string;
  spanName: string;
  readonly kind: SpanKind;
  readonly file: string | undefined;
  readonly line: number | undefined;
  readonly column: number | undefined;
  readonly parameters: readonly string[] | undefined;
  readonly shape: Shape;
  readonly scope: string | undefined;
  readonly options: ResolvedOptions;

  constructor(facts: SiteFacts) {
    const { options, shape } = facts;
    this.id = facts.id;
    this.namespace = facts.namespace;
    this.functionName = facts.functionName;
    this.spanName = facts.spanName;
    this.kind = facts.kind;
    this.file = facts.file;
    this.line = facts.line;
    this.column = facts.column;
    this.parameters = facts.parameters;
    this.shape = shape;
    this.scope = facts.scope;
    this.options = options;
    this.attributes = facts.attributes;
    this.qualified = qualifiedOf(facts);
    this.choosesParent = options.root || options.linked || options.parent !== undefined;
    this.captures = options.args !== undefined || options.attributes !== undefined || options.links !== undefined;
    this.never = options.rootMark === 'never';
    this.iterates = shape === 'generator' || shape === 'async generator';
  }

  /** File and line of the function's name. */
  get place(): string | undefined {
    return this.file === undefined ? undefined : `${this.file}:${this.line}`;
  }
}

/**
 * The site of a tracer has the tracer's scope as its namespace. Spans that the tracer starts under a namespace of the user's have a
 * separate site.
 */
function qualifiedOf({ attributes, namespace, scope }: SiteFacts): string | undefined {
  const name = attributes['code.function.name'];
  if (typeof name === 'string') return name;
  return scope === undefined || namespace !== scope ? namespace : undefined;
}

/** Interface of the gate for hot code: one boolean. */
export interface GateSwitch {
  /** True: no call can record now, in any context. Read first by every forwarder. */
  readonly idle: boolean;
}

/** Records one call. Called by forwarders when neither the gate is idle nor the site off. */
export type Run = (site: Site, self: unknown, body: AnyFunction, args: ArrayLike<unknown>) => unknown;

/** The factory that the transformer writes, one literal per site, so that the engine specialises each. */
export type ForwarderFactory = (gate: GateSwitch, body: AnyFunction, run: Run, site: Site) => AnyFunction;

// biome-ignore lint/suspicious/noExplicitAny: a method of the user's, of any signature
export type AnyFunction = (this: any, ...args: any[]) => any;

export type { Span };
