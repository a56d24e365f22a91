// The tracer provider that startTracing registers, so that third-party instrumentation obeys the same gate. While the gate is
// idle a tracer looks at the context and makes nothing; while it is not, each tracer is a site of its own, with its scope.

import {
  type Attributes,
  type Context,
  ProxyTracerProvider,
  ROOT_CONTEXT,
  type Span,
  SpanKind,
  type SpanOptions,
  type Tracer,
  type TracerOptions,
  type TracerProvider,
} from '@opentelemetry/api';
import { knownContext, withContext } from '../context/active.js';
import { isLayer, SPAN_KEY, SpanLayer, SUPPRESS_KEY } from '../context/layer.js';
import { isTransparent, NOTHING, TransparentSpan, throughTransparent } from '../context/transparent.js';
import { attempt, reportFault } from '../fault.js';
import type { Gate } from '../gate/gate.js';
import type { Subject } from '../gate/pattern.js';
import type { Verdict } from '../gate/verdicts.js';
import type { AnyFunction, Site } from '../site/site.js';
import { state } from '../state.js';
import { anyHolds } from './conditional-root.js';
import type { Scope } from './host.js';
import { place } from './place.js';
import { isRecorded, type RecordedSpan } from './recorded.js';
import { scopeSite } from './scope-site.js';

/** Local bindings, because reading an imported one is a call of a getter in some builds. */
const root: Context = ROOT_CONTEXT;
const { INTERNAL } = SpanKind;

/** Distinct namespaces or dropped names of third-party spans whose verdict is remembered; beyond it they are judged again. */
const REMEMBERED = 1000;

export class GateTracerProvider implements TracerProvider {
  readonly #tracers = new Map<string, GateTracer>();

  getTracer(name: string, version?: string, options?: TracerOptions): Tracer {
    return attempt('a tracer', () => this.#tracer(name, version, options)) ?? new ProxyTracerProvider().getTracer('');
  }

  #tracer(name: string, version: string | undefined, options: TracerOptions | undefined): Tracer {
    const key = `${name}@${version ?? ''}:${options?.schemaUrl ?? ''}`;
    let tracer = this.#tracers.get(key);
    if (tracer === undefined) {
      tracer = new GateTracer({
        name,
        ...(version === undefined ? undefined : { version }),
        ...(options?.schemaUrl === undefined ? undefined : { schemaUrl: options.schemaUrl }),
      });
      this.#tracers.set(key, tracer);
    }
    return tracer;
  }
}

type ActiveBody = (span: Span) => unknown;

class GateTracer implements Tracer {
  readonly #site: Site;
  /** Sites by the namespaces that spans of the tracer state themselves. */
  readonly #namespaces = new Map<string, Site>();
  readonly #verdicts = new Map<string, Verdict & { revision: number }>();

  constructor(readonly scope: Scope) {
    this.#site = scopeSite(state.sites, state.gate, scope);
  }

  startSpan(name: string, options?: SpanOptions, context: Context = knownContext()): Span {
    const made = this.#record(name, options, context);
    return made === undefined ? transparent(context) : made instanceof SpanLayer ? made.span : made;
  }

  // three parameters and no rest parameter, because most calls record nothing
  startActiveSpan<F extends ActiveBody>(name: string, first: F | SpanOptions, second?: F | Context, third?: F): ReturnType<F> {
    const body = (third ?? second ?? first) as F;
    if (typeof body !== 'function') return undefined as ReturnType<F>; // as the SDK's tracer does without one
    const given = third === undefined ? undefined : (second as Context | undefined);
    const context = given ?? knownContext();
    if (context === root && given === undefined && state.gate.idle) return body(NOTHING) as ReturnType<F>;
    const options = body === first ? undefined : (first as SpanOptions);
    const made = this.#record(name, options, context);
    if (made !== undefined) {
      const span = made instanceof SpanLayer ? made.span : made;
      return withContext(contextUnder(context, made), body as AnyFunction, undefined, [span]) as ReturnType<F>;
    }
    // the context is unchanged, so children get the parent of this span
    const nothing = transparent(context);
    return (given === undefined ? body(nothing) : withContext(given, body as AnyFunction, undefined, [nothing])) as ReturnType<F>;
  }

