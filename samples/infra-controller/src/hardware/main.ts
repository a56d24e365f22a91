// The simulated hardware as a service of its own, for replicas of the controller that share it (HARDWARE_URL). Its tracing is off: it records
// only requests that belong to a recorded trace of their caller. Prints one line of JSON with its address.

import type { IncomingMessage } from 'node:http';
import { instrument, startTracing } from 'spanwright';
import type { Component } from '../component-manager/component.js';
import type { BmcAnswer } from './simulated-bmc.js';
import { SimulatedSite } from './simulated-site.js';

class HardwareService extends SimulatedSite {
  private components: Component[] = [];

  override async start(): Promise<Component[]> {
    this.components = await super.start();
    return this.components;
  }

  @instrument({
    name: 'bmc_request',
    kind: 'server',
    parent: (request: IncomingMessage) => request.headers,
    attributes: ({ method = '', url = '' }: IncomingMessage) => ({ 'http.request.method': method, 'url.path': url }),
    result: ({ status }: BmcAnswer) => ({ 'http.response.status_code': status }),
  })
  protected override async answer(request: IncomingMessage): Promise<BmcAnswer> {
    if (request.url === '/inventory') return { status: 200, body: { components: this.components } };
    return super.answer(request);
  }
}

async function main(): Promise<void> {
  const tracing = await startTracing({ serviceName: 'carbide-hardware' });
  const service = new HardwareService();
  const [first] = await service.start();
  process.stdout.write(`${JSON.stringify({ listening: new URL(first?.endpoints[0].url ?? '').origin })}\n`);
  await new Promise<void>((stop) => {
    for (const event of ['SIGTERM', 'SIGINT', ...(process.connected ? ['disconnect'] : [])]) process.once(event, () => stop());
  });
  service.stop();
  await tracing.shutdown();
  if (process.connected) process.disconnect();
}

void main();
