// Endpoints for operators, on a port of each process on 127.0.0.1: /metrics for Prometheus, those of the process and those of
// Spanwright in one text, and the admin hook under /tracing.

import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { collectDefaultMetrics, register } from 'prom-client';
import type { Tracing } from 'spanwright';
import { createAdminHandler, toNodeHandler } from 'spanwright/admin';

export interface Operations {
  /** Such as `http://127.0.0.1:40117`. */
  readonly address: string;
  close(): Promise<void>;
}

export async function startOperations(tracing: Tracing): Promise<Operations> {
  collectDefaultMetrics();
  const token = process.env.SPANWRIGHT_ADMIN_TOKEN;
  const admin = createAdminHandler(tracing, token ? { token } : {});
  const answerAdmin = toNodeHandler(admin);
  const server = createServer((request, response) => {
    if (request.url !== '/metrics') return answerAdmin(request, response);
    void (async () => {
      const spans = await admin(new Request('http://127.0.0.1/tracing/metrics'), { local: true });
      if (!spans.ok) throw new Error(await spans.text());
      const text = `${await register.metrics()}${await spans.text()}`;
      response.writeHead(200, { 'content-type': register.contentType }).end(text);
    })().catch((error: unknown) => response.writeHead(500).end(String(error)));
  });
  await new Promise<void>((listening, refused) => server.once('error', refused).listen(0, '127.0.0.1', listening));
  return { address: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, close: () => close(server) };
}

/** Lets requests under way finish, takes no new ones. */
export function close(server: Server): Promise<void> {
  return new Promise((closed) => {
    server.close(() => closed());
    server.closeIdleConnections();
  });
}
