// Asks the admin hook for JSON. A refusal becomes a failure with the message of the hook; an answer that does not come
// from an admin hook is named as such. With --json the answer, also an error, is printed as it came.

import { printable } from '../../runtime/text/printable.js';
import { CommandFailure, EXIT, type Invocation } from '../command.js';
import { type Reply, sendToHook } from './connection.js';

interface ErrorBody {
  error: { code: string; message: string; field?: string };
}

/** The reply's JSON, or undefined when it is not JSON. */
function jsonOf({ type, text }: Reply): unknown {
  if (!type.startsWith('application/json')) return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

const isError = (answer: unknown): answer is ErrorBody =>
  typeof (answer as ErrorBody | undefined)?.error?.message === 'string' && typeof (answer as ErrorBody).error.code === 'string';

function foreign({ status, type }: Reply): CommandFailure {
  const found = `status ${status}, ${type === '' ? 'no content type' : printable(type, 60)}`;
  return new CommandFailure(`What answers there is not a Spanwright admin hook (${found}). Is the path of --url right?`);
}

/** Throws unless the reply is a success. @throws CommandFailure with the hook's code and message. */
export function expectSuccess(invocation: Invocation, reply: Reply): void {
  if (reply.status >= 200 && reply.status < 300) return;
  const answer = jsonOf(reply);
  if (!isError(answer)) throw foreign(reply);
  if (invocation.options.has('json')) invocation.out(JSON.stringify(answer));
  throw new CommandFailure(`${printable(answer.error.code, 40)}: ${printable(answer.error.message, 1000)}`, EXIT.failed);
}

/** The JSON of a successful answer. @throws CommandFailure. */
export async function ask<Answer>(invocation: Invocation, method: string, path: string, body?: unknown): Promise<Answer> {
  const reply = await sendToHook(invocation, method, path, body);
  expectSuccess(invocation, reply);
  const answer = jsonOf(reply);
  if (typeof answer !== 'object' || answer === null) throw foreign(reply);
  return answer as Answer;
}

/** `path?name=value` with the values that are defined. */
export function withQuery(path: string, values: Readonly<Record<string, string | number | true | undefined>>): string {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(values)) {
    if (value !== undefined) query.set(name, String(value));
  }
  return query.size === 0 ? path : `${path}?${query}`;
}
