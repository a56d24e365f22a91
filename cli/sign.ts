// `spanwright sign`: the header that has one request recorded, regardless of the flag of the service (trace_header).

import { signRequest } from '../runtime/gate/signed-requests.js';
import { readDuration } from '../runtime/text/duration.js';
import { printable } from '../runtime/text/printable.js';
import { EXIT, type Invocation, UsageError } from './command.js';

const SECRET = 'SPANWRIGHT_TRACE_HEADER_SECRET';
const NAME = 'SPANWRIGHT_TRACE_HEADER';
const LONGEST_MS = 24 * 60 * 60_000;

export async function runSign({ options, environment, out }: Invocation): Promise<number> {
  const secret = environment[SECRET]?.trim() ?? '';
  if (secret.length < 16)
    throw new UsageError(`${SECRET} must hold the trace_header_secret of the service, of at least 16 characters.`);
  const header = String(options.get('header') ?? environment[NAME] ?? 'x-trace-this').toLowerCase();
  if (!/^[\w!#$%&*+.^`|~-]+$/u.test(header))
    throw new UsageError(`--header: found "${printable(header, 60)}"; expected the name of a header.`);
  const path = String(options.get('path') ?? '/');
  if (!/^\/[\x21-\x7e]*$/u.test(path) || path.includes("'"))
    throw new UsageError(`--path: found "${printable(path, 60)}"; expected a path of a URL, which begins with /.`);
  const time = String(options.get('for') ?? '5m');
  const milliseconds = readDuration(time) ?? 0;
  if (milliseconds < 1000 || milliseconds > LONGEST_MS)
    throw new UsageError(`--for: found "${printable(time, 60)}"; expected a duration such as 5m, from 1s to 24h.`);
  const expiresAt = Math.ceil((Date.now() + milliseconds) / 1000);
  const value = signRequest(secret, path, expiresAt);
  out(`${header}: ${value}`);
  out(`curl -H '${header}: ${value}' 'http://127.0.0.1:8080${path}'`);
  return EXIT.done;
}
