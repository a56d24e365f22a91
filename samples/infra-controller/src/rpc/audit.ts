// Bodies of requests and answers as attributes of the `request` span, for an audit: the fields that are listed here, at any depth, as JSON of
// bounded length. Other fields are counted and not recorded. Nothing is read while the request is not recorded.

import { trace } from '@opentelemetry/api';

const FIELDS: ReadonlySet<string> = new Set([
  ...['component', 'action', 'version', 'kind', 'type'], // of requests
  ...['state', 'sha256', 'queued', 'explored', 'failures', 'applied', 'records', 'data'], // of answers
]);
const MOST_CHARACTERS = 256;

export function audit(of: 'request' | 'response', body: unknown): void {
  const span = trace.getActiveSpan();
  if (!span?.isRecording()) return;
  let leftOut = 0;
  const text = JSON.stringify(body, function listed(this: unknown, key, value) {
    if (key === '' || Array.isArray(this) || FIELDS.has(key)) return value;
    leftOut += 1;
    return undefined;
  });
  span.setAttribute(`audit.${of}`, text.length > MOST_CHARACTERS ? `${text.slice(0, MOST_CHARACTERS - 3)}...` : text);
  if (leftOut > 0) span.setAttribute(`audit.${of}.left_out`, leftOut);
}
