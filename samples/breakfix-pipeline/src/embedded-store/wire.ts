// PostgreSQL's wire protocol in front of PGlite, for several clients at once. PGlite is one session: a client holds it from its
// first message until the server says that no transaction is open, and the others wait in line. Without that, the messages of two
// clients mix, and one binds the other's statement (pglite-socket 0.2.17 does; seen with a transaction and two waiting clients).

import { createServer, type Server, type Socket } from 'node:net';
import type { PGlite } from '@electric-sql/pglite';

const SSL_REQUEST = 80_877_103;
const GSS_REQUEST = 80_877_104;
const CANCEL_REQUEST = 80_877_102;
/** Longest message that is taken; documents are some kilobytes. */
const MAX_MESSAGE_BYTES = 4 * 1024 * 1024;

const SYNC = 'S'.charCodeAt(0);
const TERMINATE = 'X'.charCodeAt(0);
const READY_FOR_QUERY = 'Z'.charCodeAt(0);
const IDLE = 'I'.charCodeAt(0);

/** The client that holds the session; the others wait in the order in which they asked. */
class Turn {
  #holder: Client | undefined;
  readonly #waiting: { client: Client; go: () => void }[] = [];

  take(client: Client): Promise<void> | undefined {
    if (this.#holder === client) return undefined;
    if (this.#holder === undefined) {
      this.#holder = client;
      return undefined;
    }
    return new Promise((go) => this.#waiting.push({ client, go }));
  }

  holds(client: Client): boolean {
    return this.#holder === client;
  }

  give(client: Client): void {
    if (this.#holder !== client) return;
    const next = this.#waiting.shift();
    this.#holder = next?.client;
    next?.go();
  }
}

class Client {
  #buffer: Buffer = Buffer.alloc(0);
  #started = false;
  #closed = false;
  readonly #messages: Buffer[] = [];
  #working: Promise<void> | undefined;

  constructor(
    private readonly socket: Socket,
    private readonly postgres: PGlite,
    private readonly turn: Turn,
  ) {
    socket.setNoDelay(true);
    socket.on('data', (bytes) => this.#read(bytes));
    socket.on('error', () => socket.destroy());
    socket.on('close', () => {
      this.#closed = true;
      this.#work();
    });
  }

  #read(bytes: Buffer): void {
    this.#buffer = Buffer.concat([this.#buffer, bytes]);
    for (let message = this.#next(); message !== undefined; message = this.#next()) this.#messages.push(message);
    this.#work();
  }

  /** The next whole message. The first ones have no type, only a length. */
  #next(): Buffer | undefined {
    const head = this.#started ? 1 : 0;
    if (this.#buffer.length < head + 4) return undefined;
    const length = head + this.#buffer.readInt32BE(head);
    if (length < head + 4 || length > MAX_MESSAGE_BYTES) {
      this.socket.destroy();
      return undefined;
    }
    if (this.#buffer.length < length) return undefined;
    const message = this.#buffer.subarray(0, length);
    this.#buffer = this.#buffer.subarray(length);
    if (this.#started) return message;
    const code = message.length >= 8 ? message.readInt32BE(4) : 0;
    if (code === SSL_REQUEST || code === GSS_REQUEST) {
      this.socket.write('N');
      return this.#next();
    }
    if (code === CANCEL_REQUEST) {
      this.socket.end();
      return undefined;
    }
    this.#started = true;
    return message;
  }

  #work(): void {
    this.#working ??= this.#drain()
      .catch(() => void this.socket.destroy())
      .finally(() => {
        this.#working = undefined;
        if (this.#messages.length > 0 && !this.#closed) this.#work();
      });
  }

  async #drain(): Promise<void> {
    for (let message = this.#messages.shift(); message !== undefined && !this.#closed; message = this.#messages.shift()) {
      if (message[0] === TERMINATE) {
        this.socket.end();
        break;
      }
      await this.turn.take(this);
      if (this.#closed) break;
      const answer = await this.postgres.execProtocolRaw(message);
      if (answer.length > 0) this.socket.write(answer);
      if (endsTransaction(answer)) this.turn.give(this);
    }
    if (this.#closed && this.turn.holds(this)) {
      await this.postgres.execProtocolRaw(Buffer.from([SYNC, 0, 0, 0, 4]));
      await this.postgres.exec('ROLLBACK');
      this.turn.give(this);
    }
  }
}

/** True when the answer's last message says that the session waits for a query outside any transaction. */
function endsTransaction(answer: Uint8Array): boolean {
  const at = answer.length - 6;
  return at >= 0 && answer[at] === READY_FOR_QUERY && answer[at + 4] === 5 && answer[at + 5] === IDLE;
}

/** Listens on a free port of the loopback interface. */
export async function serve(postgres: PGlite): Promise<{ port: number; server: Server }> {
  const turn = new Turn();
  const server = createServer((socket) => void new Client(socket, postgres, turn));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { port: (server.address() as { port: number }).port, server };
}
