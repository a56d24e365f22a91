// The propagator that the configuration names (`propagators`, OTEL_PROPAGATORS). Those beside W3C are packages that the user installs.

import type { TextMapPropagator } from '@opentelemetry/api';
import { SpanwrightError } from '../errors.js';
import { SpanwrightPropagator } from '../propagation/propagator.js';
import { requireFor } from '../sdk/installed.js';
import { loadCore } from '../sdk/packages.js';

type Packages = Record<string, new (options?: object) => TextMapPropagator>;

interface Row {
  /** Undefined: of `@opentelemetry/core`. */
  readonly packageName?: string;
  readonly className: string;
  readonly options?: object;
}

const B3 = { packageName: '@opentelemetry/propagator-b3', className: 'B3Propagator' };
const PROPAGATORS: Readonly<Record<string, Row>> = {
  tracecontext: { className: 'W3CTraceContextPropagator' },
  baggage: { className: 'W3CBaggagePropagator' },
  // the numbers of B3InjectEncoding
  b3: { ...B3, options: { injectEncoding: 0 } },
  b3multi: { ...B3, options: { injectEncoding: 1 } },
  jaeger: { packageName: '@opentelemetry/propagator-jaeger', className: 'JaegerPropagator' },
  xray: { packageName: '@opentelemetry/propagator-aws-xray', className: 'AWSXRayPropagator' },
};
const W3C = 'tracecontext, baggage';

/**
 * @param names normal form of the key `propagators`
 * @param warn gets the reason where a package is missing and its propagator is left out; undefined: it is thrown
 * @throws SpanwrightError MISSING_PACKAGE with the line that installs it
 */
export function configuredPropagator(names: string, warn: ((reason: string) => void) | undefined): SpanwrightPropagator {
  if (names === W3C) return new SpanwrightPropagator();
  const propagators: TextMapPropagator[] = [];
  for (const name of names === 'none' ? [] : names.split(', ')) {
    try {
      propagators.push(create(name, PROPAGATORS[name] as Row));
    } catch (error) {
      if (warn === undefined || !(error instanceof SpanwrightError)) throw error;
      warn(error.message);
    }
  }
  return new SpanwrightPropagator(new (loadCore().CompositePropagator)({ propagators }));
}

function create(name: string, { packageName, className, options }: Row): TextMapPropagator {
  const loaded = packageName === undefined ? loadCore() : requireFor(packageName)?.(packageName);
  if (loaded === undefined) {
    throw new SpanwrightError(
      'MISSING_PACKAGE',
      `propagators: "${name}" needs ${packageName}, which is not installed. Run: npm install ${packageName}`,
    );
  }
  const Propagator = (loaded as Packages)[className] as Packages[string];
  return new Propagator(options);
}
