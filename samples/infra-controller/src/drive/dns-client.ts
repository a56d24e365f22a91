// The DNS service as its callers reach it: questions over UDP. Not node:dns, which sets its servers for the whole process and hides
// the response code.

import { createSocket } from 'node:dgram';
import { type Answer, decode, encode } from 'dns-packet';

const LIMIT_MS = 30_000;
let ids = 0;

export class DnsClient {
  private readonly host: string;
  private readonly port: number;

  constructor(address: string) {
    const [host = '', port] = address.split(':');
    this.host = host;
    this.port = Number(port);
  }

  /** @throws when no answer comes. */
  query(name: string, type: 'A' | 'TXT'): Promise<{ code: string; answers: readonly Answer[] }> {
    const socket = createSocket('udp4');
    ids = (ids + 1) % 65_536;
    const asked = ids;
    return new Promise((resolve, reject) => {
      const limit = setTimeout(() => finish(() => reject(new Error(`no answer about ${name} within ${LIMIT_MS} ms`))), LIMIT_MS);
      function finish(settle: () => void): void {
        clearTimeout(limit);
        socket.close();
        settle();
      }
      socket.once('error', (error) => finish(() => reject(error)));
      socket.on('message', (message) => {
        const { id, answers = [], ...packet } = decode(message) as ReturnType<typeof decode> & { rcode?: string };
        if (id === asked) finish(() => resolve({ code: packet.rcode ?? '', answers }));
      });
      socket.send(encode({ type: 'query', id: asked, questions: [{ type, name }] }), this.port, this.host);
    });
  }
}