  /**
   * A recorded span, or the context of one that is left out by the ratio; undefined: the span is transparent, also where the arguments
   * cannot be used.
   */
  #record(name: string, options: SpanOptions | undefined, given: Context): RecordedSpan | SpanLayer | undefined {
    try {
      return this.#start(name, options, given);
    } catch (fault) {
      reportFault(`a span of the tracer ${this.scope.name}`, fault);
      return undefined;
    }
  }

  #start(name: string, options: SpanOptions | undefined, given: Context): RecordedSpan | SpanLayer | undefined {
    const { gate, recorder } = state;
    if (recorder === undefined || this.#site.dropped || (gate.idle && !wakes(gate, given))) return undefined;
    if (given !== root && given.getValue(SUPPRESS_KEY) === true) return undefined;
    const above = given === root ? undefined : throughTransparent(given.getValue(SPAN_KEY) as Span | undefined);
    const over = isRecorded(above) && gate.underWay.isOver(above.trace);
    const begins = over || options?.root === true;
    const context = begins ? given.deleteValue(SPAN_KEY) : given;
    if (begins || above === undefined) recorder.meter.passTime();
    const attributes = options?.attributes;
    const links = options?.links;
    const verdict = this.#verdict(name, attributes);
    if (verdict.dropped || verdict.ratio === 0) return undefined;
    const site = this.#siteOf(attributes?.['code.namespace']);
    const kind = options?.kind ?? INTERNAL;
    const starts = verdict.root || this.#mayStart(verdict, kind, context, attributes);
    const path = attributes?.['url.path'] ?? attributes?.['http.target'];
    const terms = { root: starts, ratio: verdict.ratio, kind, path };
    const placement = place(recorder, terms, context, begins ? undefined : above);
    // left out by the ratio, with all spans below it
    if (placement?.sampled === false) return placement.context as SpanLayer;
    if (placement === undefined || !recorder.hasRoom(site)) return undefined;
    const span = recorder.start(site, {
      name: typeof name === 'string' ? name : String(name),
      kind,
      scope: this.scope,
      context: placement.context,
      parent: placement.parent,
      startTime: options?.startTime,
      traceId: placement.traceId,
      traceState: placement.traceState,
    });
    try {
      if (attributes !== undefined) span.setAttributes(attributes);
      if (links !== undefined) span.addLinks(links);
    } catch (fault) {
      reportFault(`attributes of ${site.id}`, fault);
    }
    return span;
  }

  /** True when conditions let a trace start at the span. */
  #mayStart({ when = [] }: Verdict | Site, kind: SpanKind, context: Context, attributes: Attributes | undefined): boolean {
    return anyHolds([...when, ...state.gate.whenOfKind(kind)], context, { valueNamed: (name) => attributes?.[name] });
  }

  /** Namespace under which the span is counted: its own if it has one and the table is not full. */
  #siteOf(namespace: unknown): Site {
    if (typeof namespace !== 'string' || namespace === this.scope.name) return this.#site;
    let site = this.#namespaces.get(namespace);
    if (site === undefined) {
      if (this.#namespaces.size >= REMEMBERED) return this.#site;
      site = scopeSite(state.sites, state.gate, this.scope, namespace);
      this.#namespaces.set(namespace, site);
    }
    return site;
  }

  /** The scope's verdict, unless the span has a namespace of its own or its name is in the drop list. */
  #verdict(name: string, attributes: Attributes | undefined): Verdict | Site {
    const namespace = attributes?.['code.namespace'];
    const own = typeof namespace === 'string' ? namespace : undefined;
    if (own === undefined && !state.gate.dropsNames) return this.#site;
    const { revision } = state.gate;
    const key = `${own ?? ''}\n${name}`;
    const known = this.#verdicts.get(key);
    if (known?.revision === revision) return known;
    const subject: Subject = { qualified: own, scope: this.scope.name, spanName: name };
    const verdict = { revision, ...state.gate.verdict(subject) };
    if (this.#verdicts.size >= REMEMBERED) this.#verdicts.clear();
    this.#verdicts.set(key, verdict);
    return verdict;
  }
}

/** A sampled context that was handed over without having been active, as HTTP servers do with what they have extracted. */
function wakes(gate: Gate, given: Context): boolean {
  if (given === root) return false;
  gate.see(given);
  return !gate.idle;
}

/** The context with the span; the caller's where it cannot be made. */
function contextUnder(context: Context, made: RecordedSpan | SpanLayer): Context {
  return made instanceof SpanLayer ? made : attempt('the context of a span', () => new SpanLayer(context, made), context);
}

/** The span of a call that is not recorded. */
function transparent(context: Context): Span {
  try {
    const span = isLayer(context) ? context.span : (context.getValue(SPAN_KEY) as Span | undefined);
    return span === undefined ? NOTHING : isTransparent(span) ? span : new TransparentSpan(span);
  } catch {
    // no context
    return NOTHING;
  }
}
