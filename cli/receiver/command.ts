// `spanwright receive`: a receiver on this machine for a person who has no collector yet, and for a driver that starts it as a
// child. The first line says where it listens; then each trace as a tree, or with --json each span as one line of JSON.
// Ends at SIGINT or SIGTERM, and, started with a channel (child_process.fork), when its owner goes away.

import { once } from 'node:events';
import { createWriteStream, type WriteStream } from 'node:fs';
import { parseArgs } from 'node:util';
import { SpanwrightError } from '../../runtime/errors.js';
import { TracePrinter } from './printer.js';
import { startReceiver } from './receiver.js';

/** Where a command writes. The CLI passes the process's own streams. */
export interface CommandOutput {
  stdout: { write(text: string): unknown };
  stderr: { write(text: string): unknown };
}

const OPTIONS = {
  port: { type: 'string', default: '4317' },
  host: { type: 'string', default: '127.0.0.1' },
  file: { type: 'string' },
  json: { type: 'boolean', default: false },
} as const;

export const receiveCommand = {
  name: 'receive',
  summary: 'Listen for traces over OTLP/gRPC on this machine and show them.',
  usage: 'spanwright receive [--port 4317] [--host 127.0.0.1] [--json] [--file spans.jsonl]',
  run: runReceive,
};

async function runReceive(argv: string[], io: CommandOutput): Promise<number> {
  const stop = new AbortController();
  let file: WriteStream | undefined;
  try {
    const { values } = parseArgs({ args: argv, options: OPTIONS, strict: true, allowPositionals: false });
    const port = portNumber(values.port);
    file = values.file === undefined ? undefined : await openFile(values.file);
    const printer = values.json ? undefined : new TracePrinter((text) => io.stdout.write(text));
    const receiver = await startReceiver({
      port,
      host: values.host,
      onSpans(spans) {
        const lines = values.json || file ? spans.map((span) => `${JSON.stringify(span)}\n`).join('') : '';
        file?.write(lines);
        if (printer) printer.add(spans);
        else io.stdout.write(lines);
      },
    });
    io.stdout.write(
      values.json
        ? `${JSON.stringify({ listening: receiver.endpoint })}\n`
        : `Listening for traces (OTLP/gRPC) at ${receiver.endpoint}; Ctrl-C ends.\n`,
    );
    await stopRequested(stop);
    printer?.flush();
    await receiver.close();
    return 0;
  } catch (error) {
    io.stderr.write(`spanwright receive: ${explain(error)}\n`);
    return isUsage(error) ? 2 : 1;
  } finally {
    stop.abort();
    if (file) await new Promise((done) => file?.end(done));
  }
}

function portNumber(text: string): number {
  const port = Number(text);
  if (/^\d{1,5}$/.test(text) && port <= 65_535) return port;
  throw new TypeError(`--port: "${text}" is not a port; expected a number from 0 (one that is free) to 65535.`);
}

async function openFile(path: string): Promise<WriteStream> {
  const stream = createWriteStream(path, { flags: 'a', mode: 0o600 });
  await once(stream, 'open');
  return stream;
}

function stopRequested(stop: AbortController): Promise<void> {
  return new Promise((resolve) => {
    const finish = (): void => resolve();
    const listeners = process.connected ? (['SIGINT', 'SIGTERM', 'disconnect'] as const) : (['SIGINT', 'SIGTERM'] as const);
    for (const event of listeners) process.once(event, finish);
    stop.signal.addEventListener('abort', () => {
      for (const event of listeners) process.removeListener(event, finish);
    });
  });
}

function explain(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException;
  if (/EADDRINUSE|No address added/.test(`${code} ${message}`)) {
    return `the port is in use (${message}). Choose another with --port, or --port 0 for one that is free.`;
  }
  return message;
}

/** What the person typed is wrong, as opposed to what the machine has. */
function isUsage(error: unknown): boolean {
  return error instanceof TypeError || (error instanceof SpanwrightError && error.code === 'INVALID_ARGUMENT');
}
