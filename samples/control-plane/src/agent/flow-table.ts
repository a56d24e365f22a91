// The part of an OVS agent: the flows of a host, one for each server of the cluster, computed again and written when a port comes
// or goes. The order of hosts does not matter: each agent updates its flows independently.

import { createHash } from 'node:crypto';
import { mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { trace } from '@opentelemetry/api';
import { instrument } from 'spanwright';
import { log } from '../log.js';
import type { PortChange } from '../network/ports.js';

export class FlowTable {
  private readonly ports = new Map<string, PortChange>();

  constructor(
    private readonly host: string,
    private readonly file: string,
  ) {
    mkdirSync(dirname(file), { recursive: true });
  }

  @instrument({ name: 'flows.update', attributes: ({ server }: PortChange) => ({ 'server.id': server }) })
  update(change: PortChange): void {
    this.ports.set(change.server, change);
    this.write();
  }

  @instrument({ name: 'flows.delete', attributes: ({ server }: PortChange) => ({ 'server.id': server }) })
  remove({ server }: PortChange): void {
    this.ports.delete(server);
    this.write();
  }

  private write(): void {
    const flows = [...this.ports.values()].map(
      ({ server, host }) => `dl_dst=${macOf(server)} actions=${host === this.host ? 'local' : `tunnel:${host}`}`,
    );
    trace.getActiveSpan()?.setAttribute('ovs.flows', flows.length);
    log('info', 'flows written', { flows: flows.length });
    writeFileSync(`${this.file}.new`, `${flows.sort().join('\n')}\n`);
    renameSync(`${this.file}.new`, this.file);
  }
}

/** A locally administered address that is the server's own. */
function macOf(server: string): string {
  const digits = createHash('sha256').update(server).digest('hex').slice(0, 6);
  return `fa:16:3e:${(digits.match(/../g) ?? []).join(':')}`;
}
