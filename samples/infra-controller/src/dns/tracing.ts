// Tracing of the DNS service: an OpenTelemetry SDK set up by hand, always on, with the SDK's own default sampler and an exporter that is built
// in any case. createRootSampler() lets the instrumented code join it; its answer is not given to the SDK, so that each span of the code is
// decided by the sampler of the SDK. Levels are the only filter of its own.

import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-grpc';
import { resourceFromAttributes } from '@opentelemetry/resources';
import { BatchSpanProcessor } from '@opentelemetry/sdk-trace-base';
import { NodeTracerProvider } from '@opentelemetry/sdk-trace-node';
import { createRootSampler, createSpanProcessor } from 'spanwright';
import type { DnsSettings } from './settings.js';

/** Exports from the first span on, whether or not anything listens at the endpoint. */
export function setUpTracing({ endpoint, level }: DnsSettings): NodeTracerProvider {
  // the gate ignores OTEL_TRACES_SAMPLER, because options in code have precedence
  const everything = { enabled: true, allowRuntimeChanges: false, roots: '*', remoteParent: 'accept' } as const;
  createRootSampler({ ...everything, rules: `*=on, carbide::dns=${level}` });
  const provider = new NodeTracerProvider({
    resource: resourceFromAttributes({ 'service.name': 'carbide-dns' }),
    spanProcessors: [createSpanProcessor(), new BatchSpanProcessor(new OTLPTraceExporter({ url: endpoint }))],
  });
  provider.register();
  return provider;
}
