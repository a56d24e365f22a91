// Finds and loads instrumentation packages, which the user installs: beside this package, beside the program's main file, or in
// the working directory, in this order (package managers that keep packages apart hide them from the first). No literals: what
// patches a package as it loads has nothing to patch in a bundle, so that these stay outside of it.

import { createRequire } from 'node:module';
import { join } from 'node:path';
import { SpanwrightError } from '../errors.js';

/** The part of OpenTelemetry's Instrumentation that is called here. */
export interface Instrumentation {
  readonly instrumentationName: string;
  setTracerProvider(provider: unknown): void;
  setConfig(config: object): void;
  enable(): void;
  disable(): void;
}

type InstrumentationClass = new (config: object) => Instrumentation;

/** A `require` that resolves the package, or undefined. */
export function requireFor(name: string): NodeJS.Require | undefined {
  // in a bundle of ES modules there is no __filename
  const from = [typeof __filename === 'string' ? __filename : undefined, process.argv[1], join(process.cwd(), 'package.json')];
  for (const file of from) {
    if (file === undefined) continue;
    try {
      const require = createRequire(file);
      require.resolve(name);
      return require;
    } catch {
      // not there: the next place is asked
    }
  }
  return undefined;
}

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
