// One member of W3C Baggage: which keys, values and metadata a header can carry. OpenTelemetry's propagator reads and writes the header
// (propagator.ts); it neither checks keys nor notices members that contradict each other, and does not read empty values.

import { type Baggage, baggageEntryMetadataFromString, type Context, propagation } from '@opentelemetry/api';
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

/** W3C Baggage, section 3.3: what OpenTelemetry's propagator passes on at most, in the order of the header. */
const MEMBERS = 180;
const HEADER_BYTES = 8192;

/** An empty value, which OpenTelemetry's propagator does not read. */
export interface EmptyMember {
  readonly key: string;
  readonly metadata: string;
  /** Number of members before it. */
  readonly at: number;
}

interface ValidMembers {
  /** The members that have a value. */
  readonly header: string;
  readonly empty: readonly EmptyMember[];
  /** Valid members beyond the limits. */
  readonly leftOut: number;
}

/** The header without members whose key is not valid, without those that give one key several values, and within the limits. */
export function validMembers(header: string): ValidMembers {
  const values = new Map<string, string>();
  const disputed = new Set<string>();
  const members: { key: string; text: string; metadata: string }[] = [];
  for (const text of header.split(',')) {
    const [pair = ''] = text.split(';', 1);
    const at = pair.indexOf('=');
    const key = percentDecoded(pair.slice(0, Math.max(at, 0)).trim());
    const value = percentDecoded(pair.slice(at + 1).trim());
    if (key === undefined || value === undefined || !TOKEN.test(key) || key === '__proto__') continue;
    const before = values.get(key);
    if (before === undefined) members.push({ key, text: text.trim(), metadata: text.slice(pair.length + 1).trim() });
    else if (before !== value) disputed.add(key);
    values.set(key, before ?? value);
  }
  const valid = members.filter(({ key }) => !disputed.has(key));
  const fit: typeof valid = [];
  let bytes = -1;
  for (const member of valid) {
    if (member.text.length > MEMBER_BYTES) continue;
    bytes += member.text.length + 1;
    if (fit.length === MEMBERS || bytes > HEADER_BYTES) break;
    fit.push(member);
  }
  const isEmpty = ({ key }: { key: string }): boolean => values.get(key) === '';
  return {
    header: fit.flatMap((member) => (isEmpty(member) ? [] : [member.text])).join(','),
    empty: fit.flatMap((member, at) => (isEmpty(member) ? [{ key: member.key, metadata: member.metadata, at }] : [])),
    leftOut: valid.length - fit.length,
  };
}

/** The context whose baggage has the empty members too, each at its place. */
export function withEmptyMembers(context: Context, empty: readonly EmptyMember[], isRead: boolean): Context {
  const entries = isRead ? (propagation.getBaggage(context)?.getAllEntries() ?? []) : [];
  for (const { key, metadata, at } of empty)
    entries.splice(at, 0, [key, { value: '', ...(metadata !== '' && { metadata: baggageEntryMetadataFromString(metadata) }) }]);
  return propagation.setBaggage(context, propagation.createBaggage(Object.fromEntries(entries)));
}
