// Reads the body of a change: bounded while it is read (a declared length can lie, a chunked body has none), JSON in UTF-8,
// one object. Called by the handler after the caller is authorized, so that an unauthenticated caller cannot make it read anything.

import { describeFound } from '../text/found.js';
import { printable } from '../text/printable.js';
import { parseJson } from './json.js';
import { Refusal } from './refusal.js';

/** Most bytes of a body. */
const BODY_LIMIT = 16 * 1024;

const tooLarge = () => new Refusal('tooLarge', `The body is larger than ${BODY_LIMIT} bytes.`);

async function readBytes(request: Request): Promise<Uint8Array> {
  if (request.bodyUsed) {
    const message = 'The body was read before the request reached the admin hook: mount it ahead of body parsers.';
    throw new Refusal('consumed', message);
  }
  if (request.body === null) return new Uint8Array();
  if (Number(request.headers.get('content-length') ?? 0) > BODY_LIMIT) throw tooLarge();
  const reader = request.body.getReader();
  const parts: Uint8Array[] = [];
  let size = 0;
  for (;;) {
    const { done, value } = await reader.read().catch(() => {
      throw new Refusal('invalid', 'The body ended before it was complete.');
    });
    if (done) return Buffer.concat(parts);
    size += value.byteLength;
    if (size > BODY_LIMIT) {
      await reader.cancel().catch(() => undefined);
      throw tooLarge();
    }
    parts.push(value);
  }
}

function checkMediaType(request: Request): void {
  const given = request.headers.get('content-type') ?? '';
  const [type = '', ...parameters] = given.split(';').map((part) => part.trim().toLowerCase());
  const charset = parameters.find((parameter) => parameter.startsWith('charset='));
  const encoding = request.headers.get('content-encoding') ?? 'identity';
  if (type !== 'application/json') {
    const found = given === '' ? 'no content-type' : `content-type "${printable(given, 80)}"`;
    throw new Refusal('mediaType', `A change needs content-type application/json; found ${found}.`);
  }
  if (charset !== undefined && !/^charset="?utf-?8"?$/.test(charset))
    throw new Refusal('mediaType', 'The body must be in UTF-8.');
  if (encoding.toLowerCase() !== 'identity') throw new Refusal('mediaType', 'A compressed body is not accepted.');
}

/** The object in the body of a change. @throws Refusal for every way in which it is not one. */
export async function readObject(request: Request): Promise<Record<string, unknown>> {
  checkMediaType(request);
  let text: string;
  const bytes = await readBytes(request);
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw new Refusal('invalid', 'The body is not valid UTF-8.');
  }
  if (text.trim() === '') throw new Refusal('invalid', 'The body is empty; expected a JSON object.');
  const value = parseJson(text);
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new Refusal('invalid', `The body must be a JSON object; found ${describeFound(value)}.`);
  }
  return value as Record<string, unknown>;
}

/** Refuses a body where the route takes none. */
export async function expectNoBody(request: Request): Promise<void> {
  const bytes = await readBytes(request);
  if (bytes.byteLength > 0) throw new Refusal('invalid', 'This route takes no body.');
}
