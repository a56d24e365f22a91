// OpAMP over WebSocket, by the package `ws`, which is loaded with the first connection. Messages of a server are bounded in size, and
// those of a flood are read at a bounded rate: the rest waits in the server's own buffers. The connection does not hold the process.

import type { ClientRequest, IncomingMessage } from 'node:http';
import { clearTimeout, now, setTimeout, unref } from '../../captured.js';
import { SpanwrightError } from '../../errors.js';
import { holdNothing } from '../../export/connect-limit.js';
import { retryAfterMillis } from '../../export/retry-after.js';
import { guarded } from '../../fault.js';
import { isMissing } from '../../sdk/installed.js';
import { ANSWER_MILLISECONDS, type Link, type LinkEvents, type LinkOptions, MOST_BYTES, reasonOf } from './link.js';

/** The part of the package `ws`, version 8 or later, that is used here. */
interface Socket {
  // biome-ignore lint/suspicious/noExplicitAny: what the package says of its listeners
  on(event: string, listener: (...facts: any[]) => void): unknown;
  send(message: Uint8Array, sent?: () => void): void;
  ping(): void;
  pause(): void;
  resume(): void;
  close(code: number): void;
  terminate(): void;
}
type MakeSocket = new (url: string, options: object) => Socket;

/** Messages of a server that are read within a second. */
const MOST_PER_SECOND = 50;
const CLOSE_MILLISECONDS = 1000;
/** The header before each message; zero in this version of the protocol. */
const HEADER = new Uint8Array([0]);

/** @throws SpanwrightError MISSING_PACKAGE. */
function loadWs(): MakeSocket {
  try {
    return require('ws') as MakeSocket;
  } catch (error) {
    if (!isMissing(error, 'ws')) throw error;
    throw new SpanwrightError(
      'MISSING_PACKAGE',
      'opamp_endpoint with ws:// or wss:// needs the package "ws", which is not installed. Run: npm install ws (then build a bundle again), or use http:// or https://.',
    );
  }
}

export class WebSocketLink implements Link {
  readonly #Socket = loadWs();
  #socket: Socket | undefined;
  #isReady = false;
  #heard = true;
  #second = 0;
  #inSecond = 0;
  #resume: NodeJS.Timeout | undefined;

  constructor(
    private readonly options: LinkOptions,
    private readonly events: LinkEvents,
  ) {}

  open(): void {
    const { url, headers, certificates } = this.options;
    const socket = new this.#Socket(url, {
      ...certificates,
      headers,
      maxPayload: MOST_BYTES,
      perMessageDeflate: false,
      handshakeTimeout: ANSWER_MILLISECONDS,
      finishRequest(request: ClientRequest) {
        request.on('socket', holdNothing);
        request.end();
      },
    });
    this.#socket = socket;
    this.#heard = true;
    const on = <Facts extends unknown[]>(event: string, run: (...facts: Facts) => void): void => {
      const listener = guarded('OpAMP', run);
      socket.on(event, (...facts) => {
        if (this.#socket === socket) listener(...(facts as Facts));
      });
    };
    on('upgrade', ({ socket: connection }: IncomingMessage) => connection.unref());
    on('open', () => {
      this.#isReady = true;
      this.events.ready();
    });
    on('message', (message: Uint8Array, isBinary: boolean) => this.#read(message, isBinary));
    on('pong', () => {
      this.#heard = true;
    });
    on('unexpected-response', (_request: ClientRequest, response: IncomingMessage) => {
      const wait = retryAfterMillis(response.headers['retry-after']);
      this.#lose(`the server answered with status ${response.statusCode}`, wait);
    });
    on('error', (error: NodeJS.ErrnoException) => this.#lose(sizeReason(error) ?? reasonOf(error)));
    on('close', (code: number) => this.#lose(`the connection was closed (${code})`));
    // errors of a dropped socket: without a listener, one would end the process
    socket.on('error', () => undefined);
  }

  send(message: Uint8Array): boolean {
    if (!this.#isReady) return false;
    this.#isReady = false;
    const socket = this.#socket as Socket;
    socket.send(
      Buffer.concat([HEADER, message]),
      guarded('OpAMP', () => {
        if (this.#socket !== socket) return;
        this.#isReady = true;
        this.events.ready();
      }),
    );
    return true;
  }

  check(): void {
    if (!this.#isReady || this.#resume !== undefined) return;
    if (!this.#heard) {
      this.#lose('the server no longer answers');
      return;
    }
    this.#heard = false;
    this.#socket?.ping();
  }

  drop(): void {
    clearTimeout(this.#resume);
    this.#resume = undefined;
    this.#isReady = false;
    const socket = this.#socket;
    this.#socket = undefined;
    socket?.terminate();
  }

  close(message: Uint8Array): void {
    const socket = this.#socket;
    if (!this.#isReady || socket === undefined) {
      this.drop();
      return;
    }
    this.#socket = undefined;
    clearTimeout(this.#resume);
    socket.send(Buffer.concat([HEADER, message]));
    socket.close(1000);
    // the package waits half a minute for the server's own close, and holds the process meanwhile
    unref(setTimeout(() => socket.terminate(), CLOSE_MILLISECONDS));
  }

  #lose(reason: string, retryAfterMillis?: number): void {
    this.drop();
    this.events.lost(reason, retryAfterMillis);
  }

  #read(message: Uint8Array, isBinary: boolean): void {
    this.#heard = true;
    this.#limitRate();
    if (isBinary && message[0] === 0) this.events.message(message.subarray(1));
    else this.#lose('a message is not one of OpAMP over WebSocket');
  }

  #limitRate(): void {
    const second = Math.floor(now() / 1000);
    if (second !== this.#second) {
      this.#second = second;
      this.#inSecond = 0;
    }
    this.#inSecond += 1;
    if (this.#inSecond < MOST_PER_SECOND || this.#resume !== undefined) return;
    const socket = this.#socket as Socket;
    socket.pause();
    this.#resume = unref(
      setTimeout(() => {
        this.#resume = undefined;
        if (this.#socket === socket) socket.resume();
      }, 1000),
    );
  }
}

function sizeReason({ code }: NodeJS.ErrnoException): string | undefined {
  return code === 'WS_ERR_UNSUPPORTED_MESSAGE_LENGTH' ? `a message is larger than ${MOST_BYTES} bytes` : undefined;
}
