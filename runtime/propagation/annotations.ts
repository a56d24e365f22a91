// Kubernetes-style annotations as a carrier: text by key, each key with a prefix that is a domain of its owner. In the form `ids` they
// hold a trace id and a span id, as older controllers do.

import { isSampled } from '../context/origin.js';
import { SpanwrightError } from '../errors.js';
import type { CarrierKind } from './carrier-kind.js';
import { isObject } from './headers.js';
import { isSpanId, isTraceId, parseTraceparent } from './traceparent.js';

interface AnnotationOptions {
  /** The domain before the slash: `nvsentinel.nvidia.com`. */
  prefix: string;
  /** `traceparent` (default): the W3C fields. `ids`: `trace-id` and `span-id`; only a sampled context is written. */
  form?: 'traceparent' | 'ids';
}

/** Prefix of an annotation's key in Kubernetes: a DNS subdomain of at most 253 characters. */
const DOMAIN = /^[a-z0-9](?:[-a-z0-9]*[a-z0-9])?(?:\.[a-z0-9](?:[-a-z0-9]*[a-z0-9])?)*$/u;

/** The annotations themselves, or the resource that has them at `metadata.annotations`. */
function annotationsOf(carrier: unknown, make: boolean): Record<string, unknown> | undefined {
  if (!isObject(carrier)) return undefined;
  const { metadata } = carrier as { metadata?: { annotations?: unknown } };
  if (!isObject(metadata)) return carrier as Record<string, unknown>;
  if (make && !isObject(metadata.annotations)) (metadata as { annotations?: unknown }).annotations = {};
  return isObject(metadata.annotations) ? (metadata.annotations as Record<string, unknown>) : undefined;
}

/**
 * Annotations of a resource.
 * @throws SpanwrightError MISUSE when Kubernetes does not accept the prefix
 * @example inject(job, carriers.annotations({ prefix: 'nvsentinel.nvidia.com' }));
 */
export function annotations({ prefix, form = 'traceparent' }: AnnotationOptions): CarrierKind<unknown> {
  const domain = typeof prefix === 'string' && prefix.endsWith('/') ? prefix.slice(0, -1) : prefix;
  if (typeof domain !== 'string' || domain.length > 253 || !DOMAIN.test(domain)) {
    throw new SpanwrightError(
      'MISUSE',
      `carriers.annotations(): prefix: found ${JSON.stringify(prefix)}; expected a DNS subdomain in lower case, such as "example.com".`,
    );
  }
  const read = (carrier: unknown, name: string): string | undefined => {
    const held = annotationsOf(carrier, false);
    const key = `${domain}/${name}`;
    const value = held !== undefined && Object.hasOwn(held, key) ? held[key] : undefined;
    return typeof value === 'string' ? value : undefined;
  };
  const write = (carrier: unknown, name: string, value: string): void => {
    const held = annotationsOf(carrier, true);
    if (held !== undefined) held[`${domain}/${name}`] = value;
  };
  const keys = (): string[] => (form === 'ids' ? ['traceparent'] : ['traceparent', 'tracestate', 'baggage']);
  if (form === 'traceparent') return { get: read, set: write, keys };
  const traceOf = (carrier: unknown): string | undefined => {
    const traceId = read(carrier, 'trace-id');
    return isTraceId(traceId) ? traceId : undefined;
  };
  return {
    keys,
    traceOf,
    get(carrier, name) {
      if (name !== 'traceparent') return undefined;
      const traceId = traceOf(carrier);
      const spanId = read(carrier, 'span-id');
      return traceId === undefined || !isSpanId(spanId) ? undefined : `00-${traceId}-${spanId}-01`;
    },
    set(carrier, name, value) {
      if (name !== 'traceparent') return;
      const span = parseTraceparent(value);
      if (span === undefined || !isSampled(span)) return;
      write(carrier, 'trace-id', span.traceId);
      write(carrier, 'span-id', span.spanId);
    },
  };
}
