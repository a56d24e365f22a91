// The only file that names the SDK's packages. They are ordinary dependencies, loaded at the call by literal requires, which bundlers
// follow: a process that neither exports nor propagates loads none of them. Both SDK lines work.

import type { Attributes, TextMapPropagator } from '@opentelemetry/api';
import { setImmediate } from '../captured.js';
import { SpanwrightError } from '../errors.js';
import type { Resource, ResourceDetector, SpanExporter } from './contracts.js';

const CORE = '@opentelemetry/core';
const TRANSFORMER = '@opentelemetry/otlp-transformer';

interface CorePackage {
  W3CTraceContextPropagator: new () => TextMapPropagator;
  W3CBaggagePropagator: new () => TextMapPropagator;
  CompositePropagator: new (config: { propagators: TextMapPropagator[] }) => TextMapPropagator;
}

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
}

/** @throws SpanwrightError MISSING_PACKAGE. */
export function loadCore(): CorePackage {
  return installed(CORE, () => require('@opentelemetry/core'), 'Propagation') as CorePackage;
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

export const loadTransformer = (): Transformer =>
  installed(TRANSFORMER, () => require('@opentelemetry/otlp-transformer')) as Transformer;

/** Loads each package in a turn of its own, because together they block the event loop for a tenth of a second. */
async function inTurns(loads: readonly [name: string, load: () => unknown][]): Promise<object> {
  const found: object[] = [];
  for (const [name, load] of loads) {
    await new Promise<void>((resolve) => setImmediate(resolve));
    found.push(installed(name, load) as object);
  }
  return Object.assign({}, ...found);
}

export function loadGrpc(): Promise<object> {
  return inTurns([
    [CORE, () => require('@opentelemetry/core')],
    ['@opentelemetry/resources', loadResources],
    ['@opentelemetry/otlp-exporter-base', () => require('@opentelemetry/otlp-exporter-base')],
    [TRANSFORMER, loadTransformer],
    ['@opentelemetry/otlp-grpc-exporter-base', () => require('@opentelemetry/otlp-grpc-exporter-base')],
    ['@opentelemetry/exporter-trace-otlp-grpc', () => require('@opentelemetry/exporter-trace-otlp-grpc')],
  ]);
}

export function loadHttp(): Promise<object> {
  return inTurns([
    [CORE, () => require('@opentelemetry/core')],
    ['@opentelemetry/resources', loadResources],
    [TRANSFORMER, loadTransformer],
    ['@opentelemetry/otlp-exporter-base', () => require('@opentelemetry/otlp-exporter-base/node-http')],
    ['@opentelemetry/exporter-trace-otlp-proto', () => require('@opentelemetry/exporter-trace-otlp-proto')],
  ]);
}

/** Dependencies are installed; a missing one was left out by a bundler or removed. */
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
