// The only file that names the SDK's packages. They are loaded by require at the call, so that a process without an endpoint
// loads none of them, and so that both SDK 2.x and 3.x work. Called by resource.ts and exporter.ts; a missing package is an
// error with the line that installs it.

import { createRequire } from 'node:module';
import type { Attributes } from '@opentelemetry/api';
import type { Configuration } from '../config/configuration.js';
import { SpanwrightError } from '../errors.js';
import type { ReadableSpan, Resource, ResourceDetector, SpanExporter } from '../sdk/contracts.js';
import { VERSION } from '../version.js';
import { type Certificates, readCertificates } from './certificates.js';
import { type EncodableSpan, encodeSpans } from './encode.js';
import type { Endpoint } from './endpoint.js';
import { OtlpExporter, type Serializer, type Transport } from './otlp.js';
import { GrpcTransport } from './otlp-grpc.js';
import { HttpTransport } from './otlp-http.js';

interface ResourcesPackage {
  defaultResource(): Resource;
  resourceFromAttributes(attributes: Attributes, options?: { schemaUrl: string | undefined }): Resource;
  hostDetector: ResourceDetector;
  osDetector: ResourceDetector;
  processDetector: ResourceDetector;
  serviceInstanceIdDetector: ResourceDetector;
}

const RESOURCES = '@opentelemetry/resources';
const EXPORTERS = {
  grpc: '@opentelemetry/exporter-trace-otlp-grpc',
  'http/protobuf': '@opentelemetry/exporter-trace-otlp-proto',
} as const;

export type Protocol = keyof typeof EXPORTERS;

interface TraceSdk {
  ParentBasedSampler: new (
    options: object,
  ) => {
    shouldSample(...given: unknown[]): { decision: number };
    toString(): string;
  };
}

/** SDK 2.x has two names for the package, 3.x one. */
const TRACE_SDKS = ['@opentelemetry/sdk-trace-base', '@opentelemetry/sdk-trace'];

/** @throws SpanwrightError MISSING_PACKAGE. */
export function loadTraceSdk(): TraceSdk {
  const installed = TRACE_SDKS.find(isInstalled);
  if (installed === undefined) requireAll(TRACE_SDKS.slice(0, 1));
  return require(installed as string) as TraceSdk;
}

/** @throws SpanwrightError MISSING_PACKAGE. */
export function loadResources(): ResourcesPackage {
  return load<ResourcesPackage>(RESOURCES);
}

/**
 * The OTLP exporter of the endpoint's protocol: our encoder, over a transport of ours (otlp.ts says why).
 * @throws SpanwrightError MISSING_PACKAGE naming every package that is not installed.
 * @throws ConfigurationError when a certificate file cannot be read or used.
 */
export function createExporter(endpoint: Endpoint, configuration: Configuration): SpanExporter {
  const name = EXPORTERS[endpoint.protocol];
  requireAll([RESOURCES, name]);
  // What the exporter's package brings with it is resolved from where that package is.
  const beside = createRequire(require.resolve(name));
  const { ProtobufTraceSerializer } = beside('@opentelemetry/otlp-transformer') as { ProtobufTraceSerializer: Serializer };
  const tls = endpoint.tls ? readCertificates(configuration) : undefined;
  const transport =
    endpoint.protocol === 'grpc' ? overGrpc(endpoint, configuration, tls) : overHttp(endpoint, configuration, tls);
  const timeout = Math.min(configuration.otlpTimeout, configuration.exportTimeout);
  const serializer: Serializer = {
    serializeRequest: (spans) => encodeSpans(spans as readonly ReadableSpan[] as readonly EncodableSpan[]),
    deserializeResponse: (answer) => ProtobufTraceSerializer.deserializeResponse(answer),
  };
  return new OtlpExporter(serializer, transport, timeout);
}

const USER_AGENT = `spanwright/${VERSION}`;

function overGrpc(endpoint: Endpoint, configuration: Configuration, tls: Certificates | undefined): Transport {
  const { host, port } = endpoint;
  const gzip = configuration.otlpCompression === 'gzip';
  return new GrpcTransport({ host, port, headers: configuration.otlpHeaders, gzip, userAgent: USER_AGENT, tls });
}

function overHttp(endpoint: Endpoint, configuration: Configuration, tls: Certificates | undefined): Transport {
  const gzip = configuration.otlpCompression === 'gzip';
  return new HttpTransport({ url: endpoint.url, headers: configuration.otlpHeaders, gzip, userAgent: USER_AGENT, tls });
}

function load<T>(name: string): T {
  requireAll([name]);
  return require(name) as T;
}

function requireAll(names: readonly string[]): void {
  const missing = names.filter((name) => !isInstalled(name));
  if (missing.length === 0) return;
  throw new SpanwrightError(
    'MISSING_PACKAGE',
    `Exporting spans needs ${missing.join(' and ')}, which ${missing.length > 1 ? 'are' : 'is'} not installed. Run: npm install ${missing.join(' ')}`,
  );
}

function isInstalled(name: string): boolean {
  try {
    require.resolve(name);
    return true;
  } catch {
    return false;
  }
}
