// The resource: what every span says of the process that made it. Built once by startTracing(). Only attributes that are cheap
// and hold no secrets: never the command line, which may carry passwords.

import { randomUUID } from 'node:crypto';
import { arch, hostname, type as osType } from 'node:os';
import type { Attributes } from '@opentelemetry/api';
import type { Configuration } from '../config/load.js';
import { loadResources, type Resource } from './sdk.js';

/**
 * Lowest precedence first: `telemetry.sdk.*`, process and host, the configured attributes, then name and version of the service.
 * Names are those of the OpenTelemetry semantic conventions for resources.
 * @throws SpanwrightError MISSING_PACKAGE.
 */
export function buildResource(configuration: Configuration): Resource {
  const { defaultResource, resourceFromAttributes } = loadResources();
  const service: Attributes = { 'service.name': configuration.serviceName };
  if (configuration.serviceVersion !== null) service['service.version'] = configuration.serviceVersion;
  return defaultResource().merge(resourceFromAttributes({ ...processAttributes(), ...configuration.resource, ...service }));
}

function processAttributes(): Attributes {
  return {
    'service.instance.id': randomUUID(),
    'process.pid': process.pid,
    'process.runtime.name': 'nodejs',
    'process.runtime.version': process.versions.node,
    'host.name': hostname(),
    'host.arch': HOST_ARCH.get(arch()) ?? arch(),
    'os.type': OS_TYPE.get(osType()) ?? osType().toLowerCase(),
  };
}

/** The conventions have names of their own where Node's differ. */
const HOST_ARCH = new Map([
  ['x64', 'amd64'],
  ['arm', 'arm32'],
  ['ppc', 'ppc32'],
  ['ia32', 'x86'],
]);
const OS_TYPE = new Map([
  ['Windows_NT', 'windows'],
  ['SunOS', 'solaris'],
]);
