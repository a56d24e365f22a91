// The ports of a cluster: a fixed address for each server, taken from 10.0.0.0/16 and given back with the port.

import { instrument } from 'spanwright';
import type { RpcClient } from '../messaging/rpc-client.js';

interface Port {
  readonly server: string;
  readonly host: string;
  readonly address: string;
}

/** Sent to the agents. */
export type PortChange = Omit<Port, 'address'>;

const MOST_PORTS = 65_000;

export class Ports {
  private readonly ports = new Map<string, Port>();

  constructor(private readonly rpc: RpcClient) {}

  @instrument({ args: { server: 'server.id' }, result: ({ address }: Port) => ({ 'network.local.address': address }) })
  create(server: string, host: string): Port {
    const port = { server, host, address: this.freeAddress() };
    this.ports.set(server, port);
    this.rpc.fanout('port_update', { server, host } satisfies PortChange);
    return port;
  }

  /** A server without a port is no failure: its deletion may be a second attempt. */
  @instrument({ args: { server: 'server.id' } })
  delete(server: string): { deleted: boolean } {
    const port = this.ports.get(server);
    this.ports.delete(server);
    if (port !== undefined) this.rpc.fanout('port_delete', { server, host: port.host } satisfies PortChange);
    return { deleted: port !== undefined };
  }

  private freeAddress(): string {
    const taken = new Set([...this.ports.values()].map(({ address }) => address));
    for (let number = 2; number < MOST_PORTS; number++) {
      const address = `10.0.${number >> 8}.${number & 255}`;
      if (!taken.has(address)) return address;
    }
    throw new Error('no address is free');
  }
}
