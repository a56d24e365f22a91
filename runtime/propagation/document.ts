// A document as a carrier: one trace id that stays, and one span id for each module that worked on it, as in a database record
// that several services pass on by changing it. Each module reads the id of the one before it and writes its own.

import type { Context } from '@opentelemetry/api';
import { isSampled } from '../context/origin.js';
import type { CarrierKind } from './carrier-kind.js';
import { injectAs } from './pass.js';
import { type DocumentPath, parsePath, readPath, writePath } from './path.js';
import { isSpanId, isTraceId, parseTraceparent } from './traceparent.js';

/** Options of `carriers.document()`: where a document holds its trace. */
export interface DocumentOptions {
  /** Path of the trace id: keys joined by dots, or a list of keys. Default `trace_id`. */
  traceId?: DocumentPath;
  /** The object that holds span ids by module. Default `span_ids`. */
  spanIds?: DocumentPath;
  /** The module that writes: the key of its span id. */
  module: string;
  /** Modules whose span id is read, the preferred one first. Default: those of `module` itself. */
  upstream?: string | readonly string[];
  /** Path of `tracestate`. Default: it is not kept. */
  tracestate?: DocumentPath;
  /** Path of `baggage`. Default: it is not kept. */
  baggage?: DocumentPath;
}

/** Carrier kind of documents, as `carriers.document()` returns it. */
export interface DocumentKind extends CarrierKind<unknown> {
  /**
   * The fields that inject() would write, as a record from dotted path to text: for `$set` of MongoDB, or one `jsonb_set` each, in the same
   * update as the work's own result.
   */
  changes(context?: Context): Record<string, string>;
}

/**
 * Documents with a trace id and a span id for each module. They hold no flags: only a sampled context is written, and what is
 * read counts as sampled. Another trace's ids are replaced as a whole, so that a document names one trace. A trace id
 * whose span id is missing is no parent; a span with `link: 'same-trace'` still joins the trace.
 * @throws SpanwrightError MISUSE when a path or a module cannot be one
 * @example
 * ```ts
 * const events = carriers.document({
 *   traceId: 'metadata.trace_id', spanIds: 'status.spanids', module: 'node-drainer', upstream: ['fault-quarantine', 'platform-connector'],
 * });
 * await withRemoteContext(event, () => drain(event), events);
 * ```
 */
export function document(options: DocumentOptions): DocumentKind {
  const traceIdAt = parsePath(options.traceId ?? 'trace_id', 'carriers.document(): traceId');
  const spanIdsAt = parsePath(options.spanIds ?? 'span_ids', 'carriers.document(): spanIds');
  const [module] = parsePath([options.module], 'carriers.document(): module') as [string];
  const upstream = parsePath([options.upstream ?? module].flat(), 'carriers.document(): upstream');
  const others = new Map<string, readonly string[]>();
  for (const name of ['tracestate', 'baggage'] as const) {
    const path = options[name];
    if (path !== undefined) others.set(name, parsePath(path, `carriers.document(): ${name}`));
  }

  const traceOf = (carrier: unknown): string | undefined => {
    const traceId = readPath(carrier, traceIdAt);
    return isTraceId(traceId) ? traceId : undefined;
  };
  const spanOf = (carrier: unknown): string | undefined => {
    for (const name of upstream) {
      const spanId = readPath(carrier, [...spanIdsAt, name]);
      if (isSpanId(spanId)) return spanId;
    }
    return undefined;
  };
  const kind: DocumentKind = {
    traceOf,
    keys: () => ['traceparent', ...others.keys()],
    get(carrier, name) {
      if (name !== 'traceparent') {
        const path = others.get(name);
        const value = path === undefined ? undefined : readPath(carrier, path);
        return typeof value === 'string' ? value : undefined;
      }
      const traceId = traceOf(carrier);
      const spanId = spanOf(carrier);
      return traceId === undefined || spanId === undefined ? undefined : `00-${traceId}-${spanId}-01`;
    },
    set(carrier, name, value) {
      if (typeof carrier !== 'object' || carrier === null) return;
      if (name !== 'traceparent') {
        const path = others.get(name);
        if (path !== undefined) writePath(carrier, path, value);
        return;
      }
      const span = parseTraceparent(value);
      if (span === undefined || !isSampled(span)) return;
      const before = traceOf(carrier);
      if (before !== undefined && before !== span.traceId) writePath(carrier, spanIdsAt, {});
      writePath(carrier, traceIdAt, span.traceId);
      writePath(carrier, [...spanIdsAt, module], span.spanId);
    },
    changes(context) {
      const changes: Record<string, string> = {};
      const paths = [traceIdAt, [...spanIdsAt, module], ...others.values()];
      const written = injectAs({}, () => kind, context);
      for (const path of paths) {
        const value = readPath(written, path);
        if (typeof value === 'string') changes[path.join('.')] = value;
      }
      return changes;
    },
  };
  return kind;
}
