// From the key `instrumentations` of the configuration to instrumentation packages that record through our gate. Called by
// startTracing(): prepare before anything is registered, because a missing package refuses the start; enable afterwards.

import type { Configuration } from '../config/configuration.js';
import { ConfigurationError } from '../errors.js';
import { didYouMean } from '../text/nearest.js';
import { notice } from '../warnings.js';
import { type Instrumentation, loadInstrumentation } from './load.js';
import { INSTRUMENTATION_NAMES, packageRow } from './packages.js';
import { adaptPatching } from './patch.js';
import { LibraryTracerProvider } from './provider.js';
import type { OwnOptions, PackageRow } from './row.js';

/** Values of the option `roots` of an instrumentation: true and `all` let its spans start traces, false and `none` do not. */
const ROOTS = new Map<unknown, boolean>([
  [true, true],
  [false, false],
  ['all', true],
  ['none', false],
]);
const QUERIES = ['spans', 'totals', 'both'] as const;

interface Wanted {
  readonly name: string;
  readonly row: PackageRow;
  readonly own: OwnOptions;
  readonly config: Record<string, unknown>;
  readonly make: new (config: object) => Instrumentation;
}

/**
 * Loads what the configuration enables. Without somewhere to send to, only what carries context to other services.
 * @returns what enables it, which returns what disables it again
 * @throws SpanwrightError MISSING_PACKAGE, ConfigurationError for a name or an option that does not exist
 */
export function prepareInstrumentations({ instrumentations, disabled }: Configuration, built: boolean): () => () => void {
  const wanted: Wanted[] = [];
  for (const [name, given] of Object.entries(disabled ? {} : instrumentations)) {
    if (given === false) continue;
    const row = packageRow(name);
    if (row === undefined) throw unknownName(name);
    const { own, config } = splitOptions(name, given === true ? {} : given);
    if (!built && !row.carriesContext) continue;
    if (wanted.some((other) => other.row.package === row.package)) continue;
    wanted.push({ name, row, own, config, make: loadInstrumentation(name, row.package) });
  }
  return function enableInstrumentations() {
    const enabled = wanted.map(enable);
    return function disableInstrumentations() {
      for (const instrumentation of enabled) instrumentation?.disable();
    };
  };
}

/** One instance of each for the process: modules that are loaded already are handed to the first one only. */
const made = new Map<unknown, Instrumentation>();

function enable({ name, row, own, config, make }: Wanted): Instrumentation | undefined {
  try {
    const adapted = row.adapt?.(config, own) ?? config;
    const instrumentation = made.get(make) ?? new make({ ...adapted, enabled: false });
    if (!made.has(make)) {
      adaptPatching(instrumentation, row);
      row.extend?.(instrumentation);
    }
    made.set(make, instrumentation);
    instrumentation.setTracerProvider(new LibraryTracerProvider(row, own));
    instrumentation.setConfig({ ...adapted, enabled: true });
    instrumentation.enable();
    return instrumentation;
  } catch (error) {
    notice('SPW020', `${name}: ${String(error)}`, name);
    return undefined;
  }
}

/** Spanwright's options, separated from those of the package. A TOML file has snake_case, code has camelCase. */
function splitOptions(
  name: string,
  given: Readonly<Record<string, unknown>>,
): { own: OwnOptions; config: Record<string, unknown> } {
  const { roots, queries = 'spans', ignorePaths, ignore_paths = ignorePaths ?? [], ...others } = given;
  const { ignoreUserAgents, ignore_user_agents = ignoreUserAgents ?? [], ...config } = others;
  const paths = ignore_paths as readonly string[];
  const agents = ignore_user_agents as readonly string[];
  const faults: string[] = [];
  const check = (key: string, value: unknown, fits: boolean, expected: string): void => {
    if (!fits) faults.push(`instrumentations.${name}: ${key} must be ${expected}; found ${JSON.stringify(value)}.`);
  };
  check('roots', roots, roots === undefined || ROOTS.has(roots), 'true or false, or "all" or "none"');
  check('queries', queries, QUERIES.includes(queries as 'spans'), `one of ${QUERIES.join(', ')}`);
  const arePaths = Array.isArray(paths) && paths.every((path) => typeof path === 'string' && path.startsWith('/'));
  check('ignore_paths', paths, arePaths, 'a list of paths, each with a slash at its start');
  const areAgents = Array.isArray(agents) && agents.every((agent) => typeof agent === 'string' && agent !== '');
  check('ignore_user_agents', agents, areAgents, 'a list of texts, such as "kube-probe/"');
  if (faults.length > 0) throw new ConfigurationError(faults.join('\n'), faults);
  return {
    own: { roots: ROOTS.get(roots), queries: queries as OwnOptions['queries'], ignorePaths: paths, ignoreUserAgents: agents },
    config: { ...config },
  };
}

function unknownName(name: string): ConfigurationError {
  return new ConfigurationError(
    `instrumentations: unknown name "${name}".${didYouMean(name, INSTRUMENTATION_NAMES)} Expected one of ${INSTRUMENTATION_NAMES.join(', ')}, or the full name of an instrumentation package.`,
  );
}
