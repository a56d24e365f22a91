// Requests that the admin hook answers, which are never recorded: a page that is open on an idle service would otherwise fill the back end
// with its own polling. A hook with its own server is recognized by the server, a mounted one by its path: the prefix, and the base path of
// the application as soon as the first request has shown it. Asked by the HTTP instrumentation before it starts a span.

import type { IncomingMessage } from 'node:http';

const MOST_PATHS = 50;

/** The path of a request without its query, also where the request line holds a whole URL. */
function pathOfUrl(url: string): string {
  const path = url.startsWith('/') ? url : URL.canParse(url) ? new URL(url).pathname : '/';
  return path.split(/[?#]/u, 1)[0] as string;
}

export class HookRequests {
  readonly #servers = new WeakSet<object>();
  readonly #paths = new Set<string>();

  addServer(server: object): void {
    this.#servers.add(server);
  }

  /** A hook is mounted at `path`; one that is mounted at the root is recognized by its servers and spans only. */
  addPath(path: string): void {
    const normal = path.replace(/\/+$/u, '');
    if (normal !== '' && this.#paths.size < MOST_PATHS) this.#paths.add(normal);
  }

  hasPath(url: unknown): boolean {
    if (typeof url !== 'string' || this.#paths.size === 0) return false;
    const path = pathOfUrl(url);
    for (const known of this.#paths) if (path === known || path.startsWith(`${known}/`)) return true;
    return false;
  }

  /** @param url the URL before a framework took the base path off */
  has(request: IncomingMessage, url = request.url): boolean {
    const { server } = (request.socket ?? {}) as { server?: object };
    return (server !== undefined && this.#servers.has(server)) || this.hasPath(url);
  }
}
