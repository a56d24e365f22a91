// Which hosts the cluster has, what is free on them, and which server is where. Kept in a file, which is replaced as a whole with each
// change, so that a conductor that ends in the middle leaves the last whole state behind.

import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { instrument } from 'spanwright';
import { NoValidHost, ServerNotFound } from '../messaging/remote-error.js';

export interface HostReport {
  readonly host: string;
  readonly vcpus: number;
}

export interface PlacedServer {
  readonly id: string;
  readonly name: string;
  readonly host: string;
  readonly vcpus: number;
}

interface State {
  hosts: HostReport[];
  servers: PlacedServer[];
}

export class Placement {
  private readonly state: State;

  constructor(private readonly file: string) {
    mkdirSync(dirname(file), { recursive: true });
    this.state = read(file);
  }

  report(report: HostReport): void {
    this.state.hosts = [...this.state.hosts.filter(({ host }) => host !== report.host), report];
    this.save();
  }

  /** Reserves capacity for a server on the host that has the most. @throws NoValidHost */
  @instrument({
    name: 'placement.claim',
    args: { vcpus: 'server.vcpus' },
    result: (server: PlacedServer) => ({ 'host.name': server.host }),
    expectedErrors: [NoValidHost],
  })
  claim(id: string, name: string, vcpus: number): PlacedServer {
    const [best] = this.state.hosts.map((host) => ({ host: host.host, free: this.free(host) })).sort((a, b) => b.free - a.free);
    if (best === undefined || best.free < vcpus) {
      throw new NoValidHost(
        `no host has ${vcpus} vCPUs free; of ${this.state.hosts.length} hosts the most is ${best?.free ?? 0}`,
      );
    }
    const server = { id, name, host: best.host, vcpus };
    this.state.servers.push(server);
    this.save();
    return server;
  }

  /** @throws ServerNotFound */
  find(id: string): PlacedServer {
    const server = this.state.servers.find((one) => one.id === id);
    if (server === undefined) throw new ServerNotFound(`there is no server ${id} in this cluster`);
    return server;
  }

  release(id: string): void {
    this.state.servers = this.state.servers.filter((server) => server.id !== id);
    this.save();
  }

  private free({ host, vcpus }: HostReport): number {
    const taken = this.state.servers.filter((server) => server.host === host).reduce((sum, server) => sum + server.vcpus, 0);
    return vcpus - taken;
  }

  private save(): void {
    writeFileSync(`${this.file}.new`, JSON.stringify(this.state));
    renameSync(`${this.file}.new`, this.file);
  }
}

function read(file: string): State {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as State;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    return { hosts: [], servers: [] };
  }
}
