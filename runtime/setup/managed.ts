// Connects a running set-up to the OpAMP server of `opamp_endpoint`. Called by start.ts and own.ts; without the key nothing is loaded.

import { isMainThread } from 'node:worker_threads';
import type { Configuration } from '../config/configuration.js';
import { buildResource } from '../export/resource.js';
import type { Resource } from '../sdk/contracts.js';
import { textOfThrown } from '../text/thrown.js';
import type { Tracing } from '../tracing.js';
import { notice } from '../warnings.js';

/**
 * Returns what ends the connection. In a worker thread there is none: changes come from the main thread.
 * @param resource of the spans, where Spanwright exports them
 */
export function startManaged(tracing: Tracing, configuration: Configuration, resource?: Resource): (() => void)[] {
  const { opampEndpoint: url, opampHeaders: headers, opampInterval: interval, disabled } = configuration;
  if (url === null || disabled || !isMainThread) return [];
  try {
    const { followOpamp } = require('../control/opamp/agent.js') as typeof import('../control/opamp/agent.js');
    const { readCertificates } = require('../export/certificates.js') as typeof import('../export/certificates.js');
    const certificates = /^(?:https|wss):/.test(url) ? readCertificates(configuration, 'opamp') : {};
    const described = resource ?? buildResource(configuration, notice);
    const control = followOpamp(tracing, { url, headers, certificates, interval, resource: () => attributesOf(described) });
    return [() => void control.close()];
  } catch (error) {
    notice('SPW022', `opamp ${url}: ${textOfThrown(error)}`, url);
    return [];
  }
}

async function attributesOf(resource: Resource): Promise<Resource['attributes']> {
  await resource.waitForAsyncAttributes?.();
  return resource.attributes;
}
