// One member of W3C Baggage: which keys, values and metadata a header can carry. OpenTelemetry's propagator reads and writes the header
// (propagator.ts); it neither checks keys nor notices members that contradict each other, and does not read empty values.

import { type Baggage, type Context, propagation } from '@opentelemetry/api';
import { percentDecoded } from '../../text/percent-decoded.js';

/** W3C Baggage, section 3.3.2, first edition: receivers of that edition refuse longer members. */
const MEMBER_BYTES = 4096;
/** RFC 7230 token: the form of a baggage key. */
export const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/u;
/** Metadata is sent as it is. */
const METADATA = /^[\x20-\x2b\x2d-\x7e\t]*$/u;

/** False for a key or value that a header cannot hold. */
export function isMember(key: string, value: string, metadata = ''): boolean {
  // half of a surrogate pair has no UTF-8
  if (!TOKEN.test(key) || key === '__proto__' || /\p{Surrogate}/u.test(value) || !METADATA.test(metadata)) return false;
  const length = encodeURIComponent(key).length + 1 + encodeURIComponent(value).length;
  return length + (metadata === '' ? 0 : metadata.length + 1) <= MEMBER_BYTES;
}

/** The baggage without the entries that a header cannot hold. */
export function withoutUnfit(baggage: Baggage): Baggage {
  let fit = baggage;
  for (const [key, entry] of baggage.getAllEntries()) {
    if (!isMember(key, entry.value, entry.metadata?.toString())) fit = fit.removeEntry(key);
  }
  return fit;
}

/** Written for an empty value, which OpenTelemetry's propagator does not read. */
const PLACEHOLDER = '0';

interface ValidMembers {
  readonly header: string;
  /** Keys whose value is empty; in `header` each has a placeholder. */
  readonly emptyKeys: readonly string[];
}

/** The header without members whose key is not valid, and without those that give one key several values. */
export function validMembers(header: string): ValidMembers {
  const values = new Map<string, string>();
  const disputed = new Set<string>();
  const members: [key: string, text: string][] = [];
  for (const text of header.split(',')) {
    const [pair = ''] = text.split(';', 1);
    const at = pair.indexOf('=');
    const key = percentDecoded(pair.slice(0, Math.max(at, 0)).trim());
    const value = percentDecoded(pair.slice(at + 1).trim());
    if (key === undefined || value === undefined || !TOKEN.test(key) || key === '__proto__') continue;
    const before = values.get(key);
    if (before === undefined) members.push([key, value === '' ? text.replace('=', `=${PLACEHOLDER}`) : text]);
    else if (before !== value) disputed.add(key);
    values.set(key, before ?? value);
  }
  const valid = members.filter(([key]) => !disputed.has(key));
  return {
    header: valid.map(([, text]) => text).join(','),
    emptyKeys: valid.flatMap(([key]) => (values.get(key) === '' ? [key] : [])),
  };
}

/** The context with empty values in place of their placeholders. */
export function withEmptyValues(context: Context, emptyKeys: readonly string[]): Context {
  let entries = propagation.getBaggage(context);
  if (entries === undefined) return context;
  for (const key of emptyKeys) {
    const entry = entries.getEntry(key);
    if (entry !== undefined) entries = entries.setEntry(key, { ...entry, value: '' });
  }
  return propagation.setBaggage(context, entries);
}
