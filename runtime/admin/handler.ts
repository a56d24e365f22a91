// The admin hook itself: a Request in, a Response out, no sockets and no files. Every request passes the same checks in the same
// order: host, route, method, origin, token, permission of the process, revision, body. A change is made in one synchronous step
// after all of them, so nothing is half-applied; every failure becomes an answer and is never thrown.

import { SpanKind, trace } from '@opentelemetry/api';
import { InvalidArgumentError, PermissionDeniedError } from '../errors.js';
import { traceUrl } from '../logs/trace-url.js';
import { isRecorded } from '../span/recorded.js';
import { withStandardError } from '../standard-error.js';
import { state } from '../state.js';
import { didYouMean } from '../text/nearest.js';
import { printable } from '../text/printable.js';
import type { Lease, Tracing } from '../tracing.js';
import { Access, type AccessOptions, type Caller, type Grant } from './access.js';
import { errorAnswer, faultOf, jsonAnswer } from './answer.js';
import { Audit } from './audit.js';
import { AllowedHosts, checkOrigin } from './authority.js';
import { expectNoBody, readObject } from './body.js';
import { ACTOR_HEADER, DEFAULT_PREFIX } from './defaults.js';
import { bodyFields, queryFields } from './fields.js';
import { normalPrefix, pathBelow, type RouteMatch, routeFor } from './paths.js';
import { Refusal } from './refusal.js';
import type { ActRoute, ChangeRoute, Changing } from './route.js';

// a default import would need a helper in the built file
const cluster: typeof import('node:cluster').default = require('node:cluster');

/** Options of `createAdminHandler()`. */
export interface AdminOptions extends AccessOptions {
  /** Path prefix of the routes. Default `/tracing`. */
  readonly prefix?: string;
  /** Host names, besides loopback, that requests may be sent to; `*` allows any. */
  readonly allowedHosts?: readonly string[];
  /**
   * URL of this hook, sent in the resource of the spans as `spanwright.admin.url`, so that a viewer finds it. startAdminServer() announces
   * its own URL, to exporters on loopback only; `false` does not. Create the hook before the first span is exported.
   */
  readonly announce?: string | false;
  /** Address of a trace, with {trace_id} and if wanted {span_id}: the page links to it. Default: no links. */
  readonly traceUrl?: string;
  /** Destination of the audit lines. Default standard error. */
  readonly log?: (line: string) => void;
}

/** Answers a request. `caller` is what the adapter knows of the connection; without it the caller counts as remote. */
export interface AdminHandler {
  (request: Request, caller?: Caller): Promise<Response>;
  /** The prefix in normal form. */
  readonly prefix: string;
}

const OPTION_NAMES = [
  'token',
  'tokenFile',
  'readToken',
  'openReads',
  'failures',
  'prefix',
  'allowedHosts',
  'announce',
  'traceUrl',
  'log',
] as const satisfies readonly (keyof AdminOptions)[];

function checkAdminOptions(options: AdminOptions): void {
  for (const name of Object.keys(options)) {
    if ((OPTION_NAMES as readonly string[]).includes(name)) continue;
    const known = `Known: ${OPTION_NAMES.join(', ')}.`;
    throw new InvalidArgumentError(name, `Unknown admin option "${name}".${didYouMean(name, OPTION_NAMES)} ${known}`);
  }
}

/** The revision that the caller saw, from the body or `If-Match`; undefined when the caller does not care. */
function seenRevision(request: Request, values: ReadonlyMap<string, unknown>): number | undefined {
  const header = request.headers.get('if-match');
  if (header === null || header.trim() === '*') return values.get('revision') as number | undefined;
  const digits = /^(?:W\/)?"?([0-9]{1,15})"?$/.exec(header.trim())?.[1];
  if (digits !== undefined) return Number(digits);
  throw new Refusal('invalid', `If-Match must hold a revision such as "12"; found ${printable(header, 40)}.`, {
    field: 'If-Match',
  });
}

/** A mounted hook answers in whichever worker of a cluster takes the connection. */
function withClusterWarning(lease: Lease): Lease {
  if (!cluster.isWorker) return lease;
  const warning = `only this process, worker ${cluster.worker?.id} of a cluster, is changed; to change all of them, follow Redis or a file (spanwright/control).`;
  return { ...lease, warnings: [...lease.warnings, warning] };
}

function checkRevision(tracing: Tracing, seen: number | undefined): void {
  if (seen === undefined) return;
  const { revision } = tracing.state();
  if (seen === revision) return;
  throw new Refusal('stale', `The state is at revision ${revision}, not ${seen}: read it again, then decide.`, {
    field: 'revision',
  });
}

/** @throws InvalidArgumentError: the resource goes to every backend, so a URL with credentials is refused. */
function checkedUrl(announce: string): string {
  const url = URL.canParse(announce) ? new URL(announce) : undefined;
  if (url !== undefined && /^https?:$/.test(url.protocol) && url.username === '' && url.password === '') return announce;
  throw new InvalidArgumentError('announce', 'announce: expected an http or https URL without credentials, or false.');
}

