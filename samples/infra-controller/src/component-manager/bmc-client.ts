// HTTP to one BMC: Basic authentication, JSON or a firmware image in, JSON out. A refusal is an error that carries the BMC's
// own words. Credentials go into the header and nowhere else.

import { request as httpRequest } from 'node:http';
import { inject, instrument } from 'spanwright';
import type { Endpoint } from './component.js';

export class BmcRefusedError extends Error {
  override readonly name = 'BmcRefusedError';
  constructor(
    readonly status: number,
    readonly reason: string,
    message: string,
  ) {
    super(message);
  }
}

export interface BmcReply {
  status: number;
  body: Record<string, unknown>;
}

const TIMEOUT_MS = 10_000;

export class BmcClient {
  /** @throws BmcRefusedError when the BMC answers with anything but 2xx. */
  @instrument({
    kind: 'client',
    args: { method: 'http.request.method', path: 'url.path' },
    result: (reply: BmcReply) => ({ 'http.response.status_code': reply.status }),
  })
  async send(endpoint: Endpoint, method: 'GET' | 'POST', path: string, body?: object | Buffer): Promise<BmcReply> {
    const payload = body === undefined || Buffer.isBuffer(body) ? body : Buffer.from(JSON.stringify(body));
    const reply = await exchange(endpoint, method, path, payload);
    if (reply.status < 200 || reply.status > 299) {
      const { code, message } = (reply.body.error ?? {}) as { code?: string; message?: string };
      throw new BmcRefusedError(reply.status, code ?? 'Unknown', `BMC answered ${reply.status}: ${message ?? 'no reason given'}`);
    }
    return reply;
  }
}

function exchange(endpoint: Endpoint, method: string, path: string, payload: Buffer | undefined): Promise<BmcReply> {
  const { username, password } = endpoint.credentials;
  return new Promise((resolve, reject) => {
    const request = httpRequest(`${endpoint.url}${path}`, {
      method,
      auth: `${username}:${password}`,
      timeout: TIMEOUT_MS,
      headers: inject({ 'content-length': payload?.length ?? 0, accept: 'application/json' }),
    });
    request.once('timeout', () => request.destroy(new Error(`BMC did not answer within ${TIMEOUT_MS} ms`)));
    request.once('error', reject);
    request.once('response', (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.once('error', reject);
      response.once('end', () => {
        try {
          resolve({ status: response.statusCode ?? 0, body: JSON.parse(Buffer.concat(chunks).toString('utf8')) });
        } catch (error) {
          reject(new Error('BMC did not answer in JSON', { cause: error }));
        }
      });
    });
    request.end(payload);
  });
}
