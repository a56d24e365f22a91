// Tracing of the DNS service: an OpenTelemetry SDK set up by hand, always on. Its sampler decides as the SDK's default one does, since
// every namespace may start a trace and there is no switch: roots are recorded, and below them what their parent decided holds.

import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-grpc';
import { resourceFromAttributes } from '@opentelemetry/resources';
import { BatchSpanProcessor } from '@opentelemetry/sdk-trace-base';
import { NodeTracerProvider } from '@opentelemetry/sdk-trace-node';
import { createSampler, createSpanProcessor } from 'spanwright';

/** Exports from the first span on, whether or not anything listens at the endpoint. */
export function setUpTracing(endpoint: string): NodeTracerProvider {
  const provider = new NodeTracerProvider({
    resource: resourceFromAttributes({ 'service.name': 'carbide-dns' }),
    sampler: createSampler({ enabled: true, allowRuntimeChanges: false }),
    spanProcessors: [createSpanProcessor(), new BatchSpanProcessor(new OTLPTraceExporter({ url: endpoint }))],
  });
  provider.register();
  return provider;
}
