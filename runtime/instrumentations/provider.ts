// Tracer provider of the instrumentation packages: the gate's, with three rules for instrumented libraries. Client calls start no
// trace unless configured to; older attribute names become current ones; queries can be counted instead of recorded.

import {
  type Attributes,
  type Context,
  isSpanContextValid,
  type Span,
  SpanKind,
  type SpanOptions,
  type Tracer,
  type TracerOptions,
  type TracerProvider,
  trace,
} from '@opentelemetry/api';
import { activeContext, withContext } from '../context/active.js';
import { isTransparent, NOTHING, TransparentSpan, throughTransparent } from '../context/transparent.js';
import { specificity } from '../gate/pattern.js';
import { GateTracerProvider } from '../span/provider.js';
import { isRecorded, type RecordedSpan } from '../span/recorded.js';
import { state } from '../state.js';
import { callOf } from './call.js';
import { atEnd, atException, translate } from './ending.js';
import { peer } from './peer.js';
import type { OwnOptions, PackageRow } from './row.js';
import { CountedSpan, countBeside } from './totals.js';

/** Spans of connection attempts, which are not queries. */
const CONNECTING = /connect$/u;
const PEER = 'network.peer.address';

const statementIn = (attributes: Attributes | undefined): string => String(attributes?.['db.query.text'] ?? '');

function counted(span: CountedSpan, attributes: Attributes | undefined): CountedSpan {
  span.query.statement = statementIn(attributes);
  return span;
}

export class LibraryTracerProvider implements TracerProvider {
  readonly #gated = new GateTracerProvider();

  constructor(
    private readonly row: PackageRow,
    private readonly own: OwnOptions,
  ) {}

  getTracer(name: string, version?: string, options?: TracerOptions): Tracer {
    return new LibraryTracer(this.#gated.getTracer(name, version, options), name, this.row, this.own);
  }
}

class LibraryTracer implements Tracer {
  constructor(
    private readonly inner: Tracer,
    private readonly scope: string,
    private readonly row: PackageRow,
    private readonly own: OwnOptions,
  ) {}

  startSpan(name: string, options: SpanOptions = {}, context: Context = activeContext()): Span {
    const current = trace.getSpan(context);
    if (state.gate.idle) {
      // a server passes the extracted context to its span before it makes that context active
      state.gate.see(context);
      if (state.gate.idle) return this.inner.startSpan(name, options, context);
    }
    const enclosing = options.root === true ? undefined : throughTransparent(current);
    if ((enclosing === undefined || !isSpanContextValid(enclosing.spanContext())) && !this.#mayStart(options.kind))
      return current === undefined ? NOTHING : isTransparent(current) ? current : new TransparentSpan(current);
    const counts = this.own.queries !== 'spans' && isRecorded(enclosing) && !CONNECTING.test(name);
    if (counts && this.own.queries === 'totals')
      return counted(new CountedSpan(enclosing), this.#described(name, options)[1].attributes);
    const span = this.inner.startSpan(...this.#described(name, options), context);
    if (isRecorded(span)) {
      if (counts) countBeside(span, enclosing).statement = statementIn(span.attributes);
      this.#complete(span);
    }
    return span;
  }

  /** Attributes that the package does not set, or sets later and under other names. */
  #complete(span: RecordedSpan): void {
    const { later, failure, connection } = this.row;
    if (later !== undefined) translate(span, later);
    if (failure !== undefined) atException(span, failure);
    const call = connection === undefined ? undefined : callOf(this.row);
    if (call === undefined) return;
    const describePeer = (): boolean => {
      span.setAttributes(connection?.(call) ?? {});
      return PEER in span.attributes;
    };
    if (!describePeer())
      atEnd(span, {
        before: () => void (describePeer() || span.setAttributes(peer(span.attributes['server.address'], undefined) ?? {})),
      });
  }

  startActiveSpan<F extends (span: Span) => unknown>(name: string, ...rest: [F] | [SpanOptions, F] | [SpanOptions, Context, F]) {
    const body = rest[rest.length - 1] as F;
    const context = rest.length > 2 ? (rest[1] as Context) : activeContext();
    const span = this.startSpan(name, rest.length > 1 ? (rest[0] as SpanOptions) : undefined, context);
    return withContext(trace.setSpan(context, span), body, undefined, [span]) as ReturnType<F>;
  }

  /** Receiving work may start a trace; an outgoing call may not, unless the configuration names this package or kind. */
  #mayStart(kind: SpanKind = SpanKind.INTERNAL): boolean {
    if (this.own.roots !== undefined) return this.own.roots;
    if (kind === SpanKind.SERVER || kind === SpanKind.CONSUMER) return true;
    const { gate } = state;
    const subject = { qualified: undefined, scope: this.scope, spanName: '' };
    return (
      gate.rootKinds.includes(kind) ||
      gate.settings.roots.some((root) => root.kind === 'scope' && specificity(root, subject) >= 0)
    );
  }

  #described(name: string, options: SpanOptions): [string, SpanOptions] {
    const given: Attributes = options.attributes ?? {};
    const attributes = this.row.attributes?.(given, name);
    return [this.row.name?.(name, given) ?? name, attributes === undefined ? options : { ...options, attributes }];
  }
}
