// `spanwright/hooks`: to be imported before the program, so that what ES modules import can be patched as well as what CommonJS
// requires. `node --import ./tracing.mjs app.mjs`, where tracing.mjs imports this and awaits startTracing(). Registers
// the loader of import-in-the-middle, which every instrumentation package brings, for the modules that are known here.

import { createRequire, register } from 'node:module';
import { pathToFileURL } from 'node:url';
import { SpanwrightError } from '../errors.js';
import { requireFor } from '../sdk/installed.js';
import { INSTRUMENTATION_NAMES, PATCHED_MODULES, packageRow } from './packages.js';

const BASE = '@opentelemetry/instrumentation';
const LOADER = 'import-in-the-middle/hook.mjs';

/** The base package, which instrumentation packages bring: found from the first of them that is installed. */
function findBase(): string | undefined {
  for (const name of [undefined, ...INSTRUMENTATION_NAMES]) {
    const beside = name === undefined ? undefined : packageRow(name)?.package;
    const require = requireFor(beside ?? BASE);
    if (require === undefined) continue;
    try {
      return beside === undefined ? require.resolve(BASE) : createRequire(require.resolve(beside)).resolve(BASE);
    } catch {
      // this package has no visible copy of it
    }
  }
  return undefined;
}

function registerLoader(): void {
  const base = findBase();
  if (base === undefined) {
    throw new SpanwrightError(
      'MISSING_PACKAGE',
      `spanwright/hooks needs ${BASE}, which comes with every instrumentation package, and none is installed. Run: npm install ${BASE} (a bundle needs it beside its file: docs/bundles.md)`,
    );
  }
  const include = PATCHED_MODULES.flatMap((name) => [name, `node:${name}`]);
  register(LOADER, pathToFileURL(base).href, { data: { include } });
}

const REGISTERED = Symbol.for('spanwright.hooks.1');
const holder = globalThis as { [REGISTERED]?: true };
if (holder[REGISTERED] === undefined) {
  holder[REGISTERED] = true;
  registerLoader();
}
