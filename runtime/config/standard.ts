// OpenTelemetry's standard variables that this package does not follow, with what takes their place. Read by startTracing(), which says
// it once when one of them asks for something else than what is done, and by docs/write-configuration.ts. Those that are followed are
// in keys.ts.

import { variableText } from './env.js';

interface Standard {
  readonly name: string;
  /** Values that ask for what is done anyway. */
  readonly same: (value: string) => boolean;
  readonly instead: string;
}

const words = (value: string): string[] => value.split(',').map((word) => word.trim());
const never = (): boolean => false;

export const NOT_FOLLOWED: readonly Standard[] = [
  {
    name: 'OTEL_TRACES_SAMPLER',
    same: (value) => value === 'parentbased_always_on',
    instead:
      'what is recorded is decided by `enabled`, `roots` and `rules`, which take ratios and can change while the process runs',
  },
  {
    name: 'OTEL_TRACES_EXPORTER',
    same: (value) => value === 'otlp',
    instead:
      'spans are sent over OTLP where there is an endpoint; other exporters are given in code (`exporter`), and `OTEL_SDK_DISABLED` sends none',
  },
  {
    name: 'OTEL_PROPAGATORS',
    same: (value) => words(value).sort().join() === 'baggage,tracecontext',
    instead: 'context passes as W3C trace context and baggage; a propagator that is registered before startTracing() is kept',
  },
  {
    name: 'OTEL_EXPORTER_OTLP_TRACES_INSECURE',
    same: never,
    instead: '`http://` or `https://` of the endpoint decides',
  },
  { name: 'OTEL_EXPORTER_OTLP_INSECURE', same: never, instead: '`http://` or `https://` of the endpoint decides' },
  { name: 'OTEL_CONFIG_FILE', same: never, instead: 'the file is the one that `SPANWRIGHT_CONFIG` names' },
];

/** One line for each variable that asks for something else than what is done. Values are not shown. */
export function notFollowed(env: NodeJS.ProcessEnv = process.env): { name: string; line: string }[] {
  return NOT_FOLLOWED.flatMap(({ name, same, instead }) => {
    const value = variableText(env, name);
    return value === undefined || same(value.toLowerCase()) ? [] : [{ name, line: `${name}: ${instead.replaceAll('`', '')}` }];
  });
}
