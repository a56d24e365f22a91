// Span kinds by the names that options, rules and documents use. The order is that of OpenTelemetry's `SpanKind`; OTLP counts from 1.

import { SpanKind } from '@opentelemetry/api';

/** Names of {@link SpanKind} in lower case; the index is the value of the enum. */
export const KIND_NAMES = ['internal', 'server', 'client', 'producer', 'consumer'] as const;

export type KindName = (typeof KIND_NAMES)[number];

/** Default: `internal`. */
export function spanKindOf(kind: KindName | SpanKind | undefined): SpanKind {
  return typeof kind === 'string' ? KIND_NAMES.indexOf(kind) : (kind ?? SpanKind.INTERNAL);
}
