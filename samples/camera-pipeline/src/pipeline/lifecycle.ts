// How each process starts and ends: one line of JSON on standard output when it is ready; it ends at SIGTERM or SIGINT, and, when it was
// started with a channel, with its owner.

export function ready(what: Readonly<Record<string, unknown>>): void {
  process.stdout.write(`${JSON.stringify(what)}\n`);
}

export function stopRequested(): Promise<void> {
  return new Promise((resolve) => {
    process.once('SIGTERM', () => resolve());
    process.once('SIGINT', () => resolve());
    if (process.connected) process.once('disconnect', () => resolve());
  });
}

export function finished(): void {
  if (process.connected) process.disconnect();
}

/** For the end of main(): whatever was started by then would keep the process alive. */
export function failed(error: unknown): void {
  const [message, stack] = error instanceof Error ? [error.message, error.stack ?? ''] : [String(error), ''];
  process.stderr.write(`level=error msg=${JSON.stringify(message)} stack=${JSON.stringify(stack)}\n`);
  process.exit(1);
}