/**
 * Discards the server span of a request that the instrumentation did not recognize as one of the hook's. Otherwise the page would record
 * its own requests.
 */
function forgetServerSpan(): void {
  const span = trace.getActiveSpan();
  if (isRecorded(span) && span.kind === SpanKind.SERVER && !span.ended) span.recorder.forget(span);
}

/**
 * Makes the admin hook of `tracing`. It is mounted nowhere by itself; see {@link toNodeHandler} and
 * {@link startAdminServer}.
 *
 * @throws InvalidArgumentError for an unknown option, or an invalid prefix, host, `announce` or `traceUrl`.
 * @throws ConfigurationError for a token that cannot be read or cannot be sent.
 *
 * @example
 * ```ts
 * const admin = createAdminHandler(tracing, { token: process.env.ADMIN_TOKEN });
 * app.use(toNodeHandler(admin));
 * ```
 */
export function createAdminHandler(tracing: Tracing, options: AdminOptions = {}): AdminHandler {
  checkAdminOptions(options);
  const prefix = normalPrefix(options.prefix ?? DEFAULT_PREFIX);
  const audit = new Audit(options.log ?? ((line) => withStandardError(() => process.stderr.write(`${line}\n`))));
  const access = new Access(options, (line) => audit.log(`spanwright admin: ${printable(line, 300)}.`));
  const hosts = new AllowedHosts(options.allowedHosts ?? []);
  const { announce, traceUrl: traces } = options;
  if (traces !== undefined) traceUrl(traces);
  if (typeof announce === 'string') state.announcedHook = { url: checkedUrl(announce), own: false };

  async function answer(request: Request, caller: Caller): Promise<Response> {
    hosts.check(request);
    const url = new URL(request.url);
    const match = routeFor(pathBelow(url.pathname, prefix), request.method, prefix);
    const { route } = match;
    if (route.permission === 'change') checkOrigin(request);
    if (route.method !== 'GET') return await change(request, await access.grant(request, caller), route, match);
    const grant = route.permission === 'none' ? { read: false, change: false } : await access.grant(request, caller);
    if (route.permission !== 'none') access.require(route.permission, grant);
    const values = queryFields(url.searchParams, route.query);
    return route.read({
      tracing,
      values,
      trusted: grant.change,
      audit: audit.entries,
      prefix,
      accept: request.headers.get('accept') ?? '',
      traceUrl: traces,
    });
  }

  async function change(request: Request, grant: Grant, route: ChangeRoute | ActRoute, { id }: RouteMatch): Promise<Response> {
    access.require('change', grant);
    const actor = request.headers.get(ACTOR_HEADER);
    const caller = { tracing, id, actor: actor ? printable(actor, 100) : undefined };
    let call: Changing = { ...caller, values: new Map() };
    let tried = `${route.method} ${route.path}`;
    try {
      if (!tracing.state().allowRuntimeChanges) {
        const remedy = 'Set allow_runtime_changes = true and restart the service, or change its configuration.';
        throw new PermissionDeniedError(
          `allow_runtime_changes is false: tracing cannot be changed while the service runs. ${remedy}`,
        );
      }
      queryFields(new URL(request.url).searchParams, []);
      if (route.body === null) await expectNoBody(request);
      else call = { ...caller, values: bodyFields(await readObject(request), route.body) };
      tried = route.describe(call);
      checkRevision(tracing, seenRevision(request, call.values));
      if ('act' in route) {
        const done = await route.act(call);
        audit.add({ outcome: 'done', change: tried, actor: call.actor, reason: call.values.get('reason') as string | undefined });
        return jsonAnswer(done);
      }
      const lease = withClusterWarning(route.change(call));
      const { enabled, recording, roots, rules, drop, revision } = tracing.state();
      const { expiresAt, id: made, kind, value, reason } = lease;
      const onlyEnds = route.method === 'PUT' && value === '';
      const until = route.method === 'PUT' && !onlyEnds ? expiresAt : null;
      const change = onlyEnds ? `${tried} (in force: ${(kind === 'drop' ? drop : rules) || 'none'})` : tried;
      audit.add({ outcome: 'done', change, actor: call.actor, until, lease: made, reason });
      return jsonAnswer({ lease, enabled, recording, roots, rules, drop, revision }, { etag: `"${revision}"` });
    } catch (error) {
      const reason = call.values.get('reason') as string | undefined;
      audit.add({ outcome: 'refused', change: tried, actor: call.actor, reason, refusal: faultOf(error).message });
      throw error;
    }
  }

  async function handle(request: Request, caller: Caller = {}): Promise<Response> {
    forgetServerSpan();
    let response: Response;
    try {
      response = await answer(request, caller);
    } catch (error) {
      if (!faultOf(error).expected) audit.log(`spanwright admin: unexpected failure: ${printable(String(error), 500)}`);
      response = errorAnswer(error);
    }
    return request.method === 'HEAD' ? new Response(null, response) : response;
  }
  return Object.assign(handle, { prefix });
}
