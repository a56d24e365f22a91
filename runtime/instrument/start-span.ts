// startSpan(): a span for a stretch of code that is no function of its own. It obeys the gate like every other span. Declared
// with `using`, it ends with its block.

/// <reference lib="esnext.disposable" preserve="true" />

import type { Attributes, Link, Span, SpanKind, Tracer } from '@opentelemetry/api';
import { activeContext } from '../context/active.js';
import { NOTHING } from '../context/transparent.js';
import { SpanwrightError } from '../errors.js';
import { reportFault } from '../fault.js';
import { type KindName, spanKindOf } from '../site/kind.js';
import { GateTracerProvider } from '../span/provider.js';
import { VERSION } from '../version.js';
import { checkInstrumentOptions } from './resolve.js';

/** Options of `startSpan()`. */
export interface StartSpanOptions {
  /** Namespace that rules and roots match, and `code.namespace`. Default: none, so that only `*` matches. */
  namespace?: string;
  /** Kind of the span. Default `internal`. */
  kind?: KindName | SpanKind;
  /** Attributes at the start. Default: none. */
  attributes?: Attributes;
  /** Links to other spans. Default: none. */
  links?: readonly Link[];
  /** Start a new trace. Default `false`. */
  root?: boolean;
}

/** A span that ends at the end of its `using` block, or with `end()`, whichever comes first. */
export interface StartedSpan extends Span, Disposable, AsyncDisposable {
  /** Runs `work` with the span active, so that spans started in it are its children. Returns what `work` returns. */
  run<Result>(work: () => Result): Result;
  /** Marks the span as failed with what was thrown: status, `error.type`, and the exception, once for each error and trace. */
  recordFailure(error: unknown): void;
}

let tracer: Tracer | undefined;

/**
 * Starts a span under the active one. While tracing is off, or the namespace is, what is returned records nothing.
 * @throws SpanwrightError MISUSE for a name or an option that is invalid, also while tracing is off
 * @example
 * ```ts
 * using span = startSpan('reconcile', { namespace: 'carbide::reconciler', attributes: { rack } });
 * await span.run(() => reconcileRack(rack));
 * ```
 */
export function startSpan(name: string, options: StartSpanOptions = {}): StartedSpan {
  try {
    return start(name, options);
  } catch (fault) {
    if (fault instanceof SpanwrightError) throw fault;
    reportFault('startSpan()', fault);
    return NOTHING;
  }
}

function start(name: string, options: StartSpanOptions): StartedSpan {
  const { namespace, attributes, links, root } = options;
  checkInstrumentOptions(
    {
      name,
      ...(options.kind === undefined ? undefined : { kind: options.kind }),
      ...(namespace === undefined ? undefined : { namespace }),
    },
    'startSpan()',
  );
  tracer ??= new GateTracerProvider().getTracer('spanwright', VERSION);
  const span = tracer.startSpan(
    name,
    {
      kind: spanKindOf(options.kind),
      ...(namespace === undefined && attributes === undefined
        ? undefined
        : { attributes: namespace === undefined ? attributes : { 'code.namespace': namespace, ...attributes } }),
      ...(links === undefined ? undefined : { links: [...links] }),
      ...(root === undefined ? undefined : { root }),
    },
    activeContext(),
  );
  return span as StartedSpan;
}
