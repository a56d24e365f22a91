// The part of a Service of Kubernetes: one address in front of several replicas, each connection to the next of them that answers.

import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

export interface Service {
  readonly url: string;
  close(): void;
}

export async function startService(ports: readonly number[]): Promise<Service> {
  const sockets = new Set<Socket>();
  let next = 0;
  const join = (client: Socket, attempts: number): void => {
    const replica = connect(ports[next++ % ports.length] as number, '127.0.0.1');
    let connected = false;
    replica.once('connect', () => {
      connected = true;
      client.pipe(replica).pipe(client);
    });
    replica.on('error', () => {
      if (connected || attempts === 1) client.destroy();
      else join(client, attempts - 1);
    });
    client.once('close', () => replica.destroy());
    replica.once('close', () => connected && client.destroy());
  };
  const server = createServer((client) => {
    sockets.add(client);
    client.once('close', () => sockets.delete(client));
    client.on('error', () => client.destroy());
    join(client, ports.length);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close() {
      server.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}
