// `spanwright view`: receives traces and shows them in a page. Prints the addresses; ends at SIGINT or SIGTERM, and, started with a channel
// (child_process.fork), when its owner goes away.

import { spawn } from 'node:child_process';
import { CommandFailure, EXIT, type Invocation, UsageError } from '../../cli/command.js';
import { tokenFrom } from '../../cli/token-file.js';
import { TOKEN_VARIABLE } from '../../runtime/admin/defaults.js';
import { readBoundedFile } from '../../runtime/text/bounded-file.js';
import { shownAddress } from '../../runtime/text/found.js';
import { isLoopbackHost } from '../../runtime/text/loopback.js';
import { printable } from '../../runtime/text/printable.js';
import { MOST_FILE_BYTES, readTraces } from '../formats/read.js';
import { serveMcp } from '../mcp/server.js';
import { portOption, stopRequested } from '../receiver/command.js';
import type { ViewerState } from '../server/shapes.js';
import { StoreFault } from '../store/store-file.js';
import { VERSION } from '../version.js';
import { DEFAULT_EDITOR, startViewer, type Viewer, type ViewerOptions } from './viewer.js';

const DEFAULT_VIEW_PORT = 4319;
const DEFAULT_GRPC_PORT = 4317;
const DEFAULT_HTTP_PORT = 4318;

/** Runs until it is stopped. */
export async function runView(invocation: Invocation): Promise<number> {
  const { arguments: files, options } = invocation;
  const given = viewerOptions(invocation);
  const assistant = options.has('mcp');
  // Standard output is the assistant's.
  const out = assistant ? invocation.err : invocation.out;
  const running = assistant ? await runningViewer(given) : undefined;
  if (running !== undefined) {
    if (files.length > 0) throw new UsageError(`A viewer runs at ${running}; open the files with it.`);
    out(`Asking the viewer that runs at ${running}.`);
    await serveMcp({ url: running, token: given.token, version: VERSION });
    return EXIT.done;
  }
  const viewer = await startOrExplain(given);
  try {
    for (const file of files) viewer.add(readTracesOf(file));
    const address = options.has('page-token-file') ? `${viewer.url}/#token=...` : viewer.url;
    if (options.has('json')) out(JSON.stringify({ view: viewer.url, grpc: viewer.grpc, http: viewer.http }));
    else {
      out(`Showing traces at ${address}; Ctrl-C ends.`);
      out(`Listening for traces at ${viewer.grpc} (OTLP/gRPC) and ${viewer.http} (OTLP/HTTP).`);
    }
    if (options.has('open')) openBrowser(viewer.url);
    const mcp = { url: viewer.url, token: given.token, version: VERSION };
    await (assistant ? Promise.race([serveMcp(mcp), stopRequested()]) : stopRequested());
    return EXIT.done;
  } finally {
    await viewer.close();
  }
}

/** @throws UsageError */
function viewerOptions(invocation: Invocation): ViewerOptions {
  const { options, environment } = invocation;
  const text = (name: string): string | undefined => options.get(name) as string | undefined;
  const host = text('host') ?? '127.0.0.1';
  const token = tokenOf(text('page-token-file'), '--page-token-file');
  if (!isLoopbackHost(host) && token === undefined) {
    throw new UsageError(
      `--host: "${printable(host, 60)}" can be reached from other machines; expected --page-token-file beside it.`,
    );
  }
  const hookToken = tokenOf(text('hook-token-file'), '--hook-token-file') ?? (environment[TOKEN_VARIABLE] || undefined);
  const traces = options.get('traces');
  return {
    host,
    port: portOption(invocation, 'port') ?? DEFAULT_VIEW_PORT,
    grpcPort: portOption(invocation, 'grpc-port') ?? DEFAULT_GRPC_PORT,
    httpPort: portOption(invocation, 'http-port') ?? DEFAULT_HTTP_PORT,
    editor: editorOf(text('editor')),
    hooks: hooksOf(text('hook')),
    ...(token === undefined ? {} : { token }),
    ...(hookToken === undefined ? {} : { hookToken }),
    ...(options.has('store') ? { store: text('store') as string } : {}),
    log: (message) => invocation.err(`Store: ${printable(message)}`),
    ...(traces === undefined ? {} : { limits: { traces: Math.max(1, Number(traces)) } }),
  };
}

function hooksOf(text: string | undefined): string[] {
  const urls = (text ?? '')
    .split(',')
    .map((url) => url.trim())
    .filter(Boolean);
  for (const url of urls) {
    if (URL.canParse(url) && /^https?:$/.test(new URL(url).protocol) && new URL(url).username === '') continue;
    throw new UsageError(`--hook: "${shownAddress(url)}" is not an address; expected one such as http://127.0.0.1:9465/tracing.`);
  }
  return urls;
}

/** A link that runs code in the page is refused. */
function editorOf(text: string | undefined): string {
  if (text === undefined) return DEFAULT_EDITOR;
  if (/^[a-z][a-z0-9+.-]*:/i.test(text) && !/^(javascript|data|vbscript):/i.test(text) && text.includes('{file}')) return text;
  throw new UsageError(`--editor: found "${printable(text, 60)}"; expected an address with {file}, such as ${DEFAULT_EDITOR}.`);
}

function tokenOf(path: string | undefined, option: string): string | undefined {
  if (path === undefined) return undefined;
  const token = tokenFrom(path, option);
  if (/^[\x21-\x7e]{16,}$/.test(token)) return token;
  throw new UsageError(`${option}: expected a token of at least 16 printable ASCII characters.`);
}

function readTracesOf(file: string) {
  try {
    return readTraces(readBoundedFile(file, MOST_FILE_BYTES).bytes.toString('utf8'));
  } catch (error) {
    throw new CommandFailure(`${printable(file, 200)}: ${printable((error as Error).message)}`);
  }
}

/** Address of the viewer that has the port already, so that assistants and a person look at the same traces. */
async function runningViewer({ host = '127.0.0.1', port, token }: ViewerOptions): Promise<string | undefined> {
  if (port === 0) return undefined;
  const url = `http://${host.includes(':') ? `[${host}]` : host}:${port}`;
  try {
    const headers: Record<string, string> = token === undefined ? {} : { authorization: `Bearer ${token}` };
    const response = await fetch(`${url}/api/state`, { headers, redirect: 'error', signal: AbortSignal.timeout(2000) });
    const { endpoints } = (await response.json()) as Partial<ViewerState>;
    return endpoints === undefined ? undefined : url;
  } catch {
    return undefined;
  }
}

async function startOrExplain(options: ViewerOptions): Promise<Viewer> {
  try {
    return await startViewer(options);
  } catch (error) {
    const { message } = error as Error;
    if (error instanceof StoreFault) throw new CommandFailure(`--store: ${printable(message)}`);
    if (!/EADDRINUSE|No address added/.test(message)) throw error;
    throw new CommandFailure(
      `A port is in use (${(error as Error).message}). Choose others with --port, --grpc-port and --http-port; 0 takes a free one.`,
    );
  }
}

/** The system's own opener; without one the printed address has to do. */
function openBrowser(url: string): void {
  const [command, ...words] =
    process.platform === 'darwin' ? ['open'] : process.platform === 'win32' ? ['cmd', '/c', 'start', ''] : ['xdg-open'];
  spawn(command as string, [...words, url], { stdio: 'ignore', detached: true })
    .once('error', () => {})
    .unref();
}
