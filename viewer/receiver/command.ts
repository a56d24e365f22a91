// `spanwright receive`: a receiver on this machine for a person who has no Collector yet, and for a driver that starts it as a
// child. The first line says where it listens; then each trace as a tree, or with --json each span as one line of JSON.
// Ends at SIGINT or SIGTERM, and, started with a channel (child_process.fork), when its owner goes away.

import { once } from 'node:events';
import { createWriteStream, type WriteStream } from 'node:fs';
import { CommandFailure, EXIT, type Invocation, UsageError } from '../../cli/command.js';
import { SpanwrightError } from '../../runtime/errors.js';
import { TracePrinter } from './printer.js';
import { startQueryServer } from './query.js';
import { startReceiver } from './receiver.js';

/** OTLP/gRPC's own port, the default of exporters. */
const DEFAULT_PORT = 4317;

/** @throws UsageError */
export function portOption({ options }: Invocation, name: string): number | undefined {
  const given = options.get(name);
  if (given === undefined || Number(given) <= 65_535) return given === undefined ? undefined : Number(given);
  throw new UsageError(`--${name}: ${given} is not a port; expected a number from 0 (any free port) to 65535.`);
}

/** Runs until a signal ends it. Options: `port`, `query-port`, `host`, `json`, `file`. */
export async function runReceive(invocation: Invocation): Promise<number> {
  const { options, out, err } = invocation;
  const port = portOption(invocation, 'port') ?? DEFAULT_PORT;
  const queryPort = portOption(invocation, 'query-port');
  const host = String(options.get('host') ?? '127.0.0.1');
  const json = options.has('json');
  const path = options.get('file');
  const file = path === undefined ? undefined : await openFile(String(path));
  file?.once('error', ({ message }) => err(`--file: ${message}; further spans are not written to ${path}`));
  const printer = json ? undefined : new TracePrinter(out, { links: true });
  try {
    const receiver = await startReceiver({
      port,
      host,
      onSpans(spans) {
        if (printer) printer.add(spans);
        if (!json && !file) return;
        for (const line of spans.map((span) => JSON.stringify(span))) {
          if (file?.writable) file.write(`${line}\n`);
          if (json) out(line);
        }
      },
    });
    const query = queryPort === undefined ? undefined : await startQueryServer(() => receiver.spans, host, queryPort);
    const asked = query === undefined ? '' : `, with Jaeger's query API at ${query.url}`;
    out(
      json
        ? JSON.stringify({ listening: receiver.endpoint, ...(query && { query: query.url }) })
        : `Listening for traces (OTLP/gRPC) at ${receiver.endpoint}${asked}; Ctrl-C ends.`,
    );
    await stopRequested();
    await query?.close();
    await receiver.close();
    printer?.flush();
    return file?.errored ? EXIT.failed : EXIT.done;
  } catch (error) {
    throw explained(error);
  } finally {
    if (file) await new Promise((done) => file.end(done));
  }
}

async function openFile(path: string): Promise<WriteStream> {
  const stream = createWriteStream(path, { flags: 'a', mode: 0o600 });
  try {
    await once(stream, 'open');
  } catch (error) {
    throw new CommandFailure(`--file: ${(error as Error).message}`);
  }
  return stream;
}

export function stopRequested(): Promise<void> {
  return new Promise((resolve) => {
    const events = process.connected ? ['SIGINT', 'SIGTERM', 'disconnect'] : ['SIGINT', 'SIGTERM'];
    for (const event of events) process.once(event, stop);
    function stop(): void {
      for (const event of events) process.removeListener(event, stop);
      resolve();
    }
  });
}

/** Turns faults of the arguments and of the machine into usage errors; throws all others as they are. */
function explained(error: unknown): unknown {
  if (!(error instanceof Error)) return error;
  if (error instanceof SpanwrightError) {
    return error.code === 'INVALID_ARGUMENT' ? new UsageError(`--${error.message}`) : new CommandFailure(error.message);
  }
  if (/EADDRINUSE|No address added/.test(error.message)) {
    return new CommandFailure(`The port is in use (${error.message}). Choose another with --port, or --port 0 for a free one.`);
  }
  return error;
}
