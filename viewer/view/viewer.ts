// The viewer as one object: receivers, store, admin hooks and the server of the page. `spanwright view` and the tests start it.

import { isLoopbackHost } from '../../runtime/text/loopback.js';
import type { ReceivedSpan } from '../receiver/decode.js';
import { startHttpReceiver } from '../receiver/http.js';
import { type Receiver, startReceiver } from '../receiver/receiver.js';
import { Hooks } from '../server/hooks.js';
import { startViewerServer } from '../server/server.js';
import type { ViewerState } from '../server/shapes.js';
import { StoreFile } from '../store/store-file.js';
import { type StoreLimits, TraceStore } from '../store/trace-store.js';
import { VERSION } from '../version.js';

export interface ViewerOptions {
  /** Address of the page. Default 127.0.0.1; another one than loopback needs `token`. */
  readonly host?: string;
  /** Port of the page. Default 0: a free one. */
  readonly port?: number;
  /** Ports of the receivers, on loopback always. Default 0. */
  readonly grpcPort?: number;
  readonly httpPort?: number;
  readonly token?: string;
  /** URLs of admin hooks, and the token to use there. */
  readonly hooks?: readonly string[];
  readonly hookToken?: string;
  /** Template with {file}, {line} and {column}. */
  readonly editor?: string;
  readonly limits?: StoreLimits;
  /** SQLite file that keeps the traces beyond a restart. Default none. */
  readonly store?: string;
  /** Called with faults that the viewer survives. Default: none is reported. */
  readonly log?: (message: string) => void;
}

export interface Viewer {
  readonly url: string;
  readonly grpc: string;
  readonly http: string;
  readonly store: TraceStore;
  add(spans: readonly ReceivedSpan[]): void;
  close(): Promise<void>;
}

export const DEFAULT_EDITOR = 'vscode://file/{file}:{line}:{column}';

export async function startViewer(options: ViewerOptions = {}): Promise<Viewer> {
  const { host = '127.0.0.1', port = 0, grpcPort = 0, httpPort = 0, token, editor = DEFAULT_EDITOR } = options;
  const store = new TraceStore(options.limits);
  let changed = (): void => {};
  const hooks = new Hooks(options.hooks ?? [], options.hookToken, () => changed());
  const add = (spans: readonly ReceivedSpan[]): void => {
    hooks.notice(spans);
    store.add(spans);
  };
  const closing: (() => void | Promise<void>)[] = [];
  try {
    const file = options.store === undefined ? undefined : new StoreFile(options.store, options.log);
    if (file !== undefined) {
      closing.push(() => file.close());
      file.attach(store);
    }
    const grpc: Receiver = await startReceiver({ port: grpcPort, limit: 0, onSpans: add });
    closing.push(() => grpc.close());
    const http = await startHttpReceiver('127.0.0.1', httpPort, add);
    closing.push(() => http.close());
    const endpoints = { grpc: grpc.endpoint, http: http.endpoint };
    const remote = !isLoopbackHost(host);
    const state = (): ViewerState =>
      stateOf(store, hooks, { endpoints, editor, version: VERSION, ...(file && { store: storeState(file) }) });
    const server = await startViewerServer({ source: { store, hooks }, host, port, token, remote, state });
    closing.push(() => server.close());
    changed = () => server.changed();
    store.onChange = changed;
    return {
      url: server.url,
      grpc: endpoints.grpc,
      http: endpoints.http,
      store,
      add,
      async close() {
        hooks.close();
        for (const close of closing.reverse()) await close();
      },
    };
  } catch (error) {
    hooks.close();
    for (const close of closing.reverse()) await close();
    throw error;
  }
}

function stateOf(
  store: TraceStore,
  hooks: Hooks,
  fixed: Pick<ViewerState, 'endpoints' | 'editor' | 'version' | 'store'>,
): ViewerState {
  const { received, releasedTraces, refusedSpans } = store.counts;
  return {
    ...fixed,
    revision: store.revision,
    traces: store.size,
    received,
    releasedTraces,
    refusedSpans,
    bytes: store.bytes,
    open: hooks.openCount,
    hooks: hooks.hooks.map(({ url, service, reachable, error, token }) => ({
      url,
      service,
      reachable,
      trusted: token !== undefined,
      ...(error === undefined ? {} : { error }),
    })),
    services: store.words.services.texts(),
    namespaces: store.words.namespaces.texts(),
  };
}

const storeState = ({ path, fault }: StoreFile): ViewerState['store'] => ({ path, ...(fault === undefined ? {} : { fault }) });
