// A TCP proxy before a Collector, whose network can fail: pass, hang (accept and never answer), slow, reset in mid-stream, refuse.
// What it does can be changed while connections are open.

import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';

export type Weather =
  | { kind: 'pass' }
  | { kind: 'hang' }
  /** Milliseconds by which each piece of an answer is delayed. */
  | { kind: 'slow'; milliseconds: number }
  /** Connections end with a reset after so many bytes of the client's. */
  | { kind: 'reset'; afterBytes: number };

export class FaultyNetwork {
  weather: Weather = { kind: 'pass' };
  resets = 0;
  readonly #sockets = new Set<Socket>();

  private constructor(
    readonly server: Server,
    readonly port: number,
  ) {}

  /** @param target port of the Collector on loopback; read for every connection. */
  static async before(target: () => number): Promise<FaultyNetwork> {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const network = new FaultyNetwork(server, (server.address() as { port: number }).port);
    server.on('connection', (client) => network.#carry(client, connect(target(), '127.0.0.1')));
    return network;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  /** Every open connection ends with a reset, now. */
  resetAll(): void {
    for (const socket of this.#sockets) socket.resetAndDestroy();
  }

  close(): void {
    this.server.close();
    for (const socket of this.#sockets) socket.destroy();
  }

  #carry(client: Socket, collector: Socket): void {
    let sent = 0;
    for (const [from, to] of [
      [client, collector],
      [collector, client],
    ] as const) {
      this.#sockets.add(from);
      from.setNoDelay(true);
      from.on('error', () => to.destroy());
      from.on('close', () => {
        this.#sockets.delete(from);
        to.destroy();
      });
      from.on('data', (bytes) => {
        const { weather } = this;
        if (weather.kind === 'hang') return;
        if (weather.kind === 'reset' && from === client) {
          sent += bytes.length;
          if (sent > weather.afterBytes) {
            this.resets++;
            to.write(bytes.subarray(0, bytes.length >> 1));
            client.resetAndDestroy();
            return;
          }
        }
        if (weather.kind === 'slow' && from === collector) {
          setTimeout(() => to.destroyed || to.write(bytes), weather.milliseconds);
          return;
        }
        to.write(bytes);
      });
    }
  }
}
