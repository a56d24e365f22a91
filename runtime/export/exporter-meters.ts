// Meters for OpenTelemetry's export delegates, which write `otel.sdk.exporter.*` to the application's meter provider. A delegate is
// created again for each connection and numbers its component each time; here the component keeps one name, so that a Collector
// that is absent for a day does not create thousands of series.

import { type Attributes, type Meter, type MeterProvider, metrics } from '@opentelemetry/api';

const NAME = 'otel.component.name';

/** @param component type of the exporter, as OpenTelemetry's conventions name it */
export function exporterMeters(component: string): MeterProvider {
  const name = `${component}/0`;
  return { getMeter: (...given) => withName(metrics.getMeter(...given), name) };
}

function withName(meter: Meter, name: string): Meter {
  const named = (attributes: Attributes | undefined) => ({ ...attributes, [NAME]: name });
  const adding = (instrument: { add(value: number, attributes?: Attributes): void }) => ({
    add: (value: number, attributes?: Attributes) => instrument.add(value, named(attributes)),
  });
  return {
    createCounter: (...given: Parameters<Meter['createCounter']>) => adding(meter.createCounter(...given)),
    createUpDownCounter: (...given: Parameters<Meter['createUpDownCounter']>) => adding(meter.createUpDownCounter(...given)),
    createHistogram(...given: Parameters<Meter['createHistogram']>) {
      const histogram = meter.createHistogram(...given);
      return { record: (value: number, attributes?: Attributes) => histogram.record(value, named(attributes)) };
    },
  } as Meter;
}
