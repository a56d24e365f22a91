// One request from a live command to the admin hook of a running service, over TCP or a Unix socket. Resolves the address of the
// hook, the actor and the token; turns refusals and time-outs into messages with the right exit code.

import type { IncomingMessage, RequestOptions } from 'node:http';
import { hostname, userInfo } from 'node:os';
import { ACTOR_HEADER, DEFAULT_PREFIX, TOKEN_VARIABLE } from '../../runtime/admin/defaults.js';
import { shownAddress } from '../../runtime/text/found.js';
import { printable } from '../../runtime/text/printable.js';
import { CommandFailure, EXIT, type Invocation, UsageError } from '../command.js';
import { DEFAULT_URL } from '../options.js';
import { tokenFrom } from '../token-file.js';

const TIMEOUT_MILLISECONDS = 10_000;
/** Answers are paged and bounded; a longer one does not come from an admin hook. */
const MOST_BYTES = 32 * 1024 * 1024;

/** Why a connection failed, in words. */
const CAUSES: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'nothing listens there',
  ENOENT: 'there is no such socket',
  ENOTFOUND: 'the host name is unknown',
  EAI_AGAIN: 'the host name cannot be resolved now',
  EACCES: 'this user may not connect',
  ECONNRESET: 'the connection was closed',
  EPROTO: 'it does not speak TLS; use http://',
};

export interface Reply {
  readonly status: number;
  readonly type: string;
  readonly text: string;
}

function baseOf({ options, environment }: Invocation): URL {
  const given = (options.get('url') as string | undefined) ?? (environment.SPANWRIGHT_ADMIN_URL || DEFAULT_URL);
  const url = URL.canParse(given) ? new URL(given) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol)) {
    throw new UsageError(`"${shownAddress(given)}" is not a URL of the admin hook; expected one such as ${DEFAULT_URL}.`);
  }
  if (url.username !== '' || url.password !== '') throw new UsageError('A URL with a user name or password is not accepted.');
  url.pathname = url.pathname === '/' ? DEFAULT_PREFIX : url.pathname.replace(/\/$/, '');
  url.search = '';
  url.hash = '';
  return url;
}

function tokenOf({ options, environment }: Invocation): string | undefined {
  const file = options.get('token-file') as string | undefined;
  return file === undefined ? environment[TOKEN_VARIABLE] || undefined : tokenFrom(file, '--token-file');
}

/** `user@host` in the characters that a header can hold. */
export function actor(): string {
  let user = 'unknown';
  try {
    user = userInfo().username;
  } catch {
    // A user without an entry, as in some containers.
  }
  return `${user}@${hostname()}`.replace(/[^\x20-\x7e]/g, '?').slice(0, 100);
}

function headersOf(invocation: Invocation, body: string | undefined): Record<string, string> {
  const token = tokenOf(invocation);
  if (token !== undefined && !/^[\x21-\x7e]+$/.test(token)) {
    throw new UsageError('The token is empty or holds blanks or characters outside ASCII; it cannot be sent.');
  }
  const headers: Record<string, string> = { accept: 'application/json, text/plain', [ACTOR_HEADER]: actor() };
  if (token !== undefined) headers.authorization = `Bearer ${token}`;
  if (body !== undefined)
    Object.assign(headers, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) });
  return headers;
}

function readReply(response: IncomingMessage, resolve: (reply: Reply) => void, fail: (error: Error) => void): void {
  const parts: Buffer[] = [];
  let size = 0;
  response.on('data', (part: Buffer) => {
    size += part.length;
    if (size > MOST_BYTES) response.destroy(new Error('the answer is too long'));
    else parts.push(part);
  });
  response.once('error', fail);
  response.once('end', () => {
    const type = response.headers['content-type'] ?? '';
    resolve({ status: response.statusCode ?? 0, type, text: Buffer.concat(parts).toString('utf8') });
  });
}

/** @throws CommandFailure with exit code 3 when the hook cannot be reached; UsageError for a bad URL or token file. */
export async function sendToHook(invocation: Invocation, method: string, path: string, content?: unknown): Promise<Reply> {
  const base = baseOf(invocation);
  const socketPath = invocation.options.get('socket') as string | undefined;
  const body = content === undefined ? undefined : JSON.stringify(content);
  const options: RequestOptions = { method, headers: headersOf(invocation, body), timeout: TIMEOUT_MILLISECONDS };
  if (socketPath !== undefined) Object.assign(options, { socketPath, headers: { ...options.headers, host: 'localhost' } });
  const secure = base.protocol === 'https:' && socketPath === undefined;
  const { request } = secure ? await import('node:https') : await import('node:http');
  const where = socketPath === undefined ? base.href : `the socket ${printable(socketPath, 200)}`;
  return new Promise((resolve, reject) => {
    const fail = (error: NodeJS.ErrnoException): void => {
      const why = CAUSES[error.code ?? ''] ?? (error.message || error.code || 'no reason given');
      const remedy = 'Is the service running, and are --url and --socket (or SPANWRIGHT_ADMIN_URL) right?';
      reject(new CommandFailure(`Cannot reach ${where}: ${printable(why)}. ${remedy}`, EXIT.unreachable));
    };
    const target = secure ? base : new URL(base.href.replace(/^https:/, 'http:'));
    const sent = request(`${target.href}/${path}`, options, (response) => readReply(response, resolve, fail));
    sent.once('timeout', () => sent.destroy(new Error(`no answer within ${TIMEOUT_MILLISECONDS / 1000} s`)));
    sent.once('error', fail);
    sent.end(body);
  });
}
