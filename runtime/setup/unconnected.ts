// Checks once, two seconds after the first load or when a shorter program exits: instrumented code beside an SDK without createSampler()
// or an endpoint (SPW031), and copies of @opentelemetry/api that cannot see each other (SPW036). The timer does not keep the process alive.

import { createRequire } from 'node:module';
import { join, sep } from 'node:path';
import { setTimeout, unref } from '../captured.js';
import { guarded } from '../fault.js';
import { classNameOf, registeredApiVersion, registeredProvider } from '../sdk/registered.js';
import { state } from '../state.js';
import { counted } from '../text/counted.js';
import { notice } from '../warnings.js';

/** Time for a program to load its modules and to start its SDK. */
const START_MS = 2000;

const API = ['', 'node_modules', '@opentelemetry', 'api', ''].join(sep);

let scheduled = false;

/** Schedules the check. Safe to call at each load of a copy of this package. */
export function lookForUnconnectedSdk(): void {
  // Jest clears what a test file has put on its global object, and logs each later access (JEST-01).
  if (scheduled || process.env.JEST_WORKER_ID !== undefined) return;
  scheduled = true;
  unref(setTimeout(reportAtExit, START_MS));
  process.once('exit', reportAtExit);
}

const reportAtExit = guarded('the check of other tracing', () => {
  process.removeListener('exit', reportAtExit);
  reportUnconnected();
  reportApiCopies();
});

function reportUnconnected(): void {
  const provider = registeredProvider();
  const { tracing, recorder } = state;
  const lacksEndpoint = tracing !== undefined && recorder === undefined;
  if (provider === undefined || (state.wasStarted && !lacksEndpoint) || state.sites.size === 0) return; // the size creates all sites
  const [why, instead] = lacksEndpoint ? [', since startTracing() has no endpoint', ' in its place'] : ['', ''];
  notice(
    'SPW031',
    `${counted(state.sites.size, 'site')}, ${classNameOf(provider)}: they record nothing${why}. Call createSampler({ enabled: true })${instead} at start, and give what it returns to the SDK as its sampler where the SDK takes one (docs/existing-setups.md)`,
  );
}

function reportApiCopies(): void {
  const copies = loadedApiCopies();
  if (copies.size < 2) return;
  const first = registeredApiVersion();
  const blind = [...copies].filter(([, version]) => first !== undefined && isNewerMinor(version, first));
  if (blind.length === 0) return;
  const listed = blind.map(([folder, version]) => `${version} at ${folder}`).join(', ');
  notice(
    'SPW036',
    `${first} registered the SDK, and ${listed} cannot see it: spans of libraries that load such a copy are lost. Install one version: npm dedupe @opentelemetry/api, or "overrides" in package.json`,
  );
}

/** Version by folder, of the copies that CommonJS has loaded. */
function loadedApiCopies(): Map<string, string> {
  const copies = new Map<string, string>();
  // the `require` of this module is rewritten by bundlers; the cache is the same for each
  const load = createRequire(process.execPath);
  for (const file of Object.keys(load.cache)) {
    const end = file.lastIndexOf(API);
    if (end < 0) continue;
    const folder = file.slice(0, end + API.length - 1);
    if (copies.has(folder)) continue;
    try {
      copies.set(folder, (load(join(folder, 'package.json')) as { version: string }).version);
    } catch {
      // a copy whose manifest cannot be read has no version to compare
    }
  }
  return copies;
}

/** The rule of the API: what an older minor version registered is not used by a newer one. */
function isNewerMinor(version: string, than: string): boolean {
  const [major, minor = 0] = version.split('.').map(Number);
  const [otherMajor, otherMinor = 0] = than.split('.').map(Number);
  return major === otherMajor && minor > otherMinor;
}
