// A server of MongoDB's wire protocol with one collection, `machines`, of two documents. Any other collection is an error. It
// counts the commands that read. Replies are those of a standalone server.

import { createServer, type Socket } from 'node:net';

interface Bson {
  deserialize(bytes: Buffer): Record<string, unknown>;
  serialize(document: object): Uint8Array;
}

export interface MongoServer {
  readonly port: number;
  /** Reading commands so far. */
  reads(): number;
  stop(): void;
}

const OP_REPLY = 1;
const OP_QUERY = 2004;
const OP_MSG = 2013;
const HELLO = { ok: 1, ismaster: true, isWritablePrimary: true, helloOk: true, maxWireVersion: 25, minWireVersion: 0 };
const LIMITS = { maxBsonObjectSize: 16_777_216, maxMessageSizeBytes: 48_000_000, maxWriteBatchSize: 100_000 };
const MACHINES = [{ rack: 1 }, { rack: 2 }].map((machine, at) => ({ _id: at, ...machine }));

export async function startMongo(bson: Bson): Promise<MongoServer> {
  let reads = 0;
  const sockets = new Set<Socket>();

  function answer(command: Record<string, unknown>): object {
    const collection = command.find ?? command.aggregate;
    if (collection === undefined) return { ...HELLO, ...LIMITS };
    reads++;
    if (collection !== 'machines') return { ok: 0, code: 26, codeName: 'NamespaceNotFound', errmsg: 'no such collection' };
    return { ok: 1, cursor: { id: 0n, ns: 'test.machines', firstBatch: MACHINES } };
  }

  function reply(message: Buffer): Buffer {
    const opcode = message.readInt32LE(12);
    // an OP_QUERY has flags, the collection's name with a zero, and two numbers before its document; an OP_MSG flags and a kind
    const start = opcode === OP_QUERY ? message.indexOf(0, 20) + 9 : 21;
    const document = Buffer.from(bson.serialize(answer(bson.deserialize(message.subarray(start)))));
    const body = opcode === OP_QUERY ? Buffer.alloc(20) : Buffer.alloc(5);
    if (opcode === OP_QUERY) body.writeInt32LE(1, 16);
    const head = Buffer.alloc(16);
    head.writeInt32LE(16 + body.length + document.length, 0);
    head.writeInt32LE(message.readInt32LE(4), 8);
    head.writeInt32LE(opcode === OP_QUERY ? OP_REPLY : OP_MSG, 12);
    return Buffer.concat([head, body, document]);
  }

  const server = createServer((socket) => {
    sockets.add(socket);
    let received = Buffer.alloc(0);
    socket.on('error', () => {});
    socket.on('data', (chunk) => {
      received = Buffer.concat([received, chunk]);
      while (received.length >= 16 && received.length >= received.readInt32LE(0)) {
        const length = received.readInt32LE(0);
        const message = received.subarray(0, length);
        received = received.subarray(length);
        // a little later, so that the time of a query can be seen
        setTimeout(() => socket.write(reply(message)), 10);
      }
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as { port: number }).port,
    reads: () => reads,
    stop() {
      for (const socket of sockets) socket.destroy();
      server.close();
    },
  };
}
