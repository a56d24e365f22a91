// The simulated hardware: all BMCs of a small site behind one HTTP server on 127.0.0.1, each under its own path. Real sockets,
// real authentication; only the metal is missing. In the controller's process, or in one of its own (main.ts).

import { randomBytes } from 'node:crypto';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Component, Credentials } from '../component-manager/component.js';
import { type BmcAnswer, SimulatedBmc } from './simulated-bmc.js';

/** Component, backend, parts below it, and why its own BMC refuses updates. */
const SITE: readonly (readonly [id: string, backend: Component['backend'], parts: readonly string[], lock?: string])[] = [
  ['switch-1', 'nsm', []],
  ['shelf-1', 'psm', ['psu-1', 'psu-2']],
  ['rack-1', 'rms', ['tray-1', 'tray-2', 'tray-3']],
  ['rack-2', 'rms', ['tray-1'], 'the rack is locked for maintenance'],
];

const MAX_BODY_BYTES = 8 * 1024 * 1024;

export class SimulatedSite {
  private readonly bmcs = new Map<string, SimulatedBmc>();
  private readonly server: Server = createServer((request, response) => {
    this.answer(request).then(
      ({ status, body }) => response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body)),
      (error: unknown) => response.writeHead(500).end(JSON.stringify({ error: { code: 'Internal', message: String(error) } })),
    );
  });

  /** Starts the BMCs and answers with what an inventory has to know of them. */
  async start(): Promise<Component[]> {
    await new Promise<void>((listening, failed) => {
      this.server.once('error', failed).listen(0, '127.0.0.1', listening);
    });
    const base = `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
    return SITE.map(([id, backend, parts, lock]) => ({
      id,
      backend,
      endpoints: [this.add(base, id, lock), ...parts.map((part) => this.add(base, `${id}.${part}`))],
    }));
  }

  stop(): void {
    this.server.close();
    this.server.closeAllConnections();
  }

  private add(base: string, id: string, lock?: string): Component['endpoints'][0] {
    const credentials: Credentials = { username: 'controller', password: `bmc-password-${randomBytes(9).toString('base64url')}` };
    this.bmcs.set(id, new SimulatedBmc(id, credentials, lock));
    return { url: `${base}/${id}`, credentials };
  }

  protected async answer(request: IncomingMessage): Promise<BmcAnswer> {
    const payload = await readBody(request);
    const [, id = '', ...rest] = (request.url ?? '').split('/');
    const bmc = this.bmcs.get(id);
    if (!bmc) return { status: 404, body: { error: { code: 'NotFound', message: `no BMC "${id}"` } } };
    if (!bmc.knows(request.headers.authorization))
      return { status: 401, body: { error: { code: 'Unauthorized', message: 'who is it?' } } };
    return bmc.answer(request.method ?? '', `/${rest.join('/')}`, payload);
  }
}

async function readBody(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length > MAX_BODY_BYTES) throw new Error(`more than ${MAX_BODY_BYTES} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}
