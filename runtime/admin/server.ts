// A server of its own for the admin hook, for services that have none: on a loopback address or a Unix socket, nowhere else.
// Neither the server nor its connections keep the process alive, and slow or many clients are bounded.

import { chmodSync, lstatSync, unlinkSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { isMainThread } from 'node:worker_threads';
import { InvalidArgumentError } from '../errors.js';
import { state } from '../state.js';
import { isLoopbackHost } from '../text/loopback.js';
import { printable } from '../text/printable.js';
import type { Tracing } from '../tracing.js';
import { boundConnections } from './connections.js';
import { DEFAULT_ADMIN_PORT } from './defaults.js';
import { type AdminHandler, type AdminOptions, createAdminHandler } from './handler.js';
import { listenerOf } from './node.js';

// a default import would need a helper in the built file
const cluster: typeof import('node:cluster').default = require('node:cluster');

/** Options of `startAdminServer()`. */
export interface AdminServerOptions extends AdminOptions {
  /** The tracing that is shown and switched, as `startTracing()` returned it. */
  readonly tracing: Tracing;
  /** Default {@link DEFAULT_ADMIN_PORT}; 0 takes any free port, see `url`. */
  readonly port?: number;
  /** `127.0.0.1` (default), another address of 127.0.0.0/8, `::1` or `localhost`. */
  readonly host?: string;
  /** Path of a Unix socket, instead of port and host. Only the user of the process can connect. */
  readonly socketPath?: string;
}

/** The running server of the admin hook. */
export interface AdminServer {
  /** URL of the prefix, such as `http://127.0.0.1:9465/tracing`. */
  readonly url: string;
  /** Path of the Unix socket; null for a port. */
  readonly socketPath: string | null;
  /** Ends the connections and frees the port or socket. */
  close(): Promise<void>;
}

function checkAddress({ host = '127.0.0.1', port = DEFAULT_ADMIN_PORT }: AdminServerOptions): { host: string; port: number } {
  if (!isLoopbackHost(host)) {
    const remedy = 'To reach it from elsewhere, mount createAdminHandler() in a server with TLS and access rules of its own.';
    const message = `host "${printable(host, 80)}" is not a loopback address; the admin server takes 127.0.0.1, ::1 or localhost. ${remedy}`;
    throw new InvalidArgumentError('host', message);
  }
  if (Number.isInteger(port) && port >= 0 && port <= 65535) return { host, port };
  throw new InvalidArgumentError('port', `port must be a whole number from 0 to 65535; found ${printable(String(port), 40)}.`);
}

function createBoundedServer(handler: AdminHandler): Server {
  const server = createServer(
    {
      headersTimeout: 5_000,
      requestTimeout: 10_000,
      // Node looks for requests that are over time only this often, by default every 30 s.
      connectionsCheckingInterval: 1_000,
      keepAliveTimeout: 5_000,
      maxHeaderSize: 16 * 1024,
    },
    listenerOf(handler),
  );
  boundConnections(server);
  return server.unref();
}

/** Removes the file of a socket that nobody serves any more. */
async function clearStaleSocket(path: string): Promise<void> {
  const file = lstatSync(path, { throwIfNoEntry: false });
  if (file === undefined) return;
  if (!file.isSocket())
    throw new InvalidArgumentError('socketPath', `socketPath "${path}" exists and is not a socket; choose another path.`);
  const failure = await new Promise<string | undefined>((resolve) => {
    const probe = connect(path, () => resolve(undefined)).once('error', ({ code }: NodeJS.ErrnoException) => resolve(code));
    probe.once('connect', () => probe.destroy());
  });
  // any other error leaves open whether the socket is served, such as that of a full backlog
  if (failure === 'ECONNREFUSED') return unlinkSync(path);
  const found =
    failure === undefined ? 'is served by another process' : `cannot be connected to (${failure}): its server may be busy`;
  throw new InvalidArgumentError('socketPath', `socketPath "${path}" ${found}; choose another path.`);
}

function listen(server: Server, address: { host: string; port: number } | { path: string }): Promise<void> {
  return new Promise((resolve, reject) => {
    const fail = (error: NodeJS.ErrnoException): void => {
      const [field, where] = 'path' in address ? ['socketPath', address.path] : ['port', `${address.host}:${address.port}`];
      const why =
        error.code !== 'EADDRINUSE'
          ? (error.code ?? error.message)
          : cluster.isWorker
            ? 'it is in use; give each worker of the cluster a port of its own, such as 9465 + cluster.worker.id, and change all of them through spanwright/control'
            : 'it is in use; choose another, or port 0 for any free one';
      reject(new InvalidArgumentError(field as string, `The admin server cannot listen on ${where}: ${why}.`));
    };
    // exclusive: in a cluster the workers would share the port, and each request would reach another process
    server.once('error', fail).listen({ ...address, exclusive: true }, () => {
      server.off('error', fail);
      resolve();
    });
  });
}

/** Listens on a socket that only this user can connect to, from its first moment where the mask can be set (not in a worker). */
async function listenPrivately(server: Server, path: string): Promise<void> {
  await clearStaleSocket(path);
  const before = isMainThread ? process.umask(0o177) : undefined;
  const listening = listen(server, { path });
  if (before !== undefined) process.umask(before);
  await listening;
  chmodSync(path, 0o600);
}

const authorityOf = ({ address, port }: AddressInfo) => `${address.includes(':') ? `[${address}]` : address}:${port}`;

/** The last server of each address, unless it is closed. */
const servers = new Map<string, { readonly tracing: Tracing; readonly server: Promise<AdminServer> }>();

/**
 * Starts a server for the admin hook. In a development server, which loads modules again, a second call for the same address returns the
 * running one.
 * @throws InvalidArgumentError when the address is not loopback, or cannot be listened on; like createAdminHandler otherwise.
 */
export async function startAdminServer(options: AdminServerOptions): Promise<AdminServer> {
  const { tracing, socketPath } = options;
  const { host, port } = checkAddress(options);
  const address = socketPath ?? `${host}:${port}`;
  const running = servers.get(address);
  if (running?.tracing === tracing && state.sites.isReloadable) return running.server;
  function forget(): void {
    if (servers.get(address)?.server === server) servers.delete(address);
  }
  const server = serve(options, { host, port }, forget);
  servers.set(address, { tracing, server });
  server.catch(forget);
  return server;
}

async function serve(
  options: AdminServerOptions,
  { host, port }: { host: string; port: number },
  onClose: () => void,
): Promise<AdminServer> {
  const { tracing, port: _port, host: _host, socketPath, ...handlerOptions } = options;
  const handler = createAdminHandler(tracing, handlerOptions);
  const server = createBoundedServer(handler);
  state.hookRequests.addServer(server);
  if (socketPath === undefined) await listen(server, { host, port });
  else await listenPrivately(server, socketPath);
  // An error after listening (out of file descriptors, for one) must not end the process that is watched.
  server.on('error', () => undefined);
  const authority = socketPath === undefined ? authorityOf(server.address() as AddressInfo) : 'localhost';
  const url = `http://${authority}${handler.prefix}`;
  const announced = socketPath === undefined && options.announce === undefined ? { url, own: true } : undefined;
  if (announced !== undefined) state.announcedHook = announced;
  return {
    url,
    socketPath: socketPath ?? null,
    close: () =>
      new Promise((resolve) => {
        onClose();
        if (state.announcedHook === announced) state.announcedHook = undefined;
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
