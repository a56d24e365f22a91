// Sends requests to the handler in process: as the page, a program or an attacker would.

import { type AdminHandler, type AdminOptions, type Caller, createAdminHandler } from '../../runtime/admin/index.js';
import type { Tracing } from '../../runtime/index.js';

export const TOKEN = 'the-token-for-changes';

export interface Ask {
  readonly token?: string | null;
  readonly body?: unknown;
  readonly headers?: Record<string, string>;
  readonly origin?: string;
  readonly caller?: Caller;
}

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  // biome-ignore lint/suspicious/noExplicitAny: the tests look into answers of many shapes
  readonly json: any;
}

/** A handler with a token, and its log lines. */
export function quietHandler(tracing: Tracing, options: AdminOptions = {}): { admin: AdminHandler; log: string[] } {
  const log: string[] = [];
  return { admin: createAdminHandler(tracing, { token: TOKEN, log: (line) => log.push(line), ...options }), log };
}

/** A body that is sent as it is, not as JSON of it. */
export class Raw {
  constructor(readonly bytes: string | Uint8Array | ReadableStream) {}
}

export async function ask(admin: AdminHandler, method: string, path: string, what: Ask = {}): Promise<Answer> {
  const { token = TOKEN, body, headers = {}, origin = 'http://localhost', caller = { local: true, address: '127.0.0.1' } } = what;
  const sent = new Headers(body === undefined ? {} : { 'content-type': 'application/json' });
  if (token !== null) sent.set('authorization', `Bearer ${token}`);
  for (const [name, value] of Object.entries(headers)) sent.set(name, value);
  const content = body instanceof Raw ? body.bytes : body === undefined ? undefined : JSON.stringify(body);
  const init = { method, headers: sent, body: content, duplex: 'half' } as RequestInit;
  const response = await admin(new Request(`${origin}${path}`, init), caller);
  const text = await response.text();
  const type = response.headers.get('content-type') ?? '';
  return {
    status: response.status,
    headers: response.headers,
    text,
    json: type.startsWith('application/json') && text ? JSON.parse(text) : undefined,
  };
}

/** State that a refused request must not change. */
export function fingerprint(tracing: Tracing): string {
  const { enabled, roots, rules, drop, leases, revision } = tracing.state();
  return JSON.stringify({ enabled, roots, rules, drop, revision, leases: leases.map(({ id, value }) => [id, value]) });
}
