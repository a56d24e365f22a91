// The set-up of tracing that all five processes share: resource, and switches by variables. Each `tracing.ts` adds its own.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { TracingOptions } from 'spanwright';
import { number, onOff } from './settings.js';

const { version } = JSON.parse(readFileSync(join(__dirname, '../../package.json'), 'utf8')) as { version: string };

/** Share of the images that is traced, decided by the cameras. */
export const sampleRate = (): number => number('OTEL_TRACE_SAMPLE_RATE', 1, 0, 1);

/** A rate of 0 switches each process off, because where the cameras send no trace the API would start one. */
export function pipelineTracing(serviceName: string, instrumentations: TracingOptions['instrumentations']): TracingOptions {
  return {
    serviceName,
    serviceVersion: version,
    resource: { 'deployment.environment.name': process.env.ENVIRONMENT || 'development' },
    enabled: sampleRate() > 0,
    ...(onOff('OTEL_AUTO_INSTRUMENTATION', true) && { instrumentations }),
  };
}
