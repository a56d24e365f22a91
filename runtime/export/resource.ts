// The resource: attributes of the process, sent with every span. Built once by startTracing() from OpenTelemetry's detectors and
// the configuration; detected-resource.ts runs the detectors.

import type { Attributes } from '@opentelemetry/api';
import type { Configuration } from '../config/configuration.js';
import type { Resource, ResourceDetector } from '../sdk/contracts.js';
import { loadResources } from '../sdk/packages.js';
import { REDACTED } from '../span/attributes.js';
import { hiddenNames } from '../span/redact.js';
import type { ProcessState } from '../state.js';
import { isLoopbackHost } from '../text/loopback.js';
import type { Notice } from '../warnings.js';
import { DetectedResource, type NamedDetector } from './detected-resource.js';
import type { Endpoint } from './endpoint.js';

/**
 * Command lines hold passwords and tokens, and a resource is sent with every batch. Nothing of arguments is recorded unless it is
 * named, here as for calls: `resource: { 'process.command_args': ... }` names it.
 */
const NEVER_DETECTED = 'process.command_args';

/**
 * Packages load and detectors run when the resource is first read. Lowest precedence first: `telemetry.*`, what detectors find, the
 * later one overriding, the configured attributes, then name and version of the service. Names are those of the OpenTelemetry semantic
 * conventions for resources.
 */
export function buildResource(configuration: Configuration, notice: Notice, options: ResourceOptions = {}): Resource {
  const service: Attributes = { 'service.name': configuration.serviceName };
  if (configuration.serviceVersion !== null) service['service.version'] = configuration.serviceVersion;
  const hides = hiddenNames(configuration.redact);
  const configured = { ...redacted(configuration.resource, hides), ...service };
  return new DetectedResource({
    detectors: () => [...detectorsOf(configuration), hookDetector(options)],
    configured,
    notice,
    limitMillis: options.limitMillis,
  });
}

interface ResourceOptions {
  /** How long an export waits for detectors that query other services. Default two seconds. */
  readonly limitMillis?: number;
  /** The admin hook that is announced, read with the first export. */
  readonly announced?: () => ProcessState['announcedHook'];
  /** Address that spans are sent to. */
  readonly endpoint?: Endpoint | undefined;
}

/** Address at which a viewer finds the admin hook. Its loopback address leaves the machine only where the user announced it. */
function hookDetector({ announced = () => undefined, endpoint }: ResourceOptions): NamedDetector {
  const local = endpoint !== undefined && isLoopbackHost(endpoint.host);
  return {
    name: 'admin hook',
    awaited: false,
    detect() {
      const hook = announced();
      return hook === undefined || (hook.own && !local) ? {} : { attributes: { 'spanwright.admin.url': hook.url } };
    },
  };
}

/**
 * The detector `env` adds no attribute here: OTEL_RESOURCE_ATTRIBUTES and OTEL_SERVICE_NAME belong to the configuration, which has read
 * them.
 */
function detectorsOf({ resourceDetectors, extraResourceDetectors, redact }: Configuration): NamedDetector[] {
  const hides = hiddenNames(redact);
  const { hostDetector, osDetector, processDetector, serviceInstanceIdDetector } = loadResources();
  const standard = { host: hostDetector, os: osDetector, process: processDetector, serviceinstance: serviceInstanceIdDetector };
  const wanted = resourceDetectors === 'all' ? Object.keys(standard) : resourceDetectors.split(', ');
  return [
    ...Object.entries(standard)
      .filter(([name]) => wanted.includes(name))
      .map(([name, detector]) => ({ name, awaited: false, detect: () => withoutArguments(detector.detect()) })),
    ...extraResourceDetectors.map((detector, index) => ({
      name: `extraResourceDetectors[${index}]`,
      awaited: true,
      detect: () => {
        const found = detector.detect();
        return { ...found, attributes: redacted(found.attributes ?? {}, hides) };
      },
    })),
  ];
}

function withoutArguments(found: ReturnType<ResourceDetector['detect']>): ReturnType<ResourceDetector['detect']> {
  const { [NEVER_DETECTED]: _, ...attributes } = found.attributes ?? {};
  return { ...found, attributes };
}

/** The values of hidden names are replaced; one that is still looked up is not waited for. */
function redacted<Value>(attributes: Record<string, Value>, hides: ReturnType<typeof hiddenNames>): Record<string, Value> {
  if (hides === undefined) return attributes;
  return Object.fromEntries(
    Object.entries(attributes).map(([key, value]) => {
      if (!hides(key)) return [key, value];
      if (value instanceof Promise) value.catch(() => undefined);
      return [key, REDACTED as Value];
    }),
  );
}
