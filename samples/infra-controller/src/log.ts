// One line a message on standard error, as logfmt: standard output carries what programs read.

export function log(level: 'info' | 'warn' | 'error', message: string, fields: Readonly<Record<string, unknown>> = {}): void {
  const pairs = Object.entries({ level, msg: message, ...fields }).map(([key, value]) => `${key}=${quoted(String(value))}`);
  process.stderr.write(`${pairs.join(' ')}\n`);
}

function quoted(text: string): string {
  return /^[^\s"=\\]+$/.test(text) ? text : JSON.stringify(text);
}
