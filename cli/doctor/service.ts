// Checks of the tracing set-up: the configuration from files and from the environment of this shell, or of `--pid`, and the endpoint. If
// the admin hook is reached, the state that it reports has precedence over the configuration.

import { realpathSync } from 'node:fs';
import { isAbsolute, relative, sep } from 'node:path';
import type { Configuration } from '../../runtime/config/configuration.js';
import { loadConfiguration } from '../../runtime/config/load.js';
import { ConfigurationError } from '../../runtime/errors.js';
import { checkEndpoint, type Endpoint } from '../../runtime/export/endpoint.js';
import { probe } from '../../runtime/export/probe.js';
import { counted } from '../../runtime/text/counted.js';
import { isLoopbackHost } from '../../runtime/text/loopback.js';
import type { SiteReport, TracingState } from '../../runtime/tracing.js';
import { CommandFailure, type Invocation } from '../command.js';
import { ask } from '../live/ask.js';
import { type Finding, finding, ok } from './finding.js';
import { type RunningProcess, readProcess } from './process.js';

const SIDECAR = 'http://localhost:4317';
/** The default of service_name. */
const UNNAMED = 'unknown_service:node';

const isNamed = ({ options, environment }: Invocation): boolean =>
  options.has('url') || options.has('socket') || Boolean(environment.SPANWRIGHT_ADMIN_URL);

/** Settings that decide whether there are traces, from the files or from the service. */
interface Facts {
  readonly enabled: boolean;
  readonly endpoint: string | null;
  readonly built: boolean;
  readonly allowRuntimeChanges: boolean;
  readonly roots: string;
  readonly rules: string;
}

/** The project that is checked, and its process where one is named. */
export interface Subject {
  readonly directory: string;
  readonly running: RunningProcess | undefined;
}

export async function checkService(invocation: Invocation, { directory, running }: Subject): Promise<Finding[]> {
  const found: Finding[] = [];
  const configuration = readConfiguration(invocation, directory, running?.environment ?? invocation.environment, found);
  const live = await liveState(invocation, { directory, running, serviceName: configuration?.serviceName }, found);
  const facts = live ?? (configuration && configuredFacts(configuration));
  if (facts === undefined) return found;
  const sidecar = (invocation.options.get('sidecar') as string | undefined) ?? SIDECAR;
  found.push(...checkFacts(facts), ...(await checkEndpoints(facts.endpoint, sidecar, configuration)));
  if (live !== undefined) found.push(...checkLive(live), ...(await checkSites(invocation, live)));
  return [...found, ...(await checkDelivery(invocation, live))];
}

function readConfiguration(
  { options }: Invocation,
  cwd: string,
  environment: NodeJS.ProcessEnv,
  found: Finding[],
): Configuration | undefined {
  const configFile = options.get('config') as string | undefined;
  try {
    const { configuration, warnings } = loadConfiguration({
      options: configFile === undefined ? {} : { configFile },
      env: environment,
      cwd,
    });
    found.push(
      ok(
        configuration.configFile === null
          ? 'the configuration comes from the environment'
          : `the configuration ${configuration.configFile}`,
      ),
    );
    for (const warning of warnings) found.push(finding('ignored-variable', warning));
    return configuration;
  } catch (error) {
    if (!(error instanceof ConfigurationError)) throw error;
    for (const fault of error.faults) found.push(finding('bad-configuration', fault));
    return undefined;
  }
}

function configuredFacts(configuration: Configuration): Facts {
  const { enabled, endpoint, allowRuntimeChanges, roots, rules } = configuration;
  const shown = (patterns: unknown): string => (Array.isArray(patterns) ? patterns.map(String).join(', ') : String(patterns));
  return { enabled, endpoint, built: endpoint !== null, allowRuntimeChanges, roots: shown(roots), rules: shown(rules) };
}

/** The rows of the troubleshooting table that need no connection. */
function checkFacts({ enabled, built, allowRuntimeChanges, roots, rules }: Facts): Finding[] {
  const found: Finding[] = [];
  if (!built) found.push(finding(enabled ? 'no-endpoint' : 'no-endpoint-yet', 'no endpoint'));
  else if (!enabled) found.push(finding('disabled', 'an endpoint is set, tracing is off'));
  else found.push(ok('tracing is on and has an endpoint'));
  if (!allowRuntimeChanges) found.push(finding('changes-refused', 'changes at run time are refused'));
  if ((roots !== '*' && roots !== '') || rules !== '')
    found.push(finding('sparse', `roots ${roots || 'none'}; rules ${rules || 'none'}`));
  return found;
}

/** Checks what listens at the endpoint; if it is wrong, also whether a Collector on this machine was meant. */
async function checkEndpoints(
  written: string | null,
  beside: string,
  configuration: Configuration | undefined,
): Promise<Finding[]> {
  const check =
    written === null
      ? undefined
      : checkEndpoint(written, configuration?.otlpProtocol, {
          generic: configuration?.endpointIsGeneric ?? false,
          insecure: configuration?.otlpInsecure ?? null,
        });
  const found: Finding[] = [];
  if (check?.ok === false) found.push(finding('endpoint-wrong', check.message));
  else if (check !== undefined) {
    const answer = await probe(check.endpoint, { certificates: await certificatesOf(check.endpoint, configuration, found) });
    if (answer.finding === 'reachable') return [...found, ok(`the endpoint ${answer.message}`)];
    found.push(finding('endpoint-wrong', answer.message));
  }
  const sidecar = checkEndpoint(beside);
  if (!sidecar.ok) return [...found, finding('endpoint-wrong', `--sidecar: ${sidecar.message}`)];
  if (check?.ok && samePlace(check.endpoint, sidecar.endpoint)) return found;
  const answer = await probe(sidecar.endpoint, { timeout: 300 });
  if (answer.finding === 'reachable')
    found.push(finding('sidecar-unused', `a Collector answers at ${beside}; the endpoint is ${written ?? 'not set'}`));
  return found;
}

