// The checks of how tracing is set up: the configuration as this shell sees it, what listens at the endpoint, and, where the admin hook is
// reached, what the running service says of itself, which then counts in place of the files.

import { type Configuration, loadConfiguration } from '../../runtime/config/load.js';
import { ConfigurationError } from '../../runtime/errors.js';
import { checkEndpoint, type Endpoint } from '../../runtime/setup/endpoint.js';
import { probe } from '../../runtime/setup/probe.js';
import type { SiteReport, TracingState } from '../../runtime/setup/tracing.js';
import { CommandFailure, type Invocation } from '../command.js';
import { ask } from '../live/ask.js';
import { type Finding, finding, ok } from './finding.js';

const SIDECAR = 'http://localhost:4317';

/** What decides whether there are traces, from the files or from the service. */
interface Facts {
  readonly enabled: boolean;
  readonly endpoint: string | null;
  readonly built: boolean;
  readonly allowRuntimeChanges: boolean;
  readonly roots: string;
  readonly rules: string;
}

export async function checkService(invocation: Invocation, directory: string): Promise<Finding[]> {
  const found: Finding[] = [];
  const configuration = readConfiguration(invocation, directory, found);
  const live = await liveState(invocation, found);
  const facts = live ?? (configuration && factsOf(configuration));
  if (facts === undefined) return found;
  found.push(...checkFacts(facts), ...(await checkCollector(facts.endpoint, configuration)));
  if (live !== undefined) found.push(...checkLive(live), ...(await checkSites(invocation, live)));
  return found;
}

function readConfiguration({ options, environment }: Invocation, cwd: string, found: Finding[]): Configuration | undefined {
  const configFile = options.get('config') as string | undefined;
  try {
    const { configuration } = loadConfiguration({
      options: configFile === undefined ? {} : { configFile },
      env: environment,
      cwd,
    });
    found.push(
      ok(
        configuration.configFile === null
          ? 'the configuration is that of the environment'
          : `the configuration ${configuration.configFile}`,
      ),
    );
    return configuration;
  } catch (error) {
    if (!(error instanceof ConfigurationError)) throw error;
    for (const fault of error.faults) found.push(finding('bad-configuration', fault));
    return undefined;
  }
}

function factsOf(configuration: Configuration): Facts {
  const { enabled, endpoint, allowRuntimeChanges, roots, rules } = configuration;
  const shown = (patterns: unknown): string => (Array.isArray(patterns) ? patterns.map(String).join(', ') : String(patterns));
  return { enabled, endpoint, built: endpoint !== null, allowRuntimeChanges, roots: shown(roots), rules: shown(rules) };
}

/** The rows of the troubleshooting table that need no look outside. */
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

async function checkCollector(written: string | null, configuration: Configuration | undefined): Promise<Finding[]> {
  const check = written === null ? undefined : checkEndpoint(written, configuration?.protocol, configuration?.endpointIsGeneric);
  if (check?.ok === false) return [finding('endpoint-wrong', check.message)];
  const found: Finding[] = [];
  if (check !== undefined) {
    const certificates = await certificatesOf(check.endpoint, configuration, found);
    const answer = await probe(check.endpoint, { certificates });
    found.push(answer.finding === 'reachable' ? ok(`the endpoint ${answer.message}`) : finding('endpoint-wrong', answer.message));
    if (answer.finding === 'reachable') return found;
  }
  const sidecar = checkEndpoint(SIDECAR);
  if (!sidecar.ok || (check?.ok && isSidecar(check.endpoint))) return found;
  const beside = await probe(sidecar.endpoint, { timeout: 300 });
  if (beside.finding === 'reachable')
    found.push(finding('sidecar-unused', `${SIDECAR} answers; the endpoint is ${written ?? 'not set'}`));
  return found;
}

function isSidecar({ host, port }: Endpoint): boolean {
  return port === 4317 && /^(localhost|127\.\d+\.\d+\.\d+|\[?::1\]?)$/.test(host);
}

async function certificatesOf({ tls }: Endpoint, configuration: Configuration | undefined, found: Finding[]) {
  if (!tls || configuration === undefined) return {};
  const { readCertificates } = await import('../../runtime/setup/sdk.js');
  try {
    return readCertificates(configuration);
  } catch (error) {
    found.push(finding('bad-configuration', (error as Error).message));
    return {};
  }
}

/** The state of the running service; undefined, with a note that says why, when it is not reached. */
async function liveState(invocation: Invocation, found: Finding[]): Promise<TracingState | undefined> {
  try {
    const state = await ask<TracingState>(silent(invocation), 'GET', 'state');
    found.push(ok(`the service ${state.serviceName}, pid ${state.pid}, answers`));
    return state;
  } catch (error) {
    if (!(error instanceof CommandFailure)) throw error;
    found.push(finding('unreached', error.message));
    return undefined;
  }
}

function checkLive({ enabled, configured, built, leases, spans, sites }: TracingState): Finding[] {
  const found: Finding[] = [];
  if (enabled && configured && built && leases.length === 0)
    found.push(finding('left-on', 'tracing is on, and no lease ends it'));
  if (spans.failed + spans.dropped > 0)
    found.push(finding('delivery-fails', `${spans.failed} spans failed, ${spans.dropped} dropped, ${spans.exported} sent`));
  else if (spans.exported > 0) found.push(finding('backend-unknown', `${spans.exported} spans sent, none failed`));
  if (sites === 0) found.push(finding('no-sites', 'no sites'));
  return found;
}

async function checkSites(invocation: Invocation, { sites }: TracingState): Promise<Finding[]> {
  if (sites === 0) return [];
  const { sites: listed } = await ask<{ sites: readonly SiteReport[] }>(silent(invocation), 'GET', 'sites?limit=1000');
  const plain = listed.filter(({ file }) => file === null).map(({ namespace, function: fn }) => `${namespace}::${fn}`);
  if (plain.length === 0) return [ok(`${sites} sites, all seen by the transformer`)];
  return [finding('plain-sites', `${plain.slice(0, 3).join(', ')}${plain.length > 3 ? ` and ${plain.length - 3} more` : ''}`)];
}

/** `--json` is about what this command prints, not about what it hears. */
function silent(invocation: Invocation): Invocation {
  return { ...invocation, out: () => undefined };
}
