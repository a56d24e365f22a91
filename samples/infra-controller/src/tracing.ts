// Tracing as the service sets it up: from tracing.toml, with the admin hook beside the API. A fault in the configuration is reported,
// at start and by the hook, and costs the traces, not the service.

import { startTracing } from 'spanwright';
import { createAdminHandler, toNodeHandler } from 'spanwright/admin';
import { followRedis } from 'spanwright/control';
import { log } from './log.js';
import type { NodeHandler } from './rpc/server.js';
import type { Settings } from './settings.js';

export interface ServiceTracing {
  admin: NodeHandler;
  shutdown(): Promise<void>;
}

export async function setUpTracing({ tracingFile, adminToken, controlRedis }: Settings): Promise<ServiceTracing> {
  try {
    const tracing = await startTracing({ configFile: tracingFile });
    if (controlRedis !== undefined) await followRedis(tracing, controlRedis);
    return { admin: toNodeHandler(createAdminHandler(tracing, { token: adminToken })), shutdown: () => tracing.shutdown() };
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    log('error', 'serving without tracing', { reason: message });
    return { admin: (_, response) => refuse(response, message), shutdown: async () => undefined };
  }
}

function refuse(response: Parameters<NodeHandler>[1], message: string): void {
  response.writeHead(503, { 'content-type': 'application/json' });
  response.end(`${JSON.stringify({ error: `Tracing did not start: ${message}` })}\n`);
}
