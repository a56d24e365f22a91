// States of the process with a tracer that has an API of its own instead of OpenTelemetry's: dd-trace and Sentry, each disabled, on, or
// on with a sampler that keeps nothing. Their spans go as far as to the exporter or transport, which counts them and sends nothing.

import type { Installed } from './installed.js';

/** The used parts of dd-trace; the exporter is not part of its interface. */
interface Datadog {
  init(options: object): Datadog;
  trace<T>(name: string, options: object, body: () => T): T;
  readonly _tracer: { readonly _exporter?: { export(spans: readonly { metrics: Record<string, number> }[]): void } };
}

/** @param ratio of the traces that are kept; undefined: disabled */
export async function datadog(ratio: number | undefined): Promise<Installed> {
  Object.assign(process.env, {
    DD_TRACE_ENABLED: String(ratio !== undefined),
    DD_TRACE_SAMPLE_RATE: String(ratio ?? 1),
    // there is no agent
    DD_REMOTE_CONFIGURATION_ENABLED: 'false',
    DD_INSTRUMENTATION_TELEMETRY_ENABLED: 'false',
  });
  const tracer = (require('dd-trace') as Datadog).init({ service: 'bench', startupLogs: false, plugins: false });
  let kept = 0;
  let roots = 0;
  const exporter = tracer._tracer._exporter;
  if ((exporter === undefined) !== (ratio === undefined)) throw new Error('bench: dd-trace has another exporter than expected');
  if (exporter !== undefined)
    // traces that were not kept are exported too: the agent counts and discards them
    exporter.export = (spans) => {
      if ((spans[0]?.metrics._sampling_priority_v1 ?? 0) > 0) kept += spans.length;
    };
  return {
    count: () => kept - roots,
    drain: async () => {},
    inRoot(body) {
      roots += ratio ?? 0;
      return tracer.trace('request', {}, body);
    },
  };
}

/** The used parts of Sentry. */
interface Sentry {
  init(options: object): { emit(event: 'flush'): void };
  startSpan<T>(options: object, body: () => T): T;
}
type Envelope = readonly [unknown, readonly (readonly [{ type: string; item_count?: number }, unknown])[]];

/** @param ratio of the traces that are kept; undefined: tracing is not configured */
export async function sentry(ratio: number | undefined): Promise<Installed> {
  const { init, startSpan } = require('@sentry/node') as Sentry;
  let kept = 0;
  let roots = 0;
  const send = async ([, items]: Envelope) => {
    for (const [{ type, item_count: count = 0 }] of items) if (type === 'span') kept += count;
    return { statusCode: 200 };
  };
  const client = init({
    dsn: 'http://key@127.0.0.1/1',
    ...(ratio === undefined ? {} : { tracesSampleRate: ratio }),
    sendClientReports: false,
    transport: () => ({ send, flush: async () => true }),
  });
  return {
    count: () => kept - roots,
    // its public flush() waits for a timer
    drain: async () => client.emit('flush'),
    inRoot(body) {
      roots += ratio ?? 0;
      return startSpan({ name: 'request' }, body);
    },
  };
}