function samePlace(one: Endpoint, other: Endpoint): boolean {
  return one.port === other.port && (one.host === other.host || (isLoopbackHost(one.host) && isLoopbackHost(other.host)));
}

/** Outcome of the spans that were sent, by the metrics of the Collector. */
async function checkDelivery({ options, environment }: Invocation, live: TracingState | undefined): Promise<Finding[]> {
  const metrics = options.get('collector-metrics') as string | undefined;
  if (metrics === undefined) {
    const exported = live?.spans.exported ?? 0;
    return exported === 0 ? [] : [finding('backend-unknown', `${counted(exported, 'span')} sent to the Collector`)];
  }
  const { healthAt } = await import('./collector-health.js');
  try {
    const { counts, faults } = await healthAt(metrics, environment);
    if (faults.length > 0) return faults.map((fault) => finding('backend-fails', fault));
    const { accepted = 0, sent = 0 } = counts;
    return [ok(`the Collector accepted ${counted(accepted, 'span')} and sent ${sent}`)];
  } catch (error) {
    if (!(error instanceof CommandFailure)) throw error;
    return [finding('collector-unreached', error.message)];
  }
}

async function certificatesOf({ tls }: Endpoint, configuration: Configuration | undefined, found: Finding[]) {
  if (!tls || configuration === undefined) return {};
  const { readCertificates } = await import('../../runtime/export/certificates.js');
  try {
    return readCertificates(configuration, 'otlp');
  } catch (error) {
    found.push(finding('bad-configuration', (error as Error).message));
    return {};
  }
}

/**
 * The state of the running service. Undefined, with a note, if none answers. Undefined, with a warning, if the one at the default address
 * belongs to another project or may do so, or to another process than `--pid`. A hook that was named is judged in spite of the warning.
 */
async function liveState(invocation: Invocation, expectation: Expectation, found: Finding[]): Promise<TracingState | undefined> {
  try {
    const state = await ask<TracingState>(silent(invocation), 'GET', 'state');
    const expected = mismatch(state, expectation, isNamed(invocation));
    if (expected !== undefined) {
      found.push(finding('other-service', `${state.serviceName}, pid ${state.pid}, answers; ${expected}`));
      if (!isNamed(invocation)) return undefined;
    }
    found.push(ok(`the service ${state.serviceName}, pid ${state.pid}, answers`));
    return state;
  } catch (error) {
    if (!(error instanceof CommandFailure)) throw error;
    found.push(finding('unreached', error.message));
    return undefined;
  }
}

interface Expectation extends Subject {
  readonly serviceName: string | undefined;
}

/** The expected pid or service name, if the running service has another one, or why it may be another project's. */
function mismatch(
  { pid, serviceName }: TracingState,
  { directory, running, serviceName: expected = UNNAMED }: Expectation,
  named: boolean,
): string | undefined {
  if (running !== undefined && running.pid !== pid) return `--pid is ${running.pid}`;
  if (expected !== UNNAMED) return expected === serviceName ? undefined : `this project is ${expected}`;
  if (named || running !== undefined || runsIn(directory, pid)) return undefined;
  return 'whether it is the service of this project could not be checked, because the project has no service_name';
}

/** False also where the directory of the process is not known. */
function runsIn(directory: string, pid: number): boolean {
  try {
    const path = relative(realpathSync(directory), readProcess(pid).directory);
    return !isAbsolute(path) && path.split(sep, 1)[0] !== '..';
  } catch {
    return false;
  }
}

/** `notices` is missing in the state of a service with an older version. */
function checkLive({ enabled, configured, built, leases, spans, sites, notices = [] }: TracingState): Finding[] {
  const found = notices.map((line) => finding('other-tracing', line));
  if (enabled && configured && built && leases.length === 0)
    found.push(finding('left-on', 'tracing is on, and no lease ends it'));
  if (spans.failed + spans.dropped > 0)
    found.push(
      finding('delivery-fails', `${counted(spans.failed, 'span')} failed, ${spans.dropped} dropped, ${spans.exported} sent`),
    );
  if (sites === 0) found.push(finding('no-sites', 'no sites'));
  return found;
}

async function checkSites(invocation: Invocation, { sites }: TracingState): Promise<Finding[]> {
  if (sites === 0) return [];
  const { sites: listed } = await ask<{ sites: readonly SiteReport[] }>(silent(invocation), 'GET', 'sites?limit=1000');
  const plain = listed.filter(({ file }) => file === null).map(({ namespace, function: fn }) => `${namespace}::${fn}`);
  if (plain.length === 0) return [ok(`${counted(sites, 'site')}, all built with the transformer`)];
  return [finding('plain-sites', `${plain.slice(0, 3).join(', ')}${plain.length > 3 ? ` and ${plain.length - 3} more` : ''}`)];
}

/** `--json` concerns the output of this command, not the answers it reads. */
function silent(invocation: Invocation): Invocation {
  return { ...invocation, out: () => undefined };
}
