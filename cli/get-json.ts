// GET requests to the services that operators ask: Jaeger, Tempo, Prometheus, a Collector's metrics. Bounded in time and size,
// never redirected elsewhere; each failure says which service, where, and what to look at.

import { printable } from '../runtime/text/printable.js';
import { CommandFailure, EXIT } from './command.js';
import { AUTHORIZATION_VARIABLE } from './viewer/addresses.js';

const TIMEOUT_MILLISECONDS = 30_000;
/** A trace of 50,000 spans is some 60 MB of Jaeger's JSON. */
const MOST_BYTES = 256 * 1024 * 1024;

interface Answer {
  readonly status: number;
  readonly text: string;
}

/**
 * @param what who is asked, for messages: `Jaeger`.
 * @throws CommandFailure with exit code 3 when nobody answers in time.
 */
export async function get(what: string, address: string, environment: NodeJS.ProcessEnv): Promise<Answer> {
  const headers: Record<string, string> = { accept: 'application/json' };
  const authorization = environment[AUTHORIZATION_VARIABLE];
  if (authorization) headers.authorization = authorization;
  try {
    const response = await fetch(address, { headers, redirect: 'error', signal: AbortSignal.timeout(TIMEOUT_MILLISECONDS) });
    return { status: response.status, text: await readText(response) };
  } catch (error) {
    throw unreachable(what, address, error);
  }
}

async function readText(response: Response): Promise<string> {
  const parts: Uint8Array[] = [];
  let size = 0;
  if (response.body === null) return '';
  for await (const part of response.body as unknown as AsyncIterable<Uint8Array>) {
    size += part.byteLength;
    if (size > MOST_BYTES) throw new Error(`the answer is longer than ${MOST_BYTES / 1024 / 1024} MB; ask for less`);
    parts.push(part);
  }
  return Buffer.concat(parts).toString('utf8');
}

/** Why nobody answered, in words. */
export function unreachable(what: string, address: string, error: unknown): CommandFailure {
  const { name, message, cause } = error as Error & { cause?: Error & { code?: string } };
  const why =
    name === 'TimeoutError' ? `no answer within ${TIMEOUT_MILLISECONDS / 1000} s` : (cause?.code ?? cause?.message ?? message);
  const where = new URL(address).origin;
  return new CommandFailure(
    `Cannot reach ${what} at ${where}: ${printable(String(why))}. Is the address right?`,
    EXIT.unreachable,
  );
}

/** The JSON of an answer with status 200; undefined for 404. @throws CommandFailure for anything else. */
export async function getJson<Body>(what: string, address: string, environment: NodeJS.ProcessEnv): Promise<Body | undefined> {
  const { status, text } = await get(what, address, environment);
  if (status === 404) return undefined;
  const where = printable(address.split('?')[0] ?? '', 200);
  if (status !== 200) throw new CommandFailure(`${what} answered ${where} with status ${status}: ${printable(text, 300)}`);
  try {
    return JSON.parse(text) as Body;
  } catch {
    throw new CommandFailure(`What answers at ${where} is not ${what}: its answer is not JSON (${printable(text, 60)}).`);
  }
}
