// Loads instrumentation packages, which the user installs. Their names are not literals, so that bundlers leave them outside of the bundle:
// inside, no package is loaded that they could patch.

import { SpanwrightError } from '../errors.js';
import { requireFor } from '../sdk/installed.js';

/** The part of OpenTelemetry's Instrumentation that is called here. */
export interface Instrumentation {
  readonly instrumentationName: string;
  setTracerProvider(provider: unknown): void;
  setConfig(config: object): void;
  enable(): void;
  disable(): void;
}

type InstrumentationClass = new (config: object) => Instrumentation;

/**
 * The instrumentation class of a package.
 * @throws SpanwrightError MISSING_PACKAGE with the line that installs it
 */
export function loadInstrumentation(name: string, packageName: string): InstrumentationClass {
  const require = requireFor(packageName);
  if (require === undefined) {
    throw new SpanwrightError(
      'MISSING_PACKAGE',
      `instrumentations: "${name}" needs ${packageName}, which is not installed. Run: npm install ${packageName} (a bundle needs it beside its file: docs/bundles.md)`,
    );
  }
  const loaded = require(packageName) as Record<string, unknown>;
  const found = Object.entries(loaded).find(([key, value]) => key.endsWith('Instrumentation') && typeof value === 'function');
  if (found === undefined) {
    throw new SpanwrightError(
      'MISSING_PACKAGE',
      `instrumentations: "${name}": ${packageName} has no export whose name ends in "Instrumentation"; expected an instrumentation package of OpenTelemetry.`,
    );
  }
  return found[1] as InstrumentationClass;
}
