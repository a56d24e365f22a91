// Correlation ids that were there before traces: the request ids of OpenStack and of proxies, read from a carrier as attributes of the span
// that serves the request, so that a trace can be found by them. Anyone can send them: a value that is long or has unusual characters
// counts as absent.

import type { Attributes, TextMapGetter } from '@opentelemetry/api';
import type { CarrierKind } from './carrier-kind.js';
import { carrierKindOf } from './kinds.js';

/** Headers that hold a correlation id, in the spelling that attribute keys have. */
export const CORRELATION_HEADERS = ['x-openstack-request-id', 'x-request-id'] as const;

const PLAIN = /^[\x21-\x7e]{1,128}$/u;

/**
 * `http.request.header.x-openstack-request-id` and `http.request.header.x-request-id`, those that the carrier brought. Each is a
 * list, as OpenTelemetry's semantic conventions have headers.
 * @example @instrument({ kind: 'server', attributes: (request) => correlationAttributes(request) })
 */
export function correlationAttributes<Carrier>(carrier: Carrier, kind?: TextMapGetter<NoInfer<Carrier>>): Attributes {
  const attributes: Attributes = {};
  if (carrier === null || carrier === undefined) return attributes;
  for (const name of CORRELATION_HEADERS) {
    try {
      const getter = (kind ?? carrierKindOf(carrier)) as CarrierKind;
      const value = getter.get(carrier, name);
      if (typeof value === 'string' && PLAIN.test(value)) attributes[`http.request.header.${name}`] = [value];
    } catch {
      // a carrier that cannot be read brought nothing
    }
  }
  return attributes;
}
