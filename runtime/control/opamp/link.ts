// Contract of the two transports of OpAMP, HTTP and WebSocket, and their limits. Implemented by http-link.ts and websocket-link.ts, used by
// agent.ts.

import type { Certificates } from '../../export/certificates.js';

/** Largest message of a server that is read. A configuration has at most three files of 16 KiB. */
export const MOST_BYTES = 256 * 1024;
/** Milliseconds for a connection and for an answer. */
export const ANSWER_MILLISECONDS = 10_000;

export interface LinkOptions {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly certificates: Certificates;
}

/** Called by a link. No call comes after `lost` until the link is opened again, and none after `close()`. */
export interface LinkEvents {
  /** Called when a message can be sent. */
  ready(): void;
  message(bytes: Uint8Array): void;
  /** The link is down. */
  lost(reason: string, retryAfterMillis?: number): void;
}

export interface Link {
  open(): void;
  /** False: a message is under way, and `ready` will be called. */
  send(message: Uint8Array): boolean;
  /** Called with each heartbeat: detects a peer that is gone without closing the connection. */
  check(): void;
  /** Drops the connection, to be opened again. */
  drop(): void;
  /** Sends the message if that is possible at once, and ends. */
  close(message: Uint8Array): void;
}

/** Node's codes of a certificate whose authority is not trusted. */
const UNTRUSTED = /^(?:UNABLE_TO_(?:GET_ISSUER|VERIFY_LEAF)|SELF_SIGNED_CERT|DEPTH_ZERO_SELF_SIGNED)/;

/** The reason of a failed connection, with the remedy where the server's certificate is at fault. */
export function reasonOf({ code, message }: NodeJS.ErrnoException): string {
  if (code === undefined || !UNTRUSTED.test(code)) return code ?? message;
  return `the certificate of the server is not accepted (${code}); name the certificates to trust in opamp_certificate`;
}
