// Admin hooks of running services: asked once a second for their open spans, and passed on to the page under /api/hooks. A hook is named
// by --hook, or announced by a service in its resource (`spanwright.admin.url`, loopback addresses only). The viewer holds the hook's
// token, so that the page does not.

import { isLoopbackAuthority } from '../../runtime/text/loopback.js';
import type { OpenSpanReport } from '../../runtime/tracing.js';
import type { ReceivedSpan } from '../receiver/decode.js';

const TIMEOUT_MS = 3000;
const POLL_MS = 1000;
const MOST_BYTES = 16 * 1024 * 1024;
const MOST_HOOKS = 32;

/** Routes of a hook that the page may use. */
const READS = /^(state|leases|sites|namespaces|spans\/open|errors|health)$/;
const CHANGES: Readonly<Record<string, RegExp>> = {
  PUT: /^(enabled|rules|drop)$/,
  POST: /^dump$/,
  DELETE: /^leases\/[\w-]{1,40}$/,
};

/** Requests that the viewer forwards to a hook, by method. */
export const HOOK_ROUTES = {
  GET: 'A reading route of the admin hook: state, leases, sites, namespaces, spans/open, errors, health.',
  PUT: 'Changes tracing through the admin hook: enabled, rules, drop.',
  POST: 'Dumps the flight recorder through the admin hook: dump.',
  DELETE: 'Ends a lease through the admin hook: leases/ID.',
} as const;

interface Hook {
  readonly url: string;
  /** Sent to hooks that the user named, never to one that a service announced: any program on the machine can send a resource. */
  readonly token: string | undefined;
  service: string;
  reachable: boolean;
  error: string | undefined;
}

export interface OpenSpan extends OpenSpanReport {
  readonly service: string;
  /** Milliseconds since the epoch. */
  readonly start: number;
}

export class Hooks {
  readonly hooks: Hook[] = [];
  /** Open spans by trace. */
  open: ReadonlyMap<string, readonly OpenSpan[]> = new Map();
  openCount = 0;
  readonly #announced = new Set<string>();
  #timer: NodeJS.Timeout | undefined;

  constructor(
    urls: readonly string[],
    token: string | undefined,
    private readonly onOpen: () => void,
  ) {
    for (const url of urls) this.#add(url, token);
  }

  /** Looks for announced hooks in what arrived. */
  notice(spans: readonly ReceivedSpan[]): void {
    for (const { resource } of spans) {
      const url = resource.attributes['spanwright.admin.url'];
      if (typeof url !== 'string' || this.#announced.has(url) || this.#announced.size >= MOST_HOOKS) continue;
      this.#announced.add(url);
      if (URL.canParse(url) && isLoopbackAuthority(new URL(url).hostname)) this.#add(url, undefined);
    }
  }

  #add(text: string, token: string | undefined): void {
    const url = text.replace(/\/+$/, '');
    if (this.hooks.length >= MOST_HOOKS || this.hooks.some((hook) => hook.url === url)) return;
    this.hooks.push({ url, token, service: '', reachable: false, error: undefined });
    this.#timer ??= setTimeout(() => void this.#poll(), 0).unref();
  }

  async #poll(): Promise<void> {
    const found = await Promise.all(this.hooks.map((hook) => this.#openSpansOf(hook)));
    const byTrace = new Map<string, OpenSpan[]>();
    for (const span of found.flat()) {
      const group = byTrace.get(span.traceId);
      if (group === undefined) byTrace.set(span.traceId, [span]);
      else group.push(span);
    }
    const changed = byTrace.size > 0 || this.open.size > 0;
    this.open = byTrace;
    this.openCount = found.flat().length;
    if (changed) this.onOpen();
    this.#timer = setTimeout(() => void this.#poll(), POLL_MS).unref();
  }

  async #openSpansOf(hook: Hook): Promise<OpenSpan[]> {
    try {
      if (hook.service === '') hook.service = ((await this.#json(hook, 'state')) as { serviceName: string }).serviceName;
      const { spans } = (await this.#json(hook, 'spans/open?limit=1000')) as { spans: OpenSpanReport[] };
      Object.assign(hook, { reachable: true, error: undefined });
      const now = Date.now();
      return spans.map((span) => ({ ...span, service: hook.service, start: now - span.ageMs }));
    } catch (error) {
      Object.assign(hook, { reachable: false, error: (error as Error).message });
      return [];
    }
  }

  async #json(hook: Hook, path: string): Promise<unknown> {
    const { status, text } = await this.#send(hook, 'GET', path);
    if (status !== 200) throw new Error(`the hook answered with status ${status}`);
    return JSON.parse(text);
  }

  /** Passes a request of the page on. @returns undefined when there is no such hook or route. */
  async forward(
    index: number,
    method: string,
    path: string,
    body: string | undefined,
  ): Promise<{ status: number; text: string } | undefined> {
    const hook = this.hooks[index];
    const [route = '', query] = path.split('?');
    const allowed = method === 'GET' ? READS.test(route) : CHANGES[method]?.test(route);
    if (hook === undefined || !allowed) return undefined;
    try {
      return await this.#send(hook, method, query === undefined ? route : `${route}?${query}`, body);
    } catch (error) {
      return { status: 502, text: JSON.stringify({ error: { code: 'unreachable', message: (error as Error).message } }) };
    }
  }

  async #send({ url, token }: Hook, method: string, path: string, body?: string): Promise<{ status: number; text: string }> {
    const headers: Record<string, string> = { accept: 'application/json' };
    if (token !== undefined) headers.authorization = `Bearer ${token}`;
    if (body !== undefined) headers['content-type'] = 'application/json';
    const response = await fetch(`${url}/${path}`, {
      method,
      headers,
      redirect: 'error',
      signal: AbortSignal.timeout(TIMEOUT_MS),
      ...(body === undefined ? {} : { body }),
    });
    const parts: Uint8Array[] = [];
    let size = 0;
    for await (const part of (response.body ?? []) as unknown as AsyncIterable<Uint8Array>) {
      size += part.byteLength;
      if (size > MOST_BYTES) throw new Error(`the hook's answer is longer than ${MOST_BYTES} bytes`);
      parts.push(part);
    }
    return { status: response.status, text: Buffer.concat(parts).toString('utf8') };
  }

  close(): void {
    clearTimeout(this.#timer);
  }
}
