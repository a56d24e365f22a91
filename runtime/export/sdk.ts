// The only file that names the SDK's packages. They are ordinary dependencies, loaded at the call by literal requires, which bundlers
// follow: a process that exports nothing loads none of them. Both SDK lines work. Called by resource.ts, pipeline.ts and createSampler().

import type { Attributes } from '@opentelemetry/api';
import { setImmediate } from '../captured.js';
import type { Configuration } from '../config/configuration.js';
import { SpanwrightError } from '../errors.js';
import type { Resource, ResourceDetector, SpanExporter } from '../sdk/contracts.js';
import { VERSION } from '../version.js';
import { readCertificates } from './certificates.js';
import type { Endpoint } from './endpoint.js';
import { GrpcCarrier, type GrpcPackages } from './grpc-carrier.js';
import { HttpCarrier, type HttpPackages } from './http-carrier.js';
import { type Carrier, OtlpExporter, type Serializer } from './otlp.js';

interface ResourcesPackage {
  defaultResource(): Resource;
  resourceFromAttributes(attributes: Attributes, options?: { schemaUrl: string | undefined }): Resource;
  hostDetector: ResourceDetector;
  osDetector: ResourceDetector;
  processDetector: ResourceDetector;
  serviceInstanceIdDetector: ResourceDetector;
}

interface TraceSdk {
  ParentBasedSampler: new (
    options: object,
  ) => {
    shouldSample(...given: unknown[]): { decision: number };
    toString(): string;
  };
  ConsoleSpanExporter: new () => SpanExporter;
}

interface Transformer {
  ProtobufTraceSerializer: { deserializeResponse(answer: Uint8Array): object };
  TraceExporterMetricsHelper: unknown;
}

/** @throws SpanwrightError MISSING_PACKAGE. */
export function loadTraceSdk(): TraceSdk {
  return installed(
    '@opentelemetry/sdk-trace',
    () => require('@opentelemetry/sdk-trace'),
    'createSampler()',
    ' Where another tracer makes the spans (Sentry, Datadog), use createRootSampler().',
  ) as TraceSdk;
}

/** @throws SpanwrightError MISSING_PACKAGE. */
export function loadResources(): ResourcesPackage {
  return installed('@opentelemetry/resources', () => require('@opentelemetry/resources')) as ResourcesPackage;
}

const TRANSFORMER = '@opentelemetry/otlp-transformer';
const loadTransformer = (): Transformer =>
  installed(TRANSFORMER, () => require('@opentelemetry/otlp-transformer')) as Transformer;

/** Each in a turn of its own, because together they block the event loop for a tenth of a second. */
async function inTurns(loads: readonly [name: string, load: () => unknown][]): Promise<object> {
  const found: object[] = [];
  for (const [name, load] of loads) {
    await new Promise<void>((resolve) => setImmediate(resolve));
    found.push(installed(name, load) as object);
  }
  return Object.assign({}, ...found);
}

function loadGrpc(): Promise<GrpcPackages> {
  return inTurns([
    ['@opentelemetry/core', () => require('@opentelemetry/core')],
    ['@opentelemetry/otlp-exporter-base', () => require('@opentelemetry/otlp-exporter-base')],
    [TRANSFORMER, loadTransformer],
    ['@opentelemetry/otlp-grpc-exporter-base', () => require('@opentelemetry/otlp-grpc-exporter-base')],
    ['@opentelemetry/exporter-trace-otlp-grpc', () => require('@opentelemetry/exporter-trace-otlp-grpc')],
  ]) as Promise<GrpcPackages>;
}

function loadHttp(): Promise<HttpPackages> {
  return inTurns([
    ['@opentelemetry/core', () => require('@opentelemetry/core')],
    [TRANSFORMER, loadTransformer],
    ['@opentelemetry/otlp-exporter-base', () => require('@opentelemetry/otlp-exporter-base/node-http')],
    ['@opentelemetry/exporter-trace-otlp-proto', () => require('@opentelemetry/exporter-trace-otlp-proto')],
  ]) as Promise<HttpPackages>;
}

/**
 * The OTLP exporter of the endpoint's protocol. Loads no package before it is needed.
 * @throws ConfigurationError when a certificate file cannot be read or used.
 */
export function createExporter(endpoint: Endpoint, configuration: Configuration): OtlpExporter {
  const timeout = Math.min(configuration.otlpTimeout, configuration.exportTimeout);
  const common = {
    headers: configuration.otlpHeaders,
    gzip: configuration.otlpCompression === 'gzip',
    userAgent: `spanwright/${VERSION}`,
    tls: endpoint.tls ? readCertificates(configuration) : undefined,
    timeout,
  };
  const carry = (serializer: Serializer): Carrier =>
    endpoint.protocol === 'grpc'
      ? new GrpcCarrier({ ...common, target: endpoint.target }, serializer, loadGrpc)
      : new HttpCarrier({ ...common, url: endpoint.url }, serializer, loadHttp);
  return new OtlpExporter(carry, (answer) => loadTransformer().ProtobufTraceSerializer.deserializeResponse(answer), timeout);
}

/** Dependencies are there; a package that is not was left out by a bundler or removed. */
function installed(name: string, load: () => unknown, user = 'Exporting spans', otherwise = ''): unknown {
  try {
    return load();
  } catch (error) {
    if ((error as { code?: unknown } | null)?.code !== 'MODULE_NOT_FOUND') throw error;
    throw new SpanwrightError(
      'MISSING_PACKAGE',
      `${user} needs ${name}, a dependency of spanwright that cannot be found. Run: npm install ${name}, or let the bundler include it.${otherwise}`,
      { cause: error },
    );
  }
}
