// Contract of a carrier kind: how one kind of carrier is read and written.

import type { TextMapGetter, TextMapSetter } from '@opentelemetry/api';

/** How one kind of carrier is read and written: a getter and a setter as every OpenTelemetry propagator takes them. */
export interface CarrierKind<Carrier = unknown> extends TextMapGetter<Carrier>, TextMapSetter<Carrier> {
  /** The trace that the carrier names although it names no span in it; a span with `link: 'same-trace'` joins it. */
  traceOf?(carrier: Carrier): string | undefined;
}
