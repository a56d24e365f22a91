// The service that the tests of the admin hook and of the live commands watch: the real tracing with two sites, recording into
// OpenTelemetry's in-memory exporter.

import { InMemorySpanExporter } from '@opentelemetry/sdk-trace-base';
import { instrument, startTracing, type Tracing } from '../../runtime/index.js';

export const NAMESPACE = 'carbide::machine-controller';

/** A running tracing. One at a time in a process. */
export function startService(
  options: {
    enabled?: boolean;
    allowRuntimeChanges?: boolean;
    allowCapture?: string;
    maxSpanAge?: string;
    exporter?: InMemorySpanExporter;
    flightRecorder?: string;
    flightDirectory?: string;
  } = {},
): Promise<Tracing> {
  return startTracing({ serviceName: 'admin-test', exporter: new InMemorySpanExporter(), ...options });
}

/** Work whose span stays open until a request finishes it. */
export interface OpenWork {
  finish(): Promise<void>;
  /** Ends the span with this error. */
  fail(error: Error): Promise<void>;
}

const handleObjectState = instrument(
  {
    name: 'handleObjectState',
    namespace: NAMESPACE,
    attributes: (attributes: Record<string, string>, _until: Promise<void>) => attributes,
  },
  async function handleObjectState(_attributes: Record<string, string>, until: Promise<void>): Promise<void> {
    await until;
  },
);

/** A site of another namespace, for filters. */
export const listFirmware = instrument(
  { name: 'listFirmware', namespace: 'carbide::firmware' },
  function listFirmware(): string[] {
    return ['1.0.0'];
  },
);

/** Starts work with a span that carries `attributes`. */
export function openWork(attributes: Record<string, string>): OpenWork {
  let end = (): void => undefined;
  let fail = (_error: Error): void => undefined;
  const until = new Promise<void>((resolve, reject) => {
    end = resolve;
    fail = reject;
  });
  const working = handleObjectState(attributes, until);
  return {
    finish: () => {
      end();
      return working;
    },
    fail: (error) => {
      fail(error);
      return working.catch(() => undefined);
    },
  };
}
