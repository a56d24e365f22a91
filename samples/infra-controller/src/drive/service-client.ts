// The service as its operator and its callers reach it: over HTTP, the API and the admin hook.

import { readFileSync } from 'node:fs';

/** The parts of `GET /tracing/state` that the run reads. */
export interface State {
  enabled: boolean;
  endpoint: string | null;
  spans: { open: number; started: number; exported: number; failed: number };
}

export class ServiceClient {
  private readonly token: string;

  constructor(
    private readonly address: string,
    tokenFile: string,
  ) {
    this.token = readFileSync(tokenFile, 'utf8').trim();
  }

  async call(method: string, path: string, body?: object): Promise<{ status: number; body: unknown }> {
    const response = await fetch(`${this.address}${path}`, {
      method,
      headers: { 'content-type': 'application/json' },
      ...(body ? { body: JSON.stringify(body) } : {}),
    });
    return { status: response.status, body: await response.json() };
  }

  async state(): Promise<State> {
    return (await this.admin('GET', '/tracing/state')).json() as Promise<State>;
  }

  async setEnabled(enabled: boolean): Promise<void> {
    const response = await this.admin('PUT', '/tracing/enabled', { enabled, for: '5m', reason: 'npm start' });
    if (!response.ok) throw new Error(`PUT /tracing/enabled answered ${response.status}: ${await response.text()}`);
  }

  /** Passes of the polling loop so far. */
  async polls(): Promise<number> {
    const { body } = await this.call('GET', '/healthz');
    return (body as { polls: number }).polls;
  }

  private admin(method: string, path: string, body?: object): Promise<Response> {
    return fetch(`${this.address}${path}`, {
      method,
      headers: { authorization: `Bearer ${this.token}`, 'content-type': 'application/json' },
      ...(body ? { body: JSON.stringify(body) } : {}),
    });
  }
}
