// Makes the Responses of the admin hook. Every one of them carries the same security headers and is never cached, and an
// error of any kind becomes `{ "error": { code, message, field? } }`; errors that are not Spanwright's are not described.

import { InvalidArgumentError, SpanwrightError } from '../errors.js';
import { printable } from '../text/printable.js';
import { Refusal } from './refusal.js';

const SECURITY_HEADERS: Readonly<Record<string, string>> = {
  'cache-control': 'no-store',
  'content-security-policy': "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  'cross-origin-resource-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
};

/** A text answer; `headers` have precedence over the security headers. */
export function textAnswer(text: string, type: string, headers: Readonly<Record<string, string>> = {}, status = 200): Response {
  return new Response(text, { status, headers: { ...SECURITY_HEADERS, 'content-type': type, ...headers } });
}

/** A JSON answer. */
export function jsonAnswer(value: unknown, headers: Readonly<Record<string, string>> = {}, status = 200): Response {
  return textAnswer(`${JSON.stringify(value)}\n`, 'application/json; charset=utf-8', headers, status);
}

interface Fault {
  readonly status: number;
  readonly code: string;
  readonly message: string;
  readonly field?: string | undefined;
  readonly headers?: Readonly<Record<string, string>> | undefined;
}

/** The part of a thrown value that an answer may report. `expected` is false for anything but a SpanwrightError. */
export function faultOf(error: unknown): Fault & { readonly expected: boolean } {
  if (error instanceof Refusal) {
    const { status, code, message, more } = error;
    return { status, code, message, field: more.field, headers: more.headers, expected: true };
  }
  if (error instanceof SpanwrightError) {
    const field = error instanceof InvalidArgumentError ? error.field : undefined;
    // the message may quote the input
    return { status: error.status, code: error.grpc, message: printable(error.message, 1000), field, expected: true };
  }
  const message = 'The admin hook failed; see the log of the service. Nothing more was changed.';
  return { status: 500, code: 'Internal', message, expected: false };
}

/** The answer to a request that ended in `error`. */
export function errorAnswer(error: unknown): Response {
  const { status, code, message, field, headers } = faultOf(error);
  return jsonAnswer({ error: { code, message, ...(field === undefined ? {} : { field }) } }, headers, status);
}
